/**
 * A session that outlives its connections: requests are sent on the connection there is, wait for one while it is made
 * again, and are repeated where that can do no harm.
 */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import * as Scope from "effect/Scope"
import type * as SubscriptionRef from "effect/SubscriptionRef"
import { type CallError, ConnectionError } from "../McpError.ts"
import type { Options, SessionState } from "../McpSession.ts"
import type { McpTransport, TransportError } from "../McpTransport.ts"
import type * as NegotiationCache from "../NegotiationCache.ts"
import type { Implementation, LoggingLevel, RequestId, ServerCapabilities } from "../Protocol.ts"
import * as Audience from "./audience.ts"
import * as Catalog from "./catalog.ts"
import * as Connection from "./connection.ts"
import type { Negotiated } from "./negotiation.ts"
import * as Overload from "./overload.ts"
import * as Reconnect from "./reconnect.ts"
import type * as results from "./results.ts"
import * as Sending from "./sending.ts"
import * as Telemetry from "./telemetry.ts"
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
  /** Is told the id under which it is sent, each time before it is. */
  readonly onSent?: ((id: RequestId) => void) | undefined
}

/** How long something has, in which requests are sent, and whether one was. */
export interface Fate {
  readonly deadline: Waiting.Deadline
  wasSent: boolean
}

export interface Session {
  readonly server: string
  readonly requestTimeout: Duration.Duration
  readonly telemetry: Telemetry.Telemetry
  /** As the latest connection has it. */
  readonly negotiated: Negotiated
  readonly era: NegotiationCache.Era
  readonly capabilities: ServerCapabilities
  readonly hasHttpHeaders: boolean
  /** The check sees the result as the server gave it. */
  readonly request: <A>(
    method: string,
    params: Record<string, unknown>,
    check: results.Check<A>,
    options?: RequestOptions
  ) => Effect.Effect<A, CallError>
  readonly notify: (method: string, params?: Record<string, unknown>) => Effect.Effect<void, CallError>
  /** Default: what a request may take. */
  readonly fate: (timeout: Duration.Input | undefined) => Fate
  /** Fails what takes longer; the time in which the server waits for us does not count. */
  readonly within: <A, E, R>(
    method: string,
    fate: Fate,
    effect: Effect.Effect<A, E, R>
  ) => Effect.Effect<A, E | CallError, R>
  readonly answer: Connection.Connection["answer"]
  readonly catalog: Catalog.Catalog
  /** Run, side by side, whenever the session has got another connection. */
  readonly onReconnected: Set<Effect.Effect<void>>
  readonly listeners: Audience.Audience["listeners"]
  readonly notifications: Audience.Audience["notifications"]
  readonly stderr: Audience.Audience["stderr"]
  readonly state: SubscriptionRef.SubscriptionRef<SessionState>
  /** Completes when the session has ended, for whatever reason. */
  readonly ended: Effect.Effect<void>
  readonly hasEnded: () => boolean
  /** Tells whoever reads the notifications what we had to remark. */
  readonly warn: (description: string) => void
  /** What the server was asked for; every connection is told. */
  logLevel: LoggingLevel | undefined
}

