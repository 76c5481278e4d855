/** Deadlines of many exchanges, watched by one fiber, and by none while there are none. */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FiberHandle from "effect/FiberHandle"
import * as RcRef from "effect/RcRef"
import * as Scope from "effect/Scope"

export interface Deadline {
  due: number
  onDue: () => void
}

export interface Deadlines {
  /** In milliseconds. */
  readonly now: () => number
  /** Moves the deadline to so many milliseconds from now. */
  readonly set: (deadline: Deadline, milliseconds: number) => void
  readonly clear: (deadline: Deadline) => void
}

/** Those of all sessions with this clock, from the first session to the last: thousands may just wait. */
export const shared: Effect.Effect<Deadlines, never, Scope.Scope> = Effect.gen(function*() {
  const clock = yield* Clock.Clock
  let ref = refs.get(clock)
  if (ref === undefined) {
    // Nothing of the session that happens to be the first is kept, by the reference or by the fiber.
    const alone = <A, E>(effect: Effect.Effect<A, E, Scope.Scope>, scope: Scope.Scope): Effect.Effect<A, E> => {
      const context: (own: Context.Context<never>) => Context.Context<Scope.Scope> = () =>
        Context.add(Context.make(Clock.Clock, clock), Scope.Scope, scope)
      return Effect.updateContext(effect, context)
    }
    const acquire = Effect.flatMap(Effect.scope, (scope) => alone(make, scope))
    ref = yield* alone(RcRef.make({ acquire }), Scope.makeUnsafe())
    refs.set(clock, ref)
  }
  return yield* RcRef.get(ref)
})

export const make: Effect.Effect<Deadlines, never, Scope.Scope> = Effect.gen(function*() {
  const clock = yield* Clock.Clock
  const run = yield* FiberHandle.makeRuntime<never>()
  const waiting = new Set<Deadline>()
  /** When the fiber looks next. */
  let wakesAt = Infinity
  // Not the time of day, which may be set.
  const now = () => Number(clock.monotonicTimeNanosUnsafe()) / 1e6

  const watch = Effect.gen(function*() {
    for (;;) {
      const time = now()
      // Set by those that are called, a deadline needs no fiber of its own.
      wakesAt = -Infinity
      for (const deadline of waiting) {
        if (deadline.due > time) continue
        waiting.delete(deadline)
        // Whoever waits for it may throw, and the others wait on.
        yield* Effect.catchDefect(Effect.sync(deadline.onDue), (defect) => Effect.logError("at a deadline", defect))
      }
      wakesAt = Infinity
      for (const { due } of waiting) wakesAt = Math.min(wakesAt, due)
      if (wakesAt === Infinity) return
      yield* Effect.sleep(Math.max(1, wakesAt - now()))
    }
  })

  return {
    now,
    set: (deadline, milliseconds) => {
      deadline.due = now() + milliseconds
      waiting.add(deadline)
      if (deadline.due >= wakesAt) return
      wakesAt = deadline.due
      run(watch)
    },
    clear: (deadline) => {
      waiting.delete(deadline)
    }
  }
})

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

const refs = new WeakMap<Clock.Clock, RcRef.RcRef<Deadlines>>()
