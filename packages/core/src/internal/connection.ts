/** The SDK's client on one transport, until that ends or the scope closes: requests with typed failures. */
import type { Client, StandardSchemaV1 } from "@modelcontextprotocol/client"
import * as Data from "effect/Data"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Scope from "effect/Scope"
import { CallError, type ConnectionError } from "../McpError.ts"
import type { Options } from "../McpSession.ts"
import { type McpTransport, TransportError } from "../McpTransport.ts"
import type { Era } from "../NegotiationCache.ts"
import type { Implementation, RequestId } from "../Protocol.ts"
import type { Audience } from "./audience.ts"
import * as failure from "./failure.ts"
import * as Guard from "./guard.ts"
import * as negotiation from "./negotiation.ts"
import * as revisions from "./revisions.ts"
import * as ServerRequests from "./serverRequests.ts"
import * as standIn from "./standIn.ts"
import type { Telemetry } from "./telemetry.ts"
import { TransportDecorator } from "./transportDecorator.ts"
import type { Waiting } from "./waiting.ts"

export interface Connection {
  readonly negotiated: negotiation.Negotiated
  readonly era: Era
  /** Where the server gave one. */
  readonly sessionId: string | undefined
  /** Whether arguments of a tool may have to be headers too: modern era over Streamable HTTP. */
  readonly hasHttpHeaders: boolean
  /** The schema sees the result as the server gave it. It takes as long as it takes. */
  readonly request: <A>(
    method: string,
    params: Record<string, unknown>,
    schema: StandardSchemaV1<unknown, A>,
    headers?: Readonly<Record<string, string>>,
    /** Is told the id, before the request is sent. */
    onSent?: (id: RequestId) => void
  ) => Effect.Effect<A, CallError>
  readonly notify: (method: string, params?: Record<string, unknown>) => Effect.Effect<void, CallError>
  /** Does what the server asks of us, where it asks by other ways than a request. */
  readonly answer: ServerRequests.ServerRequests["answer"]
  /** Completes when the connection has ended: with why it was lost, unless it was closed. */
  readonly ended: Effect.Effect<ConnectionError | undefined>
  readonly hasEnded: () => boolean
  /** Completes once no request waits for an answer any more. */
  readonly idle: Effect.Effect<void>
  /** Whether it has answered what somebody wanted of it, beyond what we ask by ourselves. */
  readonly hasServed: () => boolean
  readonly isIdle: () => boolean
  /** Two at once could be in each other's way. */
  readonly isProcess: boolean
  readonly warn: (description: string) => void
  /** What a failed call says of the connection as a whole. */
  readonly lossOf: (error: CallError) => ConnectionError
}

/** What is of the session, and the same for all of its connections. */
export interface Surroundings extends Pick<Audience, "publish" | "publishStderr" | "warn"> {
  readonly clientInfo: Implementation
  readonly waiting: Waiting
  readonly telemetry: Telemetry
}

/** The SDK must never time out by itself (its time is not Effect's); this is its longest. */
const forever = 2_147_483_647

/** The server has left when it was asked which era it speaks. */
export class EndedOnProbe extends Data.TaggedError("EndedOnProbe")<{ readonly error: ConnectionError }> {}

