/**
 * A session that outlives its connections: requests are sent on the connection there is, wait for one while it is made
 * again, and are repeated where that can do no harm.
 */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import * as Scheduler from "effect/Scheduler"
import * as Scope from "effect/Scope"
import type { CallError, ConnectionError } from "../McpError.ts"
import type { Options } from "../McpSession.ts"
import type { McpTransport, TransportError } from "../McpTransport.ts"
import type * as NegotiationCache from "../NegotiationCache.ts"
import type { Implementation, LoggingLevel, RequestId, ServerCapabilities } from "../Protocol.ts"
import { Audience } from "./audience.ts"
import { Catalog } from "./catalog.ts"
import * as Connect from "./connect.ts"
import type { Connection } from "./connection.ts"
import type { Negotiated } from "./negotiation.ts"
import { Overload } from "./overload.ts"
import { type Budget, Questions } from "./questions.ts"
import * as Reconnect from "./reconnect.ts"
import type { Redact } from "./redact.ts"
import type * as results from "./results.ts"
import { Sending } from "./sending.ts"
import { Telemetry } from "./telemetry.ts"
import * as Waiting from "./waiting.ts"

export interface RequestOptions {
  /** Default: the server's `requestTimeout`. May be infinite. */
  readonly timeout?: Duration.Input | undefined
  /** More HTTP headers, in lower case. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Whether the server may be asked twice. Default: whether the method is one that only reads. */
  readonly isRepeatable?: boolean | Effect.Effect<boolean> | undefined
  readonly whileReconnecting?: "wait" | "fail" | undefined
  /** What it is a part of, and whose time it has unless it has a `timeout` of its own. */
  readonly fate?: Fate | undefined
  /** As in `CallOptions`, `false` included: without it nobody can ask for them, and so nothing warns. */
  readonly exactNumbers?: boolean | undefined
  /** Of the call that it is a part of. Default: its own. */
  readonly budget?: Budget | undefined
  /** Is told the id under which it is sent, each time before it is. */
  readonly onSent?: ((id: RequestId) => void) | undefined
}

/** How long something has, in which requests are sent, and whether one was. */
export interface Fate extends Budget {
  readonly deadline: Waiting.Deadline
  wasSent: boolean
  /** The server has answered it with a question. */
  hasBegun: boolean
}

export class Session {
  readonly server: string
  readonly requestTimeout: Duration.Duration
  readonly telemetry: Telemetry
  readonly audience: Audience
  readonly questions: Questions
  /** Hides the secrets of the server. */
  readonly redact: Redact | undefined
  readonly #reconnect: Reconnect.Reconnect
  readonly #sending: Sending
  #catalog: Catalog | undefined
  #onReconnected: Set<Effect.Effect<void>> | undefined

  constructor({ audience, questions, reconnect, redact, requestTimeout, sending, server, telemetry }: Parts) {
    this.server = server
    this.requestTimeout = requestTimeout
    this.telemetry = telemetry
    this.audience = audience
    this.questions = questions
    this.redact = redact
    this.#reconnect = reconnect
    this.#sending = sending
  }

  /** As the latest connection has it. */
  get negotiated(): Negotiated {
    return this.#reconnect.latest.negotiated
  }

  get era(): NegotiationCache.Era {
    return this.#reconnect.latest.era
  }

  get capabilities(): ServerCapabilities {
    return this.negotiated.capabilities
  }

  get hasHttpHeaders(): boolean {
    return this.#reconnect.latest.hasHttpHeaders
  }

  /** The check sees the result as the server gave it. */
  request<A>(
    method: string,
    params: Record<string, unknown>,
    check: results.Check<A>,
    options?: RequestOptions
  ): Effect.Effect<A, CallError> {
    return this.#sending.request(method, params, check, options)
  }

  notify(method: string, params?: Record<string, unknown>): Effect.Effect<void, CallError> {
    return Effect.flatMap(
      this.#sending.available(method, "fail"),
      (connection) => connection.notify(method, params)
    )
  }

  /** Default: what a request may take. */
  fate(timeout: Duration.Input | undefined): Fate {
    return this.#sending.fate(timeout)
  }

