/** The fields of a form as they are asked for on a terminal. */
import { fieldIssue, type FieldSchema, type FieldValue, type FormSchema } from "@universal-mcp/core/Elicitation"
import * as ExactNumbers from "@universal-mcp/core/ExactNumbers"
import * as SafeText from "@universal-mcp/core/SafeText"
import * as Result from "effect/Result"

export interface Choice<A> {
  readonly title: SafeText.SafeText
  readonly value: A
}

export type Field =
  & {
    readonly name: string
    readonly label: SafeText.SafeText
    readonly required: boolean
    /** Whether an answer may be that there is none. */
    readonly nullable: boolean
    /** In the server's words; may be empty. */
    readonly description: string
    /** In ours; may be empty. */
    readonly allowed: SafeText.SafeText
    /** The default, or the answer that is to be changed. */
    readonly initial: FieldValue | undefined
  }
  & (
    | { readonly _tag: "Text"; readonly read: (text: string) => Result.Result<FieldValue, string> }
    | { readonly _tag: "One"; readonly choices: ReadonlyArray<Choice<string | number | boolean>> }
    | {
      readonly _tag: "Several"
      readonly choices: ReadonlyArray<Choice<string>>
      readonly min: number | undefined
      readonly max: number | undefined
    }
  )

/** The fields, in the order of the schema. */
export const fields = (schema: FormSchema): ReadonlyArray<Field> =>
  Object.entries(schema.properties).map(([name, property]) => ({
    name,
    label: text(property.title) ?? text(name) ?? SafeText.format`(no name)`,
    description: property.description ?? "",
    required: schema.required?.includes(name) === true,
    nullable: property.nullable === true,
    initial: property.default,
    ...field(property)
  }))

const field = (schema: FieldSchema) => {
  switch (schema.type) {
    case undefined:
      return { _tag: "Text" as const, allowed: allowed("JSON, or text"), read: readAnything }
    case "boolean":
      return {
        _tag: "One" as const,
        allowed: allowed(),
        choices: [{ title: SafeText.format`yes`, value: true }, { title: SafeText.format`no`, value: false }]
      }
    case "array": {
      const { items, maxItems, minItems } = schema
      if (!("enum" in items) && !("anyOf" in items)) {
        return {
          _tag: "Text" as const,
          allowed: allowed(range(minItems, maxItems, "texts"), "with commas between them, or a JSON list"),
          initial: editable(schema.default?.join(", ")),
          read: (given: string) => fitting(schema, listOf(given))
        }
      }
      return {
        _tag: "Several" as const,
        allowed: allowed(range(minItems, maxItems, "choices"), "Space to choose"),
        choices: choices("enum" in items ? items.enum : items.anyOf),
        min: minItems,
        max: maxItems
      }
    }
    case "integer":
    case "number": {
      if ("enum" in schema) {
        return {
          _tag: "One" as const,
          allowed: allowed(),
          choices: schema.enum.map((value) => ({ title: SafeText.line(value), value }))
        }
      }
      return {
        _tag: "Text" as const,
        allowed: allowed(
          schema.type === "integer" ? "a whole number" : "a number",
          range(schema.minimum, schema.maximum)
        ),
        read: (given: string) => {
          const isNumber = /^[-+]?(\d+(\.\d*)?|\.\d+)(e[-+]?\d+)?$/i.test(given.trim())
          return isNumber ? fitting(schema, numberOf(given.trim())) : Result.fail("must be a number")
        }
      }
    }
    case "string": {
      if ("oneOf" in schema) return { _tag: "One" as const, allowed: allowed(), choices: choices(schema.oneOf) }
      if ("enum" in schema) {
        const names = "enumNames" in schema ? schema.enumNames : undefined
        return { _tag: "One" as const, allowed: allowed(), choices: choices(schema.enum, names) }
      }
      const unknown = text("x-format" in schema ? schema["x-format"] : undefined)
      const format = schema.format === undefined
        ? unknown === undefined ? undefined : `format "${unknown}"`
        : formats[schema.format]
      // The server decides about its pattern: a regular expression of somebody else's can take for ever.
      const pattern = text("pattern" in schema ? schema.pattern : undefined)
      return {
        _tag: "Text" as const,
        allowed: allowed(
          format,
          range(schema.minLength, schema.maxLength, "characters"),
          pattern === undefined ? undefined : `pattern "${pattern}"`
        ),
        initial: editable(schema.default),
        read: (given: string) => fitting(schema, given)
      }
    }
  }
}

const allowed = (...parts: ReadonlyArray<string | undefined>): SafeText.SafeText =>
  SafeText.line(parts.filter((part) => part !== undefined).join("; "))

const fitting = (schema: FieldSchema, value: FieldValue): Result.Result<FieldValue, string> => {
  const issue = fieldIssue(schema, value)
  return issue === undefined ? Result.succeed(value) : Result.fail(issue)
}

/** An integer keeps all of its digits. */
const numberOf = (given: string): number | bigint => {
  const value = Number(given)
  return Number.isSafeInteger(value) || !/^[-+]?\d+$/.test(given) ? value : BigInt(given.replace("+", ""))
}

/** A list of text as it is typed. */
const listOf = (given: string): ReadonlyArray<unknown> => {
  const json = given.trim().startsWith("[") ? Result.getOrUndefined(ExactNumbers.parseRaw(given)) : undefined
  return Array.isArray(json) ? json : given.split(",").map((part) => part.trim()).filter((part) => part !== "")
}

const readAnything = (given: string): Result.Result<FieldValue, string> => {
  const value = Result.getOrUndefined(ExactNumbers.parseRaw(given))
  return Result.succeed(isFieldValue(value) ? value : given)
}

const isFieldValue = (value: unknown): value is FieldValue =>
  value === null || ["string", "number", "bigint", "boolean", "object"].includes(typeof value)

const formats = {
  email: "an e-mail address",
  uri: "a URI",
  date: "a date such as 2026-07-28",
  "date-time": "a date and time such as 2026-07-28T09:30:00Z"
}

const choices = (
  values: ReadonlyArray<string | { readonly const: string; readonly title: string }>,
  titles: ReadonlyArray<string> = []
): ReadonlyArray<Choice<string>> =>
  values.map((one, index) => {
    const value = typeof one === "string" ? one : one.const
    return {
      value,
      title: text(typeof one === "string" ? titles[index] : one.title) ?? text(value) ?? SafeText.format`(empty)`
    }
  })

/** A short text of a server; more of it would not be shown. */
const text = (value: unknown): SafeText.SafeText | undefined => {
  const line = typeof value === "string" ? SafeText.line(value.slice(0, 500)) : SafeText.format``
  return line === "" ? undefined : line
}

/** A default without hidden characters, of up to 200. Others are not offered. */
const editable = (initial: string | undefined): string | undefined =>
  initial !== undefined && initial.length <= 200 && SafeText.line(initial) === initial ? initial : undefined

/** `from 1 to 5`, `at least 3 characters` */
const range = (min: number | undefined, max: number | undefined, unit = ""): string | undefined => {
  const of = unit === "" ? "" : ` ${unit}`
  if (min === undefined) return max === undefined ? undefined : `at most ${max}${of}`
  return max === undefined ? `at least ${min}${of}` : `from ${min} to ${max}${of}`
}
