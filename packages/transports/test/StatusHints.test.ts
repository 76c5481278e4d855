/** An HTTP error whose body is a JSON-RPC error comes from the MCP server itself: the URL is right. */
import { assert, describe } from "@effect/vitest"
import * as AutoTransport from "@universal-mcp/transports/AutoTransport"
import { Effect } from "effect"
import { json, serve } from "./fixtures/httpServer.ts"
import { live, refused } from "./fixtures/httpSupport.ts"

const refusal = (error: unknown, id: unknown = null) => ({ jsonrpc: "2.0", id, error })

describe("the hint for an HTTP error", () => {
  live("does not doubt the URL where the MCP server says what is wrong", () =>
    Effect.gen(function*() {
      const bodies: ReadonlyArray<readonly [number, unknown]> = [
        [400, refusal({ code: -32600, message: "Invalid Request: Server already initialized" })],
        [406, refusal({ code: -32000, message: "Not Acceptable: Client must accept text/event-stream" })],
        [422, { jsonrpc: "2.0", error: { code: -32602, message: "no" } }]
      ]
      for (const [status, body] of bodies) {
        const server = yield* serve({ initialize: (exchange) => json(exchange, body, status) })
        const { hint = "" } = yield* refused(server.url, { protocolVersion: "legacy" })
        assert.include(hint, "the MCP server's own answer")
        assert.notInclude(hint, "URL")
      }
    }))

  live("does not doubt it where the transport is found out either", () =>
    Effect.gen(function*() {
      const body = refusal({ code: -32600, message: "Invalid Request: Server already initialized" })
      const server = yield* serve({
        POST: (exchange) => json(exchange, body, 400),
        initialize: (exchange) => json(exchange, body, 400)
      })
      const { hint = "" } = yield* Effect.flip(AutoTransport.make({ name: "web", url: server.url }))
      assert.include(hint, "the MCP server's own answer")
    }))

  live("does where anything else answers", () =>
    Effect.gen(function*() {
      for (
        const body of [{ error: "not found" }, { message: "Cannot POST /" }]
      ) {
        const server = yield* serve({ initialize: (exchange) => json(exchange, body, 404) })
        assert.include((yield* refused(server.url, { protocolVersion: "legacy" })).hint ?? "", "URL")
      }
    }))

  live("text in `data` is part of what is said", () =>
    Effect.gen(function*() {
      const error = { code: -32603, message: "Internal server error", data: "Already connected to a transport" }
      const server = yield* serve({ initialize: (exchange) => json(exchange, refusal(error), 500) })
      assert.strictEqual(
        (yield* refused(server.url, { protocolVersion: "legacy" })).description,
        "HTTP 500 Internal Server Error: Internal server error: Already connected to a transport"
      )
    }))
})
