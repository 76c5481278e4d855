/**
 * JSON-RPC on one transport: requests find their answers, however the server writes them; what cannot be matched or read
 * fails at once and not by a time-out; notifications come in the order of the wire.
 */
import type { JSONRPCRequest, RequestId } from "@modelcontextprotocol/client"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { Closed, InvalidResult, Rejected } from "../McpError.ts"
import type { Notification } from "../McpSession.ts"
import { type McpTransport, TransportError } from "../McpTransport.ts"
import * as headers from "./headers.ts"
import * as InFlight from "./inFlight.ts"
import { excerpt, isRecord } from "./json.ts"

export interface Listener {
  /** Every notification, in the order of the wire. */
  readonly onNotification: (notification: Notification) => void
  /** What the server asks. */
  readonly onRequest: (request: JSONRPCRequest) => void
  readonly onWarning: (description: string) => void
  readonly onClose: (lost: TransportError | undefined) => void
}

export type Answer = Result.Result<Readonly<Record<string, unknown>>, TransportError>

export interface RequestOptions {
  /** More HTTP headers, in lower case. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Is told the id, before the request is sent. */
  readonly onSent?: ((id: RequestId) => void) | undefined
}

export interface JsonRpc {
  readonly start: () => Promise<void>
  /** `onAnswer` is called once, whatever becomes of the request, unless it is forgotten first. */
  readonly request: (
    method: string,
    params: Record<string, unknown>,
    onAnswer: (answer: Answer) => void,
    options?: RequestOptions
  ) => RequestId
  /** Nobody waits for it any more: what answers it is late. */
  readonly forget: (id: RequestId) => void
  readonly forgetAll: () => void
  /** Ends the exchange of its own that a request has, if any. Its answer may come all the same. */
  readonly abandon: (id: RequestId) => void
  readonly notify: (method: string, params?: Record<string, unknown>) => Promise<void>
  readonly respond: (id: RequestId, outcome: Outcome) => void
  readonly close: () => Promise<void>
  readonly hasPerRequestStream: () => boolean
  readonly hasEnded: () => boolean
  /** Completes once no request waits for an answer any more. */
  readonly idle: Effect.Effect<void>
  readonly isIdle: () => boolean
  /** Whether it has answered what somebody wanted of it, beyond what we ask by ourselves. */
  readonly hasServed: () => boolean
}

export type Outcome =
  | { readonly result: Record<string, unknown> }
  | { readonly error: { readonly code: number; readonly message: string } }

