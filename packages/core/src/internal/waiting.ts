/** A time-out that does not count the time in which the server waits for us: for the answer to a request of its own. */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

export interface Waiting {
  /** The server waits while `effect` runs. */
  readonly during: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  readonly timeoutOrElse: <E2>(options: {
    readonly duration: Duration.Input
    readonly orElse: () => Effect.Effect<never, E2>
  }) => <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E | E2, R>
}

export const make = (): Waiting => {
  let answering = 0
  let since = 0
  let before = 0
  const spent = Effect.map(Clock.currentTimeMillis, (now) => before + (answering === 0 ? 0 : now - since))
  const begin = Effect.map(Clock.currentTimeMillis, (now) => {
    if (answering === 0) since = now
    answering += 1
  })
  const end = Effect.map(Clock.currentTimeMillis, (now) => {
    answering -= 1
    if (answering === 0) before += now - since
  })
  const elapse = Effect.fnUntraced(function*(duration: Duration.Duration) {
    let seen = yield* spent
    for (let left = Duration.toMillis(duration); left > 0;) {
      yield* Effect.sleep(left)
      const now = yield* spent
      left = now - seen
      seen = now
    }
  })
  return {
    during: (effect) => Effect.acquireUseRelease(begin, () => effect, () => end),
    timeoutOrElse: ({ duration, orElse }) => (effect) => {
      const decoded = Duration.fromInputUnsafe(duration)
      return Duration.isFinite(decoded)
        ? Effect.raceFirst(effect, Effect.flatMap(elapse(decoded), orElse))
        : effect
    }
  }
}
