/** However many hidden characters a text has: making it safe holds up little more than reading the message did. */
import { assert, beforeAll, describe, it } from "@effect/vitest"
import * as SafeText from "@universal-mcp/core/SafeText"
import { Effect } from "effect"
import { cpuTime } from "./fixtures/cpu.ts"
import { parseTime } from "./fixtures/parseTime.ts"

const length = 8 * 1024 * 1024

const filledWith = (piece: string) => piece.repeat(Math.floor(length / piece.length))

const texts = Object.entries({
  "joiners": filledWith("\u200d"),
  "escapes": filledWith("\u001b"),
  "two kinds of hidden characters in turn": filledWith("\u001b\u200b"),
  "hidden characters between letters": filledWith("a\u2066"),
  "tag letters": filledWith("\u{e0041}"),
  "Arabic with joiners": filledWith("\u0645\u200c"),
  "emoji with joiners": filledWith("\u{1f469}\u200d"),
  "words": filledWith(" x"),
  "Chinese": filledWith("漢")
})

let limit = 0
beforeAll(() => Effect.runPromise(Effect.map(parseTime, (time) => limit = 2 * time)))

describe.each(texts)("a text of 8 Mi characters, all of it %s,", (_, text) => {
  it.live.each([["a block", SafeText.block], ["a line", SafeText.line], ["searched", SafeText.hidden]] as const)(
    "becomes %s within twice the time that JSON.parse takes for a message of the size limit",
    ([, make]) =>
      Effect.gen(function*() {
        assert.isBelow(yield* cpuTime(Effect.sync(() => make(text))), limit)
      })
  )
})
