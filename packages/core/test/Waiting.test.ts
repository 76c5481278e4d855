import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import * as Waiting from "../src/internal/waiting.ts"

setFlagsFromString("--expose-gc")

const late = (waiting: Waiting.Waiting) => ({
  deadline: waiting.deadline(60_000),
  orElse: () => Effect.fail("late")
})

describe("a request's time-out", () => {
  it.effect("is as long as it says", () =>
    Effect.gen(function*() {
      const waiting = yield* Waiting.make
      const request = yield* Effect.forkChild(Effect.flip(waiting.timeoutOrElse(late(waiting))(Effect.never)))
      yield* TestClock.adjust("59 seconds")
      assert.isUndefined(request.pollUnsafe())
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* Fiber.join(request), "late")
    }))

  it.effect("does not count the time in which the server waits for our answers, however many at once", () =>
    Effect.gen(function*() {
      const waiting = yield* Waiting.make
      yield* Effect.forkChild(waiting.during(Effect.sleep("10 minutes")))
      yield* TestClock.adjust("5 minutes")
      const request = yield* Effect.forkChild(Effect.flip(waiting.timeoutOrElse(late(waiting))(Effect.never)))
      yield* Effect.forkChild(waiting.during(Effect.sleep("10 minutes")))
      yield* TestClock.adjust("10 minutes")
      yield* TestClock.adjust("59 seconds")
      assert.isUndefined(request.pollUnsafe())
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* Fiber.join(request), "late")
    }))

  it.effect("comes also when whoever waited for another one throws", () =>
    Effect.gen(function*() {
      const waiting = yield* Waiting.make
      const due: Array<string> = []
      waiting.add(waiting.deadline(1000), () => {
        throw new Error("thrown on purpose")
      })
      waiting.add(waiting.deadline(1000), () => due.push("at the same time"))
      waiting.add(waiting.deadline(2000), () => due.push("later"))
      yield* TestClock.adjust("2 seconds")
      waiting.add(waiting.deadline(1000), () => due.push("made since"))
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(due, ["at the same time", "later", "made since"])
    }))

  it.effect("goes on when an answer is interrupted", () =>
    Effect.gen(function*() {
      const waiting = yield* Waiting.make
      const request = yield* Effect.forkChild(Effect.flip(waiting.timeoutOrElse(late(waiting))(Effect.never)))
      const answer = yield* Effect.forkChild(waiting.during(Effect.never))
      yield* TestClock.adjust("1 hour")
      assert.isUndefined(request.pollUnsafe())
      yield* Fiber.interrupt(answer)
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(yield* Fiber.join(request), "late")
    }))

  it.effect("leaves nothing behind where the answer comes first", () =>
    Effect.gen(function*() {
      const waiting = yield* Waiting.make
      const collect = yield* Effect.sync(() => runInNewContext("gc"))
      const used = Effect.sync(() => {
        collect()
        return process.memoryUsage().heapUsed
      })
      const timers = Array.from({ length: 64 }, () => waiting.add(waiting.deadline(60_000), () => {}))
      const before = yield* used
      for (let count = 0; count < 300_000; count++) {
        waiting.remove(timers[count % timers.length])
        timers[count % timers.length] = waiting.add(waiting.deadline(60_000), () => {})
      }
      assert.isBelow((yield* used) - before, 4_000_000)
    }))

  it.effect("leaves nothing behind where each has a time of its own", () =>
    Effect.gen(function*() {
      const waiting = yield* Waiting.make
      const before = process.getActiveResourcesInfo().length
      for (let count = 0; count < 10_000; count++) {
        waiting.remove(waiting.add(waiting.deadline(60_000 + count), () => {}))
      }
      assert.isAtMost(process.getActiveResourcesInfo().length, before + 2)
    }).pipe(TestClock.withLive))

  it.effect("of a deadline that was made before others is not forgotten behind them", () =>
    Effect.gen(function*() {
      const waiting = yield* Waiting.make
      const early = waiting.deadline(60_000)
      yield* TestClock.adjust("30 seconds")
      const seen: Array<string> = []
      waiting.add(waiting.deadline(60_000), () => seen.push("late"))
      const removed = waiting.add(early, () => seen.push("removed"))
      waiting.add(early, () => seen.push("early"))
      waiting.remove(removed)
      yield* TestClock.adjust("30 seconds")
      assert.deepStrictEqual(seen, ["early"])
      yield* TestClock.adjust("30 seconds")
      assert.deepStrictEqual(seen, ["early", "late"])
    }))
})
