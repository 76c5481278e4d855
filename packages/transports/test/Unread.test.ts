/** A server over stdio that reads nothing any more. */
import { assert, describe, it } from "@effect/vitest"
import * as StdioTransport from "@universal-mcp/transports/StdioTransport"
import * as Effect from "effect/Effect"
import { execFileSync } from "node:child_process"
import { fixture, mark, node, platforms } from "./support.ts"

describe.each(platforms)("a server that stops reading (%s)", (_, platform) => {
  it.layer(platform, { excludeTestServices: true })((it) => {
    it.effect("does not fill our memory: calls fail at once when too much is unread", () =>
      Effect.gen(function*() {
        const word = yield* mark
        const session = yield* StdioTransport.make({
          name: "stopped",
          command: node,
          args: [fixture, `--mark=${word}`],
          circuitBreaker: false,
          reconnect: false,
          gracePeriod: "100 millis"
        })
        yield* Effect.sync(() => execFileSync("pkill", ["-STOP", "-f", word]))
        const message = "x".repeat(40 * 1024 * 1024)
        const call = Effect.flip(session.callTool("hang", { message }, { timeout: "1 second", idempotent: false }))
        const errors = yield* Effect.forEach(Array.from({ length: 6 }), () => call)
        const outcomes = errors.map((error) => error._tag === "CallError" && [error.reason._tag, error.delivery])
        // Somewhat more than 128 Mi characters are written.
        assert.deepStrictEqual(outcomes.slice(0, 3), Array.from({ length: 3 }, () => ["Timeout", "unknown"]))
        assert.deepStrictEqual(outcomes.slice(4), Array.from({ length: 2 }, () => ["Unavailable", "not-sent"]))
      }))
  })
})
