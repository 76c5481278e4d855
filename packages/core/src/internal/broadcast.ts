/** Tells values to whoever listens at the moment, in order; as a stream it ends with the session. */
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"

export interface Broadcast<A> {
  readonly publish: (value: A) => void
  /** Called at once with each value. */
  readonly listeners: Set<(value: A) => void>
  /** From now on; a reader that is slower loses the oldest beyond `backlog`. */
  readonly stream: Stream.Stream<A>
}

const backlog = 4096

/** `first` gives what a new reader gets before all else. */
export const make = <A>(ended: Effect.Effect<void>, first: () => ReadonlyArray<A> = () => []): Broadcast<A> => {
  const listeners = new Set<(value: A) => void>()
  return {
    listeners,
    publish: (value) => listeners.forEach((listener) => listener(value)),
    stream: Stream.callback<A>((queue) =>
      Effect.gen(function*() {
        const listener = (value: A) => {
          Queue.offerUnsafe(queue, value)
        }
        yield* Effect.acquireRelease(
          Effect.sync(() => {
            first().forEach(listener)
            listeners.add(listener)
          }),
          () => Effect.sync(() => listeners.delete(listener))
        )
        yield* ended
        Queue.endUnsafe(queue)
      }), { bufferSize: backlog, strategy: "sliding" })
  }
}
