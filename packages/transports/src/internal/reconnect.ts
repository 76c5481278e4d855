/** When a broken event stream is tried again, and how often. */

/** After this many attempts in a row that brought nothing, a stream is given up. */
export const maxFailures = 5

const first = 1000
const longest = 30_000

/** How long to wait, in milliseconds: as the server said (`retry`) or a second, doubled with each failure. */
export const delay = (retry: number | undefined, failures: number): number =>
  failures === 0 ? retry ?? first : Math.min((retry ?? first) * 2 ** failures, Math.max(longest, retry ?? 0))

/** Where a stream stands, for going on from there. */
export interface Cursor {
  lastEventId: string | undefined
  retry: number | undefined
  /** How many events came. */
  events: number
}

export const cursor = (): Cursor => ({ lastEventId: undefined, retry: undefined, events: 0 })
