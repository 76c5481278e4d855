/** One transport with its handshake done, until that ends or the scope closes: requests with typed failures. */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import { identity } from "effect/Function"
import * as Result from "effect/Result"
import type { CallError, ConnectionError } from "../McpError.ts"
import type { McpTransport, TransportError } from "../McpTransport.ts"
import type { Era } from "../NegotiationCache.ts"
import type { RequestId } from "../Protocol.ts"
import * as failure from "./failure.ts"
import type { Incoming } from "./incoming.ts"
import * as inputRequired from "./inputRequired.ts"
import { isRecord, text } from "./json.ts"
import * as JsonRpc from "./jsonRpc.ts"
import type * as negotiation from "./negotiation.ts"
import * as numbers from "./numbers.ts"
import type { Check } from "./results.ts"
import type * as ServerRequests from "./serverRequests.ts"
import type { Deadline, Waiting } from "./waiting.ts"

/** The error if it failed, nothing if it is answered; or it goes on, because the server asks for something first. */
export type End = CallError | "asks" | undefined

export interface Outgoing<A> extends JsonRpc.RequestOptions {
  readonly method: string
  readonly params: Record<string, unknown>
  /** Sees the result as the server gave it. */
  readonly check: Check<A>
  /** Whether integers beyond 2^53 are `bigint`, or warned of. Default: neither, because the caller cannot choose. */
  readonly exactNumbers?: boolean | undefined
  /** Until when it has time, and what it fails with then. Default: it takes as long as it takes. */
  readonly limit?: { readonly deadline: Deadline; readonly expired: () => CallError } | undefined
}

export class Connection {
  readonly negotiated: negotiation.Negotiated
  /** Where the server gave one. */
  readonly sessionId: string | undefined
  /** Whether arguments of a tool may have to be headers too: modern era over Streamable HTTP. */
  readonly hasHttpHeaders: boolean
  /** Two at once could be in each other's way. */
  readonly isProcess: boolean
  /** Whether the server may forget the session while the connection seems to work. */
  readonly #isForgettable: boolean
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
    this.#isForgettable = negotiated.era === "legacy" && transport.kind === "http"
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
  mayBeForgotten(): boolean {
    if (!this.#isForgettable || !this.#hasWorked || ++this.#refusals < this.#suspicious) return false
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
      (cause) => this.warn(`the server could not be told that a request is cancelled: ${text(cause)}`)
    )
  }

  #failed(method: string, why: TransportError): CallError {
    return failure.toCallError(this.#peer, method, why)
  }

  /** One message and its answer. */
  #ask(
    { budget, headers, limit, method, onSent, timeout }: Omit<Outgoing<unknown>, "params" | "check">,
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
      { budget, headers, onSent, timeout }
    )
    return giveUp
  }

  #readBy<A>(
    { check, exactNumbers, method }: Outgoing<A>,
    result: Readonly<Record<string, unknown>>
  ): Result.Result<A, CallError> {
    const settled = exactNumbers === undefined ? undefined : numbers.settle(result, exactNumbers)
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
    const { limit } = outgoing
    const { questions } = this.#incoming.serverRequests
    return inputRequired.fulfil(first, {
      charge: (count) => outgoing.budget && questions.charge(outgoing.budget, count),
      within: limit === undefined ? identity : this.#waiting.timeoutOrElse({
        deadline: limit.deadline,
        orElse: () => Effect.fail(failure.begun(limit.expired()))
      }),
      answer: (method, asked) => this.answer(method, asked),
      again: (more) =>
        Effect.callback<Readonly<Record<string, unknown>>, CallError>((resume) => {
          if (limit !== undefined && this.#waiting.left(limit.deadline) <= 0) {
            return resume(Effect.fail(limit.expired()))
          }
          return Effect.sync(this.#ask(outgoing, { ...params, ...more }, (answer) => resume(Effect.fromResult(answer))))
        }).pipe(Effect.mapError(failure.begun)),
      // What we could not answer because the connection is gone, the server never heard of.
      failed: (why) =>
        this.hasEnded() ? failure.begun(failure.gone(this.#peer, outgoing.method)) : this.#failed(outgoing.method, why)
    }).pipe(Effect.map((result) => this.#readBy(outgoing, result)))
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

/** Refusals in a row; a person or a model also gets a call wrong twice. */
const suspicious = 3

interface Parts {
  readonly rpc: JsonRpc.JsonRpc
  readonly incoming: Incoming
  readonly peer: failure.Peer
  readonly transport: McpTransport
  readonly negotiated: negotiation.Negotiated
  readonly envelope: Readonly<Record<string, unknown>> | undefined
  readonly waiting: Waiting
}

const asItIs: Check<Readonly<Record<string, unknown>>> = (value) => ({ value })
