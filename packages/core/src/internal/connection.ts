/** One transport with its handshake done, until that ends or the scope closes: requests with typed failures. */
import type { JSONRPCRequest } from "@modelcontextprotocol/client"
import * as Data from "effect/Data"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import * as Scope from "effect/Scope"
import { CallError, type ConnectionError } from "../McpError.ts"
import type { Notification, Options } from "../McpSession.ts"
import { type McpTransport, TransportError } from "../McpTransport.ts"
import type { Era } from "../NegotiationCache.ts"
import type { Implementation, RequestId } from "../Protocol.ts"
import type { Audience } from "./audience.ts"
import { ConnectingStderr } from "./connectingStderr.ts"
import * as failure from "./failure.ts"
import { protocolVersionKey } from "./headers.ts"
import * as inputRequired from "./inputRequired.ts"
import { excerpt, isRecord } from "./json.ts"
import * as JsonRpc from "./jsonRpc.ts"
import * as negotiation from "./negotiation.ts"
import * as numbers from "./numbers.ts"
import type { Check } from "./results.ts"
import * as revisions from "./revisions.ts"
import * as ServerRequests from "./serverRequests.ts"
import type { Telemetry } from "./telemetry.ts"
import { TransportDecorator } from "./transportDecorator.ts"
import type { Deadline, Waiting } from "./waiting.ts"

/** The error if it failed, nothing if it is answered; or it goes on, because the server asks for something first. */
export type End = CallError | "asks" | undefined

export interface Outgoing<A> extends JsonRpc.RequestOptions {
  readonly method: string
  readonly params: Record<string, unknown>
  /** Sees the result as the server gave it. */
  readonly check: Check<A>
  /** Default: integers beyond 2^53 are the nearest number, with a warning. */
  readonly exactNumbers?: boolean | undefined
  /** Until when it has time, and what it fails with then. Default: it takes as long as it takes. */
  readonly limit?: { readonly deadline: Deadline; readonly expired: () => CallError } | undefined
}

