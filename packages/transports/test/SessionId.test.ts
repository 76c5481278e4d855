import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { type Handler, initializeResult, json, result, serve, type Server } from "./fixtures/httpServer.ts"
import { connect, live, text } from "./fixtures/httpSupport.ts"

const idsOf = (server: Server, method: string) => server.seen(method).map(({ headers }) => headers["mcp-session-id"])

const refuse = (code: number, message: string, id: string): Handler => (exchange) =>
  json(exchange, { jsonrpc: "2.0", id: exchange.message.id, error: { code, message } }, 200, { "mcp-session-id": id })

describe("a session id", () => {
  live("on the refusal of the probe is none", () =>
    Effect.gen(function*() {
      for (const status of [200, 400, 404]) {
        const server = yield* serve({
          "server/discover": (exchange) =>
            json(
              exchange,
              { jsonrpc: "2.0", id: exchange.message.id, error: { code: -32601, message: "no" } },
              status,
              { "mcp-session-id": "probe" }
            )
        })
        const session = yield* connect(server.url)
        yield* session.ping.pipe(Effect.ignore)
        assert.deepStrictEqual(idsOf(server, "initialize"), [undefined])
        assert.deepStrictEqual(idsOf(server, "ping"), ["session-1"])
      }
    }))

  live("on any other answer does not replace that of initialize", () =>
    Effect.gen(function*() {
      const server = yield* serve({
        "notifications/initialized": ({ response }) => response.writeHead(202, { "mcp-session-id": "two" }).end(),
        "tools/call": (exchange) =>
          json(exchange, result(exchange.message.id, "done"), 200, { "mcp-session-id": "three" })
      })
      yield* Effect.scoped(Effect.gen(function*() {
        const session = yield* connect(server.url)
        yield* session.callTool("echo")
        assert.strictEqual(text(yield* session.callTool("echo")), "done")
      }))
      assert.deepStrictEqual(idsOf(server, "tools/call"), ["session-1", "session-1"])
      assert.deepStrictEqual(idsOf(server, "DELETE"), ["session-1"])
    }))

  live("of a server without sessions comes from no later answer", () =>
    Effect.gen(function*() {
      const server = yield* serve({
        "initialize": (exchange) => json(exchange, initializeResult(exchange.message.id)),
        "tools/call": (exchange) => json(exchange, result(exchange.message.id, "done"), 200, { "mcp-session-id": "x" })
      })
      yield* Effect.scoped(Effect.gen(function*() {
        const session = yield* connect(server.url)
        yield* session.callTool("echo")
        yield* session.callTool("echo")
      }))
      assert.deepStrictEqual(idsOf(server, "tools/call"), [undefined, undefined])
      assert.strictEqual(server.seen("DELETE").length, 0)
    }))

  live("on a refusal of initialize is none", () =>
    Effect.gen(function*() {
      const server = yield* serve({
        "server/discover": ({ response }) => response.writeHead(500).end(),
        "initialize": refuse(-32602, "not you", "refused")
      })
      yield* connect(server.url).pipe(Effect.flip, Effect.scoped)
      assert.strictEqual(server.seen("DELETE").length, 0)
    }))
})
