/** Tells values to whoever listens at the moment, in order; as a stream it ends with the session. */
import * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import * as Bounded from "./bounded.ts"

export interface Broadcast<A> {
  readonly publish: (value: A) => void
  /** Called at once with each value. */
  readonly listeners: Set<(value: A) => void>
  /** From now on; a reader that is slower loses the oldest, and gets a remark in their place. */
  readonly stream: Stream.Stream<A>
}

/** `first` gives what a new reader gets before all else, `onLost` what one gets in place of so many it was too slow for. */
export const make = <A>(ended: Effect.Effect<void>, options: {
  readonly first?: () => ReadonlyArray<A>
  readonly onLost: (count: number) => A
}): Broadcast<A> => {
  const listeners = new Set<(value: A) => void>()
  return {
    listeners,
    publish: (value) => listeners.forEach((listener) => listener(value)),
    stream: Bounded.stream(options.onLost, (offer) =>
      Effect.gen(function*() {
        yield* Effect.acquireRelease(
          Effect.sync(() => {
            options.first?.().forEach(offer)
            listeners.add(offer)
          }),
          () => Effect.sync(() => listeners.delete(offer))
        )
        yield* ended
      }))
  }
}
