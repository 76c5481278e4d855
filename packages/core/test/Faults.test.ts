import { assert, describe, it } from "@effect/vitest"
import * as Faults from "@universal-mcp/core/Faults"
import * as McpSession from "@universal-mcp/core/McpSession"
import type { McpTransport } from "@universal-mcp/core/McpTransport"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { type Handlers, type Message, text, type Wire, wire } from "./fixtures/wire.ts"

const echo: Handlers = { "tools/call": (request, end) => end.answer(request, text(`call ${request.id}`)) }

/** A session with a server by hand behind faults, and the faults that hit. */
const connect = Effect.fnUntraced(function*(
  faults: Partial<Faults.Options>,
  handlers: Handlers = echo,
  kill?: (wire: Wire) => void
) {
  const end = yield* wire(handlers)
  const near: McpTransport = end.near
  const killable = kill === undefined ? near : Object.assign(near, { kill: () => kill(end) })
  const hits: Array<Faults.Hit> = []
  const session = yield* McpSession.make(Effect.succeed(killable), {
    name: "hand",
    transport: "in-memory",
    reconnect: false,
    circuitBreaker: false
  }).pipe(Effect.provide(Faults.layer({ seed: 1, onFault: (hit) => hits.push(hit), ...faults })))
  return { session, wire: end, hits }
})

const methods = ["tools/call"]
const once = (direction: Faults.Direction): Faults.Fault => ({ probability: 1, times: 1, direction, methods })

const call = (session: McpSession.McpSession["Service"]) => session.callTool("echo", {}, { timeout: "10 seconds" })

/** What became of a call that may take its whole time. */
const outcome = Effect.fnUntraced(function*(session: McpSession.McpSession["Service"]) {
  const fiber = yield* Effect.forkChild(Effect.result(call(session)), { startImmediately: true })
  yield* TestClock.adjust("10 seconds")
  const result = yield* Fiber.join(fiber)
  if (result._tag === "Success") return "answered"
  return result.failure._tag === "CallError"
    ? `${result.failure.reason._tag}, ${result.failure.delivery}`
    : result.failure._tag
})

