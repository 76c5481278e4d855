import { assert, describe } from "@effect/vitest"
import * as AutoTransport from "@universal-mcp/transports/AutoTransport"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { TestClock } from "effect/testing"
import { event, type Exchange, initializeResult, json, result, serve } from "./fixtures/httpServer.ts"
import { live, text } from "./fixtures/httpSupport.ts"

const connect = (url: string, options: Partial<AutoTransport.Options> = {}) =>
  AutoTransport.make({ name: "any", url, ...options })

/** A server of 2024: it answers POSTs to the URL itself with `status`. */
const older = (status: number) => {
  let open: Exchange | undefined
  const say = (exchange: Exchange, value: unknown) => {
    if (exchange.path === "/mcp") return exchange.response.writeHead(status).end("no")
    exchange.response.writeHead(202).end()
    open?.response.write(event(value))
  }
  return serve({
    "GET": (exchange) => {
      open = exchange
      exchange.response.writeHead(200, { "content-type": "text/event-stream" })
      exchange.response.write("event: endpoint\ndata: /messages\n\n")
    },
    "initialize": (exchange) => say(exchange, initializeResult(exchange.message.id)),
    "tools/call": (exchange) => say(exchange, result(exchange.message.id, "over sse"))
  })
}

describe("AutoTransport", () => {
  live("is Streamable HTTP where the server speaks it", () =>
    Effect.gen(function*() {
      const server = yield* serve()
      const session = yield* connect(server.url)
      assert.strictEqual(session.transport, "streamable-http")
      assert.strictEqual(text(yield* session.callTool("echo")), "done")
    }))

  for (const status of [400, 404, 405]) {
    live(`is HTTP+SSE where the first message is answered ${status}`, () =>
      Effect.gen(function*() {
        const server = yield* older(status)
        yield* Effect.scoped(Effect.gen(function*() {
          const session = yield* connect(server.url)
          assert.strictEqual(session.transport, "sse")
          assert.strictEqual(text(yield* session.callTool("echo")), "over sse")
        }))
        yield* server.until(() => server.open() === 0)
      }))
  }

  live("reports other failures as they are", () =>
    Effect.gen(function*() {
      for (const status of [401, 500]) {
        const server = yield* older(status)
        const error = yield* Effect.flip(connect(server.url))
        assert.strictEqual(error.status, status)
        assert.strictEqual(error.transport, "streamable-http")
        assert.strictEqual(server.seen("GET").length, 0)
      }
      const refused = yield* Effect.flip(connect("http://127.0.0.1:1/"))
      assert.strictEqual(refused.phase, "connect")
      assert.notInclude(refused.message, "SSE")
    }))

  live("takes a JSON-RPC error for what it is: the server speaks Streamable HTTP", () =>
    Effect.gen(function*() {
      const server = yield* serve({
        "initialize": (exchange) =>
          json(exchange, { jsonrpc: "2.0", id: exchange.message.id, error: { code: -32602, message: "not you" } }, 400)
      })
      const error = yield* Effect.flip(connect(server.url))
      assert.include(error.message, "not you")
      assert.strictEqual(server.seen("GET").length, 0)
    }))

  live("tells of both when both fail", () =>
    Effect.gen(function*() {
      const server = yield* serve({
        "POST": ({ response }) => response.writeHead(404).end("no such page"),
        "initialize": ({ response }) => response.writeHead(404).end("no such page")
      })
      const error = yield* Effect.flip(connect(server.url))
      assert.strictEqual(
        error.message,
        "no connection to \"any\" (streamable-http, then sse, http): over Streamable HTTP: HTTP 404 Not Found: no such page; "
          + "over HTTP+SSE: HTTP 405 Method Not Allowed"
      )
      assert.strictEqual(error.status, 404)
    }))

  live("takes no longer than `timeout` for both", () =>
    Effect.gen(function*() {
      let refuse = () => {}
      const server = yield* serve({
        "initialize": ({ response }) => {
          refuse = () => void response.writeHead(404).end()
        },
        "GET": ({ response }) => response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders()
      })
      const connecting = yield* Effect.forkChild(Effect.flip(connect(server.url, { timeout: "10 seconds" })))
      yield* server.until(() => server.seen("initialize").length === 1)
      yield* TestClock.adjust("4 seconds")
      refuse()
      yield* server.until(() => server.seen("GET").length === 1)
      yield* TestClock.adjust("6 seconds")
      assert.match((yield* Fiber.join(connecting)).message, /within 6000 ms/)
      yield* server.until(() => server.open() === 0)
    }).pipe(Effect.provide(TestClock.layer())))
})
