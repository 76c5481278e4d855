/**
 * Arguments of a tool that the modern era wants in HTTP headers too, as `x-mcp-header` in its input schema declares.
 * Specification: 2026-07-28, Streamable HTTP, custom headers from tool parameters.
 */
import * as Result from "effect/Result"
import type { Tool } from "../Protocol.ts"
import * as headers from "./headers.ts"
import { isRecord } from "./json.ts"
import { holdsOf } from "./schemaKeywords.ts"

export interface Declaration {
  /** Where the argument is. */
  readonly path: ReadonlyArray<string>
  /** The header, in lower case. */
  readonly header: string
}

/** What a tool declares, or what is wrong with it: such a tool must not be offered. */
export const declared = ({ inputSchema }: Tool): Result.Result<ReadonlyArray<Declaration>, string> => {
  const found = new Map<string, Declaration>()
  const open: Array<Part> = [{ schema: inputSchema, path: undefined, isReachable: true }]
  for (let parts = 0, part = open.pop(); part !== undefined; part = open.pop()) {
    const declaration = declarationOf(part)
    if (typeof declaration === "string") return Result.fail(declaration)
    if (declaration !== undefined) {
      if (found.has(declaration.header)) return Result.fail(`"${declaration.header}" is declared twice`)
      found.set(declaration.header, declaration)
    }
    if (found.size > mostHeaders) return Result.fail(`it declares more than ${mostHeaders} headers`)
    const inner = partsOf(part)
    parts += inner.length
    if (parts > mostParts) return Result.fail(`its inputSchema has more than ${mostParts} parts`)
    for (const one of inner.toReversed()) open.push(one)
  }
  return Result.succeed([...found.values()])
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

/** More than servers take. */
const mostHeaders = 100

const mostParts = 200_000

interface Part {
  readonly schema: unknown
  readonly path: Path | undefined
  /** Whether only `properties` lead to it; elsewhere nothing may be declared. */
  readonly isReachable: boolean
}

/** From the inside out, so that a schema of many levels costs no more than others. */
interface Path {
  readonly name: string
  readonly outer: Path | undefined
}

const namesOf = (path: Path | undefined): ReadonlyArray<string> => {
  const names: Array<string> = []
  for (let at = path; at !== undefined; at = at.outer) names.push(at.name)
  return names.toReversed()
}

/** What a schema itself declares, or what is wrong with that. */
const declarationOf = ({ isReachable, path, schema }: Part): Declaration | string | undefined => {
  if (!isRecord(schema) || !Object.hasOwn(schema, key)) return undefined
  const names = namesOf(path)
  const name = schema[key]
  const where = names.join(".").slice(0, 200) || "the schema itself"
  if (!isReachable || names.length === 0) return `${key} is not allowed at ${where}`
  if (typeof name !== "string" || name.length > longestName || !token.test(name)) {
    return `${key} of ${where} is not the name of a header`
  }
  if (names.length > deepest) return `${key} of ${where} is nested too deeply`
  if (!types.includes(schema["type"])) return `${key} of ${where} needs the type string, integer or boolean`
  return { path: names, header: `mcp-param-${name.toLowerCase()}` }
}

const longestName = 200
const deepest = 100

const partsOf = ({ isReachable, path, schema }: Part): ReadonlyArray<Part> => {
  if (Array.isArray(schema)) return schema.map((item) => ({ schema: item, path, isReachable: false }))
  if (!isRecord(schema)) return []
  return Object.entries(schema).flatMap(([keyword, inner]): ReadonlyArray<Part> => {
    if (typeof inner !== "object" || keyword === key || holdsOf(keyword) === "data") return []
    if (keyword === "properties" && isRecord(inner)) {
      return Object.entries(inner).map(([name, property]) => ({
        schema: property,
        path: { name, outer: path },
        isReachable
      }))
    }
    const all = holdsOf(keyword) === "map" && isRecord(inner) ? Object.values(inner) : [inner]
    return all.map((one) => ({ schema: one, path: { name: keyword, outer: path }, isReachable: false }))
  })
}
