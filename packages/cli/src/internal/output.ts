/** A result on stdout, an error on stderr, each in one piece. */
import * as SafeText from "@universal-mcp/core/SafeText"
import * as Effect from "effect/Effect"
import { type Failure, jsonLine, lines } from "../render/failure.ts"
import { Screen } from "../render/Screen.ts"
import { prettyJson } from "../render/text.ts"
import { print, printError } from "./sink.ts"

/** The result of `--json`: indented for a person at a terminal, one line for a program. */
export const printJson = Effect.fnUntraced(function*(value: unknown) {
  const screen = yield* Screen
  yield* print(screen.outIsTerminal ? prettyJson(value) : SafeText.json(value))
})

export const printFailure = Effect.fnUntraced(function*(error: Failure, asJson: boolean) {
  const screen = yield* Screen
  yield* printError(asJson ? jsonLine(error) : lines(error, screen.err, screen.errLineWidth))
})
