/** Values that came as JSON. */
import * as Result from "effect/Result"
import { stringify } from "./numbers.ts"

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** What is nested too deeply cannot be written out again. */
export const excerpt = (value: unknown, length = 200): string =>
  Result.getOrElse(
    Result.try(() => (stringify(value) ?? "nothing").slice(0, length)),
    () => "something nested very deeply"
  )
