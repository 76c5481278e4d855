/** A server that asks without end, over HTTP: how many questions are open, and how many answers are on their way. */
import { assert, describe } from "@effect/vitest"
import type { McpSession } from "@universal-mcp/core/McpSession"
import * as Sampling from "@universal-mcp/core/Sampling"
import * as SseTransport from "@universal-mcp/transports/SseTransport"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { event, type Exchange, type Handlers, initializeResult, result, serve, stream } from "./fixtures/httpServer.ts"
import { connect, live, text } from "./fixtures/httpSupport.ts"

const params = { maxTokens: 1e9, messages: [{ role: "user", content: { type: "text", text: "x" } }] }

const flood = (count: number, method: string, params?: unknown) =>
  Array.from({ length: count }, (_, index) => event({ jsonrpc: "2.0", id: `q${index}`, method, params })).join("")

/** The stream of the call, or that of notifications, brings the flood. */
const streams: Readonly<Record<string, (text: string) => Handlers>> = {
  "the stream of a call": (text) => ({
    "tools/call": (exchange, server) => {
      stream(exchange, text)
      const answer = () => exchange.response.end(event(result(exchange.message.id, "done")))
      // A second call says that all was read before.
      if (server.seen("tools/call").length > 1) answer()
      else setImmediate(answer)
    }
  }),
  "the stream of notifications": (text) => ({ "GET": (exchange) => stream(exchange, text) })
}

const held = () => {
  const seen = { open: 0, most: 0 }
  const createMessage = () =>
    Effect.acquireUseRelease(
      Effect.sync(() => {
        seen.most = Math.max(seen.most, ++seen.open)
      }),
      () => Effect.never,
      () =>
        Effect.sync(() => {
          seen.open -= 1
        })
    )
  return { seen, sampling: Effect.provideService(Sampling.Sampling, { createMessage }) }
}

/** Answers to the server are not accepted; what else there is, such as a probe, is. */
const holding = (held: Array<Exchange>): Handlers => ({
  "POST": (exchange) => {
    if (exchange.message.method === undefined) held.push(exchange)
    else exchange.response.writeHead(202).end()
  }
})

const warned = (session: McpSession["Service"]) =>
  session.warnings.pipe(
    Stream.filter(({ description }) => description.includes("more than 64 requests at a time")),
    Stream.take(1),
    Stream.runDrain
  )

describe("5,000 requests of a server", () => {
  for (const [where, handlers] of Object.entries(streams)) {
    live(
      `on ${where}: 16 questions are open, the others refused or dropped, and calls go on`,
      () =>
        Effect.gen(function*() {
          let most = 0
          let refused = 0
          const server = yield* serve({
            ...handlers(flood(5000, "sampling/createMessage", params)),
            "POST": ({ message, response }, { open }) => {
              most = Math.max(most, open())
              if (Reflect.get(message, "error") !== undefined) refused += 1
              setImmediate(() => response.writeHead(202).end())
            }
          })
          const { sampling, seen } = held()
          const session = yield* connect(server.url).pipe(sampling)
          assert.strictEqual(text(yield* session.callTool("echo")), "done")
          yield* server.until(() => refused >= 64)
          assert.strictEqual(text(yield* session.callTool("echo")), "done")
          assert.strictEqual(seen.most, 16)
          // Two streams, a call, and the answers.
          assert.isAtMost(most, 70)
        })
    )

    for (const method of ["ping", "unknown/method"]) {
      live(
        `of the method ${method} on ${where}: 64 answers are on their way, and one warning says so`,
        () =>
          Effect.gen(function*() {
            const held: Array<Exchange> = []
            const server = yield* serve({
              ...handlers(flood(5000, method)),
              ...holding(held)
            })
            const session = yield* connect(server.url)
            assert.strictEqual(text(yield* session.callTool("echo")), "done")
            yield* server.until(() => held.length === 64)
            yield* warned(session)
            assert.strictEqual(text(yield* session.callTool("echo")), "done")
            assert.strictEqual(held.length, 64)
            for (const { response } of held) response.writeHead(202).end()
          })
      )
    }
  }

  live("on HTTP+SSE: the same", () =>
    Effect.gen(function*() {
      const held: Array<Exchange> = []
      let events: Exchange | undefined
      const say = (message: unknown) => events?.response.write(event(message))
      const server = yield* serve({
        "GET": (exchange) => {
          events = exchange
          stream(exchange, "event: endpoint\ndata: /message\n\n")
        },
        "initialize": ({ message, response }) => {
          response.writeHead(202).end()
          say(initializeResult(message.id))
          for (let index = 0; index < 5000; index++) say({ jsonrpc: "2.0", id: `q${index}`, method: "ping" })
        },
        "tools/call": ({ message, response }) => {
          response.writeHead(202).end()
          say(result(message.id, "done"))
        },
        ...holding(held)
      })
      const session = yield* SseTransport.make({ name: "web", url: server.url })
      assert.strictEqual(text(yield* session.callTool("echo")), "done")
      yield* server.until(() => held.length === 64)
      yield* warned(session)
      assert.strictEqual(text(yield* session.callTool("echo")), "done")
      assert.strictEqual(held.length, 64)
      for (const { response } of held) response.writeHead(202).end()
    }))
})
