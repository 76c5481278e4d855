import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import * as Bounded from "../src/internal/bounded.ts"
import { Broadcast } from "../src/internal/broadcast.ts"

const lostText = (count: number) => `${count} lost`

/** A stream whose reader comes when all was offered. */
const read = <E>(values: Iterable<string>, end: Effect.Effect<void, E> = Effect.void) =>
  Stream.runCollect(Bounded.stream(lostText, (offer) => {
    for (const value of values) offer(value)
    return end
  }))

const numbers = (count: number) => Array.from({ length: count }, (_, index) => `${index}`)

describe("a bounded stream", () => {
  it.effect("gives all in order while there is room, and ends", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* read(numbers(16_384)), numbers(16_384))
      assert.deepStrictEqual(yield* read([]), [])
    }))

  it.effect("loses the oldest and says how many", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* read(numbers(17_288)), ["904 lost", ...numbers(17_288).slice(904)])
    }))

  it.effect("keeps no more than 16 Mi characters, and the newest in any case", () =>
    Effect.gen(function*() {
      const mebi = "x".repeat(1024 * 1024)
      assert.deepStrictEqual(yield* read(Array.from({ length: 20 }, () => mebi)), [
        "4 lost",
        ...Array.from({ length: 16 }, () => mebi)
      ])
      const huge = mebi.repeat(17)
      assert.deepStrictEqual(yield* read(["first", huge]), ["1 lost", huge])
    }))

  it.effect("fails after all that was offered", () =>
    Effect.gen(function*() {
      const seen: Array<string> = []
      const failed = Bounded.stream(lostText, (offer) => {
        offer("last")
        return Effect.fail("broken")
      }).pipe(Stream.runForEach((value) => Effect.sync(() => seen.push(value))))
      assert.strictEqual(yield* Effect.flip(failed), "broken")
      assert.deepStrictEqual(seen, ["last"])
    }))

  it.effect("counts anew after each remark, for each reader by itself", () =>
    Effect.gen(function*() {
      const ended = Deferred.makeUnsafe<void>()
      const broadcast = new Broadcast<string>(Deferred.await(ended), { onLost: lostText })
      const first = Deferred.makeUnsafe<void>()
      const goOn = Deferred.makeUnsafe<void>()
      const seen: Array<string> = []
      const slow = yield* Effect.forkChild(
        Stream.runForEach(broadcast.stream, (value) =>
          Effect.gen(function*() {
            seen.push(value)
            yield* Deferred.succeed(first, undefined)
            yield* Deferred.await(goOn)
          })),
        { startImmediately: true }
      )
      const fast = yield* Effect.forkChild(Stream.runCollect(broadcast.stream), { startImmediately: true })
      broadcast.publish("0")
      yield* Deferred.await(first)
      for (let batch = 0; batch < 2; batch++) {
        numbers(9144).forEach((value) => broadcast.publish(value))
        yield* Effect.repeat(Effect.yieldNow, { times: 5 })
      }
      yield* Deferred.succeed(goOn, undefined)
      yield* Effect.repeat(Effect.yieldNow, { times: 17_000 })
      broadcast.publish("last")
      yield* Deferred.succeed(ended, undefined)
      yield* Fiber.join(slow)
      const all = ["0", ...numbers(9144), ...numbers(9144)]
      assert.deepStrictEqual(seen, ["0", "1904 lost", ...all.slice(1905), "last"])
      assert.deepStrictEqual(yield* Fiber.join(fast), [...all, "last"])
    }))

  it.effect("lets go of its source when it is no longer read", () =>
    Effect.gen(function*() {
      const broadcast = new Broadcast(Effect.never, { onLost: lostText })
      const reader = yield* Effect.forkChild(Stream.runDrain(broadcast.stream), { startImmediately: true })
      yield* Effect.yieldNow
      assert.strictEqual(broadcast.listeners.size, 1)
      yield* Fiber.interrupt(reader)
      assert.strictEqual(broadcast.listeners.size, 0)
    }))
})
