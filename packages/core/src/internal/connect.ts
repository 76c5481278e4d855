/** Makes a connection: opens the transport, and shakes hands. */
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"
import type { ConnectionError } from "../McpError.ts"
import type { Options } from "../McpSession.ts"
import { type McpTransport, TransportError } from "../McpTransport.ts"
import type { Era } from "../NegotiationCache.ts"
import type { Implementation } from "../Protocol.ts"
import type { Audience } from "./audience.ts"
import { ConnectingStderr } from "./connectingStderr.ts"
import { Connection } from "./connection.ts"
import * as failure from "./failure.ts"
import { protocolVersionKey } from "./headers.ts"
import { Incoming } from "./incoming.ts"
import * as JsonRpc from "./jsonRpc.ts"
import * as negotiation from "./negotiation.ts"
import type { Questions } from "./questions.ts"
import * as revisions from "./revisions.ts"
import * as ServerRequests from "./serverRequests.ts"
import type { Telemetry } from "./telemetry.ts"
import { TransportDecorator } from "./transportDecorator.ts"
import type { Waiting } from "./waiting.ts"

/** What is of the session, and the same for all of its connections. */
export interface Surroundings {
  readonly audience: Audience
  readonly clientInfo: Implementation
  readonly waiting: Waiting
  readonly telemetry: Telemetry
  readonly questions: Questions
}

/** The server has left when it was asked which era it speaks. */
export class EndedOnProbe extends Data.TaggedError("EndedOnProbe")<{ readonly error: ConnectionError }> {}

/** How long connecting may take: in all, and what is left of that. */
export interface TimeLimit {
  readonly whole: Duration.Duration
  readonly left: Duration.Duration
}

/** `acquire` opens the transport, in the scope of the connection. */
export const open = Effect.fnUntraced(function*<R>(
  acquire: Effect.Effect<McpTransport, TransportError | ConnectionError, R>,
  options: Options,
  { left, whole }: TimeLimit,
  { audience, clientInfo, questions, telemetry, waiting }: Surroundings,
  known?: Era
): Effect.fn.Return<Connection, ConnectionError | EndedOnProbe, R | Scope.Scope> {
  const unopened: failure.Peer = { server: options.name, transport: options.transport, redact: options.redact }
  const decorate = yield* TransportDecorator
  const [elapsed, transport] = yield* acquire.pipe(
    // Ours keep to the time by themselves, and say what took it.
    Effect.timeoutOrElse({
      duration: Duration.sum(left, Duration.seconds(1)),
      orElse: () => Effect.fail(failure.openTimeout(unopened, whole))
    }),
    Effect.mapError((error) =>
      error instanceof TransportError
        ? failure.fromTransportError(unopened, error)
        : failure.withoutSecrets(unopened, error)
    ),
    Effect.flatMap((transport) => decorate(transport, options.name)),
    Effect.timed
  )
  const peer: failure.Peer = { ...unopened, inner: transport }
  const serverRequests = yield* ServerRequests.make(options.name, waiting, telemetry, questions)
  hearStderr(transport, audience, options.name, yield* ConnectingStderr)
  const incoming = new Incoming(audience, serverRequests, waiting)
  const rpc = new JsonRpc.JsonRpc(transport, incoming)
  // Before it is started, so that the transport is closed too when connecting is interrupted half-way.
  yield* Scope.addFinalizer(yield* Effect.scope, Effect.andThen(closing(rpc, incoming), serverRequests.end))
  const { capabilities } = serverRequests
  const unanswered = new Set<string>()
  const handshake = { ...options, clientInfo, capabilities, known, unanswered }
  const negotiated = yield* shakeHands(rpc, transport, peer, handshake).pipe(
    // The transport may have taken some of the time already, and says so itself where it took all.
    Effect.timeoutOrElse({
      duration: Duration.max(Duration.subtract(left, elapsed), Duration.millis(1)),
      orElse: () => Effect.fail(failure.handshakeTimeout(peer, whole, [...unanswered].at(-1)))
    })
  )
  hearStderr(transport, audience)
  incoming.era = negotiated.era
  const envelope = negotiated.era === "legacy" ? undefined : {
    [protocolVersionKey]: negotiated.protocolVersion,
    "io.modelcontextprotocol/clientInfo": clientInfo,
    "io.modelcontextprotocol/clientCapabilities": negotiation.modernCapabilities(capabilities)
  }
  const connection = new Connection({ rpc, incoming, peer, transport, negotiated, envelope, waiting })
  const [newest] = revisions.legacy
  const isOld = negotiated.era === "legacy" && negotiated.protocolVersion !== newest
  if (isOld && options.protocolVersion === undefined) {
    audience.warn(
      `the server speaks protocol revision ${negotiated.protocolVersion}, older than the ${newest} that we asked for`,
      "info"
    )
  }
  yield* serverRequests.afterConnect(connection)
  return connection
})

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

// Functions of their own, because what outlives its function holds all that is in sight there.

/** A transport that is not ours may throw or reject. */
const closing = (rpc: JsonRpc.JsonRpc, incoming: Incoming): Effect.Effect<void> =>
  Effect.catch(
    Effect.tryPromise({ try: () => rpc.close(), catch: JsonRpc.fromTransport }),
    (error) => Effect.sync(() => incoming.onWarning(`the transport failed to close: ${error.message}`))
  )

const hearStderr = (
  transport: McpTransport,
  audience: Audience,
  server: string = "",
  whileConnecting?: (server: string, line: string) => void
): void => {
  const hear = whileConnecting === undefined ? undefined : (line: string) => whileConnecting(server, line)
  transport.onstderr = (line) => audience.publishStderr(line, hear)
}

const shakeHands = Effect.fnUntraced(function*(
  rpc: JsonRpc.JsonRpc,
  transport: McpTransport,
  peer: failure.Peer,
  options: Options & Pick<negotiation.Options, "clientInfo" | "capabilities" | "known" | "unanswered">
): Effect.fn.Return<negotiation.Negotiated, ConnectionError | EndedOnProbe> {
  const orConnectionError = (run: () => Promise<void>) =>
    Effect.tryPromise({
      try: run,
      catch: (cause) => failure.fromTransportError(peer, JsonRpc.fromTransport(cause))
    })
  yield* orConnectionError(() => rpc.start())
  const { cacheKey, capabilities, clientInfo, known, protocolVersion, unanswered } = options
  const negotiated = yield* negotiation.negotiate(rpc, {
    cacheKey,
    protocolVersion,
    clientInfo,
    capabilities,
    known,
    unanswered
  }).pipe(
    Effect.mapError((refused) => {
      const error = failure.refused(peer, refused)
      return refused.endedOnProbe === true ? new EndedOnProbe({ error }) : error
    })
  )
  // Questions that nobody waits for any more.
  rpc.forgetAll()
  transport.setProtocolVersion?.(negotiated.protocolVersion)
  if (negotiated.era === "legacy") {
    yield* orConnectionError(() => rpc.notify("notifications/initialized"))
  }
  return negotiated
})
