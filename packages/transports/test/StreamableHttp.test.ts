import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { argument, event, progressToken, result, serve, stream } from "./fixtures/httpServer.ts"
import { connect, live, text } from "./fixtures/httpSupport.ts"

describe("StreamableHttpTransport", () => {
  live(
    "posts messages with configured headers, the session id and the protocol version; deletes the session",
    () =>
      Effect.gen(function*() {
        const server = yield* serve()
        const scope = yield* Scope.make()
        const session = yield* connect(server.url, {
          headers: { Authorization: Redacted.make("Bearer secret"), "X-Team": "blue" }
        }).pipe(Scope.provide(scope))
        assert.strictEqual(session.transport, "streamable-http")
        assert.strictEqual(session.server.name, "fixture")
        assert.strictEqual(text(yield* session.callTool("echo")), "done")
        yield* server.until(() => server.seen("GET").length === 1)
        yield* Scope.close(scope, Exit.void)

        const order = server.exchanges.map((one) => one.message.method ?? one.method)
        assert.sameMembers(order, [
          "server/discover",
          "initialize",
          "notifications/initialized",
          "GET",
          "tools/call",
          "DELETE"
        ])
        assert.deepStrictEqual(order.slice(0, 3), ["server/discover", "initialize", "notifications/initialized"])
        assert.strictEqual(order.at(-1), "DELETE")
        for (const one of server.exchanges) {
          assert.strictEqual(one.headers["authorization"], "Bearer secret")
          assert.strictEqual(one.headers["x-team"], "blue")
          const { method = "" } = one.message
          const later = method !== "initialize" && method !== "server/discover"
          assert.strictEqual(one.headers["mcp-session-id"], later ? "session-1" : undefined)
          const revision = method === "server/discover" ? "2026-07-28" : later ? "2025-11-25" : undefined
          assert.strictEqual(one.headers["mcp-protocol-version"], revision)
          assert.strictEqual(one.headers["mcp-method"], method === "server/discover" ? method : undefined)
          if (one.method === "POST") {
            assert.strictEqual(one.headers["accept"], "application/json, text/event-stream")
            assert.strictEqual(one.headers["content-type"], "application/json")
          }
        }
        assert.strictEqual(server.open(), 0)
      })
  )

  live("sends the credentials in a URL as a header, and in nothing else", () =>
    Effect.gen(function*() {
      const server = yield* serve()
      yield* connect(server.url.replace("//", "//user:p%40ss@"))
      const [first] = server.exchanges
      assert.strictEqual(first?.headers["authorization"], `Basic ${Buffer.from("user:p@ss").toString("base64")}`)
      assert.strictEqual(first?.path, "/mcp")
    }))

  live("uses one connection for many calls", () =>
    Effect.gen(function*() {
      const server = yield* serve({
        "tools/call": (exchange) => {
          stream(exchange, event(result(exchange.message.id, "streamed")))
          exchange.response.end()
        }
      })
      const session = yield* connect(server.url)
      let most = 0
      for (let call = 0; call < 10; call++) {
        assert.strictEqual(text(yield* session.callTool("echo")), "streamed")
        most = Math.max(most, server.sockets.size)
      }
      assert.isAtMost(most, 3)
    }))

  live("sees progress that shares a chunk with its result, before it", () =>
    Effect.gen(function*() {
      const server = yield* serve({
        "tools/call": (exchange) => {
          const token = progressToken(exchange)
          const progress = [1, 2, 3].map((progress) =>
            event({
              jsonrpc: "2.0",
              method: "notifications/progress",
              params: { progressToken: token, progress, total: 3 }
            })
          ).join("")
          stream(exchange)
          exchange.response.end(progress + event(result(exchange.message.id, "done")))
        }
      })
      const session = yield* connect(server.url)
      const events = yield* Stream.runCollect(session.callToolStream("echo"))
      assert.deepStrictEqual(
        events.map((one) => one._tag === "Progress" ? one.progress : one._tag),
        [1, 2, 3, "Result"]
      )
    }))

  live("takes whatever line ends, byte order mark and chunks an event stream has", () =>
    Effect.gen(function*() {
      const server = yield* serve({
        "tools/call": (exchange) => {
          const ends = argument(exchange, "ends")
          const bytes = Buffer.from(
            `\uFEFF: hello${ends}event: message${ends}data: ${
              JSON.stringify(result(exchange.message.id, "é€😀"))
            }${ends}${ends}`
          )
          stream(exchange)
          const write = (at: number) => {
            if (at === bytes.length) return void exchange.response.end()
            exchange.response.write(bytes.subarray(at, at + 1), () => setImmediate(write, at + 1))
          }
          write(0)
        }
      })
      const session = yield* connect(server.url)
      for (const ends of ["\n", "\r\n", "\r"]) {
        assert.strictEqual(text(yield* session.callTool("echo", { ends })), "é€😀")
      }
    }))
})
