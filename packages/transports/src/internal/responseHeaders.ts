/** The headers of an answer, whose names may come more than once. Specification: RFC 9110, section 5.3. */
import type { Headers } from "./wire.ts"

/**
 * The value for a name in lower case. A header that has one value and comes more than once has its first: a proxy has
 * added what the server has said already. The values of other headers are a list.
 */
export const get = (headers: Headers, name: string): string | undefined => {
  const value = headers[name]
  if (value === undefined) return undefined
  if (typeof value === "object") return single.has(name) ? value[0] : joined(name, value)
  return value.includes(",") ? separated(name, value) : value
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

/** Those of them that we read. */
const single: ReadonlySet<string> = new Set(["content-type", "location", "mcp-session-id", "retry-after"])

/** Nobody compresses twice in the same way. */
const joined = (name: string, values: ReadonlyArray<string>): string =>
  (name === "content-encoding" ? [...new Set(values)] : values).join(", ")

/** `fetch` joins all values of a header, and some have a comma of their own. */
const separated = (name: string, value: string): string => {
  const parts = value.split(",").map((part) => part.trim())
  if (name === "content-type" || name === "retry-after" && /^\d/.test(value)) return parts[0] ?? value
  if (name === "content-encoding") return joined(name, parts)
  return single.has(name) ? repeated(value) : value
}

/** What the text repeats, or all of it. */
const repeated = (value: string): string => {
  const parts = value.split(", ")
  for (let length = 1; length <= parts.length / 2; length++) {
    if (parts.every((part, at) => part === parts[at % length]) && parts.length % length === 0) {
      return parts.slice(0, length).join(", ")
    }
  }
  return value
}
