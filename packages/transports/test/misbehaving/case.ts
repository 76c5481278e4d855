/** A server that misbehaves, what a client does with it, and what must come of that. */
import type { Handlers } from "../fixtures/httpServer.ts"

export interface Message {
  readonly id?: number | string
  readonly method?: string
  readonly params?: Readonly<Record<string, unknown>>
  readonly error?: unknown
}

/** The hands of a server on stdio. */
export interface Stdio {
  /** Writes to stdout, or to another descriptor, and waits until all is written. */
  readonly write: (text: string | Uint8Array, descriptor?: number) => void
  /** Writes a message on a line of its own. */
  readonly send: (message: object) => void
  /** Answers a request with a text, `done` by default. */
  readonly answer: (request: Message, text?: string) => void
  /** The how manieth process of its case this is, counted from 1. */
  readonly life: number
  /** A word for the command lines of further processes, so that they are found if they are left. */
  readonly mark: string
}

export type StdioHandler = (server: Stdio, message: Message) => void

/**
 * A handler for each method that is not to be answered as usual; and for `start`, `end` (of stdin), `SIGTERM` and
 * `answer` (to a request of the server's own).
 */
export type StdioHandlers = Readonly<Record<string, StdioHandler>>

/** What a client does, in this order; all but `connect` only if something is expected of it. */
export const steps = ["connect", "list", "pair", "call", "again", "ping"] as const

/**
 * - `connect` opens the session: `connected`
 * - `list` lists the tools: `2 tools`
 * - `pair` calls `echo` twice at once: the text of both, `one, two` if all is well
 * - `call` and `again` call `echo`: the text of the result, after `isError: ` if it is one
 * - `ping` asks for a sign of life: `pong`
 *
 * An error is its tag, and what it carries: `CallError Timeout unknown`, `CallError Rejected(-32603) answered`,
 * `ConnectionError negotiate exit 1`.
 */
export type Step = (typeof steps)[number]

export interface Options {
  /** All in milliseconds, of a quiet machine. */
  readonly timeout?: number
  readonly requestTimeout?: number
  readonly gracePeriod?: number
  readonly sseReadTimeout?: number
  readonly maxMessageSize?: number
  readonly protocolVersion?: "legacy"
}

interface Common {
  /** One of several is right where the protocol leaves it open. */
  readonly expect: Readonly<Partial<Record<Step, string | ReadonlyArray<string>>>>
  readonly name: string
  readonly options?: Options
  /** How often the server may have got a method, at most. Default for `tools/call`: once per call. */
  readonly seen?: Readonly<Record<string, number>>
  /**
   * How long all of it may take, closing included, in milliseconds of a quiet machine. Default 10 s: half of what a
   * timeout takes.
   */
  readonly within?: number
  /** The client runs in a process of its own, where its memory and its event loop can be measured. */
  readonly heavy?: true
}

export interface StdioCase extends Common {
  readonly stdio: StdioHandlers
  /** Instead of our server. */
  readonly command?: string
}

export interface HttpCase extends Common {
  /** Handlers as new, because they remember. */
  readonly http: () => Handlers
}

export interface SseCase extends Common {
  /** As `http`, with the means to write to the event stream and to end it. */
  readonly sse: (say: (text: string) => void, end: () => void) => Handlers
}

export type Case = StdioCase | HttpCase | SseCase

/** What became of a case. */
export interface Report {
  readonly outcomes: Readonly<Partial<Record<Step, string>>>
  /** In milliseconds. */
  readonly elapsed: number
  /** How often the server got each method. */
  readonly seen: Readonly<Record<string, number>>
  /** What was there after the session was closed: processes, sockets. */
  readonly left: ReadonlyArray<string>
  /** Of a heavy case: the most memory the client had, in MB; the longest its event loop stood still, in ms. */
  readonly memory?: number
  readonly blocked?: number
}

export const maxMemory = 400
export const maxBlocked = 100

/** The milliseconds that a case may take on a machine that is `slowness` times as slow as a quiet one. */
export const limitOf = (one: Case, slowness: number): number => (one.within ?? 10_000) * slowness

/** What is wrong with it: nothing, if the client did as it should. */
export const problems = (one: Case, report: Report, slowness: number): ReadonlyArray<string> => {
  const expected: Case["expect"] = { connect: "connected", ...one.expect }
  const found: Array<string> = []
  for (const step of steps) {
    const allowed = expected[step]
    const outcome = report.outcomes[step]
    if (allowed === undefined || outcome !== undefined && [allowed].flat().includes(outcome)) continue
    found.push(`${step}: ${outcome ?? "not done"}, expected ${[allowed].flat().join(" or ")}`)
  }
  const calls = [expected.pair, expected.pair, expected.call, expected.again].filter((one) => one !== undefined).length
  for (const [method, limit] of Object.entries({ "tools/call": calls, ...one.seen })) {
    const times = report.seen[method] ?? 0
    if (times > limit) found.push(`the server got ${method} ${times} times, at most ${limit} are right`)
  }
  const limit = limitOf(one, slowness)
  if (report.elapsed > limit) found.push(`it took ${report.elapsed} ms, more than ${Math.round(limit)}`)
  if (report.left.length > 0) found.push(`left behind: ${report.left.join("; ")}`)
  const { blocked = 0, memory = 0 } = report
  if (memory > maxMemory) found.push(`the client took ${memory} MB, more than ${maxMemory}`)
  if (blocked > maxBlocked) found.push(`the event loop stood still for ${blocked} ms, more than ${maxBlocked}`)
  return found
}
