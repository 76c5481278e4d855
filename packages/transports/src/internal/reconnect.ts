/** When a broken event stream is opened again, and how often. */
import type { TransportError } from "@universal-mcp/core/McpTransport"

/** After this many attempts in a row that brought nothing at all, a stream is not opened again. */
export const maxFailures = 5

const first = 1000
const longest = 30_000
/** A server that says `retry: 0` and always drops the stream must not keep both of us busy. */
const shortest = 100
/** A server may end the stream of a call whenever it likes, to be polled: the answer must not come much later for that. */
const longestOfCall = 5000
/** What a server may ask for with `retry`, in milliseconds. */
const longestRetry = 3_600_000
/** In characters. It is sent back in a header, and servers take no longer ones. */
const longestId = 8 * 1024

/** How long to wait, in milliseconds: as the server said (`retry`) or a second, doubled with each failure. */
export const delay = (retry = first, failures: number, most = longest): number => {
  const base = Math.min(Math.max(retry, shortest), longestRetry)
  return failures === 0 ? base : Math.min(base * 2 ** failures, Math.max(most, base))
}

/** Where a stream stands, for opening it again from there, and how often that was in vain. */
export class Cursor {
  lastEventId: string | undefined = undefined
  retry: number | undefined = undefined
  /** Attempts in a row that brought no event at all. */
  failures = 0
  /** Attempts in a row that brought no message: at most an event that says where to go on. */
  #idle = 0
  #hasEvent = false
  #hasMessage = false
  /** Where the attempt that is under way went on from. */
  #from: string | undefined = undefined
  readonly #longest: number

  constructor(of: "call" | "notifications") {
    this.#longest = of === "call" ? longestOfCall : longest
  }

  onId(id: string): void {
    this.#hasEvent = true
    this.lastEventId = id.length > longestId ? undefined : id
  }

  /** An event with messages in it; one that we have had already brings nothing new. */
  onMessage(id: string | undefined): void {
    this.#hasEvent = true
    this.#hasMessage ||= id === undefined || id !== this.#from
  }

  get hasMessage(): boolean {
    return this.#hasMessage
  }

  /** An attempt has ended; `wasFine` whatever it brought. Gives how long to wait before the next, in milliseconds. */
  ended(error?: TransportError, wasFine = false): number {
    this.failures = wasFine || this.#hasEvent ? 0 : this.failures + 1
    this.#idle = wasFine || this.#hasMessage ? 0 : this.#idle + 1
    this.#hasEvent = this.#hasMessage = false
    this.#from = this.lastEventId
    return Math.max(error?.retryAfter ?? 0, delay(this.retry, Math.max(0, this.#idle - 1), this.#longest))
  }
}
