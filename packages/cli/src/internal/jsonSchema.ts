/** Reading a tool's JSON Schema, as far as it can be read; what cannot be is `undefined`. */

export type JsonObject = Readonly<Record<string, unknown>>

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)

export const isType = (value: unknown): value is JsonType => types.some((type) => type === value)

const types = ["string", "number", "integer", "boolean", "null", "array", "object"] as const

export type JsonType = typeof types[number]

/** How many steps reading a schema may still take: one for each schema and each reference. */
export interface Left {
  steps: number
}

/** Follows a reference within the document. */
export const resolve = (schema: unknown, root: unknown, left: Left = begin()): JsonObject | undefined => {
  let current = schema
  for (let hops = 0; isObject(current) && hops <= mostNested && left.steps-- > 0; hops++) {
    const reference = current["$ref"]
    if (reference === undefined) return current
    if (typeof reference !== "string" || !reference.startsWith("#/") || reference.length > longestReference) break
    current = reference.slice(2).split("/").reduce<unknown>(
      (value, key) => isObject(value) ? value[key.replaceAll("~1", "/").replaceAll("~0", "~")] : undefined,
      root
    )
  }
  return undefined
}

/** The schemas of which one must hold: those of `anyOf` or `oneOf`, or the schema itself. */
export const alternatives = (
  schema: unknown,
  root: unknown,
  left: Left = begin()
): ReadonlyArray<JsonObject> | undefined => {
  const found: Array<JsonObject> = []
  const open: Array<Iterator<unknown>> = [[schema].values()]
  while (open.length > 0) {
    const next = open.at(-1)?.next()
    if (next === undefined || next.done === true) {
      open.pop()
      continue
    }
    const resolved = resolve(next.value, root, left)
    if (resolved === undefined || open.length > mostNested) return undefined
    const several = resolved["anyOf"] ?? resolved["oneOf"]
    if (Array.isArray(several)) open.push(several.values())
    else found.push(resolved)
  }
  return found
}

/** The values a schema lists, where it lists any. */
export const listed = (schema: JsonObject): ReadonlyArray<unknown> | undefined => {
  if ("const" in schema) return [schema["const"]]
  const values = schema["enum"]
  return Array.isArray(values) ? values : undefined
}

/** The types a schema names. */
export const typesOf = (schema: JsonObject): ReadonlyArray<JsonType> | undefined => {
  const named = Array.isArray(schema["type"]) ? schema["type"] : [schema["type"]]
  return named.length <= types.length && named.every(isType) ? named : undefined
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

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

const begin = (): Left => ({ steps: 10_000 })

/** References and alternatives within one another. */
const mostNested = 20

/** In characters. */
const longestReference = 1000
