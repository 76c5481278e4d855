/** Reading a tool's JSON Schema, as far as it can be read; what cannot be is `undefined`. */

export type JsonObject = Readonly<Record<string, unknown>>

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)

export const isType = (value: unknown): value is JsonType => types.some((type) => type === value)

const types = ["string", "number", "integer", "boolean", "null", "array", "object"] as const

export type JsonType = typeof types[number]

/** Follows a reference within the document. */
export const resolve = (schema: unknown, root: unknown, depth = 0): JsonObject | undefined => {
  if (!isObject(schema)) return undefined
  const reference = schema["$ref"]
  if (reference === undefined) return schema
  if (typeof reference !== "string" || !reference.startsWith("#/")) return undefined
  if (depth > 20 || reference.length > longestReference) return undefined
  const target = reference.slice(2).split("/").reduce<unknown>(
    (value, key) => isObject(value) ? value[key.replaceAll("~1", "/").replaceAll("~0", "~")] : undefined,
    root
  )
  return resolve(target, root, depth + 1)
}

/** In characters. */
const longestReference = 1000

/** The schemas of which one must hold: those of `anyOf` or `oneOf`, or the schema itself. */
export const alternatives = (schema: unknown, root: unknown): ReadonlyArray<JsonObject> | undefined => {
  const found: Array<JsonObject> = []
  const open = [schema]
  let looked = 0
  while (open.length > 0) {
    // References may lead round in circles, and any number of them.
    if (++looked > mostAlternatives) return undefined
    const resolved = resolve(open.pop(), root)
    if (resolved === undefined) return undefined
    const several = resolved["anyOf"] ?? resolved["oneOf"]
    if (!Array.isArray(several)) found.push(resolved)
    else if (several.length > mostAlternatives) return undefined
    else open.push(...several.toReversed())
  }
  return found
}

const mostAlternatives = 1000

/** The values a schema lists, where it lists any. */
export const listed = (schema: JsonObject): ReadonlyArray<unknown> | undefined => {
  if ("const" in schema) return [schema["const"]]
  const values = schema["enum"]
  return Array.isArray(values) ? values : undefined
}

/** The types a schema names. */
export const typesOf = (schema: JsonObject): ReadonlyArray<JsonType> | undefined => {
  const named = Array.isArray(schema["type"]) ? schema["type"] : [schema["type"]]
  return named.every(isType) ? named : undefined
}

export const hasType = (value: unknown, type: JsonType): boolean => {
  switch (type) {
    case "null":
      return value === null
    case "array":
      return Array.isArray(value)
    case "object":
      return isObject(value)
    case "integer":
      return Number.isInteger(value) || typeof value === "bigint"
    case "number":
      return typeof value === "number" || typeof value === "bigint"
    default:
      return typeof value === type
  }
}

/** The properties of an object schema. */
export const properties = (schema: unknown): JsonObject =>
  isObject(schema) && isObject(schema["properties"]) ? schema["properties"] : {}

/** The names that an object schema requires. */
export const required = (schema: unknown): ReadonlyArray<string> =>
  isObject(schema) && Array.isArray(schema["required"])
    ? schema["required"].filter((name) => typeof name === "string")
    : []
