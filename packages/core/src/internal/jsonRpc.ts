/**
 * JSON-RPC on one transport: requests find their answers, however the server writes them; an answer that cannot be read
 * fails its request at once; notifications come in the order of the wire.
 */
import type { JSONRPCMessage, JSONRPCRequest, RequestId } from "@modelcontextprotocol/client"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { Closed, InvalidResult, Rejected } from "../McpError.ts"
import type { Notification } from "../McpSession.ts"
import { type McpTransport, type SendOptions, TransportError } from "../McpTransport.ts"
import * as headers from "./headers.ts"
import { InFlight } from "./inFlight.ts"
import { excerpt, isRecord, message as messageOf, text as textOf } from "./json.ts"
import * as numbers from "./numbers.ts"
import type { Budget } from "./questions.ts"
import type { Calls } from "./serverRequests.ts"
import * as StrayAnswers from "./strayAnswers.ts"

export interface Listener {
  /** Every notification, in the order of the wire. */
  readonly onNotification: (notification: Notification) => void
  /** What the server asks. */
  readonly onRequest: (request: JSONRPCRequest, respond: (outcome: Outcome) => void, calls: Calls) => void
  readonly onWarning: (description: string) => void
  readonly onClose: (lost: TransportError | undefined) => void
  /** Calls back after so many milliseconds, unless the session is closed before. */
  readonly after: (milliseconds: number, act: () => void) => void
}

export type Answer = Result.Result<Readonly<Record<string, unknown>>, TransportError>

export interface RequestOptions {
  /** More HTTP headers, in lower case. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Is told the id, before the request is sent. */
  readonly onSent?: ((id: RequestId) => void) | undefined
  /** Where it has a time of its own, in milliseconds. */
  readonly timeout?: number | undefined
  /** Of the call that it is a part of. */
  readonly budget?: Budget | undefined
}

export type Outcome =
  | { readonly result: Record<string, unknown> }
  | { readonly error: { readonly code: number; readonly message: string } }

export class JsonRpc implements Calls {
  lastBudget: Budget = { asked: 0 }
  readonly #transport: McpTransport
  readonly #listener: Listener
  readonly #inFlight = new InFlight<Waiting>()
  readonly #strays = new StrayAnswers.StrayAnswers()
  #waitingForIdle: Set<() => void> | undefined
  #lastId = 0
  /** Late answers up to this id are expected. */
  #lastForgotten = 0
  #ended = false
  #served = false

  constructor(transport: McpTransport, listener: Listener) {
    this.#transport = transport
    this.#listener = listener
    transport.onmessage = (message: unknown) => this.#receive(message)
    transport.onerror = (error) => listener.onWarning(error.message)
    transport.onclose = () => this.#end()
  }

  start(): Promise<void> {
    return this.#transport.start()
  }

