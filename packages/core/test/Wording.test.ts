/** Durations in messages are whole, and text that a server sends as `data` of an error is part of the message. */
import { assert, describe, it } from "@effect/vitest"
import { Rejected, Timeout, Unavailable } from "@universal-mcp/core/McpError"

describe("durations in messages", () => {
  it.each([[44_589.070798, "44590 ms"], [0.2, "1 ms"], [1000, "1000 ms"], [0, "0 ms"]])(
    "%d is %s",
    (milliseconds, text) => {
      assert.strictEqual(new Timeout({ milliseconds }).message, `no answer within ${text}`)
      assert.strictEqual(
        new Unavailable({ description: "held back", retryAfter: milliseconds }).message,
        `held back; try again in ${text}`
      )
    }
  )
})

describe("the data of an error", () => {
  const message = (data: unknown, description = "Internal error", status?: number) =>
    new Rejected({ code: -32603, description, data, ...(status === undefined ? {} : { status }) }).message

  it("is part of the message where it is text, on one line, and not too long", () => {
    assert.strictEqual(message("no such table: users"), "Internal error: no such table: users (code -32603)")
    assert.strictEqual(message("first\n  second\u001b[2J"), "Internal error: first second\\u001b[2J (code -32603)")
    assert.isBelow(message("x".repeat(100_000)).length, 400)
  })

  it("is not repeated where the message has it", () =>
    assert.strictEqual(message("bad city", "Invalid params: bad city"), "Invalid params: bad city (code -32603)"))

  it("is left to `reason.data` where it is no text", () => {
    for (const data of [{ why: "x" }, ["x"], 7, null, "", "  "]) {
      assert.strictEqual(message(data), "Internal error (code -32603)")
    }
  })
})
