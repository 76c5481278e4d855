import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import { Overload } from "../src/internal/overload.ts"
import * as RateLimit from "../src/internal/rateLimit.ts"
import { CallError, Rejected } from "../src/McpError.ts"

/** The virtual clock, with a time of day that can be set as a person or NTP sets it. */
const withSettableTime = Effect.gen(function*() {
  const clock = yield* Clock.Clock
  let offset = 0
  const millis = () => clock.currentTimeMillisUnsafe() + offset
  const nanos = () => clock.currentTimeNanosUnsafe() + BigInt(offset) * 1_000_000n
  const settable: Clock.Clock = {
    currentTimeMillisUnsafe: millis,
    currentTimeMillis: Effect.sync(millis),
    currentTimeNanosUnsafe: nanos,
    currentTimeNanos: Effect.sync(nanos),
    monotonicTimeNanosUnsafe: () => clock.monotonicTimeNanosUnsafe(),
    monotonicTimeNanos: clock.monotonicTimeNanos,
    sleep: (duration) => clock.sleep(duration)
  }
  return {
    context: Context.make(Clock.Clock, settable),
    setBack: (duration: Duration.Input) => {
      offset -= Duration.toMillis(Duration.fromInputUnsafe(duration))
    }
  }
})

const broken = new CallError({
  server: "s",
  method: "tools/call",
  delivery: "unknown",
  reason: new Rejected({ code: 500, status: 500, description: "HTTP 500" })
})

describe("when the time of day is set back by a day", () => {
  it.effect("a rate limit lets calls through after its window", () =>
    Effect.gen(function*() {
      const { context, setBack } = yield* withSettableTime
      const { turn } = RateLimit.make({ limit: 1, window: "1 second" })
      yield* Effect.provideContext(turn("a"), context)
      setBack("1 day")
      const second = yield* Effect.forkChild(Effect.provideContext(turn("a"), context))
      yield* TestClock.adjust("1 second")
      assert.isDefined(second.pollUnsafe())
      yield* Fiber.join(second)
    }))

  it.effect("an open circuit lets a call through after its cooldown", () =>
    Effect.gen(function*() {
      const { context, setBack } = yield* withSettableTime
      const overload = new Overload("s", { circuitBreaker: { failures: 1, cooldown: "5 seconds" } }, () => Effect.void)
      const call = (effect: Effect.Effect<string, CallError>) =>
        Effect.provideContext(overload.run("tools/call", "a", effect), context)
      yield* Effect.flip(call(Effect.fail(broken)))
      setBack("1 day")
      const held = yield* Effect.flip(call(Effect.succeed("too early")))
      assert.deepInclude(held.reason, { _tag: "Unavailable", retryAfter: 5000 })
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual(yield* call(Effect.succeed("well again")), "well again")
    }))
})
