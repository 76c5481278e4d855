/** The clock for durations. The time of day is set by people and by NTP, and must not decide how long anything waits. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"

/** In milliseconds, from an origin that means nothing. */
export const millis: Effect.Effect<number> = Effect.map(Clock.monotonicTimeNanos, (nanos) => Number(nanos) / 1e6)
