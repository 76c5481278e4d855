import { assert, describe } from "@effect/vitest"
import type { McpSession } from "@universal-mcp/core/McpSession"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import { patience } from "../../../test/patience.ts"
import { event, type Handler, json, result, serve, type Server, stream } from "./fixtures/httpServer.ts"
import { connect, failure, live, text } from "./fixtures/httpSupport.ts"
import { withoutTime } from "./support.ts"

const cutCall: Handler = (exchange) => {
  stream(exchange, ": nothing yet\n\n")
  exchange.response.end()
}

/** Opens a stream with an event id and ends it; what follows comes by GET. */
const primed = (retry: number): Handler => (exchange) => {
  stream(exchange, `id: p${exchange.message.id}\nretry: ${retry}\ndata:\n\n`)
  exchange.response.end()
}

const getsWithId = (server: Server) => server.seen("GET").filter((one) => one.headers["last-event-id"] !== undefined)

describe("an event stream that answers a call", () => {
  live("ends before the answer: the call fails at once", () =>
    Effect.gen(function*() {
      const server = yield* serve({ "tools/call": cutCall })
      const session = yield* connect(server.url)
      const error = yield* failure(session, { timeout: patience(10_000) })
      assert.strictEqual(error.message, "tools/call on \"web\" failed: the event stream ended before the answer came")
      assert.strictEqual(error.delivery, "unknown")
      assert.strictEqual(error.reason._tag, "Closed")
    }))

  live("breaks before the answer: the call fails at once", () =>
    Effect.gen(function*() {
      const server = yield* serve({
        "tools/call": (exchange) => {
          stream(exchange)
          exchange.response.write(": nothing yet\n\n", () => exchange.response.destroy())
        }
      })
      const session = yield* connect(server.url)
      const error = yield* failure(session, { timeout: patience(10_000) })
      assert.strictEqual(error.reason._tag, "Closed")
      assert.strictEqual(error.delivery, "unknown")
      assert.include(error.message, "the connection broke before the answer was complete")
    }))

  live("ends after an event that is not JSON: the call fails at once", () =>
    Effect.gen(function*() {
      const server = yield* serve({
        "tools/call": (exchange) => {
          stream(exchange, "data: {\"jsonrpc\": \n\n")
          exchange.response.end()
        }
      })
      const session = yield* connect(server.url)
      const error = yield* failure(session, { timeout: patience(10_000) })
      assert.strictEqual(error.reason._tag, "InvalidResult")
      assert.include(error.message, "{\"jsonrpc\":")
      yield* server.until(() => server.open() === 0)
    }))

  live("never ends after the answer: it is given up soon", () =>
    Effect.gen(function*() {
      const server = yield* serve({
        "tools/call": (exchange) => stream(exchange, event(result(exchange.message.id, "done")))
      })
      const session = yield* connect(server.url)
      assert.strictEqual(text(yield* session.callTool("echo")), "done")
      yield* server.until(() => server.open() === 0)
    }))

  live("is resumed after its last event, not before the server's time", () =>
    Effect.gen(function*() {
      const retry = 300
      const server = yield* serve({
        "tools/call": primed(retry),
        "GET": (exchange) => {
          const after = exchange.headers["last-event-id"]
          if (after === undefined) return exchange.response.writeHead(405).end()
          // Ends once more, to be resumed after the newer event.
          if (String(after).startsWith("p")) {
            stream(exchange, `id: q${String(after).slice(1)}\ndata:\n\n`)
            return exchange.response.end()
          }
          stream(exchange, event(result(Number(String(after).slice(1)), "resumed")))
          exchange.response.end()
        }
      })
      const session = yield* connect(server.url)
      assert.strictEqual(text(yield* session.callTool("echo")), "resumed")
      const call = server.seen("tools/call")[0]
      const [first, second, ...others] = getsWithId(server)
      assert.strictEqual(others.length, 0)
      assert.match(String(first?.headers["last-event-id"]), /^p\d+$/)
      assert.match(String(second?.headers["last-event-id"]), /^q\d+$/)
      assert.strictEqual(first?.headers["mcp-session-id"], "session-1")
      assert.isAtLeast((first?.time ?? 0) - (call?.time ?? 0), retry - 5)
    }))

  live("cannot be resumed: the call fails at once", () =>
    Effect.gen(function*() {
      const server = yield* serve({ "tools/call": primed(10) })
      const session = yield* connect(server.url)
      const error = yield* failure(session, { timeout: patience(10_000) })
      assert.strictEqual(error.reason._tag, "Closed")
      assert.strictEqual(error.delivery, "unknown")
      assert.include(error.message, "cannot be resumed: HTTP 405 Method Not Allowed")
    }))

  live("is not resumed for ever", () =>
    Effect.gen(function*() {
      const server = yield* serve({
        "tools/call": primed(1),
        "GET": (exchange) => {
          if (exchange.headers["last-event-id"] === undefined) return exchange.response.writeHead(405).end()
          stream(exchange)
          exchange.response.end()
        }
      })
      const session = yield* connect(server.url)
      const error = yield* failure(session, { timeout: patience(20_000) })
      assert.strictEqual(error.reason._tag, "Closed")
      assert.include(error.message, "resuming it failed 5 times")
      assert.strictEqual(getsWithId(server).length, 5)
    }))

  live("is silent for too long: the call fails", () =>
    Effect.gen(function*() {
      const server = yield* serve({ "tools/call": (exchange) => stream(exchange) })
      const session = yield* connect(server.url, { sseReadTimeout: 200 })
      const error = yield* failure(session)
      assert.strictEqual(error.reason._tag, "Closed")
      assert.include(error.message, "the event stream was silent for 200 ms")
      yield* server.until(() => server.open() === 0)
    }))

  live("is silent for too long: it is resumed where it can be", () =>
    Effect.gen(function*() {
      const server = yield* serve({
        "tools/call": (exchange) => stream(exchange, "id: 1\nretry: 1\ndata:\n\n"),
        "GET": (exchange, server) => {
          if (exchange.headers["last-event-id"] === undefined) return exchange.response.writeHead(405).end()
          stream(exchange, event(result(server.seen("tools/call")[0]?.message.id, "resumed")))
          exchange.response.end()
        }
      })
      const session = yield* connect(server.url, { sseReadTimeout: 200 })
      assert.strictEqual(text(yield* session.callTool("echo")), "resumed")
      yield* server.until(() => server.open() === 0)
    }))
})