  /** `onAnswer` is called once, whatever becomes of the request, unless it is forgotten first. */
  request(
    method: string,
    params: Record<string, unknown>,
    onAnswer: (answer: Answer) => void,
    options?: RequestOptions
  ): RequestId {
    const id = ++this.#lastId
    const budget = options?.budget
    if (budget !== undefined) this.lastBudget = budget
    const request: Waiting = { id, method, onAnswer, budget, abort: undefined, sharesId: false, isSuspected: false }
    const fail = (error: unknown) => {
      if (this.#inFlight.get(id) === request) this.#settle(request, Result.fail(fromTransport(error)))
    }
    this.#inFlight.add(request)
    options?.onSent?.(id)
    this.#send(request, { jsonrpc: "2.0", id, method, params }, options).catch(fail)
    return id
  }

  /** Nobody waits for it any more: what answers it is late. */
  drop(id: RequestId): void {
    const abort = this.#inFlight.get(Number(id))?.abort
    // First, because ending its exchange may fail it.
    this.#forget(Number(id))
    if (this.#transport.abandon !== undefined) this.#transport.abandon(id)
    else abort?.abort()
  }

  /** Their answers may come late, and nobody need hear of it. */
  forgetAll(): void {
    this.#lastForgotten = this.#lastId
    ;[...this.#inFlight].forEach(({ id }) => this.#forget(id))
  }

  /** Ends the exchange of its own that a request has, if any. Its answer may come all the same. */
  abandon(id: RequestId): void {
    if (this.#transport.abandon !== undefined) this.#transport.abandon(id)
    else this.#inFlight.get(Number(id))?.abort?.abort()
  }

  notify(method: string, params?: Record<string, unknown>): Promise<void> {
    this.#strays.sentOther = true
    return this.#sent({ jsonrpc: "2.0", method, ...(params === undefined ? {} : { params }) })
  }

  close(): Promise<void> {
    return this.#transport.close()
  }

  leastAsked(): Budget | undefined {
    let least: Budget | undefined
    for (const { budget } of this.#inFlight) {
      if (budget !== undefined && (least === undefined || budget.asked < least.asked)) least = budget
    }
    return least
  }

  hasPerRequestStream(): boolean {
    return this.#transport.hasPerRequestStream === true
  }

  hasEnded(): boolean {
    return this.#ended
  }

  isIdle(): boolean {
    return this.#inFlight.size === 0
  }

  /** Whether it has answered what somebody wanted of it, beyond what we ask by ourselves. */
  hasServed(): boolean {
    return this.#served
  }

  /** Completes once no request waits for an answer any more. */
  get idle(): Effect.Effect<void> {
    return Effect.callback<void>((resume) => {
      // What comes after the answer must not come before it: this runs while the answer is being delivered.
      const wake = () => resume(Effect.yieldNow)
      if (this.isIdle()) return wake()
      const waiting = this.#waitingForIdle ??= new Set()
      waiting.add(wake)
      return Effect.sync(() => waiting.delete(wake))
    })
  }

  #forget(id: number): void {
    this.#inFlight.delete(id)
    if (this.#waitingForIdle === undefined || this.#inFlight.size > 0) return
    const waiting = this.#waitingForIdle
    this.#waitingForIdle = undefined
    waiting.forEach((wake) => wake())
  }

  #settle(request: Waiting, answer: Answer): void {
    this.#forget(request.id)
    if (!this.#served && Result.isSuccess(answer)) this.#served = wanted.has(request.method)
    request.onAnswer(answer)
  }

  #end(): void {
    if (this.#ended) return
    this.#ended = true
    const { lost } = this.#transport
    this.#listener.onClose(lost)
    const failed = Result.fail(unanswered(lost))
    const waiting = [...this.#inFlight]
    waiting.forEach((request) => this.#settle(request, failed))
  }

  #receive(message: unknown): void {
    if (Array.isArray(message)) { for (const one of message) this.#receiveOne(one) }
    else this.#receiveOne(message)
  }

  #receiveOne(message: unknown): void {
    if (!isRecord(message)) {
      return this.#listener.onWarning(`the server sent a message that is not JSON-RPC: ${excerpt(message)}`)
    }
    const { id, method } = message
    if (typeof method !== "string") {
      return isAnswer(message)
        ? this.#receiveAnswer(message)
        : this.#listener.onWarning(`the server sent a message that is not JSON-RPC: ${excerpt(message)}`)
    }
    const params = isRecord(message["params"]) ? readable(message["params"]) : undefined
    if (!isId(id)) return this.#listener.onNotification({ method, params })
    if (typeof id === "string" && id.length > longestId) {
      return this.#listener.onWarning(`the server sent a request with an id of ${id.length} characters`)
    }
    this.#listener.onRequest(
      { jsonrpc: "2.0", id, method, ...(params === undefined ? {} : { params }) },
      (outcome) => this.#respond(id, idToAnswer(message, id), outcome),
      this
    )
  }

  #receiveAnswer(message: Readonly<Record<string, unknown>>): void {
    const request = this.#inFlight.get(numberOf(message["id"]))
    if (request === undefined) return this.#receiveStray(message)
    const isDoubtful = request.sharesId &&
      (isRecord(message["error"]) || StrayAnswers.isRefusal(request.method, message))
    if (!isDoubtful) return this.#settle(request, read(message))
    // It may be about our answer to the server's request with the same id.
    request.sharesId = false
    this.#warnOf(message)
    this.#suspect(request, read(message), StrayAnswers.isRefusal(request.method, message) ? longWait : shortWait)
  }

  /** What names no request of ours may be the answer to the only one that waits, or to anything else that we sent. */
  #receiveStray(message: Readonly<Record<string, unknown>>): void {
    const id = numberOf(message["id"])
    const isLate = Number.isInteger(id) && id > 0 && id <= this.#lastId
    if (isLate && id <= this.#lastForgotten) return
    this.#warnOf(message)
    const request = isLate ? undefined : this.#only()
    if (request === undefined || !this.#strays.mayAnswer(request.method, message)) return
    const { error } = message
    // What our transport could not read is no answer to a notification.
    const isOurs = isRecord(error) && error["data"] instanceof TransportError
    const answer = isRecord(error)
      ? read(message)
      : malformed(`the server answered under an id that was never used: ${excerpt(message)}`)
    this.#suspect(request, answer, this.#strays.sentOther && !isOurs ? longWait : shortWait)
  }

  /** Fails the request after a while, unless its true answer comes before. */
  #suspect(request: Waiting, answer: Answer, wait: number): void {
    if (request.isSuspected) return
    request.isSuspected = true
    this.#listener.after(wait, () => {
      if (this.#inFlight.get(request.id) === request) this.#settle(request, answer)
    })
  }

  #warnOf(message: Readonly<Record<string, unknown>>): void {
    this.#listener.onWarning(`the server answered a request we are not waiting for: ${excerpt(message)}`)
  }

  #only(): Waiting | undefined {
    let only: Waiting | undefined
    for (const request of this.#inFlight) {
      if (request.method === "subscriptions/listen") continue
      if (only !== undefined) return undefined
      only = request
    }
    return only
  }

  #respond(id: RequestId, exactId: RequestId, outcome: Outcome): void {
    if (this.#ended) return
    this.#strays.responded(id)
    const request = this.#inFlight.get(numberOf(id))
    if (request !== undefined) request.sharesId = true
    this.#sent({ jsonrpc: "2.0", id: exactId, ...outcome }).catch((error) => this.#listener.onWarning(textOf(error)))
  }

