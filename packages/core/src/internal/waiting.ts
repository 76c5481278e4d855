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

/**
 * One of a list, and not of a `Set`: a set that is added to and deleted from all the time is copied all the time, and the
 * collector takes what the copies hold for old.
 */
export interface Timer {
  readonly due: number
  readonly onDue: () => void
  own: Fiber.Fiber<void> | undefined
  next: Timer | undefined
  previous: Timer | undefined
}

export const make: Effect.Effect<Waiting, never, Scope.Scope> = Effect.gen(function*() {
  const clock = yield* Clock.Clock
  const run = yield* FiberSet.makeRuntime()
  /** Deadlines of one length come due in the order in which they are made. One that was made long ago goes by itself. */
  const queues = new Map<number, { readonly timers: Timer; last: number }>()
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

  /** What is left until the first, once those that are due have been called. */
  const untilFirst = (timers: Timer): number | undefined => {
    for (let first = timers.next; first !== undefined && first !== timers; first = timers.next) {
      const left = first.due - now()
      if (left > 0) return left
      unlink(first)
      first.onDue()
    }
    return undefined
  }

  /** Holds no timer while it sleeps: one that is removed is to be forgotten, and whom it belongs to. */
  const watch = Effect.fnUntraced(function*(timers: Timer) {
    for (let left = untilFirst(timers); left !== undefined; left = untilFirst(timers)) yield* Effect.sleep(left)
  })

  const add: Waiting["add"] = ({ due, timeout }, onDue) => {
    if (due === Number.POSITIVE_INFINITY) return undefined
    const timer: Timer = { due, onDue, own: undefined, next: undefined, previous: undefined }
    const queue = queues.get(timeout)
    if (queue !== undefined && due >= queue.last) {
      queue.last = due
      append(queue.timers, timer)
      return timer
    }
    const timers = empty()
    append(timers, timer)
    if (queue !== undefined) {
      timer.own = run(watch(timers))
      return timer
    }
    queues.set(timeout, { timers, last: due })
    run(Effect.ensuring(watch(timers), Effect.sync(() => queues.delete(timeout))))
    return timer
  }

  const remove: Waiting["remove"] = (timer) => {
    if (timer === undefined) return
    unlink(timer)
    timer.own?.interruptUnsafe()
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

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

/** A list is a ring; what is not in one is linked to nothing. */
const empty = (): Timer => {
  const ring: Timer = { due: 0, onDue: () => {}, own: undefined, next: undefined, previous: undefined }
  ring.next = ring
  ring.previous = ring
  return ring
}

const append = (ring: Timer, timer: Timer): void => {
  timer.next = ring
  timer.previous = ring.previous
  if (ring.previous !== undefined) ring.previous.next = timer
  ring.previous = timer
}

const unlink = (timer: Timer): void => {
  if (timer.next !== undefined) timer.next.previous = timer.previous
  if (timer.previous !== undefined) timer.previous.next = timer.next
  timer.next = undefined
  timer.previous = undefined
}
