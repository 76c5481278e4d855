/** How long a stream may be silent, beside the time that its request has: in virtual time, on real sockets. */
import { assert, describe, it } from "@effect/vitest"
import type { CallOptions } from "@universal-mcp/core/McpSession"
import * as NodeTransports from "@universal-mcp/transports/NodeTransports"
import * as SseTransport from "@universal-mcp/transports/SseTransport"
import type * as StreamableHttpTransport from "@universal-mcp/transports/StreamableHttpTransport"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { event, type Exchange, initializeResult, result, serve, stream } from "./fixtures/httpServer.ts"
import { connect, failure, text } from "./fixtures/httpSupport.ts"

const begun = event({ jsonrpc: "2.0", method: "notifications/message", params: { level: "info", data: "begun" } })

const test = <E>(name: string, body: Effect.Effect<void, E, Effect.Services<ReturnType<typeof connect>>>) =>
  it.effect(name, () => body.pipe(Effect.scoped, Effect.provide(NodeTransports.platform)))

describe("the stream of a call", () => {
  const afterSilence = Effect.fnUntraced(
    function*(seconds: number, options: Partial<StreamableHttpTransport.Options>, callOptions: CallOptions) {
      const calls: Array<Exchange> = []
      const server = yield* serve({
        "tools/call": (exchange) => {
          calls.push(exchange)
          stream(exchange, begun)
        }
      })
      const session = yield* connect(server.url, options)
      const call = yield* Effect.forkChild(Effect.result(session.callTool("echo", {}, callOptions)))
      yield* session.notifications.pipe(Stream.takeUntil(({ params }) => params?.["data"] === "begun"), Stream.runDrain)
      yield* TestClock.adjust(`${seconds} seconds`)
      for (const { message, response } of calls) response.end(event(result(message.id, "done")))
      return yield* Fiber.join(call)
    }
  )

  const waits: ReadonlyArray<readonly [string, number, Partial<StreamableHttpTransport.Options>, CallOptions]> = [
    ["the requests of the server may take longer than 300 s", 590, { requestTimeout: "10 minutes" }, {}],
    ["the call may take longer than 300 s", 3500, {}, { timeout: "1 hour" }],
    ["the call may take as long as it takes", 86_000, {}, { timeout: "Infinity" }],
    ["the call may take longer than `sseReadTimeout`", 9, { sseReadTimeout: "1 second" }, { timeout: "10 seconds" }]
  ]

  for (const [name, seconds, options, callOptions] of waits) {
    test(
      `may be silent for ${seconds} s: ${name}`,
      Effect.gen(function*() {
        const outcome = yield* afterSilence(seconds, options, callOptions)
        assert.strictEqual(Result.isSuccess(outcome) ? text(outcome.success) : String(outcome.failure), "done")
      })
    )
  }

  test(
    "ends with the time of the call, and not later",
    Effect.gen(function*() {
      const outcome = yield* afterSilence(601, {}, { timeout: "10 minutes" })
      assert.include(Result.isFailure(outcome) ? outcome.failure.message : "", "600000 ms")
    })
  )

  test(
    "is dead after `sseReadTimeout` where the call has no time of its own",
    Effect.gen(function*() {
      const outcome = yield* afterSilence(2, {
        sseReadTimeout: "1 second",
        requestTimeout: "10 seconds",
        reconnect: false
      }, {})
      assert.include(Result.isFailure(outcome) ? outcome.failure.message : "", "silent for 1000 ms")
    })
  )
})

describe("the stream of an SSE session", () => {
  const old = Effect.gen(function*() {
    let say: (text: string) => void = () => {}
    const server = yield* serve({
      "GET": (exchange) => {
        stream(exchange, "event: endpoint\ndata: /messages\n\n")
        say = (text) => exchange.response.write(text)
      },
      "initialize": ({ message, response }) => {
        response.writeHead(202).end()
        say(event(initializeResult(message.id)))
      },
      // Busy with the call: it answers no ping.
      "ping": () => {},
      "tools/call": ({ response }) => response.writeHead(202).end()
    })
    return { server, say: (text: string) => say(text) }
  })

  test(
    "may be silent while a call is in flight that may take longer",
    Effect.gen(function*() {
      const { say, server } = yield* old
      const session = yield* SseTransport.make({ name: "old", url: server.url })
      const call = yield* Effect.forkChild(session.callTool("echo", {}, { timeout: "1 hour" }))
      yield* server.until(() => server.seen("tools/call").length === 1)
      yield* TestClock.adjust("3000 seconds")
      say(event(result(server.seen("tools/call")[0]?.message.id, "done")))
      assert.strictEqual(text(yield* Fiber.join(call)), "done")
      assert.strictEqual(server.seen("initialize").length, 1)
    })
  )

  test(
    "may be silent for as long as the requests of the server may take",
    Effect.gen(function*() {
      const { say, server } = yield* old
      const session = yield* SseTransport.make({ name: "old", url: server.url, requestTimeout: "1 hour" })
      const call = yield* Effect.forkChild(session.callTool("echo"))
      yield* server.until(() => server.seen("tools/call").length === 1)
      yield* TestClock.adjust("3000 seconds")
      say(event(result(server.seen("tools/call")[0]?.message.id, "done")))
      assert.strictEqual(text(yield* Fiber.join(call)), "done")
    })
  )

  test(
    "is dead after 300 s where no call may take longer",
    Effect.gen(function*() {
      const { say, server } = yield* old
      const session = yield* SseTransport.make({ name: "old", url: server.url, reconnect: false })
      const long = yield* Effect.forkChild(session.callTool("echo", {}, { timeout: "1 hour" }))
      yield* server.until(() => server.seen("tools/call").length === 1)
      say(event(result(server.seen("tools/call")[0]?.message.id, "done")))
      yield* Fiber.join(long)
      const error = yield* Effect.forkChild(failure(session, { timeout: "299 seconds" }))
      yield* server.until(() => server.seen("tools/call").length === 2)
      yield* TestClock.adjust("298 seconds")
      yield* server.until(() => server.seen("ping").length === 1)
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* Fiber.join(error)).reason._tag, "Timeout")
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual((yield* session.state.current)._tag, "Failed")
    })
  )
})
