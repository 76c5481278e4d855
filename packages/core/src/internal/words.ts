/** How errors are worded. */
import { reasonIn } from "./lastWords.ts"

/** Servers and processes may say anything, line breaks and terminal controls included. */
export const oneLine = (text: string): string => text.replaceAll(/[\s\u0000-\u001F\u007F-\u009F]+/g, " ").trim()

export const quoted = (names: ReadonlyArray<string>): string => names.map((name) => `"${name}"`).join(", ")

export const didYouMean = (closest: ReadonlyArray<string>): string =>
  closest.length === 0 ? "" : `; did you mean ${quoted(closest)}?`

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
