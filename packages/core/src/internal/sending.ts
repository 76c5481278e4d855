/**
 * How a request is sent: on the connection there is, or the next one; as soon as it is its turn; and again where that can
 * do no harm.
 */
import * as Effect from "effect/Effect"
import { CallError, Closed, type ConnectionError, Timeout } from "../McpError.ts"
import type { Options } from "../McpSession.ts"
import type { LoggingLevel } from "../Protocol.ts"
import type { Connection } from "./connection.ts"
import { isRecord } from "./json.ts"
import type { Overload } from "./overload.ts"
import type { Reconnect } from "./reconnect.ts"
import type { Check } from "./results.ts"
import * as retry from "./retry.ts"
import type { Fate, RequestOptions, Session } from "./session.ts"
import * as trace from "./trace.ts"
import type { Deadline, Waiting } from "./waiting.ts"

export interface Sending extends Pick<Session, "request" | "within"> {
  /** The connection, now or as soon as there is one again. */
  readonly available: (
    method: string,
    whileReconnecting: RequestOptions["whileReconnecting"]
  ) => Effect.Effect<Connection, CallError>
}

export interface Surroundings {
  readonly server: string
  readonly policy: Options["reconnect"]
  readonly reconnect: Pick<Reconnect, "available" | "current" | "lose">
  readonly overload: Overload
  readonly waiting: Waiting
  readonly fate: Session["fate"]
  readonly logLevel: () => LoggingLevel | undefined
}

