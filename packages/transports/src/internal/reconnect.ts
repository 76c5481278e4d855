/** When a broken event stream is tried again, and how often. */

/** After this many attempts in a row that brought nothing, a stream is given up. */
export const maxFailures = 5

const first = 1000
const longest = 30_000
/** A server that says `retry: 0` and always drops the stream must not keep both of us busy. */
const shortest = 100

/** How long to wait, in milliseconds: as the server said (`retry`) or a second, doubled with each failure. */
export const delay = (retry = first, failures: number): number => {
  const base = Math.max(retry, shortest)
  return failures === 0 ? base : Math.min(base * 2 ** failures, Math.max(longest, base))
}

/** Where a stream stands, for going on from there. */
export interface Cursor {
  lastEventId: string | undefined
  retry: number | undefined
  /** How many events came. */
  events: number
}

export const cursor = (): Cursor => ({ lastEventId: undefined, retry: undefined, events: 0 })
