/** A header that has one value and comes more than once, as when a proxy adds what the server has said already. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as Schema from "effect/Schema"
import { gzipSync } from "node:zlib"
import * as responseHeaders from "../src/internal/responseHeaders.ts"
import { event, type Exchange, initializeResult, result, serve } from "./fixtures/httpServer.ts"
import { connect, failure, live, refused, text } from "./fixtures/httpSupport.ts"

/** Writes each header as a line of its own. */
const write = ({ response }: Exchange, status: number, headers: ReadonlyArray<string>, body: string | Uint8Array) => {
  response.writeHead(status, headers.flatMap((line) => line.split(/: (.*)/s, 2)))
  response.flushHeaders()
  response.write(body)
}

const twice = (...headers: ReadonlyArray<string>) => [...headers, ...headers]

const clients = [undefined, FetchHttpClient.layer]

for (const client of clients) {
  const suffix = client === undefined ? "" : ", with fetch"
  describe(`that is repeated is one${suffix}`, () => {
    live(`the type of an event stream that stays open${suffix}`, () =>
      Effect.gen(function*() {
        for (const type of ["text/event-stream", "text/event-stream; charset=utf-8"]) {
          const server = yield* serve({
            "tools/call": (exchange) =>
              write(exchange, 200, twice(`Content-Type: ${type}`), event(result(exchange.message.id, "done")))
          })
          assert.strictEqual(text(yield* (yield* connect(server.url)).callTool("echo")), "done")
        }
      }), client)

    live(`the type of JSON, three times${suffix}`, () =>
      Effect.gen(function*() {
        const server = yield* serve({
          "tools/call": (exchange) => {
            const type = "Content-Type: application/json"
            write(exchange, 200, [type, type, type], JSON.stringify(result(exchange.message.id, "done")))
            exchange.response.end()
          }
        })
        assert.strictEqual(text(yield* (yield* connect(server.url)).callTool("echo")), "done")
      }), client)

    live(`the id of the session${suffix}`, () =>
      Effect.gen(function*() {
        for (const id of ["session-1", "a,b", "a, b"]) {
          const server = yield* serve({
            "initialize": (exchange) => {
              const headers = ["Content-Type: application/json", ...twice(`Mcp-Session-Id: ${id}`)]
              write(exchange, 200, headers, JSON.stringify(initializeResult(exchange.message.id)))
              exchange.response.end()
            }
          })
          yield* (yield* connect(server.url)).callTool("echo")
          assert.strictEqual(server.seen("tools/call")[0]?.headers["mcp-session-id"], id)
        }
      }), client)

    live(`how long to wait${suffix}`, () =>
      Effect.gen(function*() {
        const server = yield* serve({
          "tools/call": (exchange) => {
            write(exchange, 429, twice("Retry-After: 3600"), "")
            exchange.response.end()
          }
        })
        const { reason } = yield* failure(yield* connect(server.url), { timeout: "5 seconds" })
        assert.strictEqual(reason._tag === "Rejected" ? reason.retryAfter : undefined, 3_600_000)
      }), client)

    live(`where it is${suffix}`, () =>
      Effect.gen(function*() {
        const server = yield* serve({
          "POST": (exchange) => {
            if (exchange.path !== "/mcp") return exchange.response.writeHead(404).end()
            write(exchange, 307, twice("Location: /a,b"), "")
            exchange.response.end()
          },
          "initialize": (exchange) => {
            write(exchange, 307, twice("Location: /a,b"), "")
            exchange.response.end()
          }
        })
        yield* refused(server.url)
        assert.isTrue(server.exchanges.some(({ path }) => path === "/a,b"))
      }), client)
  })
}

describe("a header that is repeated", () => {
  live("is one: how the body is compressed", () =>
    Effect.gen(function*() {
      const server = yield* serve({
        "tools/call": (exchange) => {
          const headers = ["Content-Type: application/json", ...twice("Content-Encoding: gzip")]
          write(exchange, 200, headers, gzipSync(JSON.stringify(result(exchange.message.id, "done"))))
          exchange.response.end()
        }
      })
      assert.strictEqual(text(yield* (yield* connect(server.url)).callTool("echo")), "done")
    }))

  live("has its first value where they differ", () =>
    Effect.gen(function*() {
      const server = yield* serve({
        "tools/call": (exchange) => {
          const headers = ["Content-Type: text/event-stream", "Content-Type: text/html"]
          write(exchange, 200, headers, event(result(exchange.message.id, "done")))
        }
      })
      assert.strictEqual(text(yield* (yield* connect(server.url)).callTool("echo")), "done")
    }))

  const Value = Schema.NonEmptyArray(Schema.Literals(["a", "b", "session-1", "Wed", "21 Oct 2015 07:28:00 GMT"]))

  it.prop("is one, joined or not, whatever commas it has", { parts: Value, times: Schema.Literals([2, 3, 4]) }, ({
    parts,
    times
  }) => {
    const value = parts.join(", ")
    const values = Array.from({ length: times }, () => value)
    const once = responseHeaders.get({ "mcp-session-id": value }, "mcp-session-id")
    assert.strictEqual(responseHeaders.get({ "mcp-session-id": values.join(", ") }, "mcp-session-id"), once)
    assert.strictEqual(responseHeaders.get({ "mcp-session-id": values }, "mcp-session-id"), value)
  })

  it("is a list where the header is one", () => {
    assert.strictEqual(
      responseHeaders.get({ "www-authenticate": ["Basic", "Bearer"] }, "www-authenticate"),
      "Basic, Bearer"
    )
    assert.strictEqual(responseHeaders.get({ "www-authenticate": "Basic, Basic" }, "www-authenticate"), "Basic, Basic")
    assert.strictEqual(responseHeaders.get({ "content-encoding": "br, gzip" }, "content-encoding"), "br, gzip")
    assert.strictEqual(responseHeaders.get({ "retry-after": "1, 2" }, "retry-after"), "1")
    assert.strictEqual(responseHeaders.get({}, "location"), undefined)
  })
})