export const make = (surroundings: Surroundings): Sending => {
  const { fate: fateOf, logLevel, overload, policy, reconnect, server, waiting } = surroundings

  const within = <A, E, R>(
    method: string,
    deadline: Deadline,
    fate: Fate,
    effect: Effect.Effect<A, E, R>
  ): Effect.Effect<A, E | CallError, R> =>
    waiting.timeoutOrElse({
      deadline,
      orElse: () => {
        const error = timedOut(server, method, deadline, fate)
        return Effect.andThen(fate.wasSent ? overload.timedOut(error) : Effect.void, Effect.fail(error))
      }
    })(effect)

  const available: Sending["available"] = (method, whileReconnecting) =>
    Effect.suspend(() => {
      const current = reconnect.current()
      return current !== undefined ? Effect.succeed(current) : Effect.mapError(
        reconnect.available(whileReconnecting ?? "wait"),
        (error) => unreachable(server, method, error)
      )
    })

  const withLogLevel = (connection: Connection, params: Record<string, unknown>): Record<string, unknown> => {
    const level = logLevel()
    return connection.era === "legacy" || level === undefined ? params : {
      ...params,
      _meta: { [logLevelKey]: level, ...isRecord(params["_meta"]) ? params["_meta"] : {} }
    }
  }

  /** `done` is called once, unless what this returns is called first, which gives it up. */
  const send = <A>(
    call: Call<A>,
    connection: Connection,
    deadline: Deadline | undefined,
    done: (outcome: Effect.Effect<A, CallError>, error: CallError | undefined) => void
  ): () => void => {
    const { check, fate, fiber, isUnlimited, method, options } = call
    const wasSentBefore = fate.wasSent
    fate.wasSent = true
    return connection.exchange({
      method,
      params: trace.withTraceContext(fiber, withLogLevel(connection, call.params)),
      check,
      headers: options.headers,
      onSent: options.onSent,
      limit: deadline && { deadline, expired: () => timedOut(server, method, deadline, fate) }
    }, (outcome, error) => {
      if (error !== undefined) {
        // A stream that breaks is opened again by whoever wants it.
        const isStream = isUnlimited && error.delivery === "unknown"
        const loss = isStream ? undefined : retry.lossOf(connection, error)
        if (loss !== undefined) reconnect.lose(connection, loss)
        if (error.delivery === "not-sent") fate.wasSent = wasSentBefore
      }
      done(outcome, error)
    })
  }

  /** Most need wait for nothing but the answer. */
  const direct = <A>(call: Call<A>, connection: Connection): Effect.Effect<A, CallError> =>
    Effect.callback((resume) => {
      const { isUnlimited } = call
      if (!isUnlimited && !overload.enter()) return resume(queued(call))
      const giveUp = send(call, connection, call.deadline, (outcome, error) => {
        const left = isUnlimited ? undefined : overload.leave(error)
        resume(left === undefined ? outcome : Effect.andThen(left, outcome))
      })
      return Effect.sync(() => {
        giveUp()
        if (!isUnlimited) overload.leave("gave up")
      })
    })

  const connected = <A>({ method, options }: Call<A>): Effect.Effect<Connection, CallError> =>
    available(method, options.whileReconnecting)

  const queued = <A>(call: Call<A>): Effect.Effect<A, CallError> => {
    const { deadline, fate, isUnlimited, method, params } = call
    const sent = Effect.flatMap(
      connected(call),
      (connection) => Effect.callback<A, CallError>((resume) => Effect.sync(send(call, connection, undefined, resume)))
    )
    // By its turn there may be another connection.
    const inTurn = isUnlimited ? sent : overload.run(method, flowOf(method, params), sent)
    return within(method, deadline, fate, Effect.andThen(connected(call), inTurn))
  }

  const attempt = <A>(call: Call<A>, retries: number): Effect.Effect<A, CallError> => {
    const connection = reconnect.current()
    return Effect.catch(
      connection !== undefined && (call.isUnlimited || overload.isFree()) ? direct(call, connection) : queued(call),
      (error) => recover(call, error, retries)
    )
  }

  const recover = <A>(call: Call<A>, error: CallError, retries: number): Effect.Effect<A, CallError> => {
    const { deadline, fate, method, options } = call
    const again = retry.again(error)
    if (policy === false || again === undefined || retries === retry.most) return Effect.fail(error)
    if (again.after > waiting.left(deadline)) return Effect.fail(error)
    const repeated = Effect.delay(Effect.suspend(() => attempt(call, retries + 1)), again.after)
    if (!again.mayHaveBeenExecuted) return repeated
    const isRepeatable = options.isRepeatable ?? retry.repeatable.has(method)
    if (isRepeatable === false) return Effect.fail(error)
    // What may have been executed the first time is not undone by a second that did not get there.
    const atLeastOnce = Effect.mapError(
      repeated,
      (second) => second.delivery === "not-sent" ? notAgain(error, second) : second
    )
    if (isRepeatable === true) return atLeastOnce
    // The server is asked what the tool says of itself, as soon as there is one.
    return within(method, deadline, fate, connected(call)).pipe(
      Effect.matchEffect({
        onFailure: (second) => Effect.fail(notAgain(error, second)),
        onSuccess: () => isRepeatable
      }),
      Effect.flatMap((may) => may ? atLeastOnce : Effect.fail(error))
    )
  }

  return {
    available,
    within: (method, fate, effect) => within(method, fate.deadline, fate, effect),
    request: (method, params, check, options = none) =>
      Effect.withFiber((fiber) => {
        const fate = options.fate ?? fateOf(options.timeout)
        const deadline = options.fate === undefined || options.timeout === undefined
          ? fate.deadline
          : fateOf(options.timeout).deadline
        return attempt({ fiber, method, params, check, options, fate, deadline, isUnlimited: unlimited.has(method) }, 0)
      })
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

interface Call<A> {
  readonly fiber: trace.AnyFiber
  readonly method: string
  readonly params: Record<string, unknown>
  readonly check: Check<A>
  readonly options: RequestOptions
  readonly fate: Fate
  readonly deadline: Deadline
  readonly isUnlimited: boolean
}

const none: RequestOptions = {}

const logLevelKey = "io.modelcontextprotocol/logLevel"

/** What waits for long by its nature must not keep others from being sent, and what takes back must not wait. */
const unlimited: ReadonlySet<string> = new Set(["subscriptions/listen", "tasks/cancel", "tasks/result"])

const flowOf = (method: string, { name }: Record<string, unknown>): string =>
  method === "tools/call" ? `${method} ${String(name)}` : method

/** What is known of the first attempt, and why there was no second. */
const notAgain = ({ delivery, method, reason, server }: CallError, second: CallError): CallError =>
  new CallError({
    server,
    method,
    delivery,
    reason,
    hint: `it could not be sent again: ${second.reason.message}`
  })

/** What a request gets that found no connection. */
const unreachable = (server: string, method: string, error: ConnectionError): CallError =>
  new CallError({
    server,
    method,
    delivery: "not-sent",
    reason: new Closed({
      description: error.description,
      stderr: error.stderr,
      ...(error.exitCode === undefined ? {} : { exitCode: error.exitCode }),
      ...(error.signal === undefined ? {} : { signal: error.signal }),
      ...(error.cause === undefined ? {} : { cause: error.cause })
    }),
    ...(error.hint === undefined ? {} : { hint: error.hint })
  })

const timedOut = (server: string, method: string, { timeout }: Deadline, { wasSent }: Fate): CallError =>
  new CallError({
    server,
    method,
    delivery: wasSent ? "unknown" : "not-sent",
    reason: new Timeout({ milliseconds: timeout }),
    hint: wasSent
      ? "raise the `timeout` of the call if the server is just slow"
      : "it was still waiting to be sent: for the session to be made again, see its `state`, or for its turn"
  })
