import { assert, describe, it } from "@effect/vitest"
import * as McpError from "@universal-mcp/core/McpError"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import * as Overload from "../src/internal/overload.ts"
import { connect, text } from "./fixtures/wire.ts"

const error = (reason: McpError.CallErrorReason, delivery: McpError.Delivery = "answered") =>
  new McpError.CallError({ server: "hand", method: "tools/call", delivery, reason })

const timeout = error(new McpError.Timeout({ milliseconds: 1000 }), "unknown")
const broken = error(new McpError.Rejected({ code: 500, status: 500, description: "HTTP 500" }))
const refusal = error(new McpError.Rejected({ code: -32602, description: "no" }))
const closed = error(new McpError.Closed({ description: "gone", stderr: [] }), "unknown")

/** Limits with a record of what began, and of the states told. */
const limited = (options: Overload.Options) => {
  const begun: Array<string> = []
  const states: Array<string> = []
  let inFlight = 0
  let most = 0
  const overload = new Overload.Overload("hand", options, (state) =>
    Effect.sync(() => {
      states.push(state === undefined ? "well" : `${state.circuit}: ${state.error.reason._tag}`)
    }))
  const call = (flow: string, effect: Effect.Effect<unknown, McpError.CallError> = Effect.void) =>
    overload.run(
      "tools/call",
      flow,
      Effect.suspend(() => {
        begun.push(flow)
        inFlight += 1
        most = Math.max(most, inFlight)
        return Effect.ensuring(
          effect,
          Effect.sync(() => {
            inFlight -= 1
          })
        )
      })
    )
  const failing = (error: McpError.CallError, times: number) =>
    Effect.forEach(
      Array.from({ length: times }),
      () => Effect.flip(call("a", Effect.fail(error))),
      { discard: true }
    )
  return {
    begun,
    states,
    call,
    failing,
    most: () => most,
    timedOut: (error: McpError.CallError) => overload.timedOut(error)
  }
}

/** Calls that are under way until told to end. */
const held = (limit: ReturnType<typeof limited>) => {
  const ends: Array<Deferred.Deferred<void>> = []
  return {
    begin: (flow: string) => {
      const end = Deferred.makeUnsafe<void>()
      ends.push(end)
      return Effect.forkChild(limit.call(flow, Deferred.await(end)), { startImmediately: true })
    },
    end: (index: number) =>
      Effect.andThen(Deferred.succeed(ends[index] ?? Deferred.makeUnsafe<void>(), undefined), settle)
  }
}

const settle = Effect.repeat(Effect.yieldNow, { times: 20 })

const unavailable = (error: McpError.CallError): McpError.Unavailable => {
  assert.strictEqual(error.delivery, "not-sent")
  assert.strictEqual(error.method, "tools/call")
  assert.strictEqual(error.server, "hand")
  const { reason } = error
  if (reason._tag !== "Unavailable") return assert.fail(`it is ${reason._tag}`)
  return reason
}