describe("the stream of notifications", () => {
  const message = (data: string) => ({
    jsonrpc: "2.0",
    method: "notifications/message",
    params: { level: "info", data }
  })
  const dataOf = (notification: { readonly params?: Readonly<Record<string, unknown>> | undefined }) =>
    notification.params?.["data"]

  live(
    "is opened once the server has accepted `initialized`, and again when it ends, after its last event",
    () =>
      Effect.gen(function*() {
        let opened = 0
        const server = yield* serve({
          "GET": (exchange) => {
            opened++
            stream(exchange, event(message(`number ${opened}`), `id: e${opened}\nretry: 20\n`))
            if (opened < 3) exchange.response.end()
          }
        })
        const session = yield* connect(server.url)
        const seen = yield* session.notifications.pipe(
          Stream.takeUntil((one) => dataOf(one) === "number 3"),
          Stream.runCollect
        )
        assert.strictEqual(dataOf(seen.at(-1) ?? {}), "number 3")
        const gets = server.seen("GET")
        assert.isAbove(gets[0]?.time ?? 0, server.seen("notifications/initialized")[0]?.time ?? Infinity)
        assert.strictEqual(gets[0]?.headers["accept"], "text/event-stream")
        assert.deepStrictEqual(gets.map((one) => one.headers["last-event-id"]), [undefined, "e1", "e2"])
        assert.strictEqual(text(yield* session.callTool("echo")), "done")
      })
  )

  live("is not asked for again where there is none", () =>
    Effect.gen(function*() {
      const server = yield* serve()
      const session = yield* connect(server.url)
      yield* server.until(() => server.seen("GET").length === 1)
      for (let call = 0; call < 20; call++) yield* session.callTool("echo")
      assert.strictEqual(server.seen("GET").length, 1)
    }))

  live("is given up when it leads to nothing", () =>
    Effect.gen(function*() {
      const server = yield* serve({
        "GET": (exchange) => {
          stream(exchange, "retry: 1\n\n")
          exchange.response.end()
        }
      })
      const session = yield* connect(server.url)
      const last = yield* session.warnings.pipe(Stream.runHead)
      assert.include(String(Option.getOrUndefined(last)?.description), "could not be opened in 5 attempts")
      assert.strictEqual(server.seen("GET").length, 5)
      assert.strictEqual(text(yield* session.callTool("echo")), "done")
    }))

  live("is opened again when it was silent for too long", () =>
    Effect.gen(function*() {
      const server = yield* serve({ "GET": (exchange) => stream(exchange, "retry: 1\n\n") })
      yield* connect(server.url, { sseReadTimeout: 100 })
      yield* server.until(() => server.seen("GET").length === 2)
      yield* server.until(() => server.seen("GET")[0]?.aborted === true)
    }))

  live("carries the server's requests, which are answered by POST", () =>
    Effect.gen(function*() {
      const server = yield* serve({
        "GET": (exchange) => stream(exchange, event({ jsonrpc: "2.0", id: "s1", method: "ping" }))
      })
      yield* connect(server.url)
      yield* server.until(() => server.exchanges.some((one) => one.message.id === "s1"))
      assert.deepStrictEqual(server.exchanges.find((one) => one.message.id === "s1")?.message.result, {})
    }))
})

