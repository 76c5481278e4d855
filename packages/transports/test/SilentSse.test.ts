import { assert, describe, it } from "@effect/vitest"
import * as NodeTransports from "@universal-mcp/transports/NodeTransports"
import * as SseTransport from "@universal-mcp/transports/SseTransport"
import * as Effect from "effect/Effect"
import { event, type Exchange, initializeResult, serve, stream } from "./fixtures/httpServer.ts"

/** Opens a stream and falls silent after the handshake; its messages are never accepted. */
const silent = () => {
  let open: Exchange | undefined
  return serve({
    "GET": (exchange) => {
      open = exchange
      stream(exchange, "event: endpoint\ndata: /messages\n\n")
    },
    "initialize": (exchange) => {
      exchange.response.writeHead(202).end()
      open?.response.write(event(initializeResult(exchange.message.id)))
    },
    "ping": () => {},
    "notifications/cancelled": () => {}
  })
}

/** What happens to be rejected while the effect runs, and nobody catches. */
const unhandled = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const seen: Array<unknown> = []
    const note = (reason: unknown) => {
      seen.push(reason)
    }
    yield* Effect.acquireRelease(
      Effect.sync(() => process.on("unhandledRejection", note)),
      () => Effect.sync(() => process.off("unhandledRejection", note))
    )
    yield* effect
    // Node tells of it when the microtasks of a turn are done.
    yield* Effect.promise(() => new Promise((resolve) => setImmediate(() => setImmediate(resolve))))
    return seen
  }).pipe(Effect.scoped)

describe("an SSE server that is silent, and does not answer the ping", () => {
  it.live("the session is closed meanwhile: no promise is rejected", () =>
    Effect.gen(function*() {
      const server = yield* silent()
      const seen = yield* unhandled(Effect.scoped(Effect.gen(function*() {
        yield* SseTransport.make({ name: "old", url: server.url, sseReadTimeout: "2 seconds" })
        yield* server.until(() => server.seen("ping").length > 0)
      })))
      assert.deepStrictEqual(seen, [])
    }).pipe(Effect.scoped, Effect.provide(NodeTransports.platform)))

  it.live("the stream is given up and opened again meanwhile: no promise is rejected", () =>
    Effect.gen(function*() {
      const server = yield* silent()
      const seen = yield* unhandled(Effect.scoped(Effect.gen(function*() {
        yield* SseTransport.make({ name: "old", url: server.url, sseReadTimeout: "300 millis" })
        yield* server.until(() => server.seen("initialize").length > 1)
      })))
      assert.deepStrictEqual(seen, [])
    }).pipe(Effect.scoped, Effect.provide(NodeTransports.platform)))

  it.live("a call is given up, and its cancellation is not accepted: no promise is rejected", () =>
    Effect.gen(function*() {
      const server = yield* silent()
      const seen = yield* unhandled(Effect.scoped(Effect.gen(function*() {
        const session = yield* SseTransport.make({ name: "old", url: server.url })
        yield* Effect.flip(session.callTool("echo", {}, { timeout: 100 }))
        yield* server.until(() => server.seen("notifications/cancelled").length > 0)
      })))
      assert.deepStrictEqual(seen, [])
    }).pipe(Effect.scoped, Effect.provide(NodeTransports.platform)))
})
