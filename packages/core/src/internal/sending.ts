/**
 * How a request is sent: on the connection there is, or the next one; as soon as it is its turn; and again where that can
 * do no harm.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { CallError, Closed, type ConnectionError, Timeout } from "../McpError.ts"
import type { Options } from "../McpSession.ts"
import type { LoggingLevel } from "../Protocol.ts"
import type { Connection, End } from "./connection.ts"
import * as failure from "./failure.ts"
import { isRecord } from "./json.ts"
import * as Overload from "./overload.ts"
import type { Reconnect } from "./reconnect.ts"
import type { Check } from "./results.ts"
import * as retry from "./retry.ts"
import type { Fate, RequestOptions } from "./session.ts"
import * as trace from "./trace.ts"
import type { Deadline, Waiting } from "./waiting.ts"

export interface Surroundings {
  readonly server: string
  readonly policy: Options["reconnect"]
  readonly reconnect: Reconnect
  readonly overload: Overload.Overload
  readonly waiting: Waiting
  /** In milliseconds. */
  readonly requestTimeout: number
}

export class Sending {
  /** What the server was asked for; every connection is told. */
  logLevel: LoggingLevel | undefined
  readonly #server: string
  readonly #policy: Options["reconnect"]
  readonly #reconnect: Reconnect
  readonly #overload: Overload.Overload
  readonly #waiting: Waiting
  readonly #requestTimeout: number

  constructor({ overload, policy, reconnect, requestTimeout, server, waiting }: Surroundings) {
    this.#server = server
    this.#policy = policy
    this.#reconnect = reconnect
    this.#overload = overload
    this.#waiting = waiting
    this.#requestTimeout = requestTimeout
  }