export const make = (transport: McpTransport, listener: Listener): JsonRpc => {
  const inFlight = InFlight.make<Waiting>()
  const waitingForIdle: Array<() => void> = []
  let lastId = 0
  let ended = false
  let served = false

  const forget = (id: number) => {
    inFlight.delete(id)
    if (inFlight.size() === 0 && waitingForIdle.length > 0) waitingForIdle.splice(0).forEach((wake) => wake())
  }

  const settle = (request: Waiting, answer: Answer) => {
    forget(request.id)
    if (!served && Result.isSuccess(answer)) served = wanted.has(request.method)
    request.onAnswer(answer)
  }

  /** An answer that belongs to no request: when just one is waiting, it can only be meant for that one. */
  const receiveUnmatched = (message: Readonly<Record<string, unknown>>): void => {
    const id = isId(message["id"]) ? Number(message["id"]) : Number.NaN
    const late = Number.isInteger(id) && id > 0 && id <= lastId
    const [only, ...others] = [...inFlight].filter(({ method }) => method !== "subscriptions/listen")
    if (late || only === undefined || others.length > 0 || !mayAnswerRequest(message)) {
      return listener.onWarning(`the server answered a request we are not waiting for: ${excerpt(message)}`)
    }
    settle(
      only,
      isRecord(message["error"])
        ? read(message)
        : malformed(`the server answered under an id that was never used: ${excerpt(message)}`)
    )
  }

  const receiveAnswer = (message: Readonly<Record<string, unknown>>): void => {
    const { id } = message
    const request = inFlight.get(typeof id === "number" ? id : typeof id === "string" ? Number(id) : Number.NaN)
    if (request === undefined) return receiveUnmatched(message)
    settle(request, read(message))
  }

  const receive = (message: unknown): void => Array.isArray(message) ? message.forEach(receiveOne) : receiveOne(message)

  const receiveOne = (message: unknown): void => {
    if (!isRecord(message)) {
      return listener.onWarning(`the server sent a message that is not JSON-RPC: ${excerpt(message)}`)
    }
    const { id, method } = message
    if (typeof method !== "string") {
      return "result" in message || "error" in message || isId(id)
        ? receiveAnswer(message)
        : listener.onWarning(`the server sent a message that is not JSON-RPC: ${excerpt(message)}`)
    }
    const params = isRecord(message["params"]) ? readable(message["params"]) : undefined
    if (!isId(id)) return listener.onNotification({ method, params })
    listener.onRequest({ jsonrpc: "2.0", id, method, ...(params === undefined ? {} : { params }) })
  }

  transport.onmessage = receive
  transport.onerror = (error) => listener.onWarning(error.message)
  transport.onclose = () => {
    if (ended) return
    ended = true
    listener.onClose(transport.lost)
    const failed = Result.fail(unanswered(transport.lost))
    for (const request of inFlight) settle(request, failed)
  }

  const send = (request: Waiting, message: JSONRPCRequest, options: RequestOptions | undefined): Promise<void> => {
    if (transport.hasPerRequestStream !== true) return transport.send(message)
    if (transport.abandon === undefined) request.abort = new AbortController()
    const more = headers.of(message)
    return transport.send(message, {
      ...(request.abort === undefined ? {} : { requestSignal: request.abort.signal }),
      ...(more === undefined && options?.headers === undefined ? {} : { headers: { ...more, ...options?.headers } })
    })
  }

  const rpc: JsonRpc = {
    start: () => transport.start(),
    request: (method, params, onAnswer, options) => {
      const id = ++lastId
      const request: Waiting = { id, method, onAnswer, abort: undefined }
      const fail = (error: unknown) => {
        if (inFlight.get(id) === request) settle(request, Result.fail(fromTransport(error)))
      }
      inFlight.add(request)
      options?.onSent?.(id)
      try {
        send(request, { jsonrpc: "2.0", id, method, params }, options).catch(fail)
      } catch (error) {
        fail(error)
      }
      return id
    },
    forget: (id) => forget(Number(id)),
    forgetAll: () => [...inFlight].forEach(({ id }) => forget(id)),
    abandon: (id) => {
      if (transport.abandon !== undefined) transport.abandon(id)
      else inFlight.get(Number(id))?.abort?.abort()
    },
    notify: (method, params) => transport.send({ jsonrpc: "2.0", method, ...(params === undefined ? {} : { params }) }),
    respond: (id, outcome) => {
      if (ended) return
      transport.send({ jsonrpc: "2.0", id, ...outcome }).catch((error) => listener.onWarning(String(error)))
    },
    close: () => transport.close(),
    hasPerRequestStream: () => transport.hasPerRequestStream === true,
    hasEnded: () => ended,
    isIdle: () => inFlight.size() === 0,
    hasServed: () => served,
    idle: Effect.callback<void>((resume) => {
      // What comes after the answer must not come before it: this runs while the answer is being delivered.
      const wake = () => resume(Effect.yieldNow)
      if (inFlight.size() === 0) wake()
      else waitingForIdle.push(wake)
    })
  }
  return rpc
}

/** What a transport rejects with; one that is not ours may reject with anything, and at any time. */
export const fromTransport = (cause: unknown): TransportError =>
  cause instanceof TransportError ? cause : new TransportError({
    phase: "connect",
    delivery: "unknown",
    reason: new Closed({ description: cause instanceof Error ? cause.message : String(cause), stderr: [], cause })
  })

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

interface Waiting {
  readonly id: number
  readonly method: string
  readonly onAnswer: (answer: Answer) => void
  /** Only for transports that know no other way to be told. */
  abort: AbortController | undefined
}

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

/** `_meta` is an object or not there. */
const readable = (value: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> => {
  if (value["_meta"] === undefined || isRecord(value["_meta"])) return value
  const { _meta: _, ...others } = value
  return others
}

const malformed = (description: string): Answer =>
  Result.fail(
    new TransportError({ phase: "negotiate", delivery: "answered", reason: new InvalidResult({ description }) })
  )

/**
 * An error under no id may as well be about a notification of ours, which some servers refuse: it counts as an answer
 * only where JSON-RPC itself leaves the id out (parse error, invalid request), or where our transport made it.
 */
const mayAnswerRequest = ({ error, id }: Readonly<Record<string, unknown>>): boolean =>
  isId(id) || !isRecord(error) || error["data"] instanceof TransportError || error["code"] === -32700 ||
  error["code"] === -32600

const isId = (id: unknown): id is RequestId => typeof id === "string" || typeof id === "number"
