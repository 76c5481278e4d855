/** One transport with its handshake done, until that ends or the scope closes: requests with typed failures. */
import * as Data from "effect/Data"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import { CallError, type ConnectionError } from "../McpError.ts"
import type { Options } from "../McpSession.ts"
import { type McpTransport, TransportError } from "../McpTransport.ts"
import type { Era } from "../NegotiationCache.ts"
import type { Implementation, RequestId } from "../Protocol.ts"
import type { Audience } from "./audience.ts"
import * as failure from "./failure.ts"
import { protocolVersionKey } from "./headers.ts"
import * as inputRequired from "./inputRequired.ts"
import { excerpt, isRecord } from "./json.ts"
import * as JsonRpc from "./jsonRpc.ts"
import * as negotiation from "./negotiation.ts"
import type { Check } from "./results.ts"
import * as revisions from "./revisions.ts"
import * as ServerRequests from "./serverRequests.ts"
import type { Telemetry } from "./telemetry.ts"
import { TransportDecorator } from "./transportDecorator.ts"
import type { Deadline, Waiting } from "./waiting.ts"

export interface Connection {
  readonly negotiated: negotiation.Negotiated
  readonly era: Era
  /** Where the server gave one. */
  readonly sessionId: string | undefined
  /** Whether arguments of a tool may have to be headers too: modern era over Streamable HTTP. */
  readonly hasHttpHeaders: boolean
  /** Takes as long as it takes, for any result. */
  readonly request: (
    method: string,
    params: Record<string, unknown>
  ) => Effect.Effect<Readonly<Record<string, unknown>>, CallError>
  /**
   * `done` is called once, maybe at once, with what becomes of it and the error if it failed; unless what this returns is
   * called first, which gives the request up.
   */
  readonly exchange: <A>(
    outgoing: Outgoing<A>,
    done: (outcome: Effect.Effect<A, CallError>, error: CallError | undefined) => void
  ) => () => void
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

export interface Outgoing<A> extends JsonRpc.RequestOptions {
  readonly method: string
  readonly params: Record<string, unknown>
  /** Sees the result as the server gave it. */
  readonly check: Check<A>
  /** Until when it has time, and what it fails with then. Default: it takes as long as it takes. */
  readonly limit?: { readonly deadline: Deadline; readonly expired: () => CallError } | undefined
}

/** What is of the session, and the same for all of its connections. */
export interface Surroundings extends Pick<Audience, "publish" | "publishStderr" | "warn"> {
  readonly clientInfo: Implementation
  readonly waiting: Waiting
  readonly telemetry: Telemetry
}

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
  const [elapsed, transport] = yield* acquire.pipe(
    // Ours keep to the time by themselves, and say what took it.
    Effect.timeoutOrElse({
      duration: Duration.sum(timeout, Duration.seconds(1)),
      orElse: () => Effect.fail(tooLong())
    }),
    Effect.mapError((error) => error instanceof TransportError ? failure.fromTransportError(nobody, error) : error),
    Effect.flatMap((transport) => decorate(transport, options.name)),
    Effect.timed
  )
  const peer: failure.Peer = { ...nobody, inner: transport }
  const ended = yield* Deferred.make<TransportError | undefined>()
  const serverRequests = yield* ServerRequests.make(options.name, waiting, telemetry)
  let era: Era | undefined
  transport.onstderr = publishStderr
  const rpc = JsonRpc.make(transport, {
    onNotification: (notification) => {
      if (notification.method === "notifications/cancelled") serverRequests.cancel(notification.params?.["requestId"])
      publish(notification)
    },
    onRequest: (request) => {
      const respond = (outcome: JsonRpc.Outcome) => rpc.respond(request.id, outcome)
      if (era === "modern") {
        return warn(`the server sent the request ${excerpt(request.method)}, which its protocol revision does not have`)
      }
      // Servers may ask for a sign of life before they say who they are.
      return request.method === "ping" ? respond({ result: {} }) : serverRequests.receive(request, respond)
    },
    onWarning: warn,
    onClose: (lost) => {
      Deferred.doneUnsafe(ended, Exit.succeed(lost))
    }
  })
  // Before it is started, so that the transport is closed too when connecting is interrupted half-way.
  yield* Effect.addFinalizer(() => Effect.promise(() => rpc.close()))
  const { capabilities } = serverRequests
  const negotiated = yield* shakeHands(rpc, transport, peer, { ...options, clientInfo, capabilities, known }).pipe(
    // The transport may have taken some of the time already, and says so itself where it took all.
    Effect.timeoutOrElse({
      duration: Duration.max(Duration.subtract(timeout, elapsed), Duration.millis(1)),
      orElse: () => Effect.fail(failure.connectTimeout(peer, Duration.toMillis(timeout)))
    })
  )
  era = negotiated.era
  const withEnvelope = era === "legacy" ? keep : enveloping({
    [protocolVersionKey]: negotiated.protocolVersion,
    "io.modelcontextprotocol/clientInfo": clientInfo,
    "io.modelcontextprotocol/clientCapabilities": negotiation.modernCapabilities(capabilities)
  })
  const hasHttpHeaders = era === "modern" && rpc.hasPerRequestStream()

  const notify: Connection["notify"] = (method, params) =>
    Effect.suspend(() =>
      rpc.hasEnded() ? Effect.fail(failure.gone(peer, method)) : Effect.tryPromise({
        try: () =>
          rpc.notify(method, era === "legacy" && params === undefined ? undefined : withEnvelope(params ?? {})),
        catch: (cause) => failure.toCallError(peer, method, JsonRpc.fromTransport(cause))
      })
    )

