import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Metric from "effect/Metric"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"
import * as deadlines from "../src/internal/deadlines.ts"

const fixture = Effect.gen(function*() {
  const timers = yield* deadlines.make
  const due: Array<string> = []
  const deadline = (name: string): deadlines.Deadline => ({ due: 0, onDue: () => due.push(name) })
  return { ...timers, due, deadline }
})

describe("deadlines", () => {
  it.effect("are called when they are due, whatever the order in which they were set, and once", () =>
    Effect.gen(function*() {
      const { deadline, due, set } = yield* fixture
      set(deadline("late"), 3000)
      set(deadline("early"), 1000)
      set(deadline("between"), 2000)
      yield* TestClock.adjust(999)
      assert.deepStrictEqual(due, [])
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(due, ["early"])
      yield* TestClock.adjust(1000)
      assert.deepStrictEqual(due, ["early", "between"])
      yield* TestClock.adjust(10_000)
      assert.deepStrictEqual(due, ["early", "between", "late"])
    }))

  it.effect("that are moved are called at their new time, those that are cleared never", () =>
    Effect.gen(function*() {
      const { clear, deadline, due, set } = yield* fixture
      const moved = deadline("moved")
      const cleared = deadline("cleared")
      set(moved, 1000)
      set(cleared, 1000)
      clear(cleared)
      yield* TestClock.adjust(900)
      set(moved, 1000)
      yield* TestClock.adjust(999)
      assert.deepStrictEqual(due, [])
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(due, ["moved"])
    }))

  it.effect("can be set when another is due", () =>
    Effect.gen(function*() {
      const { deadline, due, set } = yield* fixture
      const second = deadline("second")
      set({
        due: 0,
        onDue: () => {
          due.push("first")
          set(second, 500)
        }
      }, 1000)
      yield* TestClock.adjust(1000)
      assert.deepStrictEqual(due, ["first"])
      yield* TestClock.adjust(500)
      assert.deepStrictEqual(due, ["first", "second"])
    }))

  it.effect("are called also when what is called for another one throws", () =>
    Effect.gen(function*() {
      const { deadline, due, set } = yield* fixture
      const throwing = () => {
        throw new Error("thrown on purpose")
      }
      set({ due: 0, onDue: throwing }, 1000)
      set(deadline("same"), 1000)
      set(deadline("later"), 2000)
      yield* TestClock.adjust(2000)
      set(deadline("since"), 1000)
      yield* TestClock.adjust(1000)
      assert.deepStrictEqual(due, ["same", "later", "since"])
    }))

  it.effect("can be set again after there were none", () =>
    Effect.gen(function*() {
      const { deadline, due, set } = yield* fixture
      set(deadline("one"), 1000)
      yield* TestClock.adjust(5000)
      set(deadline("two"), 1000)
      yield* TestClock.adjust(1000)
      assert.deepStrictEqual(due, ["one", "two"])
    }))

  it.effect("are watched together for all that share a clock, until the last of them is gone", () =>
    Effect.gen(function*() {
      const [one, other] = [yield* Scope.make(), yield* Scope.make()]
      const timers = yield* Scope.provide(deadlines.shared, one)
      assert.strictEqual(yield* Scope.provide(deadlines.shared, other), timers)
      const due: Array<string> = []
      timers.set({ due: 0, onDue: () => due.push("first") }, 1000)
      yield* Scope.close(one, Exit.void)
      yield* TestClock.adjust(1000)
      assert.deepStrictEqual(due, ["first"])
      timers.set({ due: 0, onDue: () => due.push("second") }, 1000)
      yield* Scope.close(other, Exit.void)
      yield* TestClock.adjust(1000)
      assert.deepStrictEqual(due, ["first"])
      assert.notStrictEqual(yield* Effect.scoped(deadlines.shared), timers)
    }))

  it.effect("are watched by a fiber in which nothing is of the session that was the first", () =>
    Effect.gen(function*() {
      const [one, other] = [yield* Scope.make(), yield* Scope.make()]
      let fibers = 0
      const timers = yield* Scope.provide(deadlines.shared, one).pipe(
        Effect.provideService(Metric.FiberRuntimeMetrics, {
          recordFiberStart: () => fibers++,
          recordFiberEnd: () => fibers--
        })
      )
      yield* Scope.provide(deadlines.shared, other)
      timers.set({ due: 0, onDue: () => {} }, 1000)
      yield* Scope.close(one, Exit.void)
      yield* TestClock.adjust(500)
      assert.strictEqual(fibers, 0)
      yield* Scope.close(other, Exit.void)
    }))
})