/** `acquire` opens the transport, in the scope of the connection. */
export const open = Effect.fnUntraced(function*<R>(
  acquire: Effect.Effect<McpTransport, TransportError | ConnectionError, R>,
  options: Options,
  timeout: Duration.Duration,
  { clientInfo, publish, publishStderr, telemetry, waiting, warn }: Surroundings,
  known?: Era
): Effect.fn.Return<Connection, ConnectionError | EndedOnProbe, R | Scope.Scope> {
  const nobody: failure.Peer = { server: options.name, transport: options.transport }
  const decorate = yield* TransportDecorator
  const tooLong = () => failure.connectTimeout(nobody, Duration.toMillis(timeout))
  const [elapsed, inner] = yield* acquire.pipe(
    // Ours keep to the time by themselves, and say what took it.
    Effect.timeoutOrElse({
      duration: Duration.sum(timeout, Duration.seconds(1)),
      orElse: () => Effect.fail(tooLong())
    }),
    Effect.mapError((error) => error instanceof TransportError ? failure.fromTransportError(nobody, error) : error),
    Effect.flatMap((transport) => decorate(transport, options.name)),
    Effect.timed
  )
  const peer: failure.Peer = { ...nobody, inner }
  const ended = yield* Deferred.make<TransportError | undefined>()
  inner.onstderr = publishStderr
  let onSending: ((id: RequestId) => void) | undefined
  const guard = Guard.make(inner, {
    onNotification: publish,
    onWarning: warn,
    onClose: (lost) => {
      Deferred.doneUnsafe(ended, Exit.succeed(lost))
    },
    onRequest: (id) => onSending?.(id)
  })
  const serverRequests = yield* ServerRequests.make(options.name, waiting, telemetry)
  // On the legacy era the SDK advertises nothing: its `initialize` goes nowhere.
  const client = new ServerRequests.AskedClient(clientInfo, {
    capabilities: negotiation.modernCapabilities(serverRequests.capabilities)
  })
  serverRequests.register(client)
  const { capabilities } = serverRequests
  const negotiated = yield* connect(client, guard, peer, { ...options, clientInfo, capabilities, known }).pipe(
    // The transport may have taken some of the time already, and says so itself where it took all.
    Effect.timeoutOrElse({
      duration: Duration.max(Duration.subtract(timeout, elapsed), Duration.millis(1)),
      orElse: () => Effect.fail(failure.connectTimeout(peer, Duration.toMillis(timeout)))
    })
  )
  const { era } = negotiated

  const hasEnded = () => Deferred.isDoneUnsafe(ended)
  const openOr = <A>(method: string, effect: Effect.Effect<A, CallError>): Effect.Effect<A, CallError> =>
    Effect.suspend(() => hasEnded() ? Effect.fail(failure.gone(peer, method)) : effect)

  const send: Connection["request"] = (method, params, schema, headers, onSent) =>
    Effect.tryPromise({
      try: (signal) => {
        onSending = onSent
        try {
          // The SDK sends before it returns.
          return client.request(
            { method, params },
            era === "modern" ? standIn.unwrapping(schema) : schema,
            { signal, timeout: forever, ...(headers === undefined ? {} : { headers }) }
          )
        } finally {
          onSending = undefined
        }
      },
      catch: (cause) => failure.toCallError(peer, method, cause)
    })

  const connection: Connection = {
    negotiated,
    era,
    sessionId: inner.sessionId,
    hasHttpHeaders: era === "modern" && inner.hasPerRequestStream === true,
    request: (method, params, schema, headers, onSent) =>
      openOr(
        method,
        Effect.suspend(() => {
          const before = guard.questions()
          return Effect.mapError(send(method, params, schema, headers, onSent), (error) =>
            // A later round may not have been sent: the first was.
            error.delivery === "not-sent" && guard.questions() !== before ? begun(error) : error)
        })
      ),
    notify: (method, params) =>
      openOr(
        method,
        Effect.tryPromise({
          try: () => client.notification({ method, ...(params === undefined ? {} : { params }) }),
          catch: (cause) => failure.toCallError(peer, method, cause)
        })
      ),
    answer: serverRequests.answer,
    ended: Effect.map(
      Deferred.await(ended),
      (lost) => lost === undefined ? undefined : failure.lost(peer, lost)
    ),
    hasEnded,
    idle: guard.idle,
    hasServed: guard.hasServed,
    isIdle: guard.isIdle,
    isProcess: inner.kill !== undefined,
    warn,
    lossOf: (error) => failure.lossOf(peer, error)
  }
  const [newest] = revisions.legacy
  if (era === "legacy" && negotiated.protocolVersion !== newest && options.protocolVersion === undefined) {
    warn(
      `the server speaks protocol revision ${negotiated.protocolVersion}, older than the ${newest} that we asked for`,
      "info"
    )
  }
  yield* serverRequests.afterConnect(connection)
  return connection
})

const begun = ({ hint, method, reason, server }: CallError): CallError =>
  new CallError({ server, method, delivery: "unknown", reason, ...(hint === undefined ? {} : { hint }) })

/** The SDK's client finds everything negotiated already. */
const connect = Effect.fnUntraced(function*(
  client: Client,
  guard: Guard.Guard,
  peer: failure.Peer,
  { cacheKey, capabilities, clientInfo, known, protocolVersion }:
    & Options
    & Pick<
      negotiation.Options,
      "clientInfo" | "capabilities" | "known"
    >
): Effect.fn.Return<negotiation.Negotiated, ConnectionError | EndedOnProbe, Scope.Scope> {
  // Before connecting, so that the transport is closed too when connecting is interrupted half-way.
  yield* Effect.addFinalizer(() => Effect.promise(() => guard.close()))
  const negotiating = { cacheKey, protocolVersion, clientInfo, capabilities, known }
  const negotiated = yield* negotiation.negotiate(guard, negotiating).pipe(
    Effect.mapError((refused) => {
      const error = failure.refused(peer, refused)
      return refused.endedOnProbe === true ? new EndedOnProbe({ error }) : error
    })
  )
  guard.adopt(negotiated)
  yield* Effect.tryPromise({
    try: (signal) => client.connect(guard, { signal, timeout: forever, prior: standIn.prior(negotiated) }),
    catch: (cause) => failure.toConnectionError(peer, cause)
  })
  return negotiated
})
