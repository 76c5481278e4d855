import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as reconnect from "../src/internal/reconnect.ts"
import { event, type Exchange, result, serve, type Server, stream } from "./fixtures/httpServer.ts"
import { connect, live, text } from "./fixtures/httpSupport.ts"

/** Each stream of notifications ends after this. */
const ending = (say: (count: number) => string) => {
  let count = 0
  return serve({
    "GET": (exchange) => {
      stream(exchange)
      exchange.response.end(say(++count))
    }
  })
}

const gaps = (server: Server): ReadonlyArray<number> => {
  const times = server.seen("GET").map(({ time }) => time)
  return times.slice(1).map((time, index) => time - (times[index] ?? 0))
}

const idle: Readonly<Record<string, (count: number) => string>> = {
  "the same id": () => "id: 1\nretry: 0\ndata:\n\n",
  "another id each time": (count) => `id: ${count}\nretry: 0\ndata:\n\n`,
  "an id and a comment": () => "retry: 0\nid: x\n\n: still here\n\ndata:\n\n",
  "a message that we have had": () =>
    event({ jsonrpc: "2.0", method: "notifications/message", params: { data: 1 } }, "retry: 0\nid: 1\n")
}

describe("a stream of notifications that ends again and again", () => {
  for (const [name, say] of Object.entries(idle)) {
    live(`with ${name}: it is opened ever more seldom`, () =>
      Effect.gen(function*() {
        const server = yield* ending(say)
        yield* connect(server.url)
        yield* server.until(() => server.seen("GET").length === 5)
        const [, , third = 0, fourth = 0] = gaps(server)
        // Timers may be a little early, and nothing is too late here.
        assert.isAtLeast(third, 190)
        assert.isAtLeast(fourth, 390)
      }))
  }

  live("each time with a new message: at the pace of the server", () =>
    Effect.gen(function*() {
      const server = yield* ending((count) =>
        event({ jsonrpc: "2.0", method: "notifications/message", params: { data: count } }, `retry: 0\nid: ${count}\n`)
      )
      const session = yield* connect(server.url)
      const heard = yield* session.notifications.pipe(Stream.take(8), Stream.runCollect)
      assert.deepStrictEqual(heard.map(({ params }) => params?.["data"]), [1, 2, 3, 4, 5, 6, 7, 8])
    }))

  live("the stream of a call too, and its answer counts", () =>
    Effect.gen(function*() {
      let call: Exchange | undefined
      const polls = (server: Server) => server.seen("GET").filter(({ headers }) => "last-event-id" in headers)
      const server = yield* serve({
        "tools/call": (exchange) => {
          call = exchange
          stream(exchange)
          exchange.response.end("id: 1\nretry: 0\ndata:\n\n")
        },
        "GET": (exchange, server) => {
          if (exchange.headers["last-event-id"] === undefined) return exchange.response.writeHead(405).end()
          stream(exchange)
          exchange.response.end(
            polls(server).length < 6 ? "id: 1\ndata:\n\n" : event(result(call?.message.id, "polled"))
          )
        }
      })
      const session = yield* connect(server.url)
      assert.strictEqual(text(yield* session.callTool("echo")), "polled")
      const times = polls(server).map(({ time }) => time)
      assert.isAtLeast((times[5] ?? 0) - (times[4] ?? 0), 1500)
    }))
})

describe("the wait before a stream is opened again", () => {
  const wait = (kind: "call" | "notifications", act: (cursor: reconnect.Cursor) => void, times: number) => {
    const cursor = new reconnect.Cursor(kind)
    cursor.retry = 0
    return Array.from({ length: times }, () => {
      act(cursor)
      return cursor.ended()
    })
  }

  it("grows while only ids come: to half a minute, for a call to five seconds", () => {
    const ids = (cursor: reconnect.Cursor) => cursor.onId("1")
    assert.deepStrictEqual(wait("notifications", ids, 5), [100, 200, 400, 800, 1600])
    assert.strictEqual(wait("notifications", ids, 20).at(-1), 30_000)
    assert.strictEqual(wait("call", ids, 20).at(-1), 5000)
  })

  it("does not grow while messages come", () => {
    let id = 0
    const messages = (cursor: reconnect.Cursor) => cursor.onMessage(String(++id))
    assert.deepStrictEqual(wait("notifications", messages, 3), [100, 100, 100])
  })

  it("counts attempts that brought nothing at all, and no others, as failures", () => {
    const cursor = new reconnect.Cursor("notifications")
    cursor.ended()
    cursor.ended()
    assert.strictEqual(cursor.failures, 2)
    cursor.onId("1")
    cursor.ended()
    assert.strictEqual(cursor.failures, 0)
  })
})
