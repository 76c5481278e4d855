/** What both HTTP transports make of a refusal: whether the session is lost, and which notifications may be refused. */
import type { TransportError } from "@universal-mcp/core/McpTransport"
import * as Effect from "effect/Effect"
import * as http from "./http.ts"
import * as retryAfter from "./retryAfter.ts"
import * as sending from "./sending.ts"
import type { SignOfLife } from "./signOfLife.ts"
import type { Refusal } from "./status.ts"

/** What is done with the answer to a message that is no request. */
export interface Handler {
  /** The server has accepted it. */
  readonly onDone: () => void
  readonly onRefusal: (refusal: Refusal) => void
  readonly onFailure: (error: TransportError) => void
}

export interface Options {
  readonly ask: SignOfLife["ask"]
  /** Sends a message that is no request. */
  readonly post: (body: string, handler: Handler) => http.Exchange
  /** Ends the session. Calls `settle` for what was refused, so that it does not get the reason of the others. */
  readonly lose: (expired: TransportError, settle: () => void) => void
  readonly warn: (description: string) => void
  /** How long connecting may still take, in milliseconds. */
  readonly timeLeft: () => number
}

export interface Refusals {
  /** Finds out whether a refusal means that the session is lost, which then ends. */
  readonly judge: (refusal: Refusal, onJudged: (isLost: boolean) => void) => void
  readonly notify: (body: string) => Effect.Effect<void, TransportError>
  /** Sends `notifications/initialized`. Some servers refuse it, or every notification, and answer all else. */
  readonly begin: (body: string) => Effect.Effect<void, TransportError>
}

export const make = ({ ask, lose, post, timeLeft, warn }: Options): Refusals => {
  const judge: Refusals["judge"] = (refusal, onJudged) => {
    const lost = () => lose(refusal.expired, () => onJudged(true))
    if (refusal.session === "known") return onJudged(false)
    if (refusal.session === "lost") return lost()
    ask((sign) => sign === "lost" ? lost() : onJudged(false))
  }

  const failJudged: OnRefusal = (refusal, _, fail) =>
    judge(refusal, (isLost) => fail(isLost ? refusal.expired : refusal.error))

  const send = (body: string, onRefusal: OnRefusal) =>
    sending.bounded(
      http.effect<void>((succeed, fail) =>
        post(body, {
          onDone: succeed,
          onRefusal: (refusal) => onRefusal(refusal, succeed, fail),
          onFailure: fail
        })
      )
    )

  const tolerate: OnRefusal = (refusal, succeed, fail) => {
    if (!sending.isTolerable(refusal.error)) return failJudged(refusal, succeed, fail)
    ask((sign) => {
      if (sign === "lost") return lose(refusal.expired, () => fail(refusal.expired))
      if (sign === "refused") return fail(refusal.error)
      warn(sending.refusedInitialized(refusal.error))
      succeed()
    })
  }

  const begin = (body: string, retries: number): Effect.Effect<void, TransportError> =>
    Effect.catch(send(body, tolerate), (error) => {
      const wait = retryAfter.wait(error, retries, timeLeft())
      return wait === undefined ? Effect.fail(error) : Effect.delay(begin(body, retries + 1), wait)
    })

  return {
    judge,
    notify: (body) => send(body, failJudged),
    begin: (body) => begin(body, 0)
  }
}

/** Reads what accepts a message that is no request. */
export const accepted = (response: http.Response, onDone: () => void): http.Body => {
  if (!http.isEventStream(response)) return http.drained(response, onDone)
  onDone()
  return http.nothing(response)
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

type OnRefusal = (refusal: Refusal, succeed: () => void, fail: (error: TransportError) => void) => void