describe("nothing stays open", () => {
  const mute: Handler = () => {}
  const open: Handler = (exchange) => stream(exchange, "id: 1\nretry: 1\ndata:\n\n")
  const resumable: Handler = (exchange) => {
    stream(exchange, "id: 1\nretry: 1\ndata:\n\n")
    exchange.response.end()
  }

  for (
    const [name, handlers] of [
      ["before the headers", { "tools/call": mute }],
      ["with a stream open", { "tools/call": open }],
      ["while a stream is resumed", { "tools/call": resumable, "GET": open }]
    ] as const
  ) {
    live(`after an interruption ${name}; the server is told`, () =>
      Effect.gen(function*() {
        const server = yield* serve(handlers)
        const session = yield* connect(server.url)
        yield* session.listTools
        const call = yield* Effect.forkChild(session.callTool("echo"))
        yield* server.until(() => server.seen("tools/call").length === 1)
        if (name === "while a stream is resumed") yield* server.until(() => getsWithId(server).length > 0)
        const listening = name === "while a stream is resumed" ? 1 : 0
        yield* Fiber.interrupt(call)
        yield* server.until(() => server.seen("notifications/cancelled").length === 1)
        const [cancelled] = server.seen("notifications/cancelled")
        assert.strictEqual(cancelled?.message.params?.["requestId"], server.seen("tools/call")[0]?.message.id)
        yield* server.until(() => server.open() <= listening)
        const gets = server.seen("GET").length
        yield* session.listTools
        assert.strictEqual(server.seen("GET").length, gets)
      }))
  }

  /** Twenty calls, whose time is over when the server has them all. */
  const twenty = Effect.fnUntraced(function*(server: Server, session: McpSession["Service"]) {
    const calls = yield* Effect.forkChild(
      Effect.forEach(Array.from({ length: 20 }), () => failure(session, { timeout: 100 }), { concurrency: "unbounded" })
    )
    yield* server.until(() => server.seen("tools/call").length === 20)
    yield* TestClock.adjust(100)
    return yield* Fiber.join(calls)
  })

  live("after twenty calls ran out of time", () =>
    Effect.gen(function*() {
      const server = yield* serve({ "tools/call": open })
      const session = yield* connect(server.url)
      yield* session.listTools
      for (const error of yield* twenty(server, session)) assert.strictEqual(error.reason._tag, "Timeout")
      yield* server.until(() => server.seen("notifications/cancelled").length === 20 && server.open() === 0)
      assert.strictEqual(server.seen("tools/call").filter((one) => one.aborted).length, 20)
    }).pipe(Effect.provide(TestClock.layer())))

  live("after twenty calls ran out of time, with fetch", () =>
    Effect.gen(function*() {
      const server = yield* serve({ "tools/call": open })
      const session = yield* connect(server.url)
      yield* session.listTools
      for (const error of yield* twenty(server, session)) assert.strictEqual(error.reason._tag, "Timeout")
      yield* server.until(() => server.open() === 0)
    }).pipe(Effect.provide(TestClock.layer())), FetchHttpClient.layer)

  live(
    "after the scope has closed: streams end, then the session is deleted, even if the server does not care",
    () =>
      Effect.gen(function*() {
        const server = yield* serve({ "tools/call": open, "GET": (exchange) => stream(exchange), "DELETE": mute })
        const requestTimeout = patience(20_000)
        const [elapsed] = yield* Effect.timed(Effect.scoped(Effect.gen(function*() {
          const session = yield* connect(server.url, { requestTimeout })
          yield* session.listTools
          yield* Effect.forkChild(Effect.exit(session.callTool("echo")))
          yield* server.until(() => server.seen("tools/call").length === 1 && server.seen("GET").length === 1)
        })))
        assert.isBelow(Duration.toMillis(elapsed), requestTimeout / 2)
        yield* server.until(() => server.open() === 0)
        assert.strictEqual(server.seen("DELETE").length, 1)
        assert.strictEqual(server.seen("DELETE")[0]?.headers["mcp-session-id"], "session-1")
      })
  )

  live("after the scope has closed, with a server that does care: at once", () =>
    withoutTime(Effect.gen(function*() {
      const server = yield* serve({ "GET": (exchange) => stream(exchange) })
      yield* Effect.scoped(Effect.gen(function*() {
        yield* connect(server.url)
        yield* server.until(() => server.seen("GET").length === 1)
      }))
      assert.strictEqual(server.seen("DELETE").length, 1)
      yield* server.until(() => server.open() === 0)
    })))

  live("after a notification that the server never accepts", () =>
    Effect.gen(function*() {
      const server = yield* serve({ "tools/call": mute, "notifications/cancelled": mute })
      yield* Effect.scoped(Effect.gen(function*() {
        const session = yield* connect(server.url)
        yield* session.listTools
        yield* failure(session, { timeout: 50 })
      }))
      yield* server.until(() => server.open() === 0)
      assert.strictEqual(server.seen("DELETE").length, 1)
    }))

  live("after a failed handshake, though the scope goes on", () =>
    Effect.gen(function*() {
      const server = yield* serve({
        "initialize": (exchange) =>
          json(
            exchange,
            {
              jsonrpc: "2.0",
              id: exchange.message.id,
              result: { protocolVersion: "1999-01-01", capabilities: {}, serverInfo: { name: "old", version: "0" } }
            },
            200,
            { "mcp-session-id": "session-1" }
          )
      })
      const error = yield* Effect.flip(connect(server.url))
      assert.strictEqual(error.phase, "negotiate")
      yield* server.until(() => server.seen("DELETE").length === 1 && server.open() === 0)
    }))
})
