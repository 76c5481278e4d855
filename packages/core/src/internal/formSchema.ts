/**
 * The form that a server asks for, read as far as it can be: what servers write in their own ways becomes what a form has,
 * what is wrong with a field costs only that, and a field that cannot be read at all costs only itself.
 */
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import type { FieldSchema, FormSchema } from "../Elicitation.ts"
import * as form from "./form.ts"
import { isRecord } from "./json.ts"
import * as jsonPointer from "./jsonPointer.ts"

export interface Read {
  readonly form: FormSchema
  /** A line for each field that could not be read. */
  readonly warnings: ReadonlyArray<string>
}

/** Fails only for what is no form. A form without fields is a question that can be accepted. */
export const read = (value: unknown): Result.Result<Read, string> => {
  if (!isRecord(value)) return Result.fail("it has no requestedSchema")
  const reader = new Reader(value)
  const { properties, required, type, ...others } = reader.flatten(value) ?? {}
  if (type !== undefined && !listOf(type).includes("object")) return Result.fail("its requestedSchema is not an object")
  const asked = isRecord(properties) ? properties : {}
  const names = new Set(listOf(required ?? []).filter(Predicate.isString))
  const all = new Set([...Object.keys(asked), ...names])
  if (all.size > mostFields) return Result.fail(`its form has ${all.size} fields, and ${mostFields} are allowed`)
  const warnings: Array<string> = []
  const fields: Array<[string, FieldSchema]> = []
  for (const name of all) {
    const given = Object.hasOwn(asked, name) ? asked[name] : undefined
    const field = given === undefined ? undefined : reader.field(given)
    const shown = JSON.stringify(name.slice(0, 100))
    if (field !== undefined) fields.push([name, field])
    else if (names.has(name)) {
      fields.push([name, anything(given)])
      warnings.push(`the form does not support the type of its required field ${shown}; enter any JSON`)
    } else warnings.push(`the form does not support the type of its field ${shown}; the field is left out`)
  }
  const choices = fields.reduce((count, [, field]) => count + choicesOf(field), 0)
  if (choices > mostChoices) return Result.fail(`its form has ${choices} choices, and ${mostChoices} are allowed`)
  return Result.succeed({
    form: {
      ...others,
      type: "object",
      properties: Object.fromEntries(fields),
      ...(required === undefined ? {} : { required: [...names] })
    },
    warnings
  })
}

/** Many servers write null for what they leave out. */
export const withoutNulls = (value: Schema): Schema =>
  Object.fromEntries(Object.entries(value).filter(([, inner]) => inner !== null))

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

type Schema = Readonly<Record<string, unknown>>

/** A person answers them one by one. */
const mostFields = 100

/** In all fields together. */
const mostChoices = 2000

const choicesOf = (field: FieldSchema): number => {
  if ("oneOf" in field) return field.oneOf.length
  if ("enum" in field) return field.enum.length
  if (field.type !== "array") return 0
  return "enum" in field.items ? field.items.enum.length : "anyOf" in field.items ? field.items.anyOf.length : 0
}

/** Keywords, names and choices that are read in one form: references can double them with each level. */
const mostWork = 100_000

class Reader {
  readonly #root: unknown
  #work = 0

  constructor(root: unknown) {
    this.#root = root
  }