export const make = Effect.fnUntraced(function*<R>(
  acquire: Effect.Effect<McpTransport, TransportError | ConnectionError, R | Scope.Scope>,
  options: Options,
  clientInfo: Implementation
): Effect.fn.Return<Session, ConnectionError, R | Scope.Scope> {
  const { name: server, reconnect: policy = {} } = options
  const over: Effect.Effect<void> = Effect.suspend(() => reconnect.over)
  const audience = Audience.make(over)
  const { publish, warn } = audience
  const waiting = yield* Waiting.make
  const telemetry = Telemetry.make(options)
  const catalog = Catalog.make((method) => publish({ method }))
  const onReconnected = new Set<Effect.Effect<void>>([catalog.compare])
  let logLevel: LoggingLevel | undefined

  const context = yield* Effect.context<R>()
  const acquireInOwnScope = Effect.flatMap(
    Effect.scope,
    (own) => Effect.provideContext(acquire, Context.add(context, Scope.Scope, own))
  )
  const reconnect = yield* Reconnect.make({
    closed: new ConnectionError({
      server,
      transport: options.transport,
      phase: "connect",
      description: "the session is closed",
      stderr: []
    }),
    open: (known) =>
      open(acquireInOwnScope, options, known, { ...audience, clientInfo, waiting, telemetry }).pipe(
        Effect.tap(({ negotiated, sessionId }) =>
          telemetry.connected({ protocolVersion: negotiated.protocolVersion, sessionId })
        ),
        telemetry.operation("initialize")
      ),
    policy,
    restore: (connection) =>
      logLevel === undefined || connection.era === "modern"
        ? Effect.void
        : connection.request("logging/setLevel", { level: logLevel }).pipe(
          Effect.timeoutOption(longestRestoring),
          Effect.ignore
        ),
    onConnected: () => overload.reset(),
    onReconnected: Effect.suspend(() => Effect.all(onReconnected, { concurrency: "unbounded", discard: true }))
  })

  let suspected: CallError | undefined
  const overload = Overload.make(server, options, (degraded) =>
    Effect.andThen(
      reconnect.degrade(degraded),
      Effect.sync(() => {
        // A server that answers nothing may hang: then it does not answer a ping either, and is connected to again.
        const connection = reconnect.current()
        if (degraded?.circuit !== "open" || degraded.error === suspected || connection === undefined) return
        suspected = degraded.error
        reconnect.lose(connection, { error: connection.lossOf(degraded.error), isDead: false })
      })
    ))

  const requestTimeout = Duration.fromInputUnsafe(options.requestTimeout ?? "60 seconds")
  const requestTimeoutMillis = Duration.toMillis(requestTimeout)
  const fateOf: Session["fate"] = (timeout) => ({
    deadline: waiting.deadline(
      timeout === undefined ? requestTimeoutMillis : Duration.toMillis(Duration.fromInputUnsafe(timeout))
    ),
    wasSent: false
  })
  const { available, request, within } = Sending.make({
    server,
    policy,
    reconnect,
    overload,
    waiting,
    fate: fateOf,
    logLevel: () => logLevel
  })

  const session: Session = {
    server,
    requestTimeout,
    telemetry,
    get negotiated() {
      return reconnect.latest().negotiated
    },
    get era() {
      return reconnect.latest().era
    },
    get capabilities() {
      return reconnect.latest().negotiated.capabilities
    },
    get hasHttpHeaders() {
      return reconnect.latest().hasHttpHeaders
    },
    request,
    notify: (method, params) =>
      Effect.flatMap(available(method, "fail"), (connection) => connection.notify(method, params)),
    fate: fateOf,
    within,
    answer: (method, params) => reconnect.latest().answer(method, params),
    catalog,
    onReconnected,
    listeners: audience.listeners,
    notifications: audience.notifications,
    stderr: audience.stderr,
    state: reconnect.state,
    ended: reconnect.over,
    hasEnded: reconnect.isOver,
    warn,
    get logLevel() {
      return logLevel
    },
    set logLevel(level) {
      logLevel = level
    }
  }
  return session
})

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

/** New connections do not wait for a server that says nothing. */
const longestRestoring = Duration.seconds(2)

/** A server that has left when it was asked which era it speaks is connected to once more, and not asked again. */
const open = <R>(
  acquire: Effect.Effect<McpTransport, TransportError | ConnectionError, R>,
  options: Options,
  known: NegotiationCache.Era | undefined,
  surroundings: Connection.Surroundings
): Effect.Effect<Connection.Connection, ConnectionError, R | Scope.Scope> =>
  Effect.gen(function*() {
    const timeout = Duration.fromInputUnsafe(options.timeout ?? "30 seconds")
    const scope = yield* Scope.fork(yield* Effect.scope)
    const [elapsed, first] = yield* Connection.open(acquire, options, timeout, surroundings, known).pipe(
      Scope.provide(scope),
      Effect.result,
      Effect.timed
    )
    if (Result.isSuccess(first)) return first.success
    if (first.failure._tag === "ConnectionError") return yield* first.failure
    yield* Scope.close(scope, Exit.void)
    const rest = Duration.max(Duration.subtract(timeout, elapsed), Duration.millis(1))
    return yield* Effect.mapError(
      Connection.open(acquire, options, rest, surroundings, "legacy"),
      (error) => error._tag === "EndedOnProbe" ? error.error : error
    )
  })
