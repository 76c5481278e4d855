import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { event, type Handler, result, serve, stream } from "./fixtures/httpServer.ts"
import { connect, live } from "./fixtures/httpSupport.ts"

const refuse = (status: number, type: string, body: string): Handler => ({ response }) =>
  response.writeHead(status, { "content-type": type }).end(body)

/** What the session warns of until a call has been answered, after the GET was. */
const heard = (get: Handler) =>
  Effect.gen(function*() {
    const server = yield* serve({
      "GET": get,
      "tools/call": (exchange) => {
        const stray = { jsonrpc: "2.0", id: "the end", result: {} }
        stream(exchange, event(stray) + event(result(exchange.message.id, "done")))
        exchange.response.end()
      }
    })
    const session = yield* connect(server.url)
    yield* server.until(() => server.seen("GET").length === 1 && server.open() === 0)
    yield* session.callTool("echo")
    const warnings = yield* session.warnings.pipe(
      Stream.map(({ description }) => description),
      Stream.takeUntil((description) => description.includes("the end")),
      Stream.runCollect
    )
    assert.strictEqual(server.seen("GET").length, 1)
    return warnings
  })

describe("a server without a stream of notifications", () => {
  const usual: Readonly<Record<string, Handler>> = {
    "HTTP 405": refuse(405, "text/plain", ""),
    "HTTP 404 with a page": refuse(404, "text/html", "<pre>Cannot GET /mcp</pre>"),
    "HTTP 404 with JSON": refuse(404, "application/json", "{\"detail\":\"Not Found\"}"),
    "HTTP 404 that speaks of sessions": refuse(404, "text/plain", "Session not found")
  }
  for (const [name, get] of Object.entries(usual)) {
    live(`that answers ${name} is nothing to warn of`, () =>
      Effect.gen(function*() {
        assert.lengthOf(yield* heard(get), 1)
      }))
  }

  live("that answers something else is", () =>
    Effect.gen(function*() {
      const [warning] = yield* heard(refuse(406, "text/plain", "no"))
      assert.include(warning, "the server gives no stream of notifications: HTTP 406")
    }))

  live("that answers JSON, and declares it as a stream, is asked once", () =>
    Effect.gen(function*() {
      const [warning] = yield* heard(refuse(200, "text/event-stream", "{\"detail\":\"use POST\"}"))
      assert.include(warning, "the server sends JSON and declares it as text/event-stream")
    }))
})
