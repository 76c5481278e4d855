/**
 * A stream of what comes by itself, whether or not it is read: a reader that is slower loses the oldest, and is told how
 * many.
 */
import * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as MutableList from "effect/MutableList"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"

/** How many are kept for a reader. */
export const backlog = 16_384

/** How much text is kept for a reader, in characters; the newest is kept in any case. */
const mostText = 16 * 1024 * 1024

/**
 * Runs `fill` for each reader; the stream ends with it, and fails as it fails, after all that was offered.
 * `onLost` is what a reader gets in place of so many, if anything.
 */
export const stream = <A, E, R>(
  onLost: (count: number) => A | undefined,
  fill: (offer: (value: A) => void) => Effect.Effect<unknown, E, R>
): Stream.Stream<A, E, Exclude<R, Scope.Scope>> =>
  Stream.unwrap(Effect.gen(function*() {
    const kept = make(onLost)
    const woken = yield* Queue.sliding<void>(1)
    const wake = () => Queue.offerUnsafe(woken, undefined)
    let ended: Exit.Exit<unknown, E> | undefined
    const offer = (value: A) => {
      kept.offer(value)
      wake()
    }
    yield* fill(offer).pipe(
      Effect.onExit((exit) =>
        Effect.sync(() => {
          ended = exit
          wake()
        })
      ),
      Effect.forkScoped({ startImmediately: true })
    )
    const pull: Effect.Effect<Arr.NonEmptyReadonlyArray<A>, E | Cause.Done> = Effect.suspend(() => {
      const taken = kept.take()
      if (Arr.isReadonlyArrayNonEmpty(taken)) return Effect.succeed(taken)
      if (ended === undefined) return Effect.andThen(Queue.take(woken), pull)
      return Exit.isSuccess(ended) ? Cause.done() : Effect.failCause(ended.cause)
    })
    return Stream.fromPull(Effect.succeed(pull))
  }))

/** How much text is in it, in characters, and something for each object; without recursion, because it may be nested deeply. */
export const sizeOf = (value: unknown): number => {
  if (typeof value === "string") return value.length
  let size = 0
  const left = [value]
  while (left.length > 0) {
    const part = left.pop()
    if (typeof part === "string") size += part.length
    else if (typeof part === "object" && part !== null) {
      const parts = Object.values(part)
      size += parts.length * 8
      for (const inner of parts) left.push(inner)
    }
  }
  return size
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

interface Entry<A> {
  readonly value: A
  readonly size: number
}

const make = <A>(onLost: (count: number) => A | undefined) => {
  const entries = MutableList.make<Entry<A>>()
  let size = 0
  let lost = 0
  return {
    offer: (value: A) => {
      const entry = { value, size: sizeOf(value) }
      MutableList.append(entries, entry)
      size += entry.size
      while (entries.length > backlog || size > mostText && entries.length > 1) {
        const oldest = MutableList.take(entries)
        if (oldest === MutableList.Empty) return
        size -= oldest.size
        lost += 1
      }
    },
    /** All there is; what was lost was older. */
    take: (): ReadonlyArray<A> => {
      const values = MutableList.takeAll(entries).map(({ value }) => value)
      const mark = lost === 0 ? undefined : onLost(lost)
      size = 0
      lost = 0
      return mark === undefined ? values : [mark, ...values]
    }
  }
}
