/**
 * Arguments of a tool that the modern era wants in HTTP headers too, as `x-mcp-header` in its input schema declares.
 * Specification: 2026-07-28, Streamable HTTP, custom headers from tool parameters.
 */
import * as Result from "effect/Result"
import type { Tool } from "../Protocol.ts"
import * as headers from "./headers.ts"
import { isRecord } from "./json.ts"

export interface Declaration {
  /** Where the argument is. */
  readonly path: ReadonlyArray<string>
  /** The header, in lower case. */
  readonly header: string
}

/** What a tool declares, or what is wrong with it: such a tool must not be offered. */
export const declared = ({ inputSchema }: Tool): Result.Result<ReadonlyArray<Declaration>, string> => {
  const found: Array<Declaration> = []
  const wrong = visit(inputSchema, [], true, found)
  if (wrong !== undefined) return Result.fail(wrong)
  const names = found.map(({ header }) => header)
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  return twice === undefined ? Result.succeed(found) : Result.fail(`"${twice}" is declared twice`)
}

/** The headers of one call; an argument that is absent or null has none. */
export const of = (
  declarations: ReadonlyArray<Declaration>,
  args: Readonly<Record<string, unknown>> | undefined
): Readonly<Record<string, string>> =>
  Object.fromEntries(
    declarations.flatMap(({ header, path }) => {
      const value = path.reduce<unknown>((at, key) => isRecord(at) ? at[key] : undefined, args)
      const text = textOf(value)
      return text === undefined ? [] : [[header, headers.encode(text)]]
    })
  )

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

const key = "x-mcp-header"

const textOf = (value: unknown): string | undefined => {
  if (JSON.isRawJSON(value)) return value.rawJSON
  const isSent = typeof value === "string" || typeof value === "boolean" || typeof value === "bigint" ||
    typeof value === "number" && Number.isFinite(value)
  return isSent ? String(value) : undefined
}

/** A token of RFC 9110. */
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

const types: ReadonlyArray<unknown> = ["string", "integer", "boolean"]

/** Gives what is wrong, if something is. Only what `properties` alone lead to may be declared. */
const visit = (
  schema: unknown,
  path: ReadonlyArray<string>,
  reachable: boolean,
  found: Array<Declaration>
): string | undefined => {
  if (Array.isArray(schema)) return first(schema, (item) => visit(item, path, false, found))
  if (!isRecord(schema)) return undefined
  if (Object.hasOwn(schema, key)) {
    const name = schema[key]
    const where = path.join(".") || "the schema itself"
    if (!reachable || path.length === 0) return `${key} is not allowed at ${where}`
    if (typeof name !== "string" || !token.test(name)) return `${key} of ${where} is not the name of a header`
    if (!types.includes(schema["type"])) return `${key} of ${where} needs the type string, integer or boolean`
    found.push({ path, header: `mcp-param-${name.toLowerCase()}` })
  }
  return first(Object.entries(schema), ([keyword, inner]) => {
    if (literal.includes(keyword)) return undefined
    if (keyword !== "properties") {
      return first(subschemas(keyword, inner), (item) => visit(item, [...path, keyword], false, found))
    }
    return isRecord(inner)
      ? first(Object.entries(inner), ([name, property]) => visit(property, [...path, name], reachable, found))
      : undefined
  })
}

/** Their values are data, not schemas. */
const literal: ReadonlyArray<string> = [key, "const", "enum", "default", "examples", "required", "type"]

/** Under these, keys are names and not keywords. */
const maps: ReadonlyArray<string> = ["patternProperties", "dependentSchemas", "$defs", "definitions"]

const subschemas = (keyword: string, inner: unknown): ReadonlyArray<unknown> =>
  maps.includes(keyword) && isRecord(inner) ? Object.values(inner) : [inner]

const first = <A>(items: ReadonlyArray<A>, check: (item: A) => string | undefined): string | undefined => {
  for (const item of items) {
    const wrong = check(item)
    if (wrong !== undefined) return wrong
  }
  return undefined
}
