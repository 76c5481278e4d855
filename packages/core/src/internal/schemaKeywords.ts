/** The keywords of JSON Schema 2020-12 and draft-07 that are read. All others are ignored. */
import { isRecord } from "./json.ts"
import * as assertions from "./schemaAssertions.ts"
import * as branches from "./schemaBranches.ts"
import * as children from "./schemaChildren.ts"
import * as costs from "./schemaCosts.ts"
import { type Keyword, KeywordValue } from "./schemaKeywordValue.ts"
import type { Schema, SchemaReader } from "./schemaReader.ts"
import type { Assertion, Resource } from "./schemaRun.ts"

/** What a schema asserts, in the order of {@link table}. */
export const read = (schema: Schema, resource: Resource, reader: SchemaReader): ReadonlyArray<Assertion> => {
  const isReference = reader.isDraft07 && typeof schema["$ref"] === "string"
  const found: Array<Assertion> = []
  for (const { assert, is2020, name } of table) {
    if (assert === undefined || schema[name] === undefined || isReference && name !== "$ref") continue
    if (reader.isDraft07 && is2020 === true) continue
    const assertion = assert(new KeywordValue(name, schema, resource, reader))
    if (assertion !== undefined) found.push(assertion)
  }
  return found
}

/** Calls back with each schema directly inside of a schema. Items and names are counted before they are looked at. */
export const eachSchemaIn = (schema: Schema, reader: SchemaReader, onSchema: (schema: Schema) => void): void => {
  const visit = (inner: unknown) => {
    if (isRecord(inner)) onSchema(inner)
  }
  const keywords = Object.keys(schema)
  if (!reader.work.spend(costs.names(keywords.length))) return
  for (const name of keywords) {
    const value = schema[name]
    const holds = holdsOf(name)
    if (Array.isArray(value)) {
      if ((holds === "list" || holds === "schema or list") && reader.spendParts(value.length)) value.forEach(visit)
    } else if (isRecord(value)) {
      if (holds === "schema" || holds === "schema or list") onSchema(value)
      if (holds !== "map") continue
      const names = Object.keys(value)
      if (reader.spendParts(names.length)) { for (const one of names) visit(value[one]) }
    }
  }
}

/** What the value of a keyword is: one schema, a list or a map of schemas, or data. */
export type Holds = "data" | "schema" | "list" | "schema or list" | "map"

/** Nothing for a keyword that is not in the table. */
export const holdsOf = (keyword: string): Holds | undefined => holds.get(keyword)

/** Whether it has a keyword that needs to know what the others have looked at. */
export const tracks = (schema: Schema): boolean =>
  schema["unevaluatedProperties"] !== undefined || schema["unevaluatedItems"] !== undefined

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

interface Entry {
  readonly name: string
  readonly holds: Holds
  /** Absent if it asserts nothing by itself: another keyword may read it. */
  readonly assert?: Keyword
  /** Whether draft-07 does not have it. */
  readonly is2020?: boolean
}

const entry = (name: string, holds: Holds, assert?: Keyword): Entry => ({ name, holds, ...(assert && { assert }) })
const entry2020 = (name: string, holds: Holds, assert?: Keyword): Entry => ({
  ...entry(name, holds, assert),
  is2020: true
})

const { itemCount, lengthOf, ofNumber, ofSize, propertyCount } = assertions

/** What is cheap and tells most comes first; `unevaluated…` comes last, because it depends on the others. */
const table: ReadonlyArray<Entry> = [
  entry("type", "data", assertions.type),
  entry("const", "data", assertions.constant),
  entry("enum", "data", assertions.oneOfList),
  entry("minimum", "data", ofNumber(">=", (value, limit) => value >= limit)),
  entry("maximum", "data", ofNumber("<=", (value, limit) => value <= limit)),
  entry("exclusiveMinimum", "data", ofNumber(">", (value, limit) => value > limit)),
  entry("exclusiveMaximum", "data", ofNumber("<", (value, limit) => value < limit)),
  entry("multipleOf", "data", assertions.multipleOf),
  entry("minLength", "data", ofSize("characters", false, lengthOf)),
  entry("maxLength", "data", ofSize("characters", true, lengthOf)),
  entry("pattern", "data", assertions.pattern),
  entry("minItems", "data", ofSize("items", false, itemCount)),
  entry("maxItems", "data", ofSize("items", true, itemCount)),
  entry("minProperties", "data", ofSize("properties", false, propertyCount)),
  entry("maxProperties", "data", ofSize("properties", true, propertyCount)),
  entry("required", "data", assertions.required),
  entry2020("dependentRequired", "data", (keyword) => assertions.dependent(keyword.readDependentNames())),
  entry("$ref", "data", branches.ref),
  entry2020("$dynamicRef", "data", branches.dynamicRef),
  entry("properties", "map", children.properties),
  entry("patternProperties", "map", children.patternProperties),
  entry("additionalProperties", "schema", children.additionalProperties),
  entry("propertyNames", "schema", children.propertyNames),
  entry2020("prefixItems", "list", children.prefixItems),
  entry("items", "schema or list", children.items),
  entry("additionalItems", "schema", children.additionalItems),
  entry("contains", "schema", children.contains),
  entry("uniqueItems", "data", assertions.uniqueItems),
  entry2020("dependentSchemas", "map", (keyword) => assertions.dependent(keyword.readNamedSchemas())),
  entry("dependencies", "map", (keyword) => assertions.dependent(keyword.readDependencies())),
  entry("allOf", "list", branches.allOf),
  entry("anyOf", "list", branches.anyOf),
  entry("oneOf", "list", branches.oneOf),
  entry("not", "schema", branches.not),
  entry("if", "schema", branches.ifThenElse),
  entry("then", "schema"),
  entry("else", "schema"),
  entry("$defs", "map"),
  entry("definitions", "map"),
  entry("default", "data"),
  entry("examples", "data"),
  entry2020("unevaluatedItems", "schema", children.unevaluatedItems),
  entry2020("unevaluatedProperties", "schema", children.unevaluatedProperties)
]

const holds: ReadonlyMap<string, Holds> = new Map(table.map((one) => [one.name, one.holds]))
