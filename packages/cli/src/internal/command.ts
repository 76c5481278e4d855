/** One command as a shell would read it, without a shell. */
import * as ServerConfig from "@universal-mcp/core/ServerConfig"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { parse } from "shell-quote"
import { UsageError } from "./errors.ts"
import { valueOf } from "./variables.ts"

export interface Command {
  readonly words: readonly [string, ...Array<string>]
  /** Those values of its variables that may be secret. */
  readonly secrets: ReadonlyArray<Redacted.Redacted<string>>
}

/** The words of a command; `$NAME` stands for an environment variable, which must exist. */
export const splitCommand = Effect.fnUntraced(
  function*(text: string): Effect.fn.Return<Command, UsageError> {
    const names = new Set<string>()
    parse(text, (name) => {
      names.add(name)
      return ""
    })
    const values = new Map<string, string>()
    for (const name of names) values.set(name, yield* valueOf(name, "--stdio"))
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
      : {
        words: [command, ...args],
        secrets: [...values].filter(([name]) => !ServerConfig.isPlainVariable(name)).map(([, value]) =>
          Redacted.make(value)
        )
      }
  }
)
