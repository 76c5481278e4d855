import { assert, describe, it } from "@effect/vitest"
import * as NodeTransports from "@universal-mcp/transports/NodeTransports"
import * as SseTransport from "@universal-mcp/transports/SseTransport"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { event, type Exchange, type Handler, initializeResult, json, result, serve } from "./fixtures/httpServer.ts"
import { connect, live, refused, text } from "./fixtures/httpSupport.ts"

const plain = (status: number, body = ""): Handler => ({ response }) => response.writeHead(status).end(body)
const pong: Handler = (exchange) => json(exchange, { jsonrpc: "2.0", id: exchange.message.id, result: {} })
const unknown: Handler = (exchange) =>
  json(exchange, { jsonrpc: "2.0", id: exchange.message.id, error: { code: -32601, message: "Method not found" } }, 404)

describe("notifications/initialized that the server refuses", () => {
  for (const status of [400, 404, 405, 501]) {
    for (const [name, ping] of Object.entries({ "answers pings": pong, "knows no ping": unknown })) {
      live(`with HTTP ${status}, and that ${name}: a session, with a warning`, () =>
        Effect.gen(function*() {
          const server = yield* serve({ "notifications/initialized": plain(status, "no notifications here"), ping })
          const session = yield* connect(server.url)
          assert.strictEqual(text(yield* session.callTool("echo")), "done")
          const [warned] = yield* session.warnings.pipe(Stream.take(1), Stream.runCollect)
          assert.include(
            String(warned?.description),
            `the server refused notifications/initialized: HTTP ${status}`
          )
        }))
    }
  }

  live("because it has lost the session already: no session", () =>
    Effect.gen(function*() {
      for (const refuse of [plain(404), plain(404, "Session not found"), plain(400, "No valid session ID provided")]) {
        const server = yield* serve({ "notifications/initialized": refuse, "ping": refuse })
        assert.include((yield* refused(server.url)).description, "no longer knows our session")
      }
    }))

  live("as it refuses everything: no session", () =>
    Effect.gen(function*() {
      const server = yield* serve({ "notifications/initialized": plain(400, "no"), "ping": plain(400, "no") })
      assert.strictEqual((yield* refused(server.url)).status, 400)
    }))

  live("with another status: no session", () =>
    Effect.gen(function*() {
      for (const status of [403, 406, 500]) {
        const server = yield* serve({ "notifications/initialized": plain(status), "ping": pong })
        assert.strictEqual((yield* refused(server.url)).status, status)
      }
    }))

  it.live("over HTTP+SSE, because it has lost the session already: no session", () =>
    Effect.gen(function*() {
      let open: Exchange | undefined
      for (const refuse of [plain(404), plain(404, "Session not found"), plain(410)]) {
        const server = yield* serve({
          "GET": (exchange) => {
            open = exchange
            exchange.response.writeHead(200, { "content-type": "text/event-stream" })
            exchange.response.write("event: endpoint\ndata: /messages\n\n")
          },
          "initialize": ({ message, response }) => {
            response.writeHead(202).end()
            open?.response.write(event(initializeResult(message.id)))
          },
          "notifications/initialized": refuse,
          "ping": refuse
        })
        const error = yield* Effect.flip(SseTransport.make({ name: "old", url: server.url }))
        assert.include(error.description, "no longer knows our session")
      }
    }).pipe(Effect.scoped, Effect.provide(NodeTransports.platform)))

  it.live("over HTTP+SSE too: a session", () =>
    Effect.gen(function*() {
      let open: Exchange | undefined
      const say = (value: (exchange: Exchange) => unknown): Handler => (exchange) => {
        exchange.response.writeHead(202).end()
        open?.response.write(event(value(exchange)))
      }
      const server = yield* serve({
        "GET": (exchange) => {
          open = exchange
          exchange.response.writeHead(200, { "content-type": "text/event-stream" })
          exchange.response.write("event: endpoint\ndata: /messages\n\n")
        },
        "initialize": say(({ message }) => initializeResult(message.id)),
        "notifications/initialized": plain(400, "no"),
        "ping": say(({ message }) => ({ jsonrpc: "2.0", id: message.id, result: {} })),
        "tools/call": say(({ message }) => result(message.id, "done"))
      })
      const session = yield* SseTransport.make({ name: "old", url: server.url })
      assert.strictEqual(text(yield* session.callTool("echo")), "done")
    }).pipe(Effect.scoped, Effect.provide(NodeTransports.platform)))
})
