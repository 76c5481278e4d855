/** Headers of a configuration that HTTP cannot carry: a mistake in the configuration, and not of the network. */
import { assert, describe } from "@effect/vitest"
import * as SseTransport from "@universal-mcp/transports/SseTransport"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { inspect } from "node:util"
import { event, result, serve, stream } from "./fixtures/httpServer.ts"
import { connect, live, refused, text } from "./fixtures/httpSupport.ts"

describe("a header", () => {
  live("loses the spaces and line breaks around its value", () =>
    Effect.gen(function*() {
      for (const value of ["Bearer abc\n", "Bearer abc\r\n", "\tBearer abc \n\n", Redacted.make("Bearer abc\r")]) {
        const server = yield* serve()
        yield* connect(server.url, { headers: { Authorization: value } })
        assert.strictEqual(server.exchanges[0]?.headers.authorization, "Bearer abc")
      }
    }))

  live("may have any character of Latin-1", () =>
    Effect.gen(function*() {
      const server = yield* serve()
      yield* connect(server.url, { headers: { "X-User": "Müller\t~", "x!#$%&'*+.^_`|~9": "" } })
      assert.strictEqual(server.exchanges[0]?.headers["x-user"], "Müller\t~")
      assert.strictEqual(server.exchanges[0]?.headers["x!#$%&'*+.^_`|~9"], "")
    }))

  const wrong: ReadonlyArray<readonly [name: string, value: string, shown: string]> = [
    ["X-User", "s3cret 日本", "headers.X-User"],
    ["X-User", "s3cret\u0000", "headers.X-User"],
    ["X-User", "s3cret\u007f", "headers.X-User"],
    ["X-User", "s3cret\r\nX-Evil: 1", "headers.X-User"],
    ["X-User", "s3cret\u{1F600}", "headers.X-User"],
    ["Authorization: Bearer s3cret", "", "headers.Authorization"],
    ["X Key", "s3cret", "headers.X"],
    ["Ключ", "s3cret", "headers."],
    ["X-Key\n", "s3cret", "headers.X-Key"],
    ["", "s3cret", "headers."],
    ["Transfer-Encoding", "s3cret", "headers.Transfer-Encoding"],
    ["expect", "s3cret", "headers.expect"]
  ]

  for (const [name, value, shown] of wrong) {
    live(
      `that HTTP cannot carry is named, and not its value: ${JSON.stringify({ [name]: value })}`,
      () =>
        Effect.gen(function*() {
          const server = yield* serve()
          for (const secret of [value, Redacted.make(value)]) {
            const headers = { [name]: secret }
            const errors = [
              yield* refused(server.url, { headers }),
              yield* Effect.flip(SseTransport.make({ name: "old", url: server.url, headers }))
            ]
            for (const error of errors) {
              assert.strictEqual(error.phase, "config")
              assert.include(error.description, `bad configuration at ${shown}: found a`)
              assert.notInclude(inspect(error, { depth: 20, showHidden: true }), "s3cret")
            }
          }
          assert.strictEqual(server.exchanges.length, 0)
        })
    )
  }

  live("takes the id of an event as it is, to resume after it", () =>
    Effect.gen(function*() {
      const ids: Array<string> = []
      const server = yield* serve({
        "tools/call": (exchange) => {
          stream(exchange, "id: сообщение-7\nretry: 1\ndata:\n\n")
          exchange.response.end()
        },
        "GET": (exchange, server) => {
          const id = exchange.headers["last-event-id"]
          if (typeof id !== "string") return exchange.response.writeHead(405).end()
          ids.push(Buffer.from(id, "latin1").toString())
          stream(exchange, event(result(server.seen("tools/call")[0]?.message.id, "resumed")))
          exchange.response.end()
        }
      })
      assert.strictEqual(text(yield* (yield* connect(server.url)).callTool("echo")), "resumed")
      assert.deepStrictEqual(ids, ["сообщение-7"])
    }))
})
