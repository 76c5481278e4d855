/**
 * Keeps a server from more than it can take: so many calls at once, in fair turns; so many within a time, if asked for;
 * none for a while when it answers none.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import { CallError, Unavailable } from "../McpError.ts"
import type { SessionState } from "../McpSession.ts"
import * as CircuitBreaker from "./circuitBreaker.ts"
import * as FairQueue from "./fairQueue.ts"
import * as RateLimit from "./rateLimit.ts"

export interface Overload {
  /**
   * Runs the effect, which sends one request, when it is its turn; fails with the reason `Unavailable`, at once, where it
   * must not be sent. Calls of the same flow (a method or a tool) wait for each other, and take turns with other flows.
   */
  readonly run: <A>(method: string, flow: string, effect: Effect.Effect<A, CallError>) => Effect.Effect<A, CallError>
  /** Whether a request that is sent now need not wait. */
  readonly isFree: () => boolean
  /** Of one that is: false if it has to wait after all. It must leave again. */
  readonly enter: () => boolean
  /** With the error it failed with, if any; gives what is to be run then, if anything. */
  readonly leave: (end: CallError | "gave up" | undefined) => Effect.Effect<void> | undefined
  /** A request that was sent was given up, because no answer came in time. To be told before it is interrupted. */
  readonly timedOut: (error: CallError) => Effect.Effect<void>
  /** The server is connected to anew. */
  readonly reset: () => void
}

export interface Options {
  /** Calls in flight. Default 64. */
  readonly concurrency?: number | undefined
  readonly rateLimit?: RateLimit.Options | undefined
  readonly circuitBreaker?: CircuitBreaker.Options | false | undefined
}

export const make = (
  server: string,
  { circuitBreaker = {}, concurrency = 64, rateLimit }: Options,
  /** Nothing: it is well again. */
  onChange: (degraded: Extract<SessionState, { _tag: "Degraded" }> | undefined) => Effect.Effect<void>
): Overload => {
  const places = FairQueue.make(concurrency)
  const pace = rateLimit === undefined ? undefined : RateLimit.make(rateLimit)
  const breaker = circuitBreaker === false ? undefined : CircuitBreaker.make<CallError>(circuitBreaker)

  const refused = (method: string, description: string, retryAfter?: number) =>
    Effect.fail(
      new CallError({
        server,
        method,
        delivery: "not-sent",
        reason: new Unavailable({ description, ...(retryAfter === undefined ? {} : { retryAfter }) })
      })
    )

  /** While it is closed this is all that a call costs: one comparison. */
  const unlessOpen = <A>(method: string, go: () => Effect.Effect<A, CallError>): Effect.Effect<A, CallError> => {
    if (breaker?.current() === undefined) return go()
    return Effect.flatMap(Clock.currentTimeMillis, (now) => {
      const refusal = breaker.refuses(now)
      const cause = breaker.current()?.error.reason.message ?? "none"
      return refusal === undefined
        ? go()
        : refused(method, `too many calls failed in a row, the last with: ${cause}`, refusal.retryAfter)
    })
  }

  const published = Effect.suspend(() => {
    const state = breaker?.current()
    return onChange(state === undefined ? undefined : { _tag: "Degraded", ...state })
  })

  const failed = (admission: CircuitBreaker.Admission, error: CallError) =>
    Effect.flatMap(Clock.currentTimeMillis, (now) => {
      const before = breaker?.current()?.circuit
      breaker?.failed(admission, error, now)
      return breaker?.current()?.circuit === before ? Effect.void : published
    })

  const begun = <A>(call: Call, effect: Effect.Effect<A, CallError>): Effect.Effect<A, CallError> => {
    if (breaker === undefined) return effect
    call.admission = breaker.admit()
    return call.admission === "go" ? effect : Effect.andThen(published, effect)
  }

  const ended = ({ admission }: Call, exit: Exit.Exit<unknown, CallError>): Effect.Effect<void> | undefined => {
    if (breaker === undefined || admission === undefined) return undefined
    const verdict = judge(exit)
    if (verdict !== "succeeded" && verdict !== "gaveUp") return failed(admission, verdict)
    const before = breaker.current()?.circuit
    breaker[verdict](admission)
    return breaker.current()?.circuit === before ? undefined : published
  }

  const isFree = () => pace === undefined && places.isFree() && breaker?.current() === undefined

  return {
    run: (method, flow, effect) =>
      Effect.suspend(() => {
        if (places.waiting() >= longestQueue) {
          return refused(method, `${longestQueue} calls are waiting for the server already`)
        }
        const call: Call = {}
        // Asked once more when its turn has come, which may be long after.
        const sent = Effect.suspend(() => unlessOpen(method, () => begun(call, effect)))
        const paced = pace === undefined ? sent : Effect.andThen(pace.turn(flow), sent)
        return unlessOpen(method, () => places.run(flow, paced, (exit) => ended(call, exit)))
      }),
    isFree,
    enter: () => isFree() && places.take(),
    leave: (end) => {
      places.giveBack()
      if (breaker === undefined || end === "gave up") return undefined
      if (end !== undefined && isFailure(end)) return failed("go", end)
      if (end === undefined || end.delivery === "answered") breaker.succeeded("go")
      return undefined
    },
    reset: () => breaker?.reset(),
    timedOut: (error) =>
      Effect.suspend(() =>
        breaker === undefined ? Effect.void : failed(breaker.current()?.circuit === "half-open" ? "probe" : "go", error)
      )
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

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