describe("Faults", () => {
  it.effect("none: nothing is changed", () =>
    Effect.gen(function*() {
      const { hits, session, wire } = yield* connect({})
      const results = yield* Effect.all(Array.from({ length: 20 }, () => call(session)), { concurrency: 5 })
      assert.lengthOf(results, 20)
      assert.lengthOf(wire.all("tools/call"), 20)
      assert.deepStrictEqual(hits, [])
    }))

  it.effect("an onFault that throws is a warning, and the fault hits all the same", () =>
    Effect.gen(function*() {
      const { session } = yield* connect({
        drop: once("receive"),
        onFault: () => {
          throw new Error("my own bug")
        }
      })
      const warning = yield* Effect.forkChild(Stream.runHead(session.warnings), { startImmediately: true })
      assert.strictEqual(yield* outcome(session), "Timeout, unknown")
      assert.strictEqual(yield* outcome(session), "answered")
      const heard = yield* Effect.fromOption(yield* Fiber.join(warning))
      assert.include(heard.description, "onFault threw: Error: my own bug")
    }))

  it.effect("drop: a request does not arrive, or its answer does not", () =>
    Effect.gen(function*() {
      const sending = yield* connect({ drop: once("send") })
      assert.strictEqual(yield* outcome(sending.session), "Timeout, unknown")
      assert.lengthOf(sending.wire.all("tools/call"), 0)
      assert.strictEqual(yield* outcome(sending.session), "answered")
      const receiving = yield* connect({ drop: once("receive") })
      assert.strictEqual(yield* outcome(receiving.session), "Timeout, unknown")
      assert.lengthOf(receiving.wire.all("tools/call"), 1)
      assert.deepStrictEqual(receiving.hits, [
        { server: "hand", fault: "drop", direction: "receive", method: "tools/call", count: 1 }
      ])
    }))

  it.effect("delay: it comes later, by no more than it says", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect({ delay: { ...once("send"), by: "5 seconds" } })
      const late = yield* Effect.forkChild(call(session), { startImmediately: true })
      yield* Effect.repeat(Effect.yieldNow, { times: 20 })
      assert.lengthOf(wire.all("tools/call"), 0)
      yield* call(session)
      assert.lengthOf(wire.all("tools/call"), 1)
      yield* TestClock.adjust("5 seconds")
      yield* Fiber.join(late)
      assert.lengthOf(wire.all("tools/call"), 2)
    }))

  it.effect("duplicate: it comes twice", () =>
    Effect.gen(function*() {
      const sending = yield* connect({ duplicate: once("send") })
      assert.strictEqual(yield* outcome(sending.session), "answered")
      assert.lengthOf(sending.wire.all("tools/call"), 2)
      const receiving = yield* connect({ duplicate: { probability: 1, methods: ["notifications/message"] } })
      const told = yield* Effect.forkChild(
        Stream.runCollect(Stream.take(receiving.session.notifications, 2)),
        { startImmediately: true }
      )
      receiving.wire.send({ jsonrpc: "2.0", method: "notifications/message", params: { data: "once" } })
      assert.deepStrictEqual((yield* Fiber.join(told)).map(({ params }) => params?.["data"]), ["once", "once"])
    }))

  it.effect("cut: the connection ends; the server has the request, and is not told", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect({ cut: once("send") })
      assert.strictEqual(yield* outcome(session), "Closed, unknown")
      assert.lengthOf(wire.all("tools/call"), 1)
      assert.isFalse(wire.closed)
      const state = yield* session.state.current
      assert.strictEqual(state._tag, "Failed")
      assert.include(JSON.stringify(state), "the connection was cut (injected)")
      const before = yield* connect({ cut: once("receive") })
      assert.strictEqual(yield* outcome(before.session), "Closed, unknown")
    }))

  it.effect("expire: the server does not get the request, which was surely not executed", () =>
    Effect.gen(function*() {
      const { hits, session, wire } = yield* connect({ expire: { probability: 1, times: 1 } })
      assert.strictEqual(yield* outcome(session), "SessionExpired, not-sent")
      assert.lengthOf(wire.all("tools/call"), 0)
      assert.deepStrictEqual(hits.map(({ method }) => method), ["tools/call"])
    }))

  it.effect("hang: nothing goes through any more, and nothing ends", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect({ hang: once("receive") })
      assert.strictEqual(yield* outcome(session), "Timeout, unknown")
      assert.strictEqual(yield* outcome(session), "Timeout, unknown")
      assert.lengthOf(wire.all("tools/call"), 1)
      assert.strictEqual((yield* session.state.current)._tag, "Ready")
    }))

  it.effect("garbage: a remark, and no answer", () =>
    Effect.gen(function*() {
      const { session } = yield* connect({ garbage: { probability: 1, times: 1, methods } })
      const remark = yield* Effect.forkChild(Stream.runHead(session.warnings), { startImmediately: true })
      assert.strictEqual(yield* outcome(session), "Timeout, unknown")
      assert.include(JSON.stringify(yield* Fiber.join(remark)), "the server sent a message that is not JSON-RPC")
      assert.strictEqual(yield* outcome(session), "answered")
    }))

  it.effect("kill: the server dies where it can, and is cut off where not", () =>
    Effect.gen(function*() {
      const killed: Array<Wire> = []
      const { session, wire } = yield* connect({ kill: once("send") }, {}, (end) => {
        killed.push(end)
        void end.far.close()
      })
      assert.strictEqual(yield* outcome(session), "Closed, unknown")
      assert.deepStrictEqual(killed, [wire])
      const other = yield* connect({ kill: once("send") })
      assert.strictEqual(yield* outcome(other.session), "Closed, unknown")
      assert.isFalse(other.wire.closed)
    }))

  it.effect("hits the handshake too", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(
        connect({ cut: { probability: 1, methods: ["initialize"], direction: "receive" } })
      )
      assert.strictEqual(error._tag, "ConnectionError")
      assert.include(error.message, "the connection was cut (injected)")
    }))

  /** What hits a hundred calls, so many at once, whose answers come in an order that is not ours. */
  const run = Effect.fnUntraced(function*(seed: number, concurrency: number) {
    const answers: Array<() => void> = []
    const often = { probability: 0.2, methods }
    const { hits, session } = yield* connect({ seed, duplicate: often, delay: often, drop: often }, {
      "tools/call": (request: Message, end) => {
        answers.push(() => end.answer(request, text("hello")))
        if (answers.length >= Math.min(concurrency, 3)) answers.splice(0).toReversed().forEach((answer) => answer())
      }
    })
    const calls = Effect.forEach(Array.from({ length: 100 }), () => Effect.exit(call(session)), { concurrency })
    const fiber = yield* Effect.forkChild(calls)
    while (fiber.pollUnsafe() === undefined) yield* TestClock.adjust("1 second")
    return hits
  })

  it.effect("the same seed brings the same faults, whatever the timing; another seed others", () =>
    Effect.gen(function*() {
      const one = yield* run(1, 1)
      assert.isAbove(one.length, 50)
      assert.deepStrictEqual(yield* run(1, 1), one)
      // How many answers there are is not the same, because more calls come to nothing.
      const sent = (hits: ReadonlyArray<Faults.Hit>) => hits.filter(({ direction }) => direction === "send")
      assert.deepStrictEqual(sent(yield* run(1, 10)), sent(one))
      assert.notDeepEqual(sent(yield* run(2, 1)), sent(one))
    }))

  it.effect("a fault hits as often as its probability says", () =>
    Effect.gen(function*() {
      const { hits, session } = yield* connect({ duplicate: { probability: 0.25, direction: "send", methods } })
      yield* Effect.forEach(Array.from({ length: 2000 }), () => call(session), { discard: true })
      assert.closeTo(hits.length / 2000, 0.25, 0.03)
    }))
})