/** What is of the session, and the same for all of its connections. */
export interface Surroundings {
  readonly audience: Audience
  readonly clientInfo: Implementation
  readonly waiting: Waiting
  readonly telemetry: Telemetry
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
  { audience, clientInfo, telemetry, waiting }: Surroundings,
  known?: Era
): Effect.fn.Return<Connection, ConnectionError | EndedOnProbe, R | Scope.Scope> {
  const nobody: failure.Peer = { server: options.name, transport: options.transport }
  const decorate = yield* TransportDecorator
  const [elapsed, transport] = yield* acquire.pipe(
    // Ours keep to the time by themselves, and say what took it.
    Effect.timeoutOrElse({
      duration: Duration.sum(left, Duration.seconds(1)),
      orElse: () => Effect.fail(failure.openTimeout(nobody, whole))
    }),
    Effect.mapError((error) => error instanceof TransportError ? failure.fromTransportError(nobody, error) : error),
    Effect.flatMap((transport) => decorate(transport, options.name)),
    Effect.timed
  )
  const peer: failure.Peer = { server: options.name, transport: options.transport, inner: transport }
  const serverRequests = yield* ServerRequests.make(options.name, waiting, telemetry)
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

export class Connection {
  readonly negotiated: negotiation.Negotiated
  /** Where the server gave one. */
  readonly sessionId: string | undefined
  /** Whether arguments of a tool may have to be headers too: modern era over Streamable HTTP. */
  readonly hasHttpHeaders: boolean
  /** Two at once could be in each other's way. */
  readonly isProcess: boolean
  /** Whether the server may forget the session while the connection seems to work. */
  readonly #mayBeForgotten: boolean
  #hasWorked = false
  /** In a row. */
  #refusals = 0
  /** So many in a row are suspicious. */
  #suspicious = suspicious
  readonly #rpc: JsonRpc.JsonRpc
  readonly #incoming: Incoming
  readonly #peer: failure.Peer
  readonly #waiting: Waiting
  /** What every message of the modern era says of us. */
  readonly #envelope: Readonly<Record<string, unknown>> | undefined

  constructor({ envelope, incoming, negotiated, peer, rpc, transport, waiting }: Parts) {
    this.negotiated = negotiated
    this.sessionId = transport.sessionId
    this.hasHttpHeaders = negotiated.era === "modern" && rpc.hasPerRequestStream()
    this.isProcess = transport.kind === "process"
    this.#mayBeForgotten = negotiated.era === "legacy" && transport.kind === "http"
    this.#rpc = rpc
    this.#incoming = incoming
    this.#peer = peer
    this.#waiting = waiting
    this.#envelope = envelope
  }

  get era(): Era {
    return this.negotiated.era
  }

  /** Takes as long as it takes, for any result. */
  request(
    method: string,
    params: Record<string, unknown>
  ): Effect.Effect<Readonly<Record<string, unknown>>, CallError> {
    return Effect.callback((resume) => Effect.sync(this.exchange({ method, params, check: asItIs }, resume)))
  }

  /**
   * `done` is called once, maybe at once, with what becomes of it and how it ended; unless what this returns is called
   * first, which gives the request up.
   */
  exchange<A>(
    outgoing: Outgoing<A>,
    done: (outcome: Effect.Effect<A, CallError>, end: End) => void
  ): () => void {
    const params = this.#withEnvelope(outgoing.params)
    return this.#ask(outgoing, params, (answer) => {
      if (Result.isFailure(answer)) return done(Effect.fail(answer.failure), answer.failure)
      this.#hasWorked = true
      this.#refusals = 0
      if (this.era === "modern" && inputRequired.isQuestion(answer.success)) {
        return done(Effect.flatMap(this.#rounds(outgoing, params, answer.success), Effect.fromResult), "asks")
      }
      const read = this.#readBy(outgoing, answer.success)
      done(Effect.fromResult(read), Result.isFailure(read) ? read.failure : undefined)
    })
  }

  notify(method: string, params?: Record<string, unknown>): Effect.Effect<void, CallError> {
    return Effect.suspend(() =>
      this.hasEnded() ? Effect.fail(failure.gone(this.#peer, method)) : Effect.tryPromise({
        try: () =>
          this.#rpc.notify(
            method,
            this.era === "legacy" && params === undefined ? undefined : this.#withEnvelope(params ?? {})
          ),
        catch: (cause) => this.#failed(method, JsonRpc.fromTransport(cause))
      })
    )
  }

  /** Does what the server asks of us, where it asks by other ways than a request. */
  answer(method: string, params: unknown): ReturnType<ServerRequests.ServerRequests["answer"]> {
    return this.#incoming.serverRequests.answer(method, params)
  }

  /** Completes when the connection has ended: with why it was lost, unless it was closed. */
  get ended(): Effect.Effect<ConnectionError | undefined> {
    return Effect.map(
      Deferred.await(this.#incoming.ended),
      (lost) => lost === undefined ? undefined : failure.lost(this.#peer, lost)
    )
  }

  /** Calls back when the connection has ended, maybe at once, as `ended` says: the last that was given. */
  whenEnded(listener: (error: ConnectionError | undefined) => void): void {
    const { lost } = this.#incoming
    const tell = (lost: TransportError | undefined) =>
      listener(lost === undefined ? undefined : failure.lost(this.#peer, lost))
    this.#incoming.onEnded = tell
    if (this.hasEnded()) tell(lost)
  }

  hasEnded(): boolean {
    return this.#rpc.hasEnded()
  }

  /** Completes once no request waits for an answer any more. */
  get idle(): Effect.Effect<void> {
    return this.#rpc.idle
  }

  /** Whether it has answered what somebody wanted of it, beyond what we ask by ourselves. */
  hasServed(): boolean {
    return this.#rpc.hasServed()
  }

  isIdle(): boolean {
    return this.#rpc.isIdle()
  }

  warn(description: string): void {
    this.#incoming.onWarning(description)
  }

  /**
   * Counts a refusal: whether there were so many in a row, on a connection that worked before, that the server may have
   * forgotten the session. Twice as many are needed the next time.
   */
  isForgetful(): boolean {
    if (!this.#mayBeForgotten || !this.#hasWorked || ++this.#refusals < this.#suspicious) return false
    this.#suspicious *= 2
    return true
  }

  /** What a failed call says of the connection as a whole. */
  lossOf(error: CallError): ConnectionError {
    return failure.lossOf(this.#peer, error)
  }

  /** The caller's own `_meta` wins. */
  #withEnvelope(params: Record<string, unknown>): Record<string, unknown> {
    if (this.#envelope === undefined) return params
    const meta = params["_meta"]
    return { ...params, _meta: isRecord(meta) ? { ...this.#envelope, ...meta } : this.#envelope }
  }

  /** In the modern era to end the exchange is to cancel it, where there is one. */
  #cancel(id: RequestId): void {
    this.#rpc.drop(id)
    if (this.hasHttpHeaders || this.hasEnded()) return
    const params = this.#withEnvelope({ requestId: id, reason: "nobody waits for it any more" })
    this.#rpc.notify("notifications/cancelled", params).catch(
      (cause) => this.warn(`the server could not be told that a request is cancelled: ${String(cause)}`)
    )
  }

  #failed(method: string, why: TransportError): CallError {
    return failure.toCallError(this.#peer, method, why)
  }

  /** One message and its answer. */
  #ask(
    { headers, limit, method, onSent, timeout }: Omit<Outgoing<unknown>, "params" | "check">,
    params: Record<string, unknown>,
    done: (answer: Result.Result<Readonly<Record<string, unknown>>, CallError>) => void
  ): () => void {
    if (this.hasEnded()) {
      done(Result.fail(failure.gone(this.#peer, method)))
      return () => {}
    }
    let id: RequestId | undefined
    let isOver = false
    const end = (answer: Result.Result<Readonly<Record<string, unknown>>, CallError>) => {
      if (isOver) return
      isOver = true
      this.#waiting.remove(timer)
      done(answer)
    }
    const giveUp = () => {
      isOver = true
      this.#waiting.remove(timer)
      if (id !== undefined) this.#cancel(id)
    }
    const timer = limit && this.#waiting.add(limit.deadline, () => {
      giveUp()
      done(Result.fail(limit.expired()))
    })
    id = this.#rpc.request(
      method,
      params,
      (answer) => end(Result.mapError(answer, (why) => this.#failed(method, why))),
      { headers, onSent, timeout }
    )
    return giveUp
  }

  #readBy<A>(
    { check, exactNumbers, method }: Outgoing<A>,
    result: Readonly<Record<string, unknown>>
  ): Result.Result<A, CallError> {
    const settled = numbers.settle(result, exactNumbers)
    settled?.warnings.forEach((warning) => this.warn(`in the result of ${method}, ${warning}`))
    const checked = check(settled?.result ?? result)
    return typeof checked === "string"
      ? Result.fail(this.#failed(method, failure.invalidResult(checked)))
      : Result.succeed(checked.value)
  }

  #rounds<A>(
    outgoing: Outgoing<A>,
    params: Record<string, unknown>,
    first: Readonly<Record<string, unknown>>
  ): Effect.Effect<Result.Result<A, CallError>, CallError> {
    return inputRequired.fulfil(first, {
      answer: (method, asked) => this.answer(method, asked),
      again: (more) =>
        Effect.callback<Readonly<Record<string, unknown>>, CallError>((resume) => {
          const { limit } = outgoing
          if (limit !== undefined && this.#waiting.left(limit.deadline) <= 0) {
            return resume(Effect.fail(limit.expired()))
          }
          return Effect.sync(this.#ask(outgoing, { ...params, ...more }, (answer) => resume(Effect.fromResult(answer))))
        }).pipe(Effect.mapError(begun)),
      // What we could not answer because the connection is gone, the server never heard of.
      failed: (why) =>
        this.hasEnded() ? begun(failure.gone(this.#peer, outgoing.method)) : this.#failed(outgoing.method, why)
    }).pipe(Effect.map((result) => this.#readBy(outgoing, result)))
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

/** Refusals in a row; a person or a model also gets a call wrong twice. */
const suspicious = 3

/** What comes by itself, from before the handshake on. */
class Incoming implements JsonRpc.Listener {
  readonly serverRequests: ServerRequests.ServerRequests
  readonly ended = Deferred.makeUnsafe<TransportError | undefined>()
  /** Once it is known. */
  era: Era | undefined
  lost: TransportError | undefined
  onEnded: ((lost: TransportError | undefined) => void) | undefined
  readonly #audience: Audience
  readonly #waiting: Waiting

  constructor(audience: Audience, serverRequests: ServerRequests.ServerRequests, waiting: Waiting) {
    this.#audience = audience
    this.#waiting = waiting
    this.serverRequests = serverRequests
  }

  onNotification(notification: Notification): void {
    const { method, params } = notification
    if (method === "notifications/cancelled") this.serverRequests.cancel(params?.["requestId"])
    this.#audience.publish(notification)
  }

  onRequest(request: JSONRPCRequest, respond: (outcome: JsonRpc.Outcome) => void): void {
    if (this.era === "modern") {
      const method = excerpt(request.method)
      return this.onWarning(`the server sent the request ${method}, which its protocol revision does not have`)
    }
    // Servers may ask for a sign of life before they say who they are.
    return request.method === "ping" ? respond({ result: {} }) : this.serverRequests.receive(request, respond)
  }

  onWarning(description: string): void {
    this.#audience.warn(description)
  }

  onClose(lost: TransportError | undefined): void {
    this.lost = lost
    this.onEnded?.(lost)
    Deferred.doneUnsafe(this.ended, Exit.succeed(lost))
  }

  afterShortWait(act: () => void): void {
    this.#waiting.add(this.#waiting.deadline(shortWait), act)
  }
}

/** How long the true answer has to come after one that may be meant for the same request, in milliseconds. */
const shortWait = 2000

interface Parts {
  readonly rpc: JsonRpc.JsonRpc
  readonly incoming: Incoming
  readonly peer: failure.Peer
  readonly transport: McpTransport
  readonly negotiated: negotiation.Negotiated
  readonly envelope: Readonly<Record<string, unknown>> | undefined
  readonly waiting: Waiting
}

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
  transport.onstderr = (line) => {
    whileConnecting?.(server, line)
    audience.publishStderr(line)
  }
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

/** A later round may not have been sent: the first was. */
const begun = (error: CallError): CallError => {
  if (error.delivery !== "not-sent") return error
  const { hint, method, reason, server } = error
  return new CallError({ server, method, delivery: "unknown", reason, ...(hint === undefined ? {} : { hint }) })
}

const asItIs: Check<Readonly<Record<string, unknown>>> = (value) => ({ value })