describe("calls in flight", () => {
  it.effect("are no more than the limit, and all are made", () =>
    Effect.gen(function*() {
      const limit = limited({ concurrency: 5 })
      const calls = Array.from({ length: 100 }, (_, index) => limit.call(`flow ${index % 7}`, Effect.sleep("1 second")))
      const all = yield* Effect.forkChild(Effect.all(calls, { concurrency: "unbounded" }))
      yield* TestClock.adjust("19 seconds")
      assert.isUndefined(all.pollUnsafe())
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(all)
      assert.strictEqual(limit.most(), 5)
      assert.lengthOf(limit.begun, 100)
    }))

  it.effect("are 64 by default", () =>
    Effect.gen(function*() {
      const limit = limited({})
      const calls = Array.from({ length: 100 }, () => limit.call("a", Effect.never))
      yield* Effect.forkChild(Effect.all(calls, { concurrency: "unbounded" }), { startImmediately: true })
      yield* settle
      assert.lengthOf(limit.begun, 64)
    }))

  it.effect("take turns by flow, first come first served within one", () =>
    Effect.gen(function*() {
      const limit = limited({ concurrency: 1 })
      const { begin, end } = held(limit)
      for (const flow of ["flood", "flood", "flood", "flood", "a", "b", "a"]) yield* begin(flow)
      // In the order in which they came, but for the turns.
      for (const index of [0, 1, 4, 5, 2, 6, 3]) yield* end(index)
      assert.deepStrictEqual(limit.begun, ["flood", "flood", "a", "b", "flood", "a", "flood"])
    }))

  it.effect("do not count one that was interrupted, waiting or not", () =>
    Effect.gen(function*() {
      const limit = limited({ concurrency: 1 })
      const { begin, end } = held(limit)
      const first = yield* begin("first")
      const second = yield* begin("second")
      const third = yield* begin("third")
      yield* Fiber.interrupt(second)
      yield* Fiber.interrupt(first)
      yield* settle
      assert.deepStrictEqual(limit.begun, ["first", "third"])
      yield* end(2)
      yield* Fiber.join(third)
      yield* begin("fourth")
      yield* begin("fifth")
      yield* settle
      assert.deepStrictEqual(limit.begun, ["first", "third", "fourth"])
    }))

  it.effect("get each place back once, also where its next owner is interrupted as it gets it", () =>
    Effect.gen(function*() {
      const limit = limited({ concurrency: 3 })
      let seed = 42
      const random = (below: number) => {
        seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
        return seed % below
      }
      const fibers: Array<Fiber.Fiber<unknown, unknown>> = []
      for (let step = 0; step < 3000; step++) {
        fibers.push(
          yield* Effect.forkChild(limit.call(`${random(4)}`, Effect.repeat(Effect.yieldNow, { times: random(3) })))
        )
        const victim = fibers[random(fibers.length)]
        if (victim !== undefined && random(2) === 0) yield* Effect.forkChild(Fiber.interrupt(victim))
        if (random(3) === 0) yield* Effect.yieldNow
      }
      yield* Effect.forEach(fibers, Fiber.await)
      assert.isAtMost(limit.most(), 3)
      const { begin } = held(limit)
      const before = limit.begun.length
      for (const flow of ["x", "x", "x", "x"]) yield* begin(flow)
      assert.strictEqual(limit.begun.length - before, 3)
    }))

  it.effect("that wait are 10,000 at most: then the next fails at once", () =>
    Effect.gen(function*() {
      const limit = limited({ concurrency: 1 })
      const first = yield* Effect.forkChild(limit.call("a", Effect.never), { startImmediately: true })
      const waiting = Effect.all(Array.from({ length: 10_000 }, () => limit.call("a")), { concurrency: "unbounded" })
      const all = yield* Effect.forkChild(waiting, { startImmediately: true })
      yield* settle
      const reason = unavailable(yield* Effect.flip(limit.call("b")))
      assert.strictEqual(reason.message, "10000 calls are waiting for the server already")
      yield* Fiber.interrupt(first)
      yield* Fiber.join(all)
      yield* limit.call("b")
      assert.lengthOf(limit.begun, 10_002)
    }))
})

describe("the rate limit", () => {
  it.effect("holds within every window, and lets a burst through", () =>
    Effect.gen(function*() {
      const limit = limited({ rateLimit: { limit: 3, window: "1 minute" } })
      const begunAt = Effect.sync(() => limit.begun.length)
      yield* limit.call("a")
      yield* TestClock.adjust("50 seconds")
      yield* limit.call("a")
      yield* limit.call("a")
      yield* Effect.forkChild(limit.call("a"), { startImmediately: true })
      yield* Effect.forkChild(limit.call("a"), { startImmediately: true })
      yield* TestClock.adjust("9999 millis")
      assert.strictEqual(yield* begunAt, 3)
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(yield* begunAt, 4)
      yield* TestClock.adjust("49999 millis")
      assert.strictEqual(yield* begunAt, 4)
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(yield* begunAt, 5)
    }))

  it.effect("is shared in turns, and takes nothing for a call that was interrupted", () =>
    Effect.gen(function*() {
      const limit = limited({ rateLimit: { limit: 1, window: "1 second" } })
      yield* limit.call("flood")
      const flood = yield* Effect.forkChild(
        Effect.all(Array.from({ length: 500 }, () => limit.call("flood")), { concurrency: "unbounded" }),
        { startImmediately: true }
      )
      yield* Effect.forkChild(limit.call("other"), { startImmediately: true })
      yield* TestClock.adjust("5 seconds")
      assert.lengthOf(limit.begun, 6)
      assert.include(limit.begun, "other")
      yield* Fiber.interrupt(flood)
      yield* Effect.forkChild(limit.call("last"), { startImmediately: true })
      yield* TestClock.adjust("1 second")
      assert.lengthOf(limit.begun, 7)
      assert.strictEqual(limit.begun.at(-1), "last")
    }))
})

