/** A message that is too much to read is scanned once, whatever is made of it: a failure, or a warning. */
import { assert, beforeAll, describe, it } from "@effect/vitest"
import { TransportError } from "@universal-mcp/core/McpTransport"
import * as Effect from "effect/Effect"
import { cpuTime } from "../../../test/cpu.ts"
import * as messages from "../src/internal/messages.ts"

const size = 32 * 1024 * 1024

const message = (text: string) => `{"jsonrpc":"2.0","method":"m","params":{"a":"${text}","b":${"[".repeat(2000)}`

/** Kinds of text in which the end of a string is hard to find. */
const texts: ReadonlyArray<readonly [kind: string, make: () => string]> = [
  ["escaped quotes", () => message("\\\"".repeat(size / 2))],
  ["escaped backslashes", () => message("\\\\".repeat(size / 2))],
  ["escaped quotes and others", () => message("\\\"a".repeat(size / 3))],
  ["empty strings", () => message(`",${"\"\":\"\",".repeat(size / 20)}"c":"`)]
]

describe("a message that is too much to read", () => {
  let limit = 0
  beforeAll(() =>
    Effect.runPromise(Effect.gen(function*() {
      const item = `{"id":1,"name":"x"}`
      const text = `[${Array.from({ length: size / (item.length + 1) - 1 }, () => item).join()}]`
      limit = yield* cpuTime(Effect.sync(() => JSON.parse(text)))
    }))
  )

  it.live.each(texts)("holds up nobody, with its warning: %s", ([, make]) =>
    Effect.gen(function*() {
      const text = make()
      let received: unknown
      const cost = yield* cpuTime(Effect.sync(() => {
        received = messages.parse(text)
        return received instanceof TransportError ? messages.leftOut(received) : undefined
      }))
      assert.instanceOf(received, TransportError)
      assert.isBelow(cost, limit)
    }))

  it("is the failure of the request that it answers", () => {
    const received = messages.parse(`{"jsonrpc":"2.0","id":7,"result":${"[".repeat(2000)}${"]".repeat(2000)}}`)
    assert.isArray(received)
    assert.include(JSON.stringify(received), `"id":7`)
  })
})
