/** Tells values to whoever listens at the moment, in order; as a stream it ends with the session. */
import * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import * as Bounded from "./bounded.ts"

export interface Options<A> {
  /** Gives what a new reader gets before all else. */
  readonly first?: () => ReadonlyArray<A>
  /** Gives what a reader gets in place of so many it was too slow for, if anything. */
  readonly onLost: (count: number) => A | undefined
}

export class Broadcast<A> {
  /** Called at once with each value. */
  readonly listeners = new Set<(value: A) => void>()
  readonly #ended: Effect.Effect<void>
  readonly #options: Options<A>

  constructor(ended: Effect.Effect<void>, options: Options<A>) {
    this.#ended = ended
    this.#options = options
  }

  publish(value: A): void {
    this.listeners.forEach((listener) => listener(value))
  }

  /** From now on; a reader that is slower loses the oldest, and gets a warning in their place. */
  get stream(): Stream.Stream<A> {
    const { first, onLost } = this.#options
    return Bounded.stream(onLost, (offer) =>
      Effect.andThen(
        Effect.acquireRelease(
          Effect.sync(() => {
            first?.().forEach(offer)
            this.listeners.add(offer)
          }),
          () => Effect.sync(() => this.listeners.delete(offer))
        ),
        this.#ended
      ))
  }
}
