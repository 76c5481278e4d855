/** How long each further attempt to connect waits. */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Pull from "effect/Pull"
import * as Schedule from "effect/Schedule"
import type { ConnectionError } from "../McpError.ts"
import type { ReconnectOptions } from "../McpSession.ts"
import * as monotonic from "./monotonic.ts"

/** The next delay, after an attempt that failed like this. */
export type Delays = (error: ConnectionError) => Effect.Effect<Duration.Duration, ConnectionError>

export const make = (policy: ReconnectOptions | false): Effect.Effect<Delays> => {
  const { delay = "250 millis", maxDelay = "30 seconds" } = policy || {}
  const schedule = Schedule.min([Schedule.exponential(delay), Schedule.spaced(maxDelay)])
  return Effect.map(
    Schedule.toStep(Schedule.jittered(schedule)),
    (step): Delays => (error) =>
      Effect.flatMap(monotonic.millis, (now) => step(now, error)).pipe(
        Effect.map(([, delay]) => delay),
        Pull.catchDone(() => Effect.fail(error))
      )
  )
}
