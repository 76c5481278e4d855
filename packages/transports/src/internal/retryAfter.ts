/** `Retry-After`: how long a server wants to be left alone. */
import type { TransportError } from "@universal-mcp/core/McpTransport"

/** In milliseconds: seconds up to an hour, a date against the time of day up to five minutes. */
export const parse = (header: string | undefined, wallTime: number): number | undefined => {
  if (header === undefined) return undefined
  const seconds = Number(header)
  if (header.trim() !== "" && !Number.isNaN(seconds)) return within(seconds * 1000, longest)
  const date = Date.parse(header)
  return Number.isNaN(date) ? undefined : within(date - wallTime, longestUntilDate)
}

/** Whether the server refused before it did anything, and says when to come again. */
export const isAskedFor = ({ retryAfter, status }: TransportError): boolean =>
  retryAfter !== undefined && (status === 429 || status === 503)

/**
 * How long to wait before a message of the handshake is sent again, in milliseconds: nothing where the server did not ask
 * for it, or wants more than the time that is left.
 */
export const wait = (error: TransportError, retries: number, left: number): number | undefined => {
  if (!isAskedFor(error)) return undefined
  const milliseconds = Math.max(error.retryAfter ?? 0, shortest * 2 ** retries)
  return milliseconds < left ? milliseconds : undefined
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

const within = (milliseconds: number, most: number): number => Math.min(Math.max(0, milliseconds), most)

/** In milliseconds. */
const longest = 3_600_000

/** In milliseconds. Our clock and the server's may differ by hours, so a date proves less than a number of seconds. */
const longestUntilDate = 300_000

/** Doubled with each attempt: `Retry-After: 0` must not keep both of us busy. In milliseconds. */
const shortest = 250
