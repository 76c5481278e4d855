/** Forms: defaults, and whether what was filled in fits. By hand, because a form's schema has few words and an order. */
import * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import type { FieldSchema, FieldValue, FormContent, FormSchema } from "../Elicitation.ts"
import { isRecord } from "./json.ts"

/** The form that a server asks for, without what it writes as null; fails with what is wrong with it. */
export const read = (value: unknown): Result.Result<FormSchema, string> => {
  if (!isRecord(value)) return Result.fail("it has no requestedSchema")
  const { properties, required, ...others } = withoutNulls(value)
  if (!isRecord(properties)) return Result.fail("its requestedSchema has no properties")
  if (required !== undefined && !isNames(required)) return Result.fail("what it says is required is no list of names")
  const fields: Array<[string, FieldSchema]> = []
  for (const [name, given] of Object.entries(properties)) {
    const field = isRecord(given) ? withoutNulls(given) : given
    if (!isField(field)) {
      return Result.fail(`its field ${JSON.stringify(name.slice(0, 100))} is of no kind that a form may have`)
    }
    fields.push([name, field])
  }
  return Result.succeed({
    ...others,
    type: "object",
    properties: Object.fromEntries(fields),
    ...(required === undefined ? {} : { required })
  })
}

/** Many servers write null for what they leave out. */
export const withoutNulls = (value: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(value).filter(([, inner]) => inner !== null))

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
  switch (schema.type) {
    case "boolean":
      return typeof value === "boolean" ? undefined : "must be true or false"
    case "array": {
      if (!Array.isArray(value)) return "must be a list"
      const choices = "enum" in schema.items ? schema.items.enum : schema.items.anyOf.map((choice) => choice.const)
      const stranger = value.find((item) => !choices.includes(item))
      if (stranger !== undefined) return `must be some of ${choices.join(", ")}`
      if (schema.minItems !== undefined && value.length < schema.minItems) {
        return `must have at least ${schema.minItems} of the choices`
      }
      return schema.maxItems !== undefined && value.length > schema.maxItems
        ? `must have at most ${schema.maxItems} of the choices`
        : undefined
    }
    case "number":
    case "integer":
      if (typeof value !== "number" || !Number.isFinite(value)) return "must be a number"
      if (schema.type === "integer" && !Number.isInteger(value)) return "must be a whole number"
      if (schema.minimum !== undefined && value < schema.minimum) return `must be at least ${schema.minimum}`
      return schema.maximum !== undefined && value > schema.maximum ? `must be at most ${schema.maximum}` : undefined
    case "string": {
      if (typeof value !== "string") return "must be text"
      if ("enum" in schema || "oneOf" in schema) {
        const choices = "enum" in schema ? schema.enum : schema.oneOf.map((choice) => choice.const)
        return choices.includes(value) ? undefined : `must be one of ${choices.join(", ")}`
      }
      return textIssue(schema, value)
    }
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

const isNames = (value: unknown): value is Array<string> => Array.isArray(value) && value.every(Predicate.isString)

/** Keys that the specification does not know may be anything. */
const isField = (value: unknown): value is FieldSchema => {
  if (!isRecord(value) || !isOptional(value["title"], Predicate.isString)) return false
  if (!isOptional(value["description"], Predicate.isString)) return false
  const { default: initial, type } = value
  switch (type) {
    case "boolean":
      return isOptional(initial, Predicate.isBoolean)
    case "number":
    case "integer":
      return [initial, value["minimum"], value["maximum"]].every((limit) => isOptional(limit, Predicate.isNumber))
    case "string":
      if (!isOptional(initial, Predicate.isString)) return false
      return "enum" in value || "oneOf" in value
        ? isOptional(value["enum"], isNames) && isOptional(value["oneOf"], isChoices) &&
          isOptional(value["enumNames"], isNames)
        : [value["minLength"], value["maxLength"]].every((limit) => isOptional(limit, Predicate.isNumber)) &&
          isOptional(value["format"], (format) => typeof format === "string" && Object.hasOwn(formats, format))
    case "array": {
      if (![value["minItems"], value["maxItems"]].every((limit) => isOptional(limit, Predicate.isNumber))) return false
      const { items } = value
      return isOptional(initial, isNames) && isRecord(items) &&
        (items["anyOf"] === undefined ? items["type"] === "string" && isNames(items["enum"]) : isTitled(items["anyOf"]))
    }
    default:
      return false
  }
}

const isOptional = (value: unknown, is: (value: unknown) => boolean): boolean => value === undefined || is(value)

const isChoice = (value: unknown): boolean => isRecord(value) && typeof value["const"] === "string"

const isChoices = (value: unknown): boolean => Array.isArray(value) && value.every(isChoice)

const isTitled = (value: unknown): boolean =>
  Array.isArray(value) && value.every((choice) => isChoice(choice) && typeof choice.title === "string")

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

const isTime = (value: string): boolean =>
  /^([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?(z|[+-]([01]\d|2[0-3]):[0-5]\d)$/i.test(value)

const formats = {
  email: { name: "an e-mail address", test: (value: string) => /^[^\s@]+@[^\s@]+$/.test(value) },
  uri: { name: "a URI", test: (value: string) => /^[a-z][a-z\d+.-]*:\S+$/i.test(value) },
  date: { name: "a date such as 2026-07-28", test: isDate },
  "date-time": {
    name: "a date and time such as 2026-07-28T09:30:00Z",
    test: (value: string) => isDate(value.slice(0, 10)) && /^t/i.test(value.slice(10)) && isTime(value.slice(11))
  }
}
