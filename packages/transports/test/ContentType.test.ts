import { assert, describe, it } from "@effect/vitest"
import type { McpSession } from "@universal-mcp/core/McpSession"
import * as NodeTransports from "@universal-mcp/transports/NodeTransports"
import * as SseTransport from "@universal-mcp/transports/SseTransport"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { event, type Exchange, type Handler, initializeResult, result, serve } from "./fixtures/httpServer.ts"
import { connect, failure, live, text } from "./fixtures/httpSupport.ts"

/** Sends the pieces one after the other, as this type or as none. */
const pieces = (type: string | undefined, parts: (exchange: Exchange) => ReadonlyArray<string | Buffer>): Handler =>
(
  exchange
) => {
  const { response } = exchange
  response.writeHead(200, type === undefined ? {} : { "content-type": type })
  response.flushHeaders()
  const rest = [...parts(exchange)]
  const next = () => {
    const part = rest.shift()
    if (part === undefined) return void response.end()
    response.write(part, () => setImmediate(next))
  }
  next()
}

const answer = ({ message }: Exchange) => JSON.stringify(result(message.id, "done"))
const events = ({ message }: Exchange) => event(result(message.id, "done"))

/** The first warning of ours. */
const warning = (session: McpSession["Service"]) =>
  session.warnings.pipe(
    Stream.map(({ description }) => description),
    Stream.filter((text) => text.includes("declares it as")),
    Stream.runHead
  )

const lies: ReadonlyArray<readonly [string, string, Handler]> = [
  ["JSON in pieces", "text/event-stream", pieces("text/event-stream", (one) => ["\n", "{", answer(one).slice(1)])],
  [
    "JSON after a byte order mark in two halves",
    "text/event-stream",
    pieces("text/event-stream; charset=utf-8", (one) => [Buffer.of(0xEF, 0xBB), Buffer.of(0xBF), answer(one)])
  ],
  ["a batch", "text/event-stream", pieces("text/event-stream", (one) => [`[${answer(one)}]`])],
  ["JSON", "text/html", pieces("text/html", (one) => [answer(one)])],
  ["events", "application/json", pieces("application/json", (one) => [events(one)])],
  ["events byte by byte", "application/json", pieces("application/json", (one) => [...events(one)])],
  [
    "events after a comment and a byte order mark",
    "text/plain",
    pieces("text/plain", (one) => ["\ufeff: hello\n\n", events(one)])
  ],
  ["events that begin with an id", "text/html", pieces("text/html", (one) => ["i", "d: 7\r\n", events(one)])],
  ["events", "nothing", pieces(undefined, (one) => [events(one)])]
]

describe("an answer that is something else than its Content-Type", () => {
  for (const [what, declared, handler] of lies) {
    live(`${what}, declared as ${declared}: read as what it is, with one warning`, () =>
      Effect.gen(function*() {
        const server = yield* serve({ "tools/call": handler })
        const session = yield* connect(server.url)
        assert.strictEqual(text(yield* session.callTool("echo")), "done")
        assert.strictEqual(text(yield* session.callTool("echo")), "done")
        const warned = yield* warning(session)
        const kind = /JSON|batch/.test(what) ? "JSON" : "an event stream"
        assert.deepInclude(warned, { value: `the server sends ${kind} and declares it as ${declared}` })
      }))
  }

  live("JSON that comes without an end: read as soon as it is complete", () =>
    Effect.gen(function*() {
      const server = yield* serve({
        "tools/call": (exchange) => {
          exchange.response.writeHead(200, { "content-type": "text/event-stream" })
          exchange.response.write(answer(exchange))
        }
      })
      const session = yield* connect(server.url)
      assert.strictEqual(text(yield* session.callTool("echo")), "done")
      yield* server.until(() => server.open() === 0)
    }))

  live("the handshake too", () =>
    Effect.gen(function*() {
      const server = yield* serve({
        "initialize": pieces("application/json", ({ message }) => [event(initializeResult(message.id))])
      })
      const session = yield* connect(server.url)
      assert.strictEqual(text(yield* session.callTool("echo")), "done")
    }))

  live("the stream of notifications too", () =>
    Effect.gen(function*() {
      for (const type of ["application/json", "text/plain", undefined]) {
        const server = yield* serve({
          "GET": (exchange) => {
            exchange.response.writeHead(200, type === undefined ? {} : { "content-type": type })
            exchange.response.write(event({ jsonrpc: "2.0", method: "notifications/message", params: { data: "hi" } }))
          }
        })
        const session = yield* connect(server.url)
        const heard = session.notifications.pipe(Stream.filter(({ params }) => params?.["data"] === "hi"))
        assert.strictEqual((yield* Stream.runHead(heard))._tag, "Some")
        assert.strictEqual(server.seen("GET").length, 1)
      }
    }))

  it.live("the stream of HTTP+SSE too", () =>
    Effect.gen(function*() {
      let open: Exchange | undefined
      const say = (value: (exchange: Exchange) => unknown): Handler => (exchange) => {
        exchange.response.writeHead(202).end()
        open?.response.write(event(value(exchange)))
      }
      const server = yield* serve({
        "GET": (exchange) => {
          open = exchange
          exchange.response.writeHead(200, { "content-type": "text/plain" })
          exchange.response.write("event: endpoint\ndata: /messages\n\n")
        },
        "initialize": say(({ message }) => initializeResult(message.id)),
        "tools/call": say(({ message }) => result(message.id, "done"))
      })
      const session = yield* SseTransport.make({ name: "old", url: server.url })
      assert.strictEqual(text(yield* session.callTool("echo")), "done")
    }).pipe(Effect.scoped, Effect.provide(NodeTransports.platform)))

  live("a web page stays one", () =>
    Effect.gen(function*() {
      const page = "<!doctype html><title>Log in</title><p>data: no</p>"
      for (const type of ["text/html", "text/event-stream", "application/json"]) {
        const server = yield* serve({ "tools/call": pieces(type, () => ["\n", page]) })
        const session = yield* connect(server.url)
        const error = yield* failure(session)
        assert.strictEqual(error.reason._tag, "InvalidResult", type)
        assert.include(error.message, "Log in")
        assert.include(error.hint ?? "", "login")
      }
    }))

  live("words stay words", () =>
    Effect.gen(function*() {
      const server = yield* serve({ "tools/call": pieces("application/json", () => ["da", "tabase is down"]) })
      const session = yield* connect(server.url)
      assert.include((yield* failure(session)).message, "database is down")
    }))

  live("too long is too long", () =>
    Effect.gen(function*() {
      const server = yield* serve({
        "tools/call": pieces("text/event-stream", () => ["{\"x\":\"", "x".repeat(5000), "x".repeat(5000), "\"}"])
      })
      const session = yield* connect(server.url, { maxMessageSize: 4096 })
      assert.strictEqual((yield* failure(session)).reason._tag, "TooLarge")
    }))
})
