/** Time-outs that do not count the time in which the server waits for us: for the answer to a request of its own. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as FiberSet from "effect/FiberSet"
import type * as Scope from "effect/Scope"

export interface Waiting {
  /** The server waits while `effect` runs. */
  readonly during: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** So many milliseconds from now; may be infinite. */
  readonly deadline: (milliseconds: number) => Deadline
  /** What is left, in milliseconds. */
  readonly left: (deadline: Deadline) => number
  /** Calls back when the time has come, until it is removed. Costs next to nothing where that comes first. */
  readonly add: (deadline: Deadline, onDue: () => void) => Timer | undefined
  readonly remove: (timer: Timer | undefined) => void
  readonly timeoutOrElse: <E2>(options: {
    readonly deadline: Deadline
    readonly orElse: () => Effect.Effect<never, E2>
  }) => <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E | E2, R>
}

export interface Deadline {
  /** As it was given, in milliseconds. */
  readonly timeout: number
  /** By the clock that stands still while the server waits for us. */
  readonly due: number
}

export interface Timer {
  readonly timers: Set<Timer>
  readonly due: number
  readonly onDue: () => void
  own: Fiber.Fiber<void> | undefined
}

export const make: Effect.Effect<Waiting, never, Scope.Scope> = Effect.gen(function*() {
  const clock = yield* Clock.Clock
  const run = yield* FiberSet.makeRuntime()
  /** Deadlines of one length come due in the order in which they are made. One that was made long ago goes by itself. */
  const queues = new Map<number, { readonly timers: Set<Timer>; last: number }>()
  let answering = 0
  let since = 0
  let spent = 0

  const now = () => {
    const time = clock.currentTimeMillisUnsafe()
    return time - spent - (answering === 0 ? 0 : time - since)
  }
  const begin = Effect.sync(() => {
    if (answering === 0) since = clock.currentTimeMillisUnsafe()
    answering += 1
  })
  const end = Effect.sync(() => {
    answering -= 1
    if (answering === 0) spent += clock.currentTimeMillisUnsafe() - since
  })

  /** Whatever was removed meanwhile, it wakes up when the first would have been due. */
  const watch = Effect.fnUntraced(function*(timers: Set<Timer>) {
    // Not by an iterator that lasts: it would keep all that the set ever was.
    for (let [first] = timers; first !== undefined; [first] = timers) {
      const left = first.due - now()
      if (left > 0) {
        yield* Effect.sleep(left)
      } else {
        timers.delete(first)
        first.onDue()
      }
    }
  })

  const add: Waiting["add"] = ({ due, timeout }, onDue) => {
    if (due === Number.POSITIVE_INFINITY) return undefined
    const queue = queues.get(timeout)
    if (queue !== undefined && due >= queue.last) {
      const timer: Timer = { timers: queue.timers, due, onDue, own: undefined }
      queue.last = due
      queue.timers.add(timer)
      return timer
    }
    const timers = new Set<Timer>()
    const timer: Timer = { timers, due, onDue, own: undefined }
    timers.add(timer)
    if (queue !== undefined) {
      timer.own = run(watch(timers))
      return timer
    }
    queues.set(timeout, { timers, last: due })
    run(Effect.ensuring(watch(timers), Effect.sync(() => queues.delete(timeout))))
    return timer
  }

  const remove: Waiting["remove"] = (timer) => {
    timer?.timers.delete(timer)
    timer?.own?.interruptUnsafe()
  }

  return {
    during: (effect) => Effect.acquireUseRelease(begin, () => effect, () => end),
    deadline: (timeout) => ({ timeout, due: timeout === Number.POSITIVE_INFINITY ? timeout : now() + timeout }),
    left: ({ due }) => due - now(),
    add,
    remove,
    timeoutOrElse: ({ deadline, orElse }) => (effect) =>
      deadline.due === Number.POSITIVE_INFINITY ? effect : Effect.raceFirst(
        effect,
        Effect.flatMap(
          Effect.callback<void>((resume) => {
            const timer = add(deadline, () => resume(Effect.void))
            return Effect.sync(() => remove(timer))
          }),
          orElse
        )
      )
  }
})
