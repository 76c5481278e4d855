/** Values that came as JSON, which may be anything: nothing here throws. */
import * as Result from "effect/Result"
import { stringify, withDigitsOf } from "./numbers.ts"

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** The beginning of a value as JSON, without a look at what is behind it. */
export const excerpt = (value: unknown, length = 200): string =>
  Result.getOrElse(
    Result.try(() => (stringify(beginning(value, length)) ?? "nothing").slice(0, length)),
    () => "something that is not JSON"
  )

/** Any value as a text to read: what `String` makes of it, but JSON of an object that is no error. */
export const text = (value: unknown): string => {
  const isPlain = typeof value === "object" && value !== null && !(value instanceof Error)
  return isPlain ? excerpt(value) : Result.getOrElse(Result.try(() => String(value)), () => excerpt(value))
}

/** What a thrown value says. */
export const message = (cause: unknown): string =>
  Result.getOrElse(
    Result.try(() => text(cause instanceof Error ? cause.message : cause)),
    () => "an error without a message"
  )

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

/** As much of a value as its first `length` characters of JSON need. */
const beginning = (value: unknown, length: number): unknown => {
  let left = length
  const copy = (part: unknown): unknown => {
    left -= typeof part === "string" ? part.length : 1
    if (typeof part === "string") return part.slice(0, length)
    if (Array.isArray(part)) {
      const items: Array<unknown> = []
      for (const item of part) {
        if (left <= 0) break
        items.push(copy(item))
      }
      return withDigitsOf(part, items)
    }
    if (!isRecord(part) || JSON.isRawJSON(part)) return part
    const fields: Array<readonly [string, unknown]> = []
    for (const key in part) {
      if (left <= 0) break
      left -= key.length
      fields.push([key.slice(0, length), copy(part[key])])
    }
    return withDigitsOf(part, Object.fromEntries(fields))
  }
  return copy(value)
}
