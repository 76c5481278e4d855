/** The SDK's client on a transport, for as long as the scope: requests with typed failures, and what the server tells. */
import { Client } from "@modelcontextprotocol/client"
import type { StandardSchemaV1 } from "@modelcontextprotocol/client"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Scope from "effect/Scope"
import * as SubscriptionRef from "effect/SubscriptionRef"
import { CallError, type ConnectionError, Timeout } from "../McpError.ts"
import type { Notification, Options, SessionState } from "../McpSession.ts"
import type { McpTransport, TransportError } from "../McpTransport.ts"
import type { Era } from "../NegotiationCache.ts"
import type { Implementation, LoggingLevel, ServerCapabilities } from "../Protocol.ts"
import * as Broadcast from "./broadcast.ts"
import * as failure from "./failure.ts"
import * as Guard from "./guard.ts"
import * as negotiation from "./negotiation.ts"
import * as revisions from "./revisions.ts"
import * as ServerRequests from "./serverRequests.ts"
import * as standIn from "./standIn.ts"
import * as Waiting from "./waiting.ts"

export interface RequestOptions {
  /** Default: the server's `requestTimeout`. May be infinite. */
  readonly timeout?: Duration.Input | undefined
  /** More HTTP headers, in lower case. */
  readonly headers?: Readonly<Record<string, string>> | undefined
}

export interface Connection {
  readonly server: string
  readonly client: Client
  readonly requestTimeout: Duration.Duration
  readonly era: Era
  readonly negotiated: negotiation.Negotiated
  readonly capabilities: ServerCapabilities
  /** Whether arguments of a tool may have to be headers too: modern era over Streamable HTTP. */
  readonly hasHttpHeaders: boolean
  /** The schema sees the result as the server gave it. */
  readonly request: <A>(
    method: string,
    params: Record<string, unknown>,
    schema: StandardSchemaV1<unknown, A>,
    options?: RequestOptions
  ) => Effect.Effect<A, CallError>
  readonly notify: (method: string, params?: Record<string, unknown>) => Effect.Effect<void, CallError>
  /** Fails what takes longer, by default, than a request may; the time in which the server waits for us does not count. */
  readonly within: <A, E>(
    method: string,
    timeout: Duration.Input | undefined,
    effect: Effect.Effect<A, E>
  ) => Effect.Effect<A, E | CallError>
  /** Does what the server asks of us, where it asks by other ways than a request. */
  readonly answer: ServerRequests.ServerRequests["answer"]
  /** Each is called with every notification, in the order of the wire. */
  readonly listeners: Broadcast.Broadcast<Notification>["listeners"]
  readonly notifications: Broadcast.Broadcast<Notification>["stream"]
  readonly stderr: Broadcast.Broadcast<string>["stream"]
  readonly state: SubscriptionRef.SubscriptionRef<SessionState>
  /** Completes when the connection has ended, for whatever reason. */
  readonly ended: Effect.Effect<void>
  readonly hasEnded: () => boolean
  /** Tells whoever reads the notifications what we had to remark. */
  readonly warn: (description: string) => void
  /** The modern era has no request to set it; it goes with each. */
  logLevel: LoggingLevel | undefined
}

/** How many of the notifications that nobody reads are kept for the first reader. */
const keptEarly = 64

/** The SDK must never time out by itself (its time is not Effect's); this is its longest. */
const forever = 2_147_483_647

const logLevelKey = "io.modelcontextprotocol/logLevel"

