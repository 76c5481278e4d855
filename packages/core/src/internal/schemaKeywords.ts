/** The keywords of JSON Schema 2020-12 and draft-07, and what each asserts. What is not listed here is not read. */
import { isRecord } from "./json.ts"
import * as children from "./schemaChildren.ts"
import { Place } from "./schemaPlace.ts"
import type { Schema, SchemaReader } from "./schemaReader.ts"
import { type Assertion, first, issue, type Issues, keysOf, type Resource, type Run, shown } from "./schemaRun.ts"
import { Values } from "./schemaValues.ts"

/** What a schema asserts, in the order in which it is to be tried. */
export const read = (schema: Schema, resource: Resource, reader: SchemaReader): ReadonlyArray<Assertion> => {
  const isReference = reader.isDraft07 && typeof schema["$ref"] === "string"
  const assertions: Array<Assertion> = []
  for (const [name, assert] of keywords) {
    if (schema[name] === undefined || isReference && name !== "$ref") continue
    if (reader.isDraft07 && newer.has(name)) continue
    const assertion = assert(new Place(name, schema, resource, reader))
    if (assertion !== undefined) assertions.push(assertion)
  }
  return assertions
}

/** Calls back with what stands in it where schemas are expected. The names of a map are counted before its values are read. */
export const eachSchemaIn = (schema: Schema, reader: SchemaReader, onSchema: (schema: Schema) => void): void => {
  const visit = (part: unknown) => {
    if (isRecord(part)) onSchema(part)
  }
  for (const name of Object.keys(schema)) {
    const part = schema[name]
    if (Array.isArray(part)) {
      if (lists.has(name) && reader.spendParts(part.length)) part.forEach(visit)
    } else if (isRecord(part)) {
      if (oneSchema.has(name)) onSchema(part)
      if (maps.has(name)) {
        const names = Object.keys(part)
        if (reader.spendParts(names.length)) { for (const inner of names) visit(part[inner]) }
      }
    }
  }
}

/** Whether it asks what its other keywords have looked at. */
export const tracks = (schema: Schema): boolean =>
  schema["unevaluatedProperties"] !== undefined || schema["unevaluatedItems"] !== undefined

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

type Keyword = (place: Place) => Assertion | undefined

const type: Keyword = (place) => {
  const types = typeof place.given === "string" ? [place.given] : place.names
  const unknown = types.find((one) => !Object.hasOwn(isOfType, one))
  if (unknown !== undefined) place.refuse("a type of JSON")
  const checks = types.map((one) => isOfType[one])
  const issues = issue(`must be ${shown(types.join())}`)
  return (value) => checks.some((check) => check?.(value)) ? undefined : issues
}

const isOfType: Readonly<Record<string, (value: unknown) => boolean>> = {
  array: Array.isArray,
  boolean: (value) => typeof value === "boolean",
  // What is beyond the range of numbers has no fraction.
  integer: (value) => typeof value === "number" && (Number.isInteger(value) || !Number.isFinite(value)),
  null: (value) => value === null,
  number: (value) => typeof value === "number",
  object: isRecord,
  string: (value) => typeof value === "string"
}

const oneOfValues = (place: Place, values: ReadonlyArray<unknown>, message: string): Assertion => {
  const allowed = new Values()
  for (const value of values) allowed.add(value, place.reader.work)
  const issues = issue(message)
  return (value, { work }) => allowed.has(value, work) ? undefined : issues
}

const ofNumber = (says: string, check: (value: number, limit: number) => boolean): Keyword => (place) => {
  const limit = place.number
  const issues = issue(`must be ${says} ${limit}`)
  return (value) => typeof value !== "number" || check(value, limit) ? undefined : issues
}

/** Numbers with fractions are not exact. */
const isMultiple = (value: number, of: number): boolean => {
  const quotient = value / of
  return Number.isFinite(quotient)
    ? Math.abs(quotient - Math.round(quotient)) <= Math.abs(quotient) * 4 * Number.EPSILON
    : value % of === 0
}

