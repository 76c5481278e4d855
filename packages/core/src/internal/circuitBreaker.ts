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

export interface Options {
  /** Default 10. */
  readonly failures?: number | undefined
  /** Default 5 s. */
  readonly cooldown?: Duration.Input | undefined
}

export class CircuitBreaker<E> {
  readonly #failures: number
  readonly #rest: number
  #inARow = 0
  #opened: { readonly error: E; readonly until: number; isProbing: boolean } | undefined

  constructor({ cooldown = "5 seconds", failures = 10 }: Options) {
    this.#failures = failures
    this.#rest = Duration.toMillis(Duration.fromInputUnsafe(cooldown))
  }

  /** The failure that opened it, unless it is closed. */
  current(): { readonly circuit: "open" | "half-open"; readonly error: E } | undefined {
    return this.#opened && { circuit: this.#opened.isProbing ? "half-open" : "open", error: this.#opened.error }
  }

  /** Whether a call would not be admitted now. */
  refuses(now: number): Refusal | undefined {
    if (this.#opened === undefined) return undefined
    if (this.#opened.isProbing) return {}
    return now < this.#opened.until ? { retryAfter: Math.ceil(this.#opened.until - now) } : undefined
  }

  /** Of a call that is not refused, which begins now. It tells what becomes of it. */
  admit(): Admission {
    if (this.#opened === undefined) return "go"
    this.#opened.isProbing = true
    return "probe"
  }

  succeeded(admission: Admission): void {
    this.#inARow = 0
    if (admission === "probe") this.#opened = undefined
  }

  failed(admission: Admission, error: E, now: number): void {
    this.#inARow += 1
    const opens = admission === "probe" || this.#opened === undefined && this.#inARow >= this.#failures
    if (opens) this.#opened = { error, until: now + this.#rest, isProbing: false }
  }

  /** The server is another: what became of the calls to the last says nothing of it. */
  reset(): void {
    this.#inARow = 0
    this.#opened = undefined
  }

  /** What became of it says nothing of the server. */
  gaveUp(admission: Admission): void {
    if (admission === "probe" && this.#opened !== undefined) this.#opened.isProbing = false
  }
}