  request<A>(
    method: string,
    params: Record<string, unknown>,
    check: Check<A>,
    options: RequestOptions = none
  ): Effect.Effect<A, CallError> {
    return Effect.withFiber((fiber) => {
      const fate = options.fate ?? this.fate(options.timeout)
      const deadline = options.fate === undefined || options.timeout === undefined
        ? fate.deadline
        : this.fate(options.timeout).deadline
      return this.#attempt(
        { fiber, method, params, check, options, fate, deadline, isUnlimited: unlimited.has(method) },
        0
      )
    })
  }

  fate(timeout: Duration.Input | undefined): Fate {
    const millis = timeout === undefined
      ? this.#requestTimeout
      : Duration.toMillis(Duration.fromInputUnsafe(timeout))
    return { deadline: this.#waiting.deadline(millis), wasSent: false, hasBegun: false, asked: 0 }
  }

  within<A, E, R>(method: string, fate: Fate, effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | CallError, R> {
    return this.#within(method, fate.deadline, fate, effect)
  }

  /** The connection, now or as soon as there is one again. */
  available(
    method: string,
    whileReconnecting: RequestOptions["whileReconnecting"]
  ): Effect.Effect<Connection, CallError> {
    return Effect.suspend(() => {
      const current = this.#reconnect.current()
      return current !== undefined ? Effect.succeed(current) : Effect.mapError(
        this.#reconnect.available(whileReconnecting ?? "wait"),
        (error) => unreachable(this.#server, method, error)
      )
    })
  }

  #within<A, E, R>(
    method: string,
    deadline: Deadline,
    fate: Fate,
    effect: Effect.Effect<A, E, R>
  ): Effect.Effect<A, E | CallError, R> {
    return this.#waiting.timeoutOrElse({
      deadline,
      orElse: () => {
        const error = timedOut(this.#server, method, deadline, fate)
        return Effect.andThen(fate.wasSent ? this.#overload.timedOut(error) : Effect.void, Effect.fail(error))
      }
    })(effect)
  }

  #withLogLevel(connection: Connection, params: Record<string, unknown>): Record<string, unknown> {
    const level = this.logLevel
    return level === undefined || connection.era === "legacy" ? params : {
      ...params,
      _meta: { [logLevelKey]: level, ...isRecord(params["_meta"]) ? params["_meta"] : {} }
    }
  }

  /** `done` is called once, unless what this returns is called first, which gives it up. */
  #send<A>(
    call: Call<A>,
    connection: Connection,
    deadline: Deadline | undefined,
    done: (outcome: Effect.Effect<A, CallError>, end: End) => void
  ): () => void {
    const { check, fate, fiber, method, options } = call
    const wasSentBefore = fate.wasSent
    fate.wasSent = true
    const { timeout } = call.deadline
    return connection.exchange({
      method,
      params: trace.withTraceContext(fiber, this.#withLogLevel(connection, call.params)),
      check,
      headers: options.headers,
      exactNumbers: options.exactNumbers,
      onSent: options.onSent,
      budget: options.budget ?? fate,
      timeout: timeout === this.#requestTimeout ? undefined : timeout,
      limit: deadline && { deadline, expired: () => timedOut(this.#server, method, deadline, fate) }
    }, (outcome, end) => {
      if (end === "asks") {
        fate.hasBegun = true
        return done(
          Effect.tapError(outcome, (error) => this.#note(call, connection, error, true) ?? Effect.void),
          end
        )
      }
      const decided = end && this.#note(call, connection, end, wasSentBefore)
      done(decided === undefined ? outcome : Effect.andThen(decided, outcome), end)
    })
  }

  /** What a failure says of the connection, and of the request; gives what the caller should wait for, if anything. */
  #note<A>(
    { fate, isUnlimited }: Call<A>,
    connection: Connection,
    error: CallError,
    wasSentBefore: boolean
  ): Effect.Effect<unknown> | undefined {
    // A stream that breaks is opened again by whoever wants it.
    const isStream = isUnlimited && error.delivery === "unknown"
    const loss = isStream ? undefined : retry.lossOf(connection, error)
    if (loss !== undefined) this.#reconnect.lose(connection, loss)
    if (error.delivery === "not-sent") fate.wasSent = wasSentBefore
    if (!retry.isRefusal(error) || !connection.mayBeForgotten()) return undefined
    // So that who calls one after the other meets the new connection.
    return Effect.timeoutOption(this.#reconnect.replaceIfForgotten(connection), longestDecision)
  }

  /** Most need wait for nothing but the answer. */
  #direct<A>(call: Call<A>, connection: Connection): Effect.Effect<A, CallError> {
    return Effect.callback((resume) => {
      const { isUnlimited } = call
      if (!isUnlimited && !this.#overload.enter()) return resume(this.#queued(call))
      const giveUp = this.#send(call, connection, call.deadline, (outcome, end) => {
        if (isUnlimited) return resume(outcome)
        // It keeps its place until it is done, whoever is asked meanwhile.
        if (end === "asks") {
          return resume(Effect.onExitPrimitive(outcome, (exit) => this.#overload.leave(Overload.endOf(exit))))
        }
        const left = this.#overload.leave(end)
        resume(left === undefined ? outcome : Effect.andThen(left, outcome))
      })
      return Effect.sync(() => {
        giveUp()
        if (!isUnlimited) this.#overload.leave("gave up")
      })
    })
  }

  #connected<A>({ method, options }: Call<A>): Effect.Effect<Connection, CallError> {
    return this.available(method, options.whileReconnecting)
  }

  #queued<A>(call: Call<A>): Effect.Effect<A, CallError> {
    const { deadline, fate, isUnlimited, method, params } = call
    const sent = Effect.flatMap(
      this.#connected(call),
      (connection) =>
        Effect.callback<A, CallError>((resume) => Effect.sync(this.#send(call, connection, undefined, resume)))
    )
    // By its turn there may be another connection.
    const inTurn = isUnlimited ? sent : this.#overload.run(method, flowOf(method, params), sent)
    return this.#within(method, deadline, fate, Effect.andThen(this.#connected(call), inTurn))
  }

  #attempt<A>(call: Call<A>, retries: number): Effect.Effect<A, CallError> {
    if (call.deadline.timeout <= 0) return Effect.fail(timedOut(this.#server, call.method, call.deadline, call.fate))
    const connection = this.#reconnect.current()
    return Effect.catch(
      connection !== undefined && (call.isUnlimited || this.#overload.isFree())
        ? this.#direct(call, connection)
        : this.#queued(call),
      (error) => this.#recover(call, error, retries)
    )
  }

  #recover<A>(call: Call<A>, error: CallError, retries: number): Effect.Effect<A, CallError> {
    const { deadline, fate, method, options } = call
    const again = retry.again(error, retries)
    if (this.#policy === false || again === undefined || retries === retry.most) return Effect.fail(error)
    if (again.after > this.#waiting.left(deadline)) return Effect.fail(error)
    const repeated = Effect.delay(Effect.suspend(() => this.#attempt(call, retries + 1)), again.after)
    // What was asked on the way would be asked once more.
    if (!again.mayHaveBeenExecuted && !fate.hasBegun) return repeated
    const isRepeatable = options.isRepeatable ?? retry.repeatable.has(method)
    if (isRepeatable === false) return Effect.fail(failure.begun(error))
    // What may have been executed the first time is not undone by a second that did not get there.
    const atLeastOnce = Effect.mapError(
      repeated,
      (second) => second.delivery === "not-sent" ? notAgain(error, second) : second
    )
    if (isRepeatable === true) return atLeastOnce
    // The server is asked what the tool says of itself, as soon as there is one.
    return this.#within(method, deadline, fate, this.#connected(call)).pipe(
      Effect.matchEffect({
        onFailure: (second) => Effect.fail(notAgain(error, second)),
        onSuccess: () => isRepeatable
      }),
      Effect.flatMap((may) => may ? atLeastOnce : Effect.fail(failure.begun(error)))
    )
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

/** How long a refused call waits until it is decided whether the server has forgotten the session. */
const longestDecision = Duration.seconds(5)

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
