/** One command as a shell would read it, without a shell. */
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { parse } from "shell-quote"
import { UsageError } from "./errors.ts"

/** The words of a command; `$NAME` stands for an environment variable, which must exist. */
export const splitCommand = Effect.fnUntraced(
  function*(text: string): Effect.fn.Return<readonly [string, ...Array<string>], UsageError> {
    const names = new Set<string>()
    parse(text, (name) => {
      names.add(name)
      return ""
    })
    const values = new Map<string, string>()
    for (const name of names) {
      const value = yield* Effect.option(Config.String(name))
      if (Option.isNone(value)) {
        return yield* new UsageError({
          description: `--stdio: there is no environment variable ${name}`,
          hint: `write \\$ for a plain $`
        })
      }
      values.set(name, value.value)
    }
    const words: Array<string> = []
    for (const entry of parse(text, (name) => values.get(name))) {
      if (typeof entry === "string") words.push(entry)
      else if ("pattern" in entry) words.push(entry.pattern)
      else {
        return yield* new UsageError({
          description: `--stdio runs one command without a shell: ${
            "op" in entry ? `"${entry.op}"` : "a comment"
          } is not possible`,
          hint: `quote it if it is meant as text, or start a shell: --stdio 'sh -c "…"'`
        })
      }
    }
    const [command, ...args] = words
    return command === undefined || command === ""
      ? yield* new UsageError({ description: "--stdio: the command is empty" })
      : [command, ...args]
  }
)