describe("the circuit breaker", () => {
  it.effect("opens after 10 failures in a row, and says why it fails the next at once", () =>
    Effect.gen(function*() {
      const limit = limited({})
      yield* limit.failing(timeout, 9)
      yield* limit.call("a")
      yield* limit.failing(timeout, 9)
      assert.deepStrictEqual(limit.states, [])
      yield* limit.failing(broken, 1)
      assert.deepStrictEqual(limit.states, ["open: Rejected"])
      yield* TestClock.adjust("1 second")
      const reason = unavailable(yield* Effect.flip(limit.call("a")))
      assert.strictEqual(reason.retryAfter, 4000)
      assert.strictEqual(
        reason.message,
        "too many calls failed in a row, the last with: HTTP 500; try again in 4000 ms"
      )
      assert.lengthOf(limit.begun, 20)
    }))

  it.effect("lets one through after the cooldown: its success closes it", () =>
    Effect.gen(function*() {
      const limit = limited({ circuitBreaker: { failures: 2, cooldown: "1 minute" } })
      const { begin, end } = held(limit)
      yield* limit.failing(timeout, 2)
      yield* TestClock.adjust("1 minute")
      const probe = yield* begin("probe")
      assert.deepStrictEqual(limit.states, ["open: Timeout", "half-open: Timeout"])
      assert.isUndefined(unavailable(yield* Effect.flip(limit.call("other"))).retryAfter)
      yield* end(0)
      yield* Fiber.join(probe)
      yield* limit.call("other")
      assert.deepStrictEqual(limit.states, ["open: Timeout", "half-open: Timeout", "well"])
      // It counts from zero again.
      yield* limit.failing(timeout, 1)
      yield* limit.call("other")
    }))

  it.effect("opens again, for as long, when that one fails", () =>
    Effect.gen(function*() {
      const limit = limited({ circuitBreaker: { failures: 1, cooldown: "1 minute" } })
      yield* limit.failing(timeout, 1)
      yield* TestClock.adjust("1 minute")
      yield* limit.failing(broken, 1)
      assert.deepStrictEqual(limit.states, ["open: Timeout", "half-open: Timeout", "open: Rejected"])
      yield* TestClock.adjust("59 seconds")
      unavailable(yield* Effect.flip(limit.call("a")))
      yield* TestClock.adjust("1 second")
      yield* limit.call("a")
    }))

  it.effect("lets the next through when the one was interrupted", () =>
    Effect.gen(function*() {
      const limit = limited({ circuitBreaker: { failures: 1 } })
      const { begin } = held(limit)
      yield* limit.failing(timeout, 1)
      yield* TestClock.adjust("5 seconds")
      yield* Fiber.interrupt(yield* begin("a"))
      assert.strictEqual(limit.states.at(-1), "open: Timeout")
      yield* limit.call("a")
      assert.strictEqual(limit.states.at(-1), "well")
    }))

  it.effect("is told of requests that were given up after their time", () =>
    Effect.gen(function*() {
      const limit = limited({ circuitBreaker: { failures: 2 } })
      const { begin } = held(limit)
      const giveUp = (call: Fiber.Fiber<unknown, unknown>) =>
        Effect.andThen(limit.timedOut(timeout), Fiber.interrupt(call))
      yield* giveUp(yield* begin("a"))
      assert.deepStrictEqual(limit.states, [])
      yield* giveUp(yield* begin("a"))
      assert.deepStrictEqual(limit.states, ["open: Timeout"])
      yield* TestClock.adjust("5 seconds")
      yield* giveUp(yield* begin("a"))
      assert.deepStrictEqual(limit.states, ["open: Timeout", "half-open: Timeout", "open: Timeout"])
      assert.strictEqual(unavailable(yield* Effect.flip(limit.call("a"))).retryAfter, 5000)
    }))

  it.effect("takes what the server refuses for an answer, and a lost connection for neither", () =>
    Effect.gen(function*() {
      const limit = limited({ circuitBreaker: { failures: 2 } })
      yield* limit.failing(timeout, 1)
      yield* limit.failing(closed, 20)
      yield* limit.failing(refusal, 20)
      yield* limit.failing(timeout, 1)
      assert.deepStrictEqual(limit.states, [])
      yield* limit.failing(closed, 1)
      yield* limit.failing(timeout, 1)
      assert.deepStrictEqual(limit.states, ["open: Timeout"])
    }))

  it.effect("fails the calls that wait for their turn when it opens", () =>
    Effect.gen(function*() {
      const limit = limited({ concurrency: 2, circuitBreaker: { failures: 1 } })
      const { begin } = held(limit)
      yield* begin("hangs")
      const end = Deferred.makeUnsafe<void>()
      const failing = yield* Effect.forkChild(
        limit.call("a", Effect.andThen(Deferred.await(end), Effect.fail(timeout))),
        { startImmediately: true }
      )
      const waiting = yield* Effect.forkChild(
        Effect.forEach(Array.from({ length: 5000 }), () => Effect.flip(limit.call("a")), { concurrency: "unbounded" }),
        { startImmediately: true }
      )
      yield* settle
      yield* Deferred.succeed(end, undefined)
      yield* Effect.flip(Fiber.join(failing))
      for (const error of yield* Fiber.join(waiting)) unavailable(error)
      assert.deepStrictEqual(limit.begun, ["hangs", "a"])
    }))

  it.effect("stays closed when it is off", () =>
    Effect.gen(function*() {
      const limit = limited({ circuitBreaker: false })
      yield* limit.failing(timeout, 100)
      yield* limit.timedOut(timeout)
      yield* limit.call("a")
      assert.deepStrictEqual(limit.states, [])
    }))
})

