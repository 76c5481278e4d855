import { assert, describe, it } from "@effect/vitest"
import * as reconnect from "../src/internal/reconnect.ts"

describe("when a broken stream is tried again", () => {
  it("after the time the server says, or a second, doubled with each failure up to half a minute", () => {
    assert.deepStrictEqual([0, 1, 2, 10].map((failures) => reconnect.delay(500, failures)), [500, 1000, 2000, 30_000])
    assert.strictEqual(reconnect.delay(undefined, 0), 1000)
    assert.strictEqual(reconnect.delay(60_000, 3), 60_000)
  })
  it("after an hour at most, whatever the server says", () => {
    for (const retry of [3_600_001, 31_536_000_000, 1e308, Infinity]) {
      assert.deepStrictEqual([0, 1, 9].map((failures) => reconnect.delay(retry, failures)), Array(3).fill(3_600_000))
    }
  })
  it("never at once, whatever the server says", () => {
    assert.isAtLeast(reconnect.delay(0, 0), 100)
    assert.isAtLeast(reconnect.delay(-1, 4), 100)
  })
})
