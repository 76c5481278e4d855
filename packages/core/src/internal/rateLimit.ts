/**
 * At most `limit` starts within any `window`.
 *
 * The token bucket of `effect/persistence/RateLimiter` lets nearly twice as many through within a window, and takes the
 * tokens of calls that were interrupted while they waited.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { FairQueue } from "./fairQueue.ts"
import * as monotonic from "./monotonic.ts"

export interface RateLimit {
  /** Completes when the next may start; flows take turns. */
  readonly turn: (flow: string) => Effect.Effect<void>
}

export interface Options {
  readonly limit: number
  readonly window: Duration.Input
}

export const make = (options: Options): RateLimit => {
  const window = Duration.toMillis(Duration.fromInputUnsafe(options.window))
  const starts: Array<number> = []
  let oldest = 0
  const gate = new FairQueue(1)

  const pass: Effect.Effect<void> = Effect.flatMap(monotonic.millis, (now) => {
    const left = starts.length < options.limit ? 0 : (starts[oldest] ?? now) + window - now
    if (left > 0) return Effect.delay(pass, left)
    starts[oldest] = now
    oldest = (oldest + 1) % options.limit
    return Effect.void
  })

  return { turn: (flow) => gate.run(flow, pass, () => undefined) }
}
