/** Durations as people write them on a command line. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { UsageError } from "./errors.ts"

const milliseconds: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** `500ms`, `30s`, `1.5m`, `1h` */
export const parseDuration = (text: string): Effect.Effect<Duration.Duration, UsageError> => {
  const [, count, unit = ""] = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h)$/.exec(text.trim()) ?? []
  const factor = milliseconds[unit]
  return count === undefined || factor === undefined
    ? Effect.fail(
      new UsageError({ description: `--timeout: "${text}" is not a duration`, hint: "for example: 500ms, 30s, 2m, 1h" })
    )
    : Effect.succeed(Duration.millis(Number(count) * factor))
}
