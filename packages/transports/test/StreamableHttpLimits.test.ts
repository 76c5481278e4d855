import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import type { ServerResponse } from "node:http"
import * as zlib from "node:zlib"
import { patience } from "../../../test/patience.ts"
import { argument, event, type Exchange, initializeResult, json, result, serve, stream } from "./fixtures/httpServer.ts"
import { connect, failure, live, text } from "./fixtures/httpSupport.ts"

const limit = 100_000

const mebibyte = Buffer.alloc(1024 * 1024, "a")

/** Writes for as long as somebody reads. */
const endless = (response: ServerResponse, before: string) => {
  const write = () => {
    if (!response.destroyed) response.write(mebibyte, write)
  }
  response.write(before, write)
}

const cases: ReadonlyArray<{ readonly name: string; readonly answer: (exchange: Exchange) => unknown }> = [
  {
    name: "a JSON body",
    answer: (exchange) => json(exchange, result(exchange.message.id, "a".repeat(limit)))
  },
  {
    name: "a JSON body without end",
    answer: ({ response }) =>
      endless(response.writeHead(200, { "content-type": "application/json" }), "{\"jsonrpc\":\"2.0\",\"x\":\"")
  },
  {
    name: "an event",
    answer: (exchange) => {
      stream(exchange, event(result(exchange.message.id, "a".repeat(limit))))
      exchange.response.end()
    }
  },
  {
    name: "an event with its id last",
    answer: (exchange) => {
      const { id, ...others } = result(exchange.message.id, "a".repeat(limit))
      stream(exchange, event({ ...others, id }))
      exchange.response.end()
    }
  },
  {
    name: "an event without end",
    answer: (exchange) => {
      stream(exchange)
      endless(exchange.response, "event: message\ndata: {\"jsonrpc\":\"2.0\",\"result\":\"")
    }
  },
  {
    name: "an event of many lines",
    answer: (exchange) => {
      stream(exchange)
      const lines = setInterval(() => exchange.response.write(`data: ${"a".repeat(1000)}\n`.repeat(50)), 1)
      exchange.response.on("close", () => clearInterval(lines))
    }
  },
  {
    name: "a compressed body",
    answer: ({ message, response }) => {
      response.writeHead(200, { "content-type": "application/json", "content-encoding": "gzip" })
      response.end(zlib.gzipSync(JSON.stringify(result(message.id, "a".repeat(50_000_000)))))
    }
  }
]

describe("the message limit", () => {
  for (const { answer, name } of cases) {
    live(`is not passed by ${name}; the next call works`, () =>
      Effect.gen(function*() {
        const server = yield* serve({
          "tools/call": (exchange, server) => {
            if (server.seen("tools/call").length === 1) answer(exchange)
            else json(exchange, result(exchange.message.id, "done"))
          }
        })
        const session = yield* connect(server.url, { maxMessageSize: limit })
        const before = process.memoryUsage().rss
        const error = yield* failure(session, { timeout: patience(10_000) })
        assert.strictEqual(error.reason._tag, "TooLarge", error.message)
        assert.strictEqual(error.delivery, "answered")
        assert.include(error.message, `larger than the limit of ${limit} bytes`)
        assert.isBelow(process.memoryUsage().rss - before, 150 * 1024 * 1024)
        assert.strictEqual(text(yield* session.callTool("echo")), "done")
        yield* server.until(() => server.open() === 0)
      }))
  }

  live("is not passed by a notification either, which is left out", () =>
    Effect.gen(function*() {
      const server = yield* serve({
        "tools/call": (exchange) => {
          const flood = {
            jsonrpc: "2.0",
            method: "notifications/message",
            params: { level: "info", data: "a".repeat(limit) }
          }
          stream(exchange, event(flood) + event(result(exchange.message.id, "done")))
          exchange.response.end()
        }
      })
      const session = yield* connect(server.url, { maxMessageSize: limit })
      assert.strictEqual(text(yield* session.callTool("echo")), "done")
    }))

  live("lets everything up to it pass", () =>
    Effect.gen(function*() {
      const server = yield* serve({
        "tools/call": (exchange) => {
          const answer = result(exchange.message.id, "a".repeat(30 * 1024 * 1024))
          if (argument(exchange, "as") === "json") return json(exchange, answer)
          stream(exchange, event(answer))
          exchange.response.end()
        }
      })
      const session = yield* connect(server.url)
      for (const as of ["json", "events"]) {
        assert.strictEqual(text(yield* session.callTool("echo", { as })).length, 30 * 1024 * 1024)
      }
    }))
})

describe("compression", () => {
  const compressed = (as: string, text: string): Buffer => as === "gzip" ? zlib.gzipSync(text) : zlib.deflateSync(text)
  const server = serve({
    "initialize": ({ message, response }) => {
      response.writeHead(200, { "content-type": "application/json", "content-encoding": "gzip" })
      response.end(compressed("gzip", JSON.stringify(initializeResult(message.id))))
    },
    "tools/call": (exchange) => {
      const as = String(argument(exchange, "as"))
      const bytes = compressed(as, event(result(exchange.message.id, as)))
      stream(exchange, "", { "content-encoding": as })
      exchange.response.write(bytes.subarray(0, 1), () => exchange.response.end(bytes.subarray(1)))
    }
  })
  const body = () =>
    Effect.gen(function*() {
      const session = yield* connect((yield* server).url)
      for (const as of ["gzip", "deflate"]) assert.strictEqual(text(yield* session.callTool("echo", { as })), as)
    })
  live("is undone for a client that does not do it", body)
  live("is not undone twice", body, FetchHttpClient.layer)

  live("that is announced but not there does no harm", () =>
    Effect.gen(function*() {
      const server = yield* serve({
        "tools/call": (exchange) =>
          json(exchange, result(exchange.message.id, "plain"), 200, { "content-encoding": "gzip" })
      })
      const session = yield* connect(server.url)
      assert.strictEqual(text(yield* session.callTool("echo")), "plain")
    }))

  live("that is broken fails the call", () =>
    Effect.gen(function*() {
      const server = yield* serve({
        "tools/call": ({ message, response }) => {
          const bytes = compressed("gzip", JSON.stringify(result(message.id, "a".repeat(1000))))
          response.writeHead(200, { "content-type": "application/json", "content-encoding": "gzip" })
          response.end(bytes.subarray(0, 40))
        }
      })
      const session = yield* connect(server.url)
      const error = yield* failure(session, { timeout: patience(10_000) })
      assert.strictEqual(error.reason._tag, "Closed")
    }))
})
