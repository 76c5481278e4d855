/** Printing: a result on stdout, an error on stderr, each in one piece. */
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import { type Failure, jsonLine, lines } from "../render/failure.ts"
import { Screen } from "../render/Screen.ts"
import { json } from "../render/text.ts"

/** The result of `--json`: indented for a person at a terminal, one line for a program. */
export const printJson = Effect.fnUntraced(function*(value: unknown) {
  const screen = yield* Screen
  yield* Console.log(json(value, screen.outIsTerminal ? 2 : undefined))
})

export const printFailure = Effect.fnUntraced(function*(error: Failure, asJson: boolean) {
  const screen = yield* Screen
  yield* Console.error(asJson ? jsonLine(error) : lines(error, screen.err))
})
