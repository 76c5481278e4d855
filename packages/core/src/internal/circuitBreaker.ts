/**
 * Holds calls back from a server that does not answer any: after so many failures in a row none goes through until some
 * time has passed, then one, to see.
 *
 * `effect/persistence/CircuitBreaker` is experimental, wants a store, and opens a scope for each call.
 */
import * as Duration from "effect/Duration"

/** `retryAfter` is in milliseconds; nobody knows it while the one that may try is on its way. */
export interface Refusal {
  readonly retryAfter?: number
}

/** What a call is, for the breaker: one of many, or the one that tries. */
export type Admission = "go" | "probe"

export interface CircuitBreaker<E> {
  /** The failure that opened it, unless it is closed. */
  readonly current: () => { readonly circuit: "open" | "half-open"; readonly error: E } | undefined
  /** Whether a call would not be admitted now. */
  readonly refuses: (now: number) => Refusal | undefined
  /** Of a call that is not refused, which begins now. It tells what becomes of it. */
  readonly admit: () => Admission
  readonly succeeded: (admission: Admission) => void
  readonly failed: (admission: Admission, error: E, now: number) => void
  /** The server is another: what became of the calls to the last says nothing of it. */
  readonly reset: () => void
  /** What became of it says nothing of the server. */
  readonly gaveUp: (admission: Admission) => void
}

export interface Options {
  /** Default 10. */
  readonly failures?: number | undefined
  /** Default 5 s. */
  readonly cooldown?: Duration.Input | undefined
}

export const make = <E>({ cooldown = "5 seconds", failures = 10 }: Options): CircuitBreaker<E> => {
  const rest = Duration.toMillis(Duration.fromInputUnsafe(cooldown))
  let inARow = 0
  let opened: { readonly error: E; readonly until: number; isProbing: boolean } | undefined

  return {
    current: () => opened && { circuit: opened.isProbing ? "half-open" : "open", error: opened.error },
    refuses: (now) => {
      if (opened === undefined) return undefined
      if (opened.isProbing) return {}
      return now < opened.until ? { retryAfter: opened.until - now } : undefined
    },
    admit: () => {
      if (opened === undefined) return "go"
      opened.isProbing = true
      return "probe"
    },
    succeeded: (admission) => {
      inARow = 0
      if (admission === "probe") opened = undefined
    },
    failed: (admission, error, now) => {
      inARow += 1
      const opens = admission === "probe" || opened === undefined && inARow >= failures
      if (opens) opened = { error, until: now + rest, isProbing: false }
    },
    reset: () => {
      inARow = 0
      opened = undefined
    },
    gaveUp: (admission) => {
      if (admission === "probe" && opened !== undefined) opened.isProbing = false
    }
  }
}