  #send(request: Waiting, message: JSONRPCRequest, options: RequestOptions | undefined): Promise<void> {
    const transport = this.#transport
    const time = options?.timeout === undefined ? undefined : { timeout: options.timeout }
    if (transport.hasPerRequestStream !== true) return this.#sent(message, time)
    if (transport.abandon === undefined) request.abort = new AbortController()
    const more = headers.of(message)
    return this.#sent(message, {
      ...time,
      ...(request.abort === undefined ? {} : { requestSignal: request.abort.signal }),
      ...(more === undefined && options?.headers === undefined ? {} : { headers: { ...more, ...options?.headers } })
    })
  }

  /** A transport that is not ours may throw. */
  #sent(message: JSONRPCMessage, options?: SendOptions): Promise<void> {
    try {
      return this.#transport.send(message, options)
    } catch (error) {
      return Promise.reject(error)
    }
  }
}

/** What a transport rejects with; one that is not ours may reject with anything, and at any time. */
export const fromTransport = (cause: unknown): TransportError =>
  cause instanceof TransportError ? cause : new TransportError({
    phase: "connect",
    delivery: "unknown",
    reason: new Closed({ description: messageOf(cause), stderr: [], cause })
  })

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

interface Waiting {
  readonly id: number
  readonly method: string
  readonly onAnswer: (answer: Answer) => void
  readonly budget: Budget | undefined
  /** Only for transports that know no other way to be told. */
  abort: AbortController | undefined
  /** Whether we answered a request of the server's with the same id meanwhile. */
  sharesId: boolean
  /** Whether it fails soon, unless its true answer comes. */
  isSuspected: boolean
}

/** In characters. Ids of requests are kept while they are open, and some after that. */
const longestId = 1024

/** How long the true answer has to come after one that can only be meant for the same request, in milliseconds. */
const shortWait = 2000

/** The same where the other may also be about something else that we sent. */
const longWait = 7000

/** What is asked for because somebody wants it, and never when a session is restored. */
const wanted: ReadonlySet<string> = new Set(["tools/call", "resources/read", "prompts/get"])

const closed = new TransportError({
  phase: "negotiate",
  delivery: "unknown",
  reason: new Closed({ description: "the connection is closed", stderr: [] })
})

/** What ended the connection may itself not have been sent; what was waiting for its answer was. */
const unanswered = (lost: TransportError | undefined): TransportError =>
  lost?.delivery === "not-sent" ? new TransportError({ ...lost, delivery: "unknown" }) : lost ?? closed

/** The answer as it is; whatever is wrong with it fails the request at once. */
const read = ({ error, result }: Readonly<Record<string, unknown>>): Answer => {
  if (isRecord(result) && (error === undefined || error === null)) return Result.succeed(readable(result))
  if (isRecord(error) && Number.isSafeInteger(error["code"]) && typeof error["message"] === "string") {
    const { data } = error
    if (data instanceof TransportError) return Result.fail(data)
    return Result.fail(
      new TransportError({
        phase: "negotiate",
        delivery: "answered",
        reason: new Rejected({
          code: Number(error["code"]),
          description: error["message"],
          ...(data === undefined ? {} : { data })
        })
      })
    )
  }
  return malformed(
    error === undefined && result === undefined
      ? "the answer has neither a result nor an error"
      : `the answer is malformed: ${excerpt({ error, result })}`
  )
}

/** Some servers log to stdout in JSON, and give their requests ids there; others leave out the version. */
const isAnswer = (message: Readonly<Record<string, unknown>>): boolean =>
  "result" in message || isRecord(message["error"]) ||
  message["jsonrpc"] === "2.0" && ("error" in message || isId(message["id"]))

/** `_meta` is an object or not there. */
const readable = (value: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> => {
  if (value["_meta"] === undefined || isRecord(value["_meta"])) return value
  const { _meta: _, ...others } = value
  return numbers.withDigitsOf(value, others)
}

const malformed = (description: string): Answer =>
  Result.fail(
    new TransportError({ phase: "negotiate", delivery: "answered", reason: new InvalidResult({ description }) })
  )

/** A number that JavaScript would change is sent back as it came. */
const idToAnswer = (request: Readonly<Record<string, unknown>>, id: RequestId): RequestId => {
  const exact: unknown = numbers.toSendBack(request, "id")
  return isRawId(exact) ? exact : id
}

/**
 * Not a `RequestId` as TypeScript has it, but what `JSON.stringify` writes as a number, digit by digit; the SDK's type of
 * a message has no place for that.
 */
const isRawId = (id: unknown): id is RequestId => JSON.isRawJSON(id)

const isId = (id: unknown): id is RequestId => typeof id === "string" || typeof id === "number"

/** Some servers give a number back as text. */
const numberOf = (id: unknown): number =>
  typeof id === "number" ? id : typeof id === "string" && id.trim() !== "" ? Number(id) : Number.NaN
