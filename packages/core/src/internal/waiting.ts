/** Time-outs that do not count the time in which the server waits for us: for the answer to a request of its own. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as FiberSet from "effect/FiberSet"
import type * as Scope from "effect/Scope"

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

export class Waiting {
  /** Forks in the scope of the session. */
  readonly run: Run
  readonly #clock: Clock.Clock
  /** Deadlines of one length come due in the order in which they are made. One that was made long ago goes by itself. */
  #queues: Map<number, { readonly timers: Timer; last: number }> | undefined
  #answering = 0
  #since = 0
  #spent = 0

  constructor(clock: Clock.Clock, run: Run) {
    this.#clock = clock
    this.run = run
  }

  /** The server waits while `effect` runs. */
  during<A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    return Effect.acquireUseRelease(
      Effect.sync(() => {
        if (this.#answering === 0) this.#since = this.#clock.currentTimeMillisUnsafe()
        this.#answering += 1
      }),
      () => effect,
      () =>
        Effect.sync(() => {
          this.#answering -= 1
          if (this.#answering === 0) this.#spent += this.#clock.currentTimeMillisUnsafe() - this.#since
        })
    )
  }

  /** So many milliseconds from now; may be infinite. */
  deadline(timeout: number): Deadline {
    return { timeout, due: timeout === Number.POSITIVE_INFINITY ? timeout : this.#now() + timeout }
  }

  /** What is left, in milliseconds. */
  left({ due }: Deadline): number {
    return due - this.#now()
  }

  /** Calls back when the time has come, until it is removed. Costs next to nothing where that comes first. */
  add({ due, timeout }: Deadline, onDue: () => void): Timer | undefined {
    if (due === Number.POSITIVE_INFINITY) return undefined
    const timer: Timer = { due, onDue, own: undefined, next: undefined, previous: undefined }
    const queues = this.#queues ??= new Map()
    const queue = queues.get(timeout)
    if (queue !== undefined && due >= queue.last) {
      queue.last = due
      append(queue.timers, timer)
      return timer
    }
    const timers = empty()
    append(timers, timer)
    if (queue !== undefined) {
      timer.own = this.run(this.#watch(timers))
      return timer
    }
    queues.set(timeout, { timers, last: due })
    this.run(Effect.ensuring(this.#watch(timers), Effect.sync(() => queues.delete(timeout))))
    return timer
  }

  remove(timer: Timer | undefined): void {
    if (timer === undefined) return
    unlink(timer)
    timer.own?.interruptUnsafe()
  }

  timeoutOrElse<E2>({ deadline, orElse }: {
    readonly deadline: Deadline
    readonly orElse: () => Effect.Effect<never, E2>
  }): <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E | E2, R> {
    return (effect) =>
      deadline.due === Number.POSITIVE_INFINITY ? effect : Effect.raceFirst(
        effect,
        Effect.flatMap(
          Effect.callback<void>((resume) => {
            const timer = this.add(deadline, () => resume(Effect.void))
            return Effect.sync(() => this.remove(timer))
          }),
          orElse
        )
      )
  }

  #now(): number {
    const time = this.#clock.currentTimeMillisUnsafe()
    return time - this.#spent - (this.#answering === 0 ? 0 : time - this.#since)
  }

  /** Holds no timer while it sleeps: one that is removed is to be forgotten, and whom it belongs to. */
  #watch(timers: Timer): Effect.Effect<void> {
    return Effect.suspend(() => {
      const left = this.#untilFirst(timers)
      return left === undefined ? Effect.void : Effect.andThen(Effect.sleep(left), this.#watch(timers))
    })
  }

  /** What is left until the first, once those that are due have been called. */
  #untilFirst(timers: Timer): number | undefined {
    for (let first = timers.next; first !== undefined && first !== timers; first = timers.next) {
      const left = first.due - this.#now()
      if (left > 0) return left
      unlink(first)
      first.onDue()
    }
    return undefined
  }
}

export const make: Effect.Effect<Waiting, never, Scope.Scope> = Effect.gen(function*() {
  return new Waiting(yield* Clock.Clock, yield* FiberSet.makeRuntime())
})

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

type Run = <A, E>(effect: Effect.Effect<A, E>) => Fiber.Fiber<A, E>

const nothing = () => {}

/** A list is a ring; what is not in one is linked to nothing. */
const empty = (): Timer => {
  const ring: Timer = { due: 0, onDue: nothing, own: undefined, next: undefined, previous: undefined }
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
