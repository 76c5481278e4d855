/** What a server writes to its standard error costs little to read, whatever it is. */
import { assert, describe, it } from "@effect/vitest"
import { Closed } from "@universal-mcp/core/McpError"
import * as Effect from "effect/Effect"
import { mayBeDueToProbe } from "../src/internal/probeExit.ts"
import { cpuTime } from "./fixtures/cpu.ts"

/** Each is repeated to a line of 64 KB. */
const pieces = [
  ". ",
  "12:30 ",
  "T",
  "-",
  "a.",
  "Error",
  "(",
  "f()",
  ":1",
  " {",
  " ",
  "\t",
  "\u001B[1",
  "\u001B[31m",
  "Caused by: ",
  "npm error ",
  "use --",
  "| ",
  "could ",
  "error [a]",
  "initiali",
  "Socket",
  "[cause]: \u001B["
]

describe("50 lines of 64 KB on stderr", () => {
  it.effect.each(pieces)("of %j", (piece) =>
    Effect.gen(function*() {
      const line = piece.repeat(Math.ceil(65_536 / piece.length))
      for (const [first, last] of [["", ""], ["x", "x"], ["Error: ", "!"]] as const) {
        const closed = new Closed({
          description: "ended",
          exitCode: 1,
          stderr: Array.from({ length: 50 }, () => first + line + last)
        })
        assert.isBelow(yield* cpuTime(Effect.sync(() => closed.message)), 300)
        assert.isBelow(yield* cpuTime(Effect.sync(() => mayBeDueToProbe(closed))), 600)
      }
    }))
})

describe("the level of a log line", () => {
  const says = (line: string) => new Closed({ description: "ended", stderr: ["the disk is full", line] }).message

  it.each([
    "2026-01-02T03:04:05.678Z INFO could not read the cache",
    "[12:30:01] warning: no such option",
    "  --- 2026/01/02 03:04:05 +0100 [debug] failed: nothing",
    "<trace> unable to be quicker"
  ])("is found behind a time and signs: %s", (line) => {
    assert.strictEqual(says(line), "ended; it said: the disk is full")
  })

  it.each(["2026-01-02 ERROR no such table", "information is missing", "warned: access denied"])(
    "is no part of a word: %s",
    (line) => {
      assert.strictEqual(says(line), `ended; it said: ${line}`)
    }
  )
})
