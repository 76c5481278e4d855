/** A server over stdio that reads nothing any more. */
import { assert, describe, it } from "@effect/vitest"
import * as StdioTransport from "@universal-mcp/transports/StdioTransport"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
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
        const message = "x".repeat(4 * 1024 * 1024)
        const failed = yield* Queue.unbounded<readonly [string | undefined, string]>()
        // Twice what is kept for it.
        for (let count = 0; count < 64; count++) {
          yield* session.callTool("hang", { message }, { timeout: "5 minutes" }).pipe(
            Effect.catchTag("CallError", ({ delivery, reason }) => Queue.offer(failed, [reason._tag, delivery])),
            Effect.forkScoped
          )
        }
        const first = yield* Queue.takeN(failed, 16)
        assert.deepStrictEqual(first, Array.from({ length: 16 }, () => ["Unavailable", "not-sent"]))
      }))
  })
})
