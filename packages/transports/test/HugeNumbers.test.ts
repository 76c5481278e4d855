/** Numbers of a server that no timer and no error can hold. */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { type Exchange, type Handlers, json, result, serve, stream } from "./fixtures/httpServer.ts"
import { connect, failure, live, text } from "./fixtures/httpSupport.ts"

const raw = ({ response }: Exchange, body: string) => {
  response.writeHead(200, { "content-type": "application/json" }).end(body)
}

const modern: Handlers = {
  "server/discover": (exchange) =>
    json(exchange, {
      jsonrpc: "2.0",
      id: exchange.message.id,
      result: {
        resultType: "complete",
        supportedVersions: ["2026-07-28"],
        capabilities: { tools: {} },
        _meta: { "io.modelcontextprotocol/serverInfo": { name: "fixture", version: "1.0.0" } },
        ttlMs: 0,
        cacheScope: "private"
      }
    })
}

describe("a number that is too large", () => {
  for (const seconds of ["1e308", "9".repeat(306), "1.7976931348623157e308"]) {
    for (const status of [429, 503, 400]) {
      live(`HTTP ${status} with Retry-After ${seconds.slice(0, 24)}: an hour`, () =>
        Effect.gen(function*() {
          let refusals = 0
          const server = yield* serve({
            "tools/call": (exchange) => {
              if (refusals++ > 0) return json(exchange, result(exchange.message.id, "done"))
              exchange.response.writeHead(status, { "retry-after": seconds }).end()
            }
          })
          const session = yield* connect(server.url)
          assert.deepInclude((yield* failure(session)).reason, { _tag: "Rejected", retryAfter: 3_600_000 })
        }))
    }
  }

  live("the code of a JSON-RPC error: the call fails, and the next works", () =>
    Effect.gen(function*() {
      let calls = 0
      const server = yield* serve({
        "tools/call": (exchange) =>
          calls++ > 0
            ? json(exchange, result(exchange.message.id, "done"))
            : raw(exchange, `{"jsonrpc":"2.0","id":${exchange.message.id},"error":{"code":1e400,"message":"no"}}`)
      })
      const session = yield* connect(server.url)
      assert.strictEqual((yield* failure(session)).delivery, "answered")
      assert.strictEqual(text(yield* session.callTool("echo")), "done")
    }))

  live("the code of a failed task: the call fails with what the task says", () =>
    Effect.gen(function*() {
      const server = yield* serve({
        ...modern,
        "tools/call": (exchange) =>
          raw(
            exchange,
            `{"jsonrpc":"2.0","id":${exchange.message.id},"result":{"resultType":"task","taskId":"1","status":"failed","error":{"code":1e400,"message":"no"}}}`
          )
      })
      const session = yield* connect(server.url)
      assert.deepInclude((yield* failure(session)).reason, { _tag: "Rejected", code: -32603, description: "no" })
    }))

  live("`retry` on the stream of a call: the call takes its time, and the next works", () =>
    Effect.gen(function*() {
      let calls = 0
      const server = yield* serve({
        "tools/call": (exchange) => {
          if (calls++ > 0) return json(exchange, result(exchange.message.id, "done"))
          stream(exchange, `id: 1\nretry: ${"9".repeat(400)}\ndata:\n\n`)
          exchange.response.end()
        }
      })
      const session = yield* connect(server.url)
      assert.strictEqual((yield* failure(session, { timeout: 300 })).reason._tag, "Timeout")
      assert.strictEqual(text(yield* session.callTool("echo")), "done")
    }))
})