export const open = Effect.fnUntraced(function*(
  inner: McpTransport,
  options: Options,
  clientInfo: Implementation
): Effect.fn.Return<Connection, ConnectionError, Scope.Scope> {
  const peer: failure.Peer = { server: options.name, transport: options.transport, inner }
  const ended = yield* Deferred.make<TransportError | undefined>()
  const hasEnded = Effect.asVoid(Deferred.await(ended))
  let early: Array<Notification> | undefined = []
  const notifications = Broadcast.make<Notification>(hasEnded, () => {
    const taken = early ?? []
    early = undefined
    return taken
  })
  const stderr = Broadcast.make<string>(hasEnded)

  const publish = (notification: Notification) => {
    if (early !== undefined && early.length < keptEarly) early.push(notification)
    notifications.publish(notification)
  }
  const warn = (description: string) =>
    publish({
      method: "notifications/message",
      params: { level: "warning", logger: "universal-mcp", data: description }
    })
  inner.onstderr = stderr.publish
  const guard = Guard.make(inner, {
    onNotification: publish,
    onWarning: warn,
    onClose: (lost) => {
      Deferred.doneUnsafe(ended, Exit.succeed(lost))
    }
  })

  const waiting = Waiting.make()
  const serverRequests = yield* ServerRequests.make(options.name, waiting)
  // On the legacy era the SDK advertises nothing: its `initialize` goes nowhere.
  const client = new Client(clientInfo, { capabilities: negotiation.modernCapabilities(serverRequests.capabilities) })
  serverRequests.register(client)
  const negotiated = yield* connect(client, guard, peer, options, clientInfo, serverRequests.capabilities)
  const { era } = negotiated

  const state = yield* SubscriptionRef.make<SessionState>({ _tag: "Ready" })
  yield* Deferred.await(ended).pipe(
    Effect.map((lost): SessionState =>
      lost === undefined ? { _tag: "Closed" } : { _tag: "Failed", error: failure.fromTransportError(peer, lost) }
    ),
    Effect.flatMap((next) => SubscriptionRef.set(state, next)),
    Effect.forkScoped
  )
  yield* Effect.addFinalizer(() => SubscriptionRef.set(state, { _tag: "Closed" }))

  const requestTimeout = Duration.fromInputUnsafe(options.requestTimeout ?? "60 seconds")
  const within = <A, E>(method: string, timeout: Duration.Input, effect: Effect.Effect<A, E>) =>
    waiting.timeoutOrElse({ duration: timeout, orElse: () => Effect.fail(timedOut(options.name, method, timeout)) })(
      effect
    )
  const openOr = <A>(method: string, effect: Effect.Effect<A, CallError>): Effect.Effect<A, CallError> =>
    Effect.suspend(() => Deferred.isDoneUnsafe(ended) ? Effect.fail(failure.gone(peer, method)) : effect)
  const withLogLevel = (params: Record<string, unknown>): Record<string, unknown> =>
    era === "legacy" || connection.logLevel === undefined ? params : {
      ...params,
      _meta: { [logLevelKey]: connection.logLevel, ...Guard.isRecord(params["_meta"]) ? params["_meta"] : {} }
    }

  const connection: Connection = {
    server: options.name,
    client,
    requestTimeout,
    era,
    negotiated,
    capabilities: negotiated.capabilities,
    hasHttpHeaders: era === "modern" && inner.hasPerRequestStream === true,
    request: (method, params, schema, { headers, timeout = requestTimeout } = {}) =>
      openOr(
        method,
        Effect.tryPromise({
          try: (signal) =>
            client.request(
              { method, params: withLogLevel(params) },
              era === "modern" ? standIn.unwrapping(schema) : schema,
              { signal, timeout: forever, ...(headers === undefined ? {} : { headers }) }
            ),
          catch: (cause) => failure.toCallError(peer, method, cause)
        })
      ).pipe((effect) => within(method, timeout, effect)),
    within: (method, timeout, effect) => within(method, timeout ?? requestTimeout, effect),
    answer: serverRequests.answer,
    notify: (method, params) =>
      openOr(
        method,
        Effect.tryPromise({
          try: () => client.notification({ method, ...(params === undefined ? {} : { params }) }),
          catch: (cause) => failure.toCallError(peer, method, cause)
        })
      ),
    listeners: notifications.listeners,
    notifications: notifications.stream,
    stderr: stderr.stream,
    state,
    ended: hasEnded,
    hasEnded: () => Deferred.isDoneUnsafe(ended),
    warn,
    logLevel: undefined
  }
  const [newest] = revisions.legacy
  if (era === "legacy" && negotiated.protocolVersion !== newest && options.protocolVersion === undefined) {
    warn(
      `the server speaks protocol revision ${negotiated.protocolVersion}, older than the ${newest} that we asked for`
    )
  }
  yield* serverRequests.afterConnect(connection)
  return connection
})

/** The SDK's client finds everything negotiated already. */
const connect = (
  client: Client,
  guard: Guard.Guard,
  peer: failure.Peer,
  options: Options,
  clientInfo: Implementation,
  capabilities: ServerRequests.ServerRequests["capabilities"]
): Effect.Effect<negotiation.Negotiated, ConnectionError, Scope.Scope> => {
  const timeout = Duration.fromInputUnsafe(options.timeout ?? "30 seconds")
  const { cacheKey, protocolVersion } = options
  return Effect.gen(function*() {
    // Before connecting, so that the transport is closed too when connecting is interrupted half-way.
    yield* Effect.addFinalizer(() => Effect.promise(() => guard.close()))
    const negotiated = yield* negotiation.negotiate(guard, { cacheKey, protocolVersion, clientInfo, capabilities })
      .pipe(
        Effect.mapError((refused) => failure.refused(peer, refused))
      )
    guard.adopt(negotiated)
    yield* Effect.tryPromise({
      try: (signal) => client.connect(guard, { signal, timeout: forever, prior: standIn.prior(negotiated) }),
      catch: (cause) => failure.toConnectionError(peer, cause)
    })
    return negotiated
  }).pipe(Effect.timeoutOrElse({
    duration: timeout,
    orElse: () => Effect.fail(failure.connectTimeout(peer, Duration.toMillis(timeout)))
  }))
}

const timedOut = (server: string, method: string, timeout: Duration.Input): CallError =>
  new CallError({
    server,
    method,
    delivery: "unknown",
    reason: new Timeout({ milliseconds: Duration.toMillis(Duration.fromInputUnsafe(timeout)) }),
    hint: "raise the `timeout` of the call if the server is just slow"
  })