describe("a session", () => {
  it.effect("that answers no calls is degraded, fails calls at once, and is ready again after one answer", () =>
    Effect.gen(function*() {
      let answers = false
      const { session, wire } = yield* connect({
        "tools/call": (request, end) => {
          if (answers) end.answer(request, text("hello"))
        }
      }, { circuitBreaker: { failures: 3, cooldown: "1 minute" } })
      const states: Array<string> = []
      yield* Effect.forkChild(
        Stream.runForEach(
          session.state.changes,
          (state) =>
            Effect.sync(() =>
              states.push(state._tag === "Degraded" ? `${state.circuit}: ${state.error.reason._tag}` : state._tag)
            )
        ),
        { startImmediately: true }
      )
      const call = session.callTool("echo", {}, { timeout: "1 second" })
      const calls = yield* Effect.forkChild(
        Effect.all([Effect.flip(call), Effect.flip(call), Effect.flip(call)], { concurrency: "unbounded" })
      )
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(calls)
      const error = yield* Effect.flip(call)
      if (error._tag !== "CallError") return assert.fail(`it is ${error._tag}`)
      assert.strictEqual(unavailable(error).retryAfter, 60_000)
      assert.lengthOf(wire.all("tools/call"), 3)
      answers = true
      yield* TestClock.adjust("1 minute")
      yield* call
      yield* call
      assert.deepStrictEqual(states, ["Ready", "open: Timeout", "half-open: Timeout", "Ready"])
    }))

  it.effect("sends no more at once than it may; a call that waits is not sent when its time is over", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect({}, { concurrency: 2 })
      const calls = yield* Effect.forkChild(
        Effect.forEach(
          ["1 minute", "1 minute", "1 second"] as const,
          (timeout) => Effect.flip(session.callTool("echo", {}, { timeout })),
          { concurrency: "unbounded" }
        ),
        { startImmediately: true }
      )
      yield* wire.next("tools/call", 2)
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(
        (yield* Fiber.join(calls)).map((error) => error._tag === "CallError" ? error.delivery : error._tag),
        ["unknown", "unknown", "not-sent"]
      )
      assert.lengthOf(wire.all("tools/call"), 2)
    }))
})