const ofSize = (
  what: string,
  isMost: boolean,
  sizeOf: (value: unknown, run: Run, limit: number) => number | undefined
): Keyword =>
(place) => {
  const limit = place.number
  const issues = issue(`must NOT have ${isMost ? "more" : "fewer"} than ${limit} ${what}`)
  return (value, run) => {
    const size = sizeOf(value, run, limit)
    return size === undefined || (isMost ? size <= limit : size >= limit) ? undefined : issues
  }
}

/** In characters of Unicode. They are counted only where that can matter: each is one or two of JavaScript. */
const lengthOf = (value: unknown, { work }: Run, limit: number): number | undefined => {
  if (typeof value !== "string") return undefined
  if (value.length < limit || value.length > limit * 2) return value.length
  if (!work.spend(value.length / 8)) return undefined
  let length = 0
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i)
    const isSecond = code >= 0xDC00 && code <= 0xDFFF && i > 0 && isHigh(value.charCodeAt(i - 1))
    if (!isSecond) length++
  }
  return length
}

const isHigh = (code: number): boolean => code >= 0xD800 && code <= 0xDBFF

const itemCount = (value: unknown): number | undefined => Array.isArray(value) ? value.length : undefined

const propertyCount = (value: unknown, { work }: Run): number | undefined => {
  if (!isRecord(value)) return undefined
  const keys = keysOf(value, work)
  return work.refused === undefined ? keys.length : undefined
}

const pattern: Keyword = (place) => {
  const wanted = place.reader.pattern(place.text)
  const issues = issue(`must match pattern "${shown(wanted.source)}"`)
  return (value, { work }) => typeof value !== "string" || wanted.matches(value, work) ? undefined : issues
}

const uniqueItems: Keyword = (place) =>
  place.given !== true ? undefined : (value, { work }) => {
    if (!Array.isArray(value) || !work.spend(value.length)) return undefined
    const values = new Values()
    for (const item of value) {
      if (!values.add(item, work)) return issue("must NOT have duplicate items (uniqueItems)")
      if (work.refused !== undefined) return undefined
    }
    return undefined
  }

const missing = (value: unknown, names: ReadonlyArray<string>, run: Run): string | undefined =>
  isRecord(value) && run.work.spend(names.length) ? names.find((name) => !Object.hasOwn(value, name)) : undefined

const required: Keyword = (place) => {
  const { names } = place
  return (value, run) => {
    const name = missing(value, names, run)
    return name === undefined ? undefined : issue(`must have required property '${shown(name)}'`)
  }
}

/** What must be there or fit, where a property is there. */
const dependent = (dependencies: Place["dependencies"]): Assertion => (value, run) =>
  isRecord(value) && run.work.spend(dependencies.length)
    ? first(dependencies, ([name, needs]) => {
      if (!Object.hasOwn(value, name)) return undefined
      if ("assertions" in needs) return run.here(needs, value)
      const absent = missing(value, needs, run)
      return absent === undefined
        ? undefined
        : issue(`must have property ${shown(absent)} when property ${shown(name)} is present`)
    })
    : undefined

const allOf: Keyword = (place) => {
  const { nodes } = place
  return (value, run) => first(nodes, (node) => run.here(node, value))
}

const anyOf: Keyword = (place) => {
  const { nodes } = place
  return (value, run) => {
    const wrong: Array<Issues> = []
    let fits = nodes.length === 0
    for (const node of nodes) {
      const issues = run.branch(node, value)
      if (issues !== undefined) wrong.push(issues)
      else fits = true
      // The others only count for what they look at.
      if (fits && run.seen === undefined) return undefined
    }
    return fits ? undefined : together(run, wrong, "must match a schema in anyOf")
  }
}

const oneOf: Keyword = (place) => {
  const { nodes } = place
  return (value, run) => {
    const wrong: Array<Issues> = []
    let fitting = 0
    for (const node of nodes) {
      const issues = run.branch(node, value)
      if (issues !== undefined) wrong.push(issues)
      else if (++fitting > 1) return issue("must match only one schema in oneOf")
    }
    return fitting === 1 ? undefined : together(run, wrong, "must match a schema in oneOf")
  }
}

