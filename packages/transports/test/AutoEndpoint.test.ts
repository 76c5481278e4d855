import { assert, describe } from "@effect/vitest"
import * as AutoTransport from "@universal-mcp/transports/AutoTransport"
import * as Effect from "effect/Effect"
import { event, type Exchange, initializeResult, result, serve } from "./fixtures/httpServer.ts"
import { connect, live, refused, text } from "./fixtures/httpSupport.ts"

/** A server of HTTP+SSE that answers a POST to its stream as it answers a GET (vite-plugin-mcp). */
const likeGet = (type: string, first: string) => {
  let open: Exchange | undefined
  const begin = (exchange: Exchange) => {
    exchange.response.writeHead(200, { "content-type": type })
    exchange.response.write(first)
  }
  const answer = (value: (id: unknown) => unknown) => (exchange: Exchange) => {
    if (exchange.path === "/mcp") return begin(exchange)
    exchange.response.writeHead(202).end()
    open?.response.write(event(value(exchange.message.id)))
  }
  return serve({
    "GET": (exchange) => {
      open = exchange
      begin(exchange)
    },
    "POST": (exchange) => exchange.path === "/mcp" ? begin(exchange) : exchange.response.writeHead(202).end(),
    "initialize": answer(initializeResult),
    "tools/call": answer((id) => result(id, "over sse"))
  })
}

const servers: Readonly<Record<string, readonly [string, string]>> = {
  "an endpoint event": ["text/event-stream", "event: endpoint\ndata: /messages\n\n"],
  "a comment, then the endpoint": [
    "text/event-stream; charset=utf-8",
    ": hi\r\n\r\nevent: endpoint\r\ndata: /messages\r\n\r\n"
  ],
  "an endpoint event that says it is text": ["text/plain", "retry: 3000\nevent: endpoint\ndata: /messages?s=1\n\n"]
}

describe("a server that answers the handshake with the endpoint event of HTTP+SSE", () => {
  for (const [name, [type, first]] of Object.entries(servers)) {
    live(`${name}: the automatic transport is HTTP+SSE`, () =>
      Effect.gen(function*() {
        const server = yield* likeGet(type, first)
        yield* Effect.scoped(Effect.gen(function*() {
          const session = yield* AutoTransport.make({ name: "any", url: server.url })
          assert.strictEqual(session.transport, "sse")
          assert.strictEqual(text(yield* session.callTool("echo")), "over sse")
        }))
        yield* server.until(() => server.open() === 0)
      }))
  }

  live("over Streamable HTTP alone: it fails at once, and the hint names the transport", () =>
    Effect.gen(function*() {
      const server = yield* likeGet("text/event-stream", "event: endpoint\ndata: /messages\n\n")
      const error = yield* refused(server.url)
      assert.strictEqual(error.phase, "http")
      assert.include(error.description, "endpoint")
      assert.include(error.hint ?? "", "\"sse\"")
    }))

  live("during a call it means nothing", () =>
    Effect.gen(function*() {
      const server = yield* serve({
        "tools/call": ({ message, response }) => {
          response.writeHead(200, { "content-type": "text/event-stream" })
          response.end(`event: endpoint\ndata: /evil\n\n${event(result(message.id, "done"))}`)
        }
      })
      const session = yield* connect(server.url)
      assert.strictEqual(text(yield* session.callTool("echo")), "done")
    }))
})

describe("a revision of the modern era that is pinned", () => {
  live("is not looked for over HTTP+SSE", () =>
    Effect.gen(function*() {
      const server = yield* serve({ "POST": ({ response }) => response.writeHead(404).end() })
      for (const protocolVersion of ["modern", "2026-07-28"] as const) {
        const error = yield* Effect.flip(AutoTransport.make({ name: "any", url: server.url, protocolVersion }))
        assert.strictEqual(error.transport, "streamable-http")
      }
      assert.strictEqual(server.seen("GET").length, 0)
    }))
})
