/** Calls that nobody waits for any more while a ping decides about their answers, seen from the transport itself. */
import { assert, describe } from "@effect/vitest"
import type { JSONRPCMessage } from "@modelcontextprotocol/client"
import * as Effect from "effect/Effect"
import * as http from "../src/internal/http.ts"
import * as streamableHttp from "../src/internal/streamableHttp.ts"
import { event, type Exchange, type Handler, initializeResult, json, serve, stream } from "./fixtures/httpServer.ts"
import { live } from "./fixtures/httpSupport.ts"

const notFound = (id: unknown) => ({ jsonrpc: "2.0", id, error: { code: -32001, message: "Session not found" } })

/** The ways in which a server says it: with the exchange at its end, and with a stream that stays open. */
const sayings: Readonly<Record<string, Handler>> = {
  "a body": (exchange) => json(exchange, notFound(exchange.message.id)),
  "a refusal": (exchange) => json(exchange, notFound(exchange.message.id), 400),
  "a stream that stays open": (exchange) => stream(exchange, event(notFound(exchange.message.id)))
}

const pong = (exchange: Exchange) => json(exchange, { jsonrpc: "2.0", id: exchange.message.id, result: {} })

const open = Effect.fnUntraced(function*(say: Handler) {
  const pings: Array<Exchange> = []
  const server = yield* serve({
    "initialize": (exchange) =>
      json(exchange, initializeResult(exchange.message.id), 200, { "mcp-session-id": "session-1" }),
    "tools/call": say,
    "tools/list": ({ response }) => response.writeHead(404).end(),
    // Only the first waits: a call whose answer is read after it asks for another.
    "ping": (exchange) => {
      if (pings.push(exchange) > 1) pong(exchange)
    }
  })
  const client = yield* http.make({ url: server.url })
  const transport = yield* streamableHttp.make(client, {})
  const received: Array<JSONRPCMessage> = []
  const waiting = new Map<unknown, () => void>()
  transport.onmessage = (message) => {
    received.push(message)
    if ("id" in message) waiting.get(message.id)?.()
  }
  const closed = Effect.callback<void>((resume) => {
    transport.onclose = () => resume(Effect.void)
  })
  const send = (id: number, method: string) =>
    Effect.promise(() => transport.send({ jsonrpc: "2.0", id, method, params: {} }))
  const answered = (id: number) => Effect.callback<void>((resume) => void waiting.set(id, () => resume(Effect.void)))
  yield* Effect.all([answered(1), send(1, "initialize")], { concurrency: "unbounded" })
  transport.setProtocolVersion?.("2025-11-25")
  return { answered, closed, pings, received, send, server, transport }
})

describe("a call that is cancelled while its answer waits for a ping", () => {
  for (const [name, say] of Object.entries(sayings)) {
    live(`after ${name}: gets no answer, and leaves nothing`, () =>
      Effect.gen(function*() {
        const { answered, closed, pings, received, send, server, transport } = yield* open(say)
        yield* send(2, "tools/call")
        yield* server.until(() => pings.length === 1)
        // Shares the ping, so that its answer shows that the ping has been read.
        yield* send(3, "tools/call")
        yield* server.until(() => server.seen("tools/call").length === 2)
        transport.abandon?.(2)
        const [ping] = pings
        if (ping === undefined) return assert.fail("no ping")
        yield* Effect.all([
          answered(3),
          Effect.sync(() => pong(ping))
        ], { concurrency: "unbounded" })
        assert.notInclude(received.map((message) => "id" in message ? message.id : undefined), 2)
        yield* server.until(() => server.open() === 0)
        // A session that is lost ends as soon as nothing is left of it.
        yield* Effect.all([closed, send(4, "tools/list")], { concurrency: "unbounded" })
      }))
  }
})
