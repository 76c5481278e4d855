/** `key=value` words and `--args` as the arguments of a tool, by its input schema. */
import * as ExactNumbers from "@universal-mcp/core/ExactNumbers"
import type { Tool } from "@universal-mcp/core/Protocol"
import * as SafeText from "@universal-mcp/core/SafeText"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { signature } from "../render/signature.ts"
import { InvalidArgument, MissingArguments, UsageError } from "./errors.ts"
import * as jsonSchema from "./jsonSchema.ts"
import { sameJson } from "./sameJson.ts"

export interface Word {
  readonly key: string
  readonly text: string
  /** `key:=json` */
  readonly isJson: boolean
}

/** Reads one `key=value` or `key:=json`. */
export const parseWord = (word: string): Effect.Effect<Word, UsageError> => {
  const at = word.indexOf("=")
  const isJson = at > 0 && word[at - 1] === ":"
  const key = word.slice(0, isJson ? at - 1 : Math.max(at, 0))
  return key === "" || /^\s*[{[]/.test(word)
    ? Effect.fail(
      new UsageError({
        description: `"${word}" is not an argument of a tool`,
        hint: /^\s*[{[]/.test(word)
          ? "give JSON with --args: --args '{\"message\":\"hi\"}', --args @arguments.json, or --args - for standard input"
          : "write key=value, key:=json for a value that is not text, or all of them with --args '<json>'"
      })
    )
    : Effect.succeed({ key, text: word.slice(at + 1), isJson })
}

/** Reads `key=value` words whose values are text; `key:=json` where that is text too. */
export const parsePairs = (words: ReadonlyArray<string>): Effect.Effect<Readonly<Record<string, string>>, UsageError> =>
  Effect.map(Effect.forEach(words, parsePair), Object.fromEntries)

/** Reads the text of `--args`. */
export const parseJson = (text: string): Effect.Effect<jsonSchema.JsonObject, UsageError> => {
  const value = parsed(text)
  const args = typed(text)
  return jsonSchema.isObject(value) && jsonSchema.isObject(args) ? Effect.succeed(args) : Effect.fail(
    new UsageError({
      description: value === undefined
        ? "--args is not valid JSON"
        : `--args must be a JSON object, found ${JSON.stringify(value).slice(0, 80)}`,
      hint: "for example: --args '{\"message\":\"hi\"}', --args @arguments.json, or --args - for standard input"
    })
  )
}

/** The arguments to send; `tool` is undefined where the server does not list it. */
export const toArguments = Effect.fnUntraced(function*(options: {
  readonly server: string
  readonly tool: string
  readonly listed: Tool | undefined
  readonly json: jsonSchema.JsonObject
  readonly words: ReadonlyArray<Word>
}) {
  const { listed, server, tool } = options
  const schema = listed?.inputSchema
  const properties = jsonSchema.properties(schema)
  const hint = listed === undefined ? {} : { hint: `the tool is ${signature(listed)}` }
  const given = yield* Effect.forEach(options.words, ({ isJson, key, text }) => {
    const value = isJson
      ? rawJson(text)
      : coerce(text, Object.hasOwn(properties, key) ? properties[key] : undefined, schema)
    return Result.isSuccess(value)
      ? Effect.succeed([key, value.success] as const)
      : Effect.fail(
        new InvalidArgument({
          server,
          tool,
          argument: key,
          expected: value.failure,
          found: JSON.stringify(text),
          ...hint
        })
      )
  })
  const args = { ...options.json, ...Object.fromEntries(given) }
  const missing = jsonSchema.required(schema).filter((name) => !Object.hasOwn(args, name))
  return missing.length === 0 ? args : yield* new MissingArguments({ server, tool, missing, ...hint })
})

/**
 * The value that `text` stands for: text where the schema allows text, otherwise JSON of a type that it allows. Fails
 * with what is allowed.
 */
export const coerce = (text: string, schema: unknown, root: unknown): Result.Result<unknown, string> => {
  const schemas = jsonSchema.alternatives(schema, root)
  if (schemas === undefined) return Result.succeed(text)
  const value = parsed(text)
  const exact = Result.getOrUndefined(ExactNumbers.parse(text))
  const expected: Array<string> = []
  for (const one of schemas) {
    const values = jsonSchema.listed(one)
    const types = jsonSchema.typesOf(one)
    if (values !== undefined) {
      if (values.includes(text)) return Result.succeed(text)
      if (value !== undefined && values.some((listed) => sameJson(value, listed))) return Result.succeed(typed(text))
      expected.push(...values.slice(0, mostExpected).map((listed) => SafeText.json(listed)))
      if (values.length > mostExpected) expected.push(`one of ${values.length - mostExpected} more`)
    } else if (types === undefined || types.includes("string")) {
      return Result.succeed(text)
    } else if (types.some((type) => jsonSchema.hasType(exact, type))) {
      return Result.succeed(typed(text))
    } else {
      expected.push(...types.map((type) => typeInWords[type]))
    }
  }
  return Result.fail(expected.join(" or "))
}

/** Of the values that a schema lists, how many an error names. */
const mostExpected = 50

const typeInWords: Record<jsonSchema.JsonType, string> = {
  string: "text",
  number: "a number",
  integer: "an integer",
  boolean: "true or false",
  null: "null",
  array: "a JSON array",
  object: "a JSON object"
}

const parsePair = Effect.fnUntraced(function*(word: string): Effect.fn.Return<readonly [string, string], UsageError> {
  const { isJson, key, text } = yield* Effect.mapError(
    parseWord(word),
    () => new UsageError({ description: `"${word}" is not an argument`, hint: "write key=value" })
  )
  const value = isJson ? parsed(text) : text
  return typeof value === "string"
    ? [key, value]
    : yield* new UsageError({
      description: `"${word}" is not text, and prompts take text`,
      hint: `write ${key}=${text}`
    })
})

const rawJson = (text: string): Result.Result<unknown, string> => {
  const value = typed(text)
  return value === undefined ? Result.fail("JSON after :=") : Result.succeed(value)
}

/** The value to send: its numbers with the digits that were typed. */
const typed = (text: string): unknown => Result.getOrUndefined(ExactNumbers.parseRaw(text))

const parsed = (text: string): unknown => Result.getOrUndefined(Result.try((): unknown => JSON.parse(text)))