  /** In the modern era to end the exchange is to cancel it, where there is one. */
  const cancel = (id: RequestId) => {
    rpc.abandon(id)
    rpc.forget(id)
    if (hasHttpHeaders || rpc.hasEnded()) return
    rpc.notify("notifications/cancelled", withEnvelope({ requestId: id, reason: "nobody waits for it any more" }))
      .catch(
        (cause) => warn(`the server could not be told that a request is cancelled: ${String(cause)}`)
      )
  }

  const failed = (method: string, why: TransportError) => failure.toCallError(peer, method, why)

  /** One message and its answer. */
  const ask = (
    { headers, limit, method, onSent }: Omit<Outgoing<unknown>, "params" | "check">,
    params: Record<string, unknown>,
    done: (answer: Result.Result<Readonly<Record<string, unknown>>, CallError>) => void
  ): () => void => {
    if (rpc.hasEnded()) {
      done(Result.fail(failure.gone(peer, method)))
      return () => {}
    }
    let id: RequestId | undefined
    const giveUp = () => {
      waiting.remove(timer)
      if (id !== undefined) cancel(id)
    }
    const timer = limit && waiting.add(limit.deadline, () => {
      giveUp()
      done(Result.fail(limit.expired()))
    })
    id = rpc.request(method, params, (answer) => {
      waiting.remove(timer)
      done(Result.mapError(answer, (why) => failed(method, why)))
    }, { headers, onSent })
    return giveUp
  }

  const exchange: Connection["exchange"] = (outgoing, done) => {
    const params = withEnvelope(outgoing.params)
    return ask(outgoing, params, (answer) => {
      if (Result.isFailure(answer)) return done(Effect.fail(answer.failure), answer.failure)
      if (era === "modern" && inputRequired.isQuestion(answer.success)) {
        return done(Effect.flatMap(rounds(outgoing, params, answer.success), Effect.fromResult), undefined)
      }
      const read = readBy(outgoing, answer.success)
      done(Effect.fromResult(read), Result.isFailure(read) ? read.failure : undefined)
    })
  }

  const readBy = <A>({ check, method }: Outgoing<A>, result: Readonly<Record<string, unknown>>) => {
    const checked = check(result)
    return typeof checked === "string"
      ? Result.fail(failed(method, failure.invalidResult(checked)))
      : Result.succeed(checked.value)
  }

  const rounds = <A>(
    outgoing: Outgoing<A>,
    params: Record<string, unknown>,
    first: Readonly<Record<string, unknown>>
  ): Effect.Effect<Result.Result<A, CallError>, CallError> =>
    inputRequired.fulfil(first, {
      answer: serverRequests.answer,
      again: (more) =>
        Effect.callback<Readonly<Record<string, unknown>>, CallError>((resume) =>
          Effect.sync(ask(outgoing, { ...params, ...more }, (answer) => resume(Effect.fromResult(answer))))
        ).pipe(Effect.mapError(begun)),
      // What we could not answer because the connection is gone, the server never heard of.
      failed: (why) => rpc.hasEnded() ? begun(failure.gone(peer, outgoing.method)) : failed(outgoing.method, why)
    }).pipe(Effect.map((result) => readBy(outgoing, result)))

  const connection: Connection = {
    negotiated,
    era,
    sessionId: transport.sessionId,
    hasHttpHeaders,
    request: (method, params) =>
      Effect.callback((resume) => Effect.sync(exchange({ method, params, check: asItIs }, resume))),
    exchange,
    notify,
    answer: serverRequests.answer,
    ended: Effect.map(
      Deferred.await(ended),
      (lost) => lost === undefined ? undefined : failure.lost(peer, lost)
    ),
    hasEnded: rpc.hasEnded,
    idle: rpc.idle,
    hasServed: rpc.hasServed,
    isIdle: rpc.isIdle,
    isProcess: transport.kill !== undefined,
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

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

const shakeHands = Effect.fnUntraced(function*(
  rpc: JsonRpc.JsonRpc,
  transport: McpTransport,
  peer: failure.Peer,
  options: Options & Pick<negotiation.Options, "clientInfo" | "capabilities" | "known">
): Effect.fn.Return<negotiation.Negotiated, ConnectionError | EndedOnProbe> {
  const orConnectionError = (run: () => Promise<void>) =>
    Effect.tryPromise({
      try: run,
      catch: (cause) => failure.fromTransportError(peer, JsonRpc.fromTransport(cause))
    })
  yield* orConnectionError(() => rpc.start())
  const { cacheKey, capabilities, clientInfo, known, protocolVersion } = options
  const negotiated = yield* negotiation.negotiate(rpc, {
    cacheKey,
    protocolVersion,
    clientInfo,
    capabilities,
    known
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

/** A later round may not have been sent: the first was. */
const begun = (error: CallError): CallError => {
  if (error.delivery !== "not-sent") return error
  const { hint, method, reason, server } = error
  return new CallError({ server, method, delivery: "unknown", reason, ...(hint === undefined ? {} : { hint }) })
}

const keep = (params: Record<string, unknown>) => params

const asItIs: Check<Readonly<Record<string, unknown>>> = (value) => ({ value })

/** What every message of the modern era says of us; the caller's own `_meta` wins. */
const enveloping = (envelope: Readonly<Record<string, unknown>>) => (params: Record<string, unknown>) => ({
  ...params,
  _meta: isRecord(params["_meta"]) ? { ...envelope, ...params["_meta"] } : envelope
})