  /** The schema with what its `$ref` and `allOf` say in it. */
  flatten(schema: unknown, depth = 0): Schema | undefined {
    if (schema === true) return {}
    if (!isRecord(schema) || depth > 20 || !this.#spend(schema)) return undefined
    const { $ref, allOf, ...own } = withoutNulls(schema)
    const parts = [...($ref === undefined ? [] : [this.#lookUp($ref)]), ...(Array.isArray(allOf) ? allOf : [])]
    const all = parts.map((part) => this.flatten(part, depth + 1)).filter(Predicate.isNotUndefined)
    return all.length === parts.length ? merge([...all, own]) : undefined
  }

  /** Whether so much may be read. */
  #spend(schema: Schema): boolean {
    const names = Object.keys(schema)
    this.#work += 1 + names.length
    if (this.#work <= mostWork) { for (const name of names) this.#work += sizeOf(schema[name]) }
    return this.#work <= mostWork
  }

  /** As a field of a form, if it can be one. */
  field(schema: unknown, depth = 0): FieldSchema | undefined {
    const flat = this.flatten(schema)
    if (flat === undefined || depth > 20) return undefined
    const { anyOf, oneOf, ...own } = flat
    const union = Array.isArray(anyOf) ? anyOf : oneOf
    if (!Array.isArray(union)) return this.#plain(own)
    const members = union.filter((member) => !isNull(member))
    const field = titledChoice(own, members) ??
      widest(
        members.map((member) => {
          const inner = this.flatten(member)
          return inner === undefined ? undefined : this.field({ ...own, ...inner, ...labelsOf(own) }, depth + 1)
        }),
        own
      )
    return field !== undefined && members.length < union.length ? { ...field, nullable: true } : field
  }

  /** Without unions. */
  #plain(schema: Schema): FieldSchema | undefined {
    const all = "const" in schema ? [schema["const"]] : schema["enum"]
    const values = Array.isArray(all) && all.length > 0 ? all.filter(Predicate.isNotNull) : undefined
    const named = listOf(schema["type"] ?? typeOf(schema, values))
    const types = named.filter((type) => type !== "null")
    const nullable = types.length < named.length || Array.isArray(all) && all.includes(null)
    const field = this.#ofType(commonType(types), schema, values)
    return field !== undefined && nullable ? { ...field, nullable: true } : field
  }

  #ofType(type: unknown, schema: Schema, values: ReadonlyArray<unknown> | undefined): FieldSchema | undefined {
    switch (type) {
      case "boolean":
        return checked({ ...schema, type }, { default: Predicate.isBoolean })
      case "number":
      case "integer": {
        const numbers = values?.filter(Predicate.isNumber) ?? []
        const { enum: _, ...others } = schema
        return checked({ ...others, type, ...(numbers.length === 0 ? {} : { enum: numbers }) }, {
          default: Predicate.isNumber,
          minimum: Predicate.isNumber,
          maximum: Predicate.isNumber
        })
      }
      case "string": {
        const texts = values?.filter(Predicate.isString) ?? []
        if (texts.length > 0) {
          return checked({ ...schema, type, enum: texts }, {
            default: (initial) => texts.some((text) => text === initial),
            enumNames: form.isNames
          })
        }
        const { enum: _, format, ...others } = schema
        return checked({
          ...others,
          type,
          ...(format === undefined ? {} : form.isFormat(format) ? { format } : { "x-format": format })
        }, { default: Predicate.isString, minLength: Predicate.isNumber, maxLength: Predicate.isNumber })
      }
      case "array": {
        const item = this.field(schema["items"] ?? {}, 1)
        if (item?.type !== "string") return undefined
        const items = "oneOf" in item
          ? { anyOf: item.oneOf }
          : { type: "string", ...("enum" in item ? { enum: item.enum } : {}) }
        return checked({ ...schema, type, items }, {
          default: form.isNames,
          minItems: Predicate.isNumber,
          maxItems: Predicate.isNumber
        })
      }
      default:
        return undefined
    }
  }

  #lookUp(reference: unknown): unknown {
    if (typeof reference !== "string" || !/^#(\/|$)/.test(reference)) return undefined
    this.#work += reference.length
    if (this.#work > mostWork) return undefined
    return jsonPointer.names(reference).reduce(jsonPointer.get, this.#root)
  }
}

const listOf = (value: unknown): ReadonlyArray<unknown> => Array.isArray(value) ? value : [value]

/** How much there is to copy of a keyword's value. */
const sizeOf = (value: unknown): number => {
  if (typeof value === "string") return value.length / 100
  if (Array.isArray(value)) return value.length
  return isRecord(value) ? Object.keys(value).length : 0
}

/** A field may be called `__proto__`. */
const together = (records: ReadonlyArray<Schema>): Schema => Object.fromEntries(records.flatMap(Object.entries))

/** Later ones win, but for the fields and which of them are required: of those all count. */
const merge = (schemas: ReadonlyArray<Schema>): Schema => {
  const properties = schemas.map((schema) => schema["properties"]).filter(isRecord)
  const required = schemas.map((schema) => schema["required"]).filter(Array.isArray)
  return {
    ...together(schemas),
    ...(properties.length > 1 ? { properties: together(properties) } : {}),
    ...(required.length > 1 ? { required: required.flat() } : {})
  }
}

const isNull = (schema: unknown): boolean => isRecord(schema) && (schema["type"] === "null" || schema["const"] === null)

/** What a person reads of a field, and what it begins with. */
const labelsOf = ({ default: initial, description, title }: Schema): Schema =>
  Object.fromEntries(
    Object.entries({ title, description, default: initial }).filter(([, value]) => value !== undefined)
  )

/** One or more of `{ const, title }`; the title may be missing. */
const titledChoice = (schema: Schema, members: ReadonlyArray<unknown>): FieldSchema | undefined => {
  const { enum: _, ...own } = schema
  const choices = members.flatMap((member) =>
    isRecord(member) && typeof member["const"] === "string"
      ? [{
        ...member,
        const: member["const"],
        title: typeof member["title"] === "string" ? member["title"] : member["const"]
      }]
      : []
  )
  return choices.length === 0 || choices.length < members.length ? undefined : checked(
    { ...own, type: "string", oneOf: choices },
    { default: (initial) => choices.some((choice) => choice.const === initial) }
  )
}

/** The member that takes what the others take: text, else any number. */
const widest = (
  members: ReadonlyArray<FieldSchema | undefined>,
  own: Schema
): FieldSchema | undefined => {
  const fields = members.filter(Predicate.isNotUndefined)
  const [only, ...others] = fields
  if (others.length === 0) return only
  const type = commonType(fields.map((field) => field.type))
  return type === "string"
    ? checked({ ...labelsOf(own), type }, { default: Predicate.isString })
    : type === "number" || type === "integer"
    ? checked({ ...labelsOf(own), type }, { default: Predicate.isNumber })
    : undefined
}

const commonType = (types: ReadonlyArray<unknown>): unknown => {
  const [only, ...others] = new Set(types)
  if (others.length === 0) return only
  if (types.includes("string")) return "string"
  return types.every((type) => type === "number" || type === "integer") ? "number" : undefined
}

/** Of a schema that does not name it. */
const typeOf = (schema: Schema, values: ReadonlyArray<unknown> | undefined): unknown => {
  if (values !== undefined) return commonType(values.map((value) => typeof value))
  if ("items" in schema) return "array"
  if ("properties" in schema || "additionalProperties" in schema) return "object"
  return "minimum" in schema || "maximum" in schema || "multipleOf" in schema ? "number" : "string"
}

/** The field without what is wrong with it. */
const checked = (
  schema: Schema,
  checks: Readonly<Record<string, (value: unknown) => boolean>>
): FieldSchema | undefined => {
  const all: Readonly<Record<string, (value: unknown) => boolean>> = {
    title: Predicate.isString,
    description: Predicate.isString,
    ...checks
  }
  const field = Object.fromEntries(
    Object.entries(schema).filter(([key, value]) => !Object.hasOwn(all, key) || all[key]?.(value) === true)
  )
  return form.isField(field) ? field : undefined
}

const anything = (schema: unknown): FieldSchema => {
  const { description, title } = isRecord(schema) ? schema : {}
  return {
    ...(typeof title === "string" ? { title } : {}),
    ...(typeof description === "string" ? { description } : {}),
    schema
  }
}
