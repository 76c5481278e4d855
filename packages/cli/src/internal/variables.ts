/** `$NAME` and `${NAME}` in a flag: so that a secret is not in the command line, which other users can see. */
import * as ServerConfig from "@universal-mcp/core/ServerConfig"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { UsageError } from "./errors.ts"

/** A text with its variables filled in, and those of their values that may be secret. */
export interface Expanded {
  readonly text: string
  readonly secrets: ReadonlyArray<Redacted.Redacted<string>>
}

/** Each variable must be set. `\$` is a plain `$`, and so is one with no name behind it. What a variable holds is not read again. */
export const expand = Effect.fnUntraced(function*(given: string, flag: string): Effect.fn.Return<Expanded, UsageError> {
  const secrets: Array<Redacted.Redacted<string>> = []
  let text = ""
  let end = 0
  for (const { 0: found, 1: plain, 2: braced, 3: bare, index } of given.matchAll(reference)) {
    const name = braced ?? bare ?? ""
    const value = plain === undefined ? yield* valueOf(name, flag) : "$"
    if (plain === undefined && !ServerConfig.isPlainVariable(name)) secrets.push(Redacted.make(value))
    text += given.slice(end, index) + value
    end = index + found.length
  }
  return { text: text + given.slice(end), secrets }
})

/** The value of an environment variable that a flag names. */
export const valueOf = Effect.fnUntraced(function*(name: string, flag: string): Effect.fn.Return<string, UsageError> {
  const value = yield* Effect.option(Config.String(name))
  return Option.isSome(value) ? value.value : yield* new UsageError({
    description: `${flag}: there is no environment variable ${name}`,
    hint: `set and export ${name}, or write \\$ for a plain $`
  })
})

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

const reference = /(\\\$)|\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))/g