  /** Fails what takes longer; the time in which a person is asked does not count. */
  within<A, E, R>(method: string, fate: Fate, effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | CallError, R> {
    return this.#sending.within(method, fate, effect)
  }

  answer(method: string, params: unknown): ReturnType<Connection["answer"]> {
    return this.#reconnect.latest.answer(method, params)
  }

  get catalog(): Catalog {
    return this.#catalog ??= new Catalog((method) => this.audience.publish({ method }))
  }

  /** Run, side by side, whenever the session has got another connection. */
  get onReconnected(): Set<Effect.Effect<void>> {
    return this.#onReconnected ??= new Set()
  }

  /** All that is to be done then. */
  get reconnected(): Effect.Effect<void> {
    return Effect.all([this.#catalog?.compare ?? Effect.void, ...this.#onReconnected ?? []], {
      concurrency: "unbounded",
      discard: true
    })
  }

  get listeners(): Audience["listeners"] {
    return this.audience.listeners
  }

  get state(): Reconnect.State {
    return this.#reconnect.state
  }

  /** Completes when the session has ended, for whatever reason. */
  get ended(): Effect.Effect<void> {
    return this.#reconnect.over
  }

  hasEnded(): boolean {
    return this.#reconnect.isOver()
  }

  /** For those who read the warnings. */
  warn(description: string): void {
    this.audience.warn(description)
  }

  /** What the server was asked for; every connection is told. */
  get logLevel(): LoggingLevel | undefined {
    return this.#sending.logLevel
  }

  set logLevel(level) {
    this.#sending.logLevel = level
  }
}

export const make = Effect.fnUntraced(function*<R>(
  acquire: Effect.Effect<McpTransport, TransportError | ConnectionError, R | Scope.Scope>,
  options: Options,
  clientInfo: Implementation
): Effect.fn.Return<Session, ConnectionError, R | Scope.Scope> {
  const { name: server, reconnect: policy = {} } = options
  const audience = new Audience(Effect.suspend(() => reconnect.over), options.redact)
  const waiting = yield* Waiting.make
  const telemetry = new Telemetry(options)
  const questions = new Questions(options.questions ?? {}, (description) => audience.warn(description))
  const context = yield* Effect.context<R>()
  const acquireInOwnScope = Effect.flatMap(
    Effect.scope,
    (own) => Effect.provideContext(acquire, Context.add(context, Scope.Scope, own))
  )
  const surroundings: Connect.Surroundings = { audience, clientInfo, waiting, telemetry, questions }
  const reconnect: Reconnect.Reconnect = yield* Reconnect.make({
    server,
    transport: options.transport,
    run: waiting.run,
    open: (known) =>
      open(acquireInOwnScope, options, known, surroundings).pipe(
        Effect.tap((connection) =>
          telemetry.connected({
            protocolVersion: connection.negotiated.protocolVersion,
            sessionId: connection.sessionId
          })
        ),
        telemetry.operation("initialize")
      ),
    policy,
    restore: (connection) =>
      session.logLevel === undefined || connection.era === "modern"
        ? Effect.void
        : connection.request("logging/setLevel", { level: session.logLevel }).pipe(
          Effect.timeoutOption(longestRestoring),
          Effect.ignore
        ),
    onConnected: () => overload.reset(),
    onReconnected: () => session.reconnected
  })

  let suspected: CallError | undefined
  // No fiber of the session does it, because it is to be done also when the session has just closed.
  const scheduler = yield* Scheduler.Scheduler
  const soon = (act: () => void) => scheduler.makeDispatcher().scheduleTask(act, 0)
  const overload = new Overload(server, options, (degraded) =>
    Effect.sync(() => {
      reconnect.degrade(degraded)
      // A server that answers nothing may hang: then it does not answer a ping either, and is connected to again.
      const connection = reconnect.current()
      if (degraded?.circuit !== "open" || degraded.error === suspected || connection === undefined) return
      suspected = degraded.error
      reconnect.lose(connection, { error: connection.lossOf(degraded.error), isDead: false })
    }).pipe(Effect.andThen(Effect.yieldNow)), soon)

  const requestTimeout = Duration.fromInputUnsafe(options.requestTimeout ?? "60 seconds")
  const sending = new Sending({
    server,
    policy,
    reconnect,
    overload,
    waiting,
    requestTimeout: Duration.toMillis(requestTimeout)
  })
  const session = new Session({
    server,
    requestTimeout,
    telemetry,
    audience,
    questions,
    redact: options.redact,
    reconnect,
    sending
  })
  reconnect.start()
  return session
})

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

/** New connections do not wait for a server that says nothing. */
const longestRestoring = Duration.seconds(2)

interface Parts {
  readonly server: string
  readonly redact: Redact | undefined
  readonly requestTimeout: Duration.Duration
  readonly telemetry: Telemetry
  readonly audience: Audience
  readonly questions: Questions
  readonly reconnect: Reconnect.Reconnect
  readonly sending: Sending
}

/** A server that has left when it was asked which era it speaks is connected to once more, and not asked again. */
const open = <R>(
  acquire: Effect.Effect<McpTransport, TransportError | ConnectionError, R>,
  options: Options,
  known: NegotiationCache.Era | undefined,
  surroundings: Connect.Surroundings
): Effect.Effect<Connection, ConnectionError, R | Scope.Scope> =>
  Effect.gen(function*() {
    const timeout = Duration.fromInputUnsafe(options.timeout ?? "30 seconds")
    const scope = yield* Scope.fork(yield* Effect.scope)
    const [elapsed, first] = yield* Connect.open(
      acquire,
      options,
      { whole: timeout, left: timeout },
      surroundings,
      known
    ).pipe(
      Scope.provide(scope),
      Effect.result,
      Effect.timed
    )
    if (Result.isSuccess(first)) return first.success
    if (first.failure._tag === "ConnectionError") return yield* first.failure
    yield* Scope.close(scope, Exit.void)
    const left = Duration.max(Duration.subtract(timeout, elapsed), Duration.millis(1))
    return yield* Effect.mapError(
      Connect.open(acquire, options, { whole: timeout, left }, surroundings, "legacy"),
      (error) => error._tag === "EndedOnProbe" ? error.error : error
    )
  })
