/** How errors are worded. */
import * as SafeText from "../SafeText.ts"
import { reasonIn } from "./lastWords.ts"

/** Servers and processes may say anything, of any length: line breaks are spaces, and what controls a terminal escapes. */
export const oneLine = (text: string): string =>
  text.length > longest ? `${SafeText.line(text.slice(0, longest))}…` : SafeText.line(text)

/** In characters. A program logs errors whole. */
const longest = 10_000

/** A duration in milliseconds, without fractions of one. */
export const milliseconds = (duration: number): string => `${Math.ceil(duration)} ms`

export const quoted = (names: ReadonlyArray<string>): string => names.map((name) => `"${name}"`).join(", ")

export const didYouMean = (closest: ReadonlyArray<string>): string =>
  closest.length === 0 ? "" : `; did you mean ${quoted(closest)}?`

/** Many servers say in `data` what was wrong, and in `message` only that something was. */
export const withData = (description: string, data: unknown): string => {
  const text = typeof data === "string" ? oneLine(data.slice(0, 3000)).slice(0, 300) : ""
  // To look for it in megabytes takes long.
  return text === "" || description.slice(0, 3000).includes(text) ? description : `${description}: ${text}`
}

export const ended = (
  how: { readonly exitCode?: number | undefined; readonly signal?: string | undefined }
): string => {
  if (how.signal !== undefined) return ` (killed by ${how.signal})`
  return how.exitCode === undefined ? "" : ` (exit code ${how.exitCode})`
}

export const lastWords = (stderr: ReadonlyArray<string>): string => {
  const reason = reasonIn(stderr)
  return reason === undefined ? "" : `; it said: ${reason}`
}
