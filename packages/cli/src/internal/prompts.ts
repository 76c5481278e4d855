/**
 * Effect's prompts for safe text only: they take a `string` and draw it unescaped. No other module imports them.
 */
import type { SafeText } from "@universal-mcp/core/SafeText"
import { unsafe } from "@universal-mcp/core/UnsafeText"
import * as Prompt from "effect/cli/Prompt"
import * as Effect from "effect/Effect"
import type * as Result from "effect/Result"
import * as Terminal from "effect/Terminal"

export type { Prompt } from "effect/cli/Prompt"

export interface Choice<A> {
  readonly title: SafeText
  readonly value: A
  readonly description?: SafeText
  readonly selected?: boolean
}

export const select = <A>(options: {
  readonly message: SafeText
  readonly choices: ReadonlyArray<Choice<A>>
  readonly maxPerPage?: number
}): Prompt.Prompt<A> => Prompt.Select(options)

export const multiSelect = <A>(options: {
  readonly message: SafeText
  readonly choices: ReadonlyArray<Choice<A>>
  readonly maxPerPage?: number
  readonly min?: number
  readonly max?: number
}): Prompt.Prompt<Array<A>> => Prompt.MultiSelect(options)

/** A line of text; `check` fails with what is wrong with it. */
export const text = ({ check, ...options }: {
  readonly message: SafeText
  readonly default?: SafeText
  readonly check: (text: string) => Result.Result<unknown, SafeText>
}): Prompt.Prompt<string> =>
  Prompt.String({ ...options, validate: (text) => Effect.as(Effect.fromResult(check(text)), text) })

export const { flatMap, map, succeed } = Prompt

/** Asks on a terminal; `write` gets what is drawn. */
export const run = <A>(prompt: Prompt.Prompt<A>, { colors, terminal, write }: {
  readonly colors: boolean
  readonly terminal: Terminal.Terminal
  readonly write: (text: SafeText) => Effect.Effect<void>
}) =>
  Prompt.run(prompt).pipe(
    Effect.provideService(
      Terminal.Terminal,
      // The words are safe text, and what is typed has no control characters.
      Terminal.make({ ...terminal, display: (text) => write(unsafe(text)) })
    ),
    Effect.provideService(Prompt.Theme, Prompt.makeTheme({ colors }))
  )
