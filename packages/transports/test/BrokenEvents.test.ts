import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { event, type Exchange, result, serve, stream } from "./fixtures/httpServer.ts"
import { connect, failure, live, text } from "./fixtures/httpSupport.ts"

const broken: Readonly<Record<string, string>> = {
  "half an object": "{\"jsonrpc\":\"2.0\",\"method\":",
  "half a batch": "[{\"jsonrpc\":\"2.0\"}",
  "an object of Python's": "{'jsonrpc': '2.0'}",
  "words": "[DONE]",
  "NaN": "{\"progress\":NaN}"
}

/** Answers a call with this event, what comes then, and the end. */
const calls = (data: string, then: (exchange: Exchange) => string) =>
  serve({
    "tools/call": (exchange) => {
      stream(exchange, `data: ${data}\n\n`)
      exchange.response.end(then(exchange))
    }
  })

describe("an event that is not JSON on the stream of a call", () => {
  for (const [name, data] of Object.entries(broken)) {
    live(`${name}: the answer behind it counts, with a warning`, () =>
      Effect.gen(function*() {
        const server = yield* calls(data, ({ message }) => event(result(message.id, "done")))
        const session = yield* connect(server.url)
        assert.strictEqual(text(yield* session.callTool("echo")), "done")
        const [warned] = yield* session.warnings.pipe(Stream.take(1), Stream.runCollect)
        assert.include(String(warned?.description), "the server sent an event that is not JSON")
      }))
  }

  live("without an answer behind it: the call fails when the stream ends", () =>
    Effect.gen(function*() {
      for (const [name, data] of Object.entries(broken)) {
        const server = yield* calls(data, () => "")
        const session = yield* connect(server.url)
        const error = yield* failure(session)
        assert.strictEqual(error.reason._tag, "InvalidResult", name)
        assert.include(error.message, "the event stream ended without an answer")
        assert.strictEqual(server.seen("tools/call").length, 1)
      }
    }))

  live("before an answer that comes on the stream that goes on from it", () =>
    Effect.gen(function*() {
      let call: Exchange | undefined
      const server = yield* serve({
        "tools/call": (exchange) => {
          call = exchange
          stream(exchange, "id: 1\nretry: 1\ndata: {\"half\n\n")
          exchange.response.end()
        },
        "GET": (exchange) => {
          if (exchange.headers["last-event-id"] === undefined) return exchange.response.writeHead(405).end()
          stream(exchange, event(result(call?.message.id, "resumed")))
          exchange.response.end()
        }
      })
      const session = yield* connect(server.url)
      assert.strictEqual(text(yield* session.callTool("echo")), "resumed")
    }))
})
