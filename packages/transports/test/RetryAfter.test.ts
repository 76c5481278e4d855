import { assert, describe, it } from "@effect/vitest"
import * as NodeTransports from "@universal-mcp/transports/NodeTransports"
import * as SseTransport from "@universal-mcp/transports/SseTransport"
import * as Effect from "effect/Effect"
import * as retryAfter from "../src/internal/retryAfter.ts"
import {
  event,
  type Exchange,
  type Handler,
  initializeResult,
  json,
  result,
  serve,
  stream
} from "./fixtures/httpServer.ts"
import { connect, failure, live, refused, text } from "./fixtures/httpSupport.ts"

const now = Date.parse("2026-07-28T12:00:00Z")

/** The first so many are refused with this header. */
const refusing = (status: number, value: () => string, then: Handler, times = 1): Handler => {
  let count = 0
  return (exchange, server) =>
    count++ < times
      ? exchange.response.writeHead(status, { "retry-after": value() }).end()
      : then(exchange, server)
}

const done: Handler = (exchange) => json(exchange, result(exchange.message.id, "done"))
const shaken: Handler = (exchange) =>
  json(exchange, initializeResult(exchange.message.id), 200, { "mcp-session-id": "1" })
const inSeconds = (seconds: number) => () => new Date(Date.now() + seconds * 1000).toUTCString()

describe("the value of Retry-After", () => {
  const values: ReadonlyArray<readonly [string, number | undefined]> = [
    ["Tue, 28 Jul 2026 12:00:07 GMT", 7000],
    ["Tuesday, 28-Jul-26 12:01:00 GMT", 60_000],
    ["Tue Jul 28 12:00:01 2026 GMT", 1000],
    ["Tue, 28 Jul 2026 11:00:00 GMT", 0],
    ["Thu, 01 Jan 1970 00:00:00 GMT", 0],
    // A date proves little, because clocks differ.
    ["Tue, 28 Jul 2026 13:00:00 GMT", 300_000],
    ["Fri, 31 Dec 9999 23:59:59 GMT", 300_000],
    ["3600", 3_600_000],
    ["3601", 3_600_000],
    ["86400", 3_600_000],
    ["1e308", 3_600_000],
    ["9".repeat(306), 3_600_000],
    ["9".repeat(400), 3_600_000],
    ["0.5", 500],
    ["-5", 0],
    ["soon", undefined],
    ["", undefined]
  ]
  for (const [value, expected] of values) {
    it(`"${value}" is ${expected} ms`, () => assert.strictEqual(retryAfter.parse(value, now), expected))
  }
})

describe("a server that wants to be left alone for a while", () => {
  live("until a date: the call is sent again within its time", () =>
    Effect.gen(function*() {
      for (const status of [429, 503]) {
        const server = yield* serve({ "tools/call": refusing(status, inSeconds(1), done) })
        const session = yield* connect(server.url)
        assert.strictEqual(text(yield* session.callTool("echo", {}, { idempotent: true })), "done")
        assert.strictEqual(server.seen("tools/call").length, 2)
      }
    }))

  live("until a date that is too late for the call: it fails at once, and says how long", () =>
    Effect.gen(function*() {
      const server = yield* serve({ "tools/call": refusing(429, inSeconds(86_400), done, 9) })
      const session = yield* connect(server.url)
      const { hint, reason } = yield* failure(session)
      assert.deepInclude(reason, { _tag: "Rejected", retryAfter: 300_000 })
      assert.include(hint ?? "", "300 s")
    }))

  live("with an error under the id of the call beside it: the header counts", () =>
    Effect.gen(function*() {
      const limited: Handler = (exchange) =>
        json(
          exchange,
          { jsonrpc: "2.0", id: exchange.message.id, error: { code: -32000, message: "slow down" } },
          429,
          { "retry-after": "1" }
        )
      let count = 0
      const server = yield* serve({
        "tools/call": (exchange, server) => (count++ === 0 ? limited : done)(exchange, server)
      })
      const session = yield* connect(server.url)
      assert.strictEqual(text(yield* session.callTool("echo")), "done")
    }))

  live("when it is connected to: the handshake is sent again", () =>
    Effect.gen(function*() {
      for (const status of [429, 503]) {
        const server = yield* serve({
          "server/discover": refusing(404, () => "", done, 99),
          "initialize": refusing(status, () => "1", shaken, 2),
          "notifications/initialized": refusing(status, inSeconds(1), ({ response }) => response.writeHead(202).end())
        })
        const session = yield* connect(server.url)
        assert.strictEqual(text(yield* session.callTool("echo")), "done")
        assert.strictEqual(server.seen("initialize").length, 3)
        assert.strictEqual(server.seen("notifications/initialized").length, 2)
      }
    }))

  live("for longer than connecting may take: it fails at once", () =>
    Effect.gen(function*() {
      const server = yield* serve({ "initialize": refusing(429, () => "60", shaken) })
      const error = yield* refused(server.url, { timeout: "20 seconds" })
      assert.strictEqual(error.status, 429)
      assert.strictEqual(error.retryAfter, 60_000)
      assert.strictEqual(server.seen("initialize").length, 1)
    }))

  live("without saying for how long: it fails at once", () =>
    Effect.gen(function*() {
      const server = yield* serve({ "initialize": ({ response }) => response.writeHead(503).end() })
      assert.strictEqual((yield* refused(server.url)).status, 503)
      assert.strictEqual(server.seen("initialize").length, 1)
    }))

  live("before its stream of notifications is opened: that is opened so much later", () =>
    Effect.gen(function*() {
      const server = yield* serve({ "GET": refusing(429, () => "2", (exchange) => stream(exchange)) })
      yield* connect(server.url)
      yield* server.until(() => server.seen("GET").length === 2)
      const [first, second] = server.seen("GET")
      assert.isAtLeast((second?.time ?? 0) - (first?.time ?? 0), 1950)
    }))

  it.live("over HTTP+SSE too, its stream and the handshake", () =>
    Effect.gen(function*() {
      let open: Exchange | undefined
      const say = (value: (exchange: Exchange) => unknown): Handler => (exchange) => {
        exchange.response.writeHead(202).end()
        open?.response.write(event(value(exchange)))
      }
      const server = yield* serve({
        "GET": refusing(503, () => "0", (exchange) => {
          open = exchange
          stream(exchange, "event: endpoint\ndata: /messages\n\n")
        }, 2),
        "initialize": refusing(429, inSeconds(1), say(({ message }) => initializeResult(message.id))),
        "tools/call": say(({ message }) => result(message.id, "done"))
      })
      const session = yield* SseTransport.make({ name: "old", url: server.url, timeout: "30 seconds" })
      assert.strictEqual(text(yield* session.callTool("echo")), "done")
      assert.strictEqual(server.seen("GET").length, 3)
    }).pipe(Effect.scoped, Effect.provide(NodeTransports.platform)))
})
