/**
 * Checks `structuredContent` against a tool's `outputSchema`: JSON Schema 2020-12, or draft-07 where it says so. Both come
 * from the server: patterns run in linear time, references are never fetched, and what cannot be checked, or only
 * with more work than anybody should have with an answer, is not.
 */
import type { Ajv, ErrorObject, Options, ValidateFunction } from "ajv"
import type { Ajv2020 } from "ajv/dist/2020.js"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { isRecord } from "./json.ts"

/** What is wrong with a value; nothing if it is valid. Fails where that cannot be told. */
export type Check = (value: unknown) => Result.Result<ReadonlyArray<string>, string>

/** Fails where the schema itself cannot be used. The validator is loaded when it is first needed. */
export const compile = (schema: unknown): Effect.Effect<Result.Result<Check, string>> =>
  Effect.map(Effect.promise(load), ({ draft07, draft2020, restart }) => {
    if (!isRecord(schema)) return Result.succeed(() => Result.succeed([]))
    if (countParts(schema) > maxParts) return Result.fail(`it has more than ${maxParts} parts`)
    if (hidesReferences(schema)) return Result.fail("it has references inside of a constant")
    const create = String(schema["$schema"]).includes("draft-07") ? draft07 : draft2020
    return Result.map(
      attempt(() => create(withoutNames(counted(schema)))),
      (validate): Check => (value) =>
        attempt(() => {
          restart()
          return validate(value) ? [] : issuesOf(validate)
        })
    )
  })

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

/** To compile more takes longer than everything else may stand still. */
const maxParts = 2000

/** How often references may be followed in one check: a schema can double the work with each of its levels. */
const maxVisits = 100_000

const visits = "x-visits"

const load = async () => {
  const [{ Ajv }, { Ajv2020 }, { RE2JS }] = await Promise.all([
    import("ajv"),
    import("ajv/dist/2020.js"),
    import("re2js")
  ])
  const regExp = (pattern: string) => {
    const compiled = RE2JS.compile(RE2JS.translateRegExp(pattern))
    // It tells one from the other by their text.
    return { test: (text: string) => compiled.test(text), toString: () => pattern }
  }
  const options: Options = {
    strict: false,
    validateFormats: false,
    // The schema is the server's; that it is one at all shows when it is compiled.
    validateSchema: false,
    logger: false,
    code: { regExp: Object.assign(regExp, { code: "" }) }
  }
  // Its own compares every item with every other.
  const uniqueItems = { keyword: "uniqueItems", type: "array", validate: isUnique } as const
  let visited = 0
  // Before the reference, because nothing is looked at after one that fails.
  const counting = (before: string) =>
    ({
      keyword: visits,
      schemaType: "boolean",
      before,
      validate: () => {
        if (++visited > maxVisits) throw new Error(`it follows more than ${maxVisits} references`)
        return true
      }
    }) as const
  const prepared = (ajv: Ajv | Ajv2020, firstReference: string) =>
    ajv.removeKeyword("uniqueItems").addKeyword(uniqueItems).addKeyword(counting(firstReference))
  // A new one each time, because it remembers what it compiled by `$id`.
  return {
    draft07: (schema: object) => prepared(new Ajv(options), "$ref").compile(schema),
    draft2020: (schema: object) => prepared(new Ajv2020(options), "$dynamicRef").compile(schema),
    restart: () => {
      visited = 0
    }
  }
}

/** A dialect that the validator does not know by its name is taken for 2020-12. */
const withoutNames = (schema: Readonly<Record<string, unknown>>): object => ({ ...schema, $schema: undefined })

const countParts = (schema: unknown): number => {
  const open = [schema]
  let parts = 0
  for (; open.length > 0 && parts <= maxParts; parts++) {
    const part = open.pop()
    if (typeof part !== "object" || part === null) parts--
    else for (const inner of Object.values(part)) open.push(inner)
  }
  return parts
}

/** With a mark wherever a reference is followed. */
const counted = (schema: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> => {
  const copy = (part: unknown): unknown => {
    if (Array.isArray(part)) return part.map(copy)
    return isRecord(part) ? counted(part) : part
  }
  const entries = Object.entries(schema).map(([name, part]) => [name, copy(part)])
  return Object.fromEntries(refers(schema) ? [...entries, [visits, true]] : entries)
}

const refers = (part: Readonly<Record<string, unknown>>): boolean =>
  typeof part["$ref"] === "string" || typeof part["$dynamicRef"] === "string"

/** What must be equal to a constant cannot be marked; nor can it be left, because references may lead into it. */
const hidesReferences = (part: unknown, isConstant = false): boolean => {
  if (Array.isArray(part)) return part.some((inner) => hidesReferences(inner, isConstant))
  if (!isRecord(part)) return false
  return isConstant && refers(part) ||
    Object.entries(part).some(([name, inner]) =>
      hidesReferences(inner, isConstant || name === "const" || name === "enum")
    )
}

const attempt = <A>(evaluate: () => A): Result.Result<A, string> =>
  Result.try({ try: evaluate, catch: (cause) => cause instanceof Error ? cause.message : String(cause) })

const isUnique = (wanted: unknown, items: ReadonlyArray<unknown>): boolean =>
  wanted !== true || new Set(items.map(canonical)).size === items.length

/** Equal for what JSON Schema calls equal. */
const canonical = (value: unknown): string =>
  JSON.stringify(
    value,
    (_, inner) =>
      isRecord(inner) ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => a < b ? -1 : 1)) : inner
  )

const issuesOf = ({ errors }: ValidateFunction): ReadonlyArray<string> =>
  (errors ?? []).map(({ instancePath, message = "is not valid", params }: ErrorObject) => {
    const property = params["additionalProperty"]
    const more = typeof property === "string" ? `: ${property}` : ""
    return `structuredContent${instancePath.replaceAll("/", ".")} ${message}${more}`
  })
