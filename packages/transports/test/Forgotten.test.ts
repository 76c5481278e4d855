/** An HTTP server that has forgotten the session and says so in words of its own; in virtual time: core/test. */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { type Exchange, initializeResult, json, result, serve } from "./fixtures/httpServer.ts"
import { connect, failure, live, text } from "./fixtures/httpSupport.ts"

/** Knows only the newest session, and none from `forget` until the next `initialize`. */
const forgetful = Effect.fnUntraced(function*(refuse: (exchange: Exchange) => void) {
  let count = 0
  let known = false
  const unlessForgotten = (answer: (exchange: Exchange) => void) => (exchange: Exchange) =>
    known && exchange.headers["mcp-session-id"] === `visit-${count}` ? answer(exchange) : refuse(exchange)
  const server = yield* serve({
    "initialize": (exchange) => {
      known = true
      json(exchange, initializeResult(exchange.message.id), 200, { "mcp-session-id": `visit-${++count}` })
    },
    "server/discover": ({ response }) => response.writeHead(400).end(),
    "tools/call": unlessForgotten((exchange) => json(exchange, result(exchange.message.id, `visit ${count}`))),
    "tools/list": unlessForgotten((exchange) => {
      const tools = [{ name: "echo", inputSchema: { type: "object" } }]
      json(exchange, { jsonrpc: "2.0", id: exchange.message.id, result: { tools } })
    })
  })
  const forget = () => {
    known = false
  }
  return { server, forget }
})

const refusals: Readonly<Record<string, (exchange: Exchange) => void>> = {
  "HTTP 418 and a text": ({ response }) => response.writeHead(418).end("never seen you before"),
  "HTTP 500 and a page": ({ response }) => response.writeHead(500).end("<h1>undefined is not an object</h1>"),
  "HTTP 400 and an error under our id": (exchange) =>
    json(exchange, { jsonrpc: "2.0", id: exchange.message.id, error: { code: -32099, message: "say hello" } }, 400),
  "HTTP 200 and an error": (exchange) =>
    json(exchange, { jsonrpc: "2.0", id: exchange.message.id, error: { code: -32099, message: "say hello" } })
}

describe("a forgotten session is replaced after a few refusals, whatever the words", () => {
  for (const [name, refuse] of Object.entries(refusals)) {
    live(name, () =>
      Effect.gen(function*() {
        const { forget, server } = yield* forgetful(refuse)
        const session = yield* connect(server.url)
        yield* session.listTools
        forget()
        for (let count = 0; count < 3; count++) yield* failure(session, { idempotent: false })
        assert.strictEqual(text(yield* session.callTool("echo", {}, { idempotent: false })), "visit 2")
        assert.lengthOf(server.seen("tools/call"), 4)
        assert.lengthOf(server.seen("initialize"), 2)
      }))
  }
})
