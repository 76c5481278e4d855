/**
 * Keeps a server from more than it can take: so many calls at once, in fair turns; so many within a time, if asked for;
 * none for a while when it answers none.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import { CallError, Unavailable } from "../McpError.ts"
import type { SessionState } from "../McpSession.ts"
import * as CircuitBreaker from "./circuitBreaker.ts"
import { FairQueue } from "./fairQueue.ts"
import * as monotonic from "./monotonic.ts"
import * as RateLimit from "./rateLimit.ts"

export interface Options {
  /** Calls in flight. Default 64. */
  readonly concurrency?: number | undefined
  readonly rateLimit?: RateLimit.Options | undefined
  readonly circuitBreaker?: CircuitBreaker.Options | false | undefined
}

export class Overload {
  readonly #server: string
  readonly #places: FairQueue
  readonly #pace: RateLimit.RateLimit | undefined
  readonly #breaker: CircuitBreaker.CircuitBreaker<CallError> | undefined
  readonly #onChange: OnChange

  constructor(
    server: string,
    { circuitBreaker = {}, concurrency = 64, rateLimit }: Options,
    onChange: OnChange,
    soon?: (act: () => void) => void
  ) {
    this.#server = server
    this.#places = new FairQueue(concurrency, soon)
    this.#pace = rateLimit === undefined ? undefined : RateLimit.make(rateLimit)
    this.#breaker = circuitBreaker === false ? undefined : new CircuitBreaker.CircuitBreaker(circuitBreaker)
    this.#onChange = onChange
  }

  /**
   * Runs the effect, which sends one request, when it is its turn; fails with the reason `Unavailable`, at once, where it
   * must not be sent. Calls of the same flow (a method or a tool) wait for each other, and take turns with other flows.
   */
  run<A>(method: string, flow: string, effect: Effect.Effect<A, CallError>): Effect.Effect<A, CallError> {
    return Effect.suspend(() => {
      if (this.#places.waiting >= longestQueue) {
        return this.#refused(method, `${longestQueue} calls are waiting for the server already`)
      }
      const call: Call = {}
      // Asked once more when its turn has come, which may be long after.
      const sent = Effect.suspend(() => this.#unlessOpen(method, () => this.#begun(call, effect)))
      const paced = this.#pace === undefined ? sent : Effect.andThen(this.#pace.turn(flow), sent)
      return this.#unlessOpen(method, () => this.#places.run(flow, paced, (exit) => this.#ended(call, exit)))
    })
  }

  /** Whether a request that is sent now need not wait. */
  isFree(): boolean {
    return this.#pace === undefined && this.#places.isFree && this.#breaker?.current() === undefined
  }

  /** Of one that is: false if it has to wait after all. It must leave again. */
  enter(): boolean {
    return this.isFree() && this.#places.take()
  }

  /** With the error it failed with, if any; gives what is to be run then, if anything. */
  leave(end: CallError | "gave up" | undefined): Effect.Effect<void> | undefined {
    // What becomes of it is noted first: whoever gets the place is sent at once.
    if (this.#breaker !== undefined && end !== undefined && end !== "gave up" && isFailure(end)) {
      const leave = () => end.reason._tag === "Timeout" ? this.#places.abandon() : this.#places.giveBack()
      return Effect.ensuring(this.#failed("go", end), Effect.sync(leave))
    }
    if (end === undefined || end !== "gave up" && end.delivery === "answered") this.#breaker?.succeeded("go")
    if (end === "gave up" || end?.reason._tag === "Timeout") this.#places.abandon()
    else this.#places.giveBack()
    return undefined
  }

  /** A request that was sent was given up, because no answer came in time. To be told before it is interrupted. */
  timedOut(error: CallError): Effect.Effect<void> {
    return Effect.suspend(() =>
      this.#breaker === undefined
        ? Effect.void
        : this.#failed(this.#breaker.current()?.circuit === "half-open" ? "probe" : "go", error)
    )
  }

  /** The server is connected to anew. */
  reset(): void {
    this.#breaker?.reset()
  }

  #refused(method: string, description: string, retryAfter?: number) {
    return Effect.fail(
      new CallError({
        server: this.#server,
        method,
        delivery: "not-sent",
        reason: new Unavailable({ description, ...(retryAfter === undefined ? {} : { retryAfter }) })
      })
    )
  }

  /** While it is closed this is all that a call costs: one comparison. */
  #unlessOpen<A>(method: string, go: () => Effect.Effect<A, CallError>): Effect.Effect<A, CallError> {
    const breaker = this.#breaker
    if (breaker?.current() === undefined) return go()
    return Effect.flatMap(monotonic.millis, (now) => {
      const refusal = breaker.refuses(now)
      const cause = breaker.current()?.error.reason.message ?? "none"
      return refusal === undefined
        ? go()
        : this.#refused(method, `too many calls failed in a row, the last with: ${cause}`, refusal.retryAfter)
    })
  }

  #published(): Effect.Effect<void> {
    return Effect.suspend(() => {
      const state = this.#breaker?.current()
      return this.#onChange(state === undefined ? undefined : { _tag: "Degraded", ...state })
    })
  }

  #failed(admission: CircuitBreaker.Admission, error: CallError): Effect.Effect<void> {
    return Effect.flatMap(monotonic.millis, (now) => {
      const before = this.#breaker?.current()?.circuit
      this.#breaker?.failed(admission, error, now)
      return this.#breaker?.current()?.circuit === before ? Effect.void : this.#published()
    })
  }

  #begun<A>(call: Call, effect: Effect.Effect<A, CallError>): Effect.Effect<A, CallError> {
    if (this.#breaker === undefined) return effect
    call.admission = this.#breaker.admit()
    return call.admission === "go" ? effect : Effect.andThen(this.#published(), effect)
  }

  #ended({ admission }: Call, exit: Exit.Exit<unknown, CallError>): Effect.Effect<void> | undefined {
    if (this.#breaker === undefined || admission === undefined) return undefined
    const verdict = judge(exit)
    if (verdict !== "succeeded" && verdict !== "gaveUp") return this.#failed(admission, verdict)
    const before = this.#breaker.current()?.circuit
    this.#breaker[verdict](admission)
    return this.#breaker.current()?.circuit === before ? undefined : this.#published()
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

/** Nothing: it is well again. */
type OnChange = (degraded: Extract<SessionState, { _tag: "Degraded" }> | undefined) => Effect.Effect<void>

/** How something ended that entered. */
export const endOf = (exit: Exit.Exit<unknown, CallError>): CallError | "gave up" | undefined =>
  Exit.isSuccess(exit) ? undefined : Option.getOrElse(Cause.findErrorOption(exit.cause), () => "gave up" as const)

const longestQueue = 10_000

interface Call {
  admission?: CircuitBreaker.Admission
}

/** What the end of a call says of the server. */
const judge = (exit: Exit.Exit<unknown, CallError>): "succeeded" | "gaveUp" | CallError => {
  if (Exit.isSuccess(exit)) return "succeeded"
  const error = Option.getOrUndefined(Cause.findErrorOption(exit.cause))
  if (error === undefined) return "gaveUp"
  if (isFailure(error)) return error
  return error.delivery === "answered" ? "succeeded" : "gaveUp"
}

/**
 * What says that the server cannot cope. Not that the connection is gone, which is made again, and not what it refuses
 * by the protocol, which is an answer.
 */
const isFailure = ({ reason }: CallError): boolean =>
  reason._tag === "Timeout" || reason._tag === "Rejected" && reason.status !== undefined && reason.status >= 500