/** The first few, because each level of a schema may have as many again. */
const together = ({ work }: Run, all: ReadonlyArray<Issues>, message: string): Issues =>
  work.spend(20)
    ? [...all.slice(0, maxIssues).flatMap((issues) => issues ?? []).slice(0, maxIssues), ...(issue(message) ?? [])]
    : undefined

const maxIssues = 4

const not: Keyword = (place) => {
  const { node } = place
  const issues = issue("must NOT be valid")
  return (value, run) => run.branch(node, value) === undefined ? issues : undefined
}

const ifThenElse: Keyword = (place) => {
  const condition = place.node
  const then = place.beside("then")?.node
  const otherwise = place.beside("else")?.node
  return (value, run) => {
    const next = run.branch(condition, value) === undefined ? then : otherwise
    return next === undefined ? undefined : run.here(next, value)
  }
}

const dynamicRef: Keyword = (place) => {
  const node = place.reference
  const anchor = place.text.split("#")[1] ?? ""
  return (value, run) =>
    run.here(node.resource.dynamic.get(anchor) === node ? run.dynamic(anchor) ?? node : node, value)
}

const ref: Keyword = (place) => {
  const node = place.reference
  return (value, run) => run.here(node, value)
}

/** What is cheap and tells most comes first; what asks what the others have looked at comes last. */
const keywords: ReadonlyArray<readonly [name: string, keyword: Keyword]> = [
  ["type", type],
  ["const", (place) => oneOfValues(place, [place.given], "must be equal to constant")],
  ["enum", (place) => oneOfValues(place, place.list, "must be equal to one of the allowed values")],
  ["minimum", ofNumber(">=", (value, limit) => value >= limit)],
  ["maximum", ofNumber("<=", (value, limit) => value <= limit)],
  ["exclusiveMinimum", ofNumber(">", (value, limit) => value > limit)],
  ["exclusiveMaximum", ofNumber("<", (value, limit) => value < limit)],
  ["multipleOf", ofNumber("multiple of", isMultiple)],
  ["minLength", ofSize("characters", false, lengthOf)],
  ["maxLength", ofSize("characters", true, lengthOf)],
  ["pattern", pattern],
  ["minItems", ofSize("items", false, itemCount)],
  ["maxItems", ofSize("items", true, itemCount)],
  ["minProperties", ofSize("properties", false, propertyCount)],
  ["maxProperties", ofSize("properties", true, propertyCount)],
  ["required", required],
  ["dependentRequired", (place) => dependent(place.dependentNames)],
  ["$ref", ref],
  ["$dynamicRef", dynamicRef],
  ["properties", children.properties],
  ["patternProperties", children.patternProperties],
  ["additionalProperties", children.additionalProperties],
  ["propertyNames", children.propertyNames],
  ["prefixItems", children.prefixItems],
  ["items", children.items],
  ["additionalItems", children.additionalItems],
  ["contains", children.contains],
  ["uniqueItems", uniqueItems],
  ["dependentSchemas", (place) => dependent(place.namedNodes)],
  ["dependencies", (place) => dependent(place.dependencies)],
  ["allOf", allOf],
  ["anyOf", anyOf],
  ["oneOf", oneOf],
  ["not", not],
  ["if", ifThenElse],
  ["unevaluatedItems", children.unevaluatedItems],
  ["unevaluatedProperties", children.unevaluatedProperties]
]

/** Those that draft-07 does not know. */
const newer: ReadonlySet<string> = new Set([
  "$dynamicRef",
  "dependentRequired",
  "dependentSchemas",
  "prefixItems",
  "unevaluatedItems",
  "unevaluatedProperties"
])

const oneSchema: ReadonlySet<string> = new Set([
  "additionalItems",
  "additionalProperties",
  "contains",
  "else",
  "if",
  "items",
  "not",
  "propertyNames",
  "then",
  "unevaluatedItems",
  "unevaluatedProperties"
])
const lists: ReadonlySet<string> = new Set(["allOf", "anyOf", "items", "oneOf", "prefixItems"])
const maps: ReadonlySet<string> = new Set([
  "$defs",
  "definitions",
  "dependencies",
  "dependentSchemas",
  "patternProperties",
  "properties"
])
