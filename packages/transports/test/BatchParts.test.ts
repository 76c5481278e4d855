/** A batch with parts that are no messages: the answer in it counts, and nothing is thrown. */
import { assert, describe, it } from "@effect/vitest"
import { decode } from "@universal-mcp/core/McpTransport"
import * as SseTransport from "@universal-mcp/transports/SseTransport"
import * as Effect from "effect/Effect"
import { event, type Exchange, initializeResult, result, serve, stream } from "./fixtures/httpServer.ts"
import { connect, failure, live, text } from "./fixtures/httpSupport.ts"

const parts: Readonly<Record<string, unknown>> = {
  "a text": "2.0",
  "an empty text": "",
  "a number": 1,
  "null": null,
  "a boolean": false,
  "a batch": [{ jsonrpc: "2.0", method: "notifications/message" }],
  "an empty list": []
}

/** The part before and after the answer. */
const batchOf = (part: unknown, answer: unknown) => [part, answer, part]

const json = ({ response }: Exchange, value: unknown) =>
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(value))

describe("decode", () => {
  it.each(Object.entries(parts))("leaves %s out of a batch", (_, part) => {
    const message = { jsonrpc: "2.0", id: 1, result: {} }
    assert.deepStrictEqual<unknown>(decode(JSON.stringify(batchOf(part, message))), [message])
    assert.deepStrictEqual(decode(JSON.stringify([part])), [])
  })
})

describe("an HTTP server that batches its answer", () => {
  for (const [name, part] of Object.entries(parts)) {
    live(`with ${name}: connects and calls`, () =>
      Effect.gen(function*() {
        const server = yield* serve({
          "initialize": (exchange) => json(exchange, batchOf(part, initializeResult(exchange.message.id))),
          "tools/call": (exchange) => json(exchange, batchOf(part, result(exchange.message.id, "done")))
        })
        const session = yield* connect(server.url)
        assert.strictEqual(text(yield* session.callTool("echo")), "done")
      }))

    live(`with ${name}, in an event: calls`, () =>
      Effect.gen(function*() {
        const server = yield* serve({
          "tools/call": (exchange) => {
            stream(exchange, event([part]))
            exchange.response.end(event(batchOf(part, result(exchange.message.id, "done"))))
          }
        })
        const session = yield* connect(server.url)
        assert.strictEqual(text(yield* session.callTool("echo")), "done")
      }))
  }

  live("with nothing else: the call fails, the next works", () =>
    Effect.gen(function*() {
      let count = 0
      const server = yield* serve({
        "tools/call": (exchange) =>
          json(exchange, count++ === 0 ? Object.values(parts) : result(exchange.message.id, "ok"))
      })
      const session = yield* connect(server.url)
      assert.strictEqual((yield* failure(session)).reason._tag, "InvalidResult")
      assert.strictEqual(text(yield* session.callTool("echo")), "ok")
    }))

  live("with a refusal: the call fails with what the server says", () =>
    Effect.gen(function*() {
      const server = yield* serve({
        "tools/call": ({ response }) => {
          const refusal = { jsonrpc: "2.0", id: null, error: { code: -32022, message: "not today" } }
          response.writeHead(400, { "content-type": "application/json" })
            .end(JSON.stringify([...Object.values(parts), refusal]))
        }
      })
      const session = yield* connect(server.url)
      assert.include((yield* failure(session)).message, "not today")
    }))
})

describe("an HTTP+SSE server that batches its answer", () => {
  live("with such parts, while a long call waits: the call has its result", () =>
    Effect.gen(function*() {
      let open: Exchange | undefined
      const say = (answer: (id: unknown) => unknown) => (exchange: Exchange) => {
        exchange.response.writeHead(202).end()
        for (const part of Object.values(parts)) open?.response.write(event([part]))
        open?.response.write(event([...Object.values(parts), answer(exchange.message.id)]))
      }
      const server = yield* serve({
        "GET": (exchange) => {
          open = exchange
          stream(exchange, "event: endpoint\ndata: /messages\n\n")
        },
        "initialize": say(initializeResult),
        "tools/call": say((id) => result(id, "done"))
      })
      const session = yield* SseTransport.make({ name: "old", url: server.url })
      assert.strictEqual(text(yield* session.callTool("echo", {}, { timeout: "2 hours" })), "done")
    }))
})
