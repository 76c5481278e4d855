/** Time-outs that do not count the time in which a person is asked. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as FiberSet from "effect/FiberSet"
import type * as Scope from "effect/Scope"

export interface Deadline {
  /** As it was given, in milliseconds. */
  readonly timeout: number
  /** By the clock that stands still while a person is asked. */
  readonly due: number
}

/**
 * One of a list, and not of a `Set`: a set that is added to and deleted from all the time is copied all the time, and the
 * collector takes what the copies hold for old.
 */
export interface Timer {
  readonly queue: Queue | undefined
  readonly due: number
  readonly onDue: () => void
  next: Timer | undefined
  previous: Timer | undefined
}

/** Deadlines of one length come due in the order in which they are made; one that was made before others goes by itself. */
interface Queue {
  readonly key: number
  readonly timers: Timer
  last: number
}

export class Waiting {
  /** Forks in the scope of the session. */
  readonly run: Run
  readonly #clock: Clock.Clock
  #queues: Map<number, Queue> | undefined
  #lone = 0
  #watcher: Fiber.Fiber<void> | undefined
  /** When the watcher looks next. */
  #wakesAt = Number.POSITIVE_INFINITY
  #answering = 0
  #since = 0
  #spent = 0

  constructor(clock: Clock.Clock, run: Run) {
    this.run = run
    this.#clock = clock
  }

  /** Another clock of the same session, which stands still by itself. */
  another(): Waiting {
    return new Waiting(this.#clock, this.run)
  }

  /** Nobody waits for a deadline any more. */
  stop(): void {
    this.#watcher?.interruptUnsafe()
  }

  /** The clock stands still while `effect` runs. */
  during<A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    return Effect.acquireUseRelease(
      Effect.sync(() => {
        if (this.#answering === 0) this.#since = this.#time()
        this.#answering += 1
      }),
      () => effect,
      () =>
        Effect.sync(() => {
          this.#answering -= 1
          if (this.#answering > 0) return
          this.#spent += this.#time() - this.#since
          if (this.#queues !== undefined && this.#queues.size > 0) this.#wake(this.#now())
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

  /** Calls back when the time has come, later, unless it is removed. Costs next to nothing where that comes first. */
  add({ due, timeout }: Deadline, onDue: () => void): Timer | undefined {
    if (due === Number.POSITIVE_INFINITY) return undefined
    const queues = this.#queues ??= new Map()
    let queue = queues.get(timeout)
    if (queue === undefined || due < queue.last) {
      queue = { key: queue === undefined ? timeout : --this.#lone, timers: ring(), last: due }
      queues.set(queue.key, queue)
    }
    queue.last = due
    const timer: Timer = { queue, due, onDue, next: undefined, previous: undefined }
    append(queue.timers, timer)
    if (due < this.#wakesAt && this.#answering === 0) this.#wake(due)
    return timer
  }

  remove(timer: Timer | undefined): void {
    if (timer === undefined) return
    unlink(timer)
    if (timer.queue !== undefined) this.#tidy(timer.queue)
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

  /** Not the time of day, which may be set. In milliseconds. */
  #time(): number {
    return Number(this.#clock.monotonicTimeNanosUnsafe()) / 1e6
  }

  #now(): number {
    const time = this.#time()
    return time - this.#spent - (this.#answering === 0 ? 0 : time - this.#since)
  }

  #wake(at: number): void {
    this.#wakesAt = at
    this.#watcher?.interruptUnsafe()
    this.#watcher = this.run(this.#watch())
  }

  /** Whatever was removed meanwhile, it wakes up when the first would have been due. */
  #watch(): Effect.Effect<void> {
    return Effect.suspend(() =>
      Effect.sleep(Math.max(this.#wakesAt - this.#now(), 0)).pipe(
        Effect.flatMap(() => this.#callDue()),
        Effect.flatMap(() => {
          this.#wakesAt = this.#next()
          return this.#wakesAt === Number.POSITIVE_INFINITY ? Effect.void : this.#watch()
        })
      )
    )
  }

  #callDue(): Effect.Effect<void> {
    return Effect.gen({ self: this }, function*() {
      // What those that are called add needs no watcher of its own.
      this.#wakesAt = Number.NEGATIVE_INFINITY
      for (const queue of this.#queues?.values() ?? []) {
        const { timers } = queue
        for (;;) {
          const first = timers.next
          // While the clock stands still none is due.
          if (first === undefined || first === timers || this.#answering > 0 || first.due > this.#now()) break
          unlink(first)
          // Whoever waits for it may throw, and the others wait on.
          yield* Effect.catchDefect(Effect.sync(first.onDue), (defect) => Effect.logError("at a deadline", defect))
        }
        this.#tidy(queue)
      }
    })
  }

  /** While the clock stands still there is none. */
  #next(): number {
    let next = Number.POSITIVE_INFINITY
    if (this.#answering > 0) return next
    for (const { timers } of this.#queues?.values() ?? []) {
      const first = timers.next
      if (first !== undefined && first !== timers) next = Math.min(next, first.due)
    }
    return next
  }

  #tidy(queue: Queue): void {
    const queues = this.#queues
    if (queues === undefined || queue.timers.next !== queue.timers || queues.get(queue.key) !== queue) return
    if (queue.key < 0 || queues.size > keptQueues) queues.delete(queue.key)
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

/** Most programs have few time-outs; some have another for each call. */
const keptQueues = 8

/** A list is a ring; what is not in one is linked to nothing. */
const ring = (): Timer => {
  const made: Timer = { queue: undefined, due: 0, onDue: nothing, next: undefined, previous: undefined }
  made.next = made
  made.previous = made
  return made
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
