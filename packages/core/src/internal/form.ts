/** Forms: defaults, and whether what was filled in fits. By hand, because a form's schema has few words and an order. */
import * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import type { FieldSchema, FieldValue, FormContent, FormSchema } from "../Elicitation.ts"
import { isRecord } from "./json.ts"

export const withDefaults = (schema: FormSchema, content: FormContent): FormContent => ({
  ...Object.fromEntries(
    Object.entries(schema.properties).flatMap(([name, field]): Array<[string, FieldValue]> =>
      field.default === undefined ? [] : [[name, field.default]]
    )
  ),
  ...Object.fromEntries(Object.entries(content).filter(([, value]) => value !== undefined))
})

export const formIssues = (schema: FormSchema, content: FormContent): ReadonlyArray<string> => [
  ...(schema.required ?? []).filter((name) => !Object.hasOwn(content, name)).map((name) => `${name} is missing`),
  ...Object.entries(content).flatMap(([name, value]) => {
    const field = Object.hasOwn(schema.properties, name) ? schema.properties[name] : undefined
    if (field === undefined) return schema["additionalProperties"] === false ? [`${name} is not asked for`] : []
    const issue = fieldIssue(field, value)
    return issue === undefined ? [] : [`${name} ${issue}`]
  })
]

export const fieldIssue = (schema: FieldSchema, value: FieldValue): string | undefined => {
  if (value === null && schema.nullable === true) return undefined
  switch (schema.type) {
    case undefined:
      return undefined
    case "boolean":
      return typeof value === "boolean" ? undefined : "must be true or false"
    case "array": {
      if (!Array.isArray(value)) return "must be a list"
      const choices = choicesOf(schema)
      if (choices === undefined && !isNames(value)) return "must be a list of text"
      if (choices !== undefined && !value.every((item) => choices.has(item))) {
        return `must be some of ${listed([...choices])}`
      }
      const what = choices === undefined ? "texts" : "of the choices"
      if (schema.minItems !== undefined && value.length < schema.minItems) {
        return `must have at least ${schema.minItems} ${what}`
      }
      return schema.maxItems !== undefined && value.length > schema.maxItems
        ? `must have at most ${schema.maxItems} ${what}`
        : undefined
    }
    case "number":
    case "integer":
      if (typeof value !== "bigint" && (typeof value !== "number" || !Number.isFinite(value))) return "must be a number"
      if (schema.type === "integer" && typeof value === "number" && !Number.isInteger(value)) {
        return "must be a whole number"
      }
      if ("enum" in schema && !schema.enum.includes(Number(value))) return `must be one of ${listed(schema.enum)}`
      if (schema.minimum !== undefined && value < schema.minimum) return `must be at least ${schema.minimum}`
      return schema.maximum !== undefined && value > schema.maximum ? `must be at most ${schema.maximum}` : undefined
    case "string": {
      if (typeof value !== "string") return "must be text"
      if ("enum" in schema || "oneOf" in schema) {
        const choices = "enum" in schema ? schema.enum : schema.oneOf.map((choice) => choice.const)
        return choices.includes(value) ? undefined : `must be one of ${listed(choices)}`
      }
      return textIssue(schema, value)
    }
  }
}

export const isNames = (value: unknown): value is Array<string> =>
  Array.isArray(value) && value.every(Predicate.isString)

export const isFormat = (value: unknown): value is keyof typeof formats =>
  typeof value === "string" && Object.hasOwn(formats, value)

/** Keys that the specification does not know may be anything. */
export const isField = (value: unknown): value is FieldSchema => {
  if (!isRecord(value)) return false
  switch (value["type"]) {
    case "array":
      return isRecord(value["items"])
    case "boolean":
    case "integer":
    case "number":
    case "string":
      return true
    default:
      return false
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

/** The choices of a list, if it has some. */
const choicesOf = ({ items }: Extract<FieldSchema, { readonly type: "array" }>): ReadonlySet<unknown> | undefined =>
  "enum" in items
    ? new Set(items.enum)
    : "anyOf" in items
    ? new Set(items.anyOf.map((choice) => choice.const))
    : undefined

const listed = (choices: ReadonlyArray<unknown>): string =>
  choices.length > mostListed
    ? `${choices.slice(0, mostListed).join(", ")} and ${choices.length - mostListed} more`
    : choices.join(", ")

const mostListed = 50

type TextSchema = Exclude<Extract<FieldSchema, { readonly type: "string" }>, { enum: unknown } | { oneOf: unknown }>

const textIssue = ({ format, maxLength, minLength }: TextSchema, value: string): string | undefined => {
  // JSON Schema counts characters, not UTF-16 units.
  const length = [...value].length
  if (minLength !== undefined && length < minLength) return `must have at least ${minLength} characters`
  if (maxLength !== undefined && length > maxLength) return `must have at most ${maxLength} characters`
  return format === undefined || formats[format].test(value) ? undefined : `must be ${formats[format].name}`
}

const isDate = (value: string): boolean =>
  /^\d{4}-\d\d-\d\d$/.test(value) &&
  Option.exists(DateTime.make(`${value}T00:00:00Z`), (date) => DateTime.formatIsoDateUtc(date) === value)

/** Seconds and zone may be missing, as they are in what HTML forms give. */
const isTime = (value: string): boolean =>
  /^([01]\d|2[0-3]):[0-5]\d(:([0-5]\d|60)(\.\d+)?)?(z|[+-]([01]\d|2[0-3]):[0-5]\d)?$/i.test(value)

const formats = {
  email: { name: "an e-mail address", test: (value: string) => /^[^\s@]+@[^\s@]+$/.test(value) },
  uri: { name: "a URI", test: (value: string) => /^[a-z][a-z\d+.-]*:\S+$/i.test(value) },
  date: { name: "a date such as 2026-07-28", test: isDate },
  "date-time": {
    name: "a date and time such as 2026-07-28T09:30:00Z",
    test: (value: string) => isDate(value.slice(0, 10)) && /^[t ]/i.test(value.slice(10)) && isTime(value.slice(11))
  }
}
