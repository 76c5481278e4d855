/**
 * Stands between a transport and the SDK's `Client` and makes good what the client leaves to a time-out: answers that
 * can never be matched, malformed answers, and progress that shares a chunk with its result. It also keeps answers as
 * the server gave them: the SDK would refuse a whole list of the modern era for one item that is not valid.
 */
import type {
  JSONRPCErrorResponse,
  JSONRPCMessage,
  JSONRPCRequest,
  JSONRPCResultResponse,
  RequestId,
  Transport,
  TransportSendOptions
} from "@modelcontextprotocol/client"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { Closed, InvalidResult, Rejected } from "../McpError.ts"
import type { Notification } from "../McpSession.ts"
import { failRequest, type McpTransport, TransportError } from "../McpTransport.ts"
import * as headers from "./headers.ts"
import type { Negotiated } from "./negotiation.ts"
import * as standIn from "./standIn.ts"

export interface Listener {
  /** Every notification, in the order of the wire. */
  readonly onNotification: (notification: Notification) => void
  readonly onWarning: (description: string) => void
  readonly onClose: (lost: TransportError | undefined) => void
  /** A request of the SDK's client is about to be sent. */
  readonly onRequest: (id: RequestId) => void
}

export type Answer = Result.Result<Readonly<Record<string, unknown>>, TransportError>

export interface Guard extends Transport {
  /** A request of ours, past the SDK's client; the signal gives it up. */
  readonly exchange: (
    method: string,
    params: Record<string, unknown>,
    onAnswer: (answer: Answer) => void,
    signal: AbortSignal
  ) => void
  /** From here on the SDK's client speaks; its own `initialize` is answered with what we have negotiated already. */
  readonly adopt: (negotiated: Negotiated) => void
  readonly hasEnded: () => boolean
  /** Completes once no request waits for an answer any more. */
  readonly idle: Effect.Effect<void>
  /** Whether it has answered what somebody wanted of it, beyond what we ask by ourselves. */
  readonly hasServed: () => boolean
  readonly isIdle: () => boolean
  /** How many answers were questions: what they belong to goes on in another request. */
  readonly questions: () => number
}

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

export const make = (inner: McpTransport, listener: Listener): Guard => {
  const inFlight = new Map<string, InFlight>()
  let negotiated: Negotiated | undefined
  let ended = false
  let served = false
  let asked = 0
  let lastId = -1
  let lastOwnId = ownIds

  const waitingForIdle: Array<() => void> = []
  /** What the server asked before the SDK's client was there. */
  const early: Array<JSONRPCRequest> = []

  const deliver = (message: JSONRPCMessage) => guard.onmessage?.(message)

  const forget = (id: unknown) => {
    inFlight.delete(String(id))
    if (inFlight.size === 0) waitingForIdle.splice(0).forEach((wake) => wake())
  }

  const settle = ({ id, method, onAnswer }: InFlight, answer: Answer) => {
    forget(id)
    if (onAnswer !== undefined) return onAnswer(answer)
    if (Result.isSuccess(answer)) {
      served ||= wanted.has(method)
      if (answer.success["resultType"] === "input_required") asked += 1
      const result = negotiated?.era === "modern" ? standIn.wrap(method, answer.success) : answer.success
      return deliver({ jsonrpc: "2.0", id, result })
    }
    const { reason } = answer.failure
    if (reason._tag === "Rejected" && reason.status === undefined) {
      return deliver({
        jsonrpc: "2.0",
        id,
        error: { code: reason.code, message: reason.description, data: reason.data }
      })
    }
    deliver(failRequest(id, answer.failure))
  }

  /** An answer that belongs to no request: when just one is waiting, it can only be meant for that one. */
  const receiveUnmatched = (message: Readonly<Record<string, unknown>>): void => {
    const id = isId(message["id"]) ? Number(message["id"]) : Number.NaN
    const late = Number.isInteger(id) && (id >= 0 && id <= lastId || id > ownIds && id <= lastOwnId)
    const [only, ...others] = [...inFlight.values()].filter(({ method }) => method !== "subscriptions/listen")
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
    const request = isId(message["id"]) ? inFlight.get(String(message["id"])) : undefined
    if (request === undefined) return receiveUnmatched(message)
    settle(request, read(message))
  }

  const respond = (
    id: RequestId,
    outcome: Pick<JSONRPCResultResponse, "result"> | Pick<JSONRPCErrorResponse, "error">
  ) => void inner.send({ jsonrpc: "2.0", id, ...outcome }).catch((error) => listener.onWarning(String(error)))

  /**
   * Servers may ask for a sign of life before they say who they are; for the rest they wait. What the SDK would only
   * refuse does not get so far: floods of questions cost it hundreds of megabytes.
   */
  const receiveRequest = (request: JSONRPCRequest): void => {
    if (negotiated?.era !== "modern") {
      if (request.method === "ping") return respond(request.id, { result: {} })
      if (!questions.includes(request.method)) {
        return respond(request.id, { error: { code: -32601, message: "Method not found" } })
      }
    }
    if (guard.onmessage === undefined) early.push(request)
    else deliver(request)
  }

  const receive = (message: unknown): void => Array.isArray(message) ? message.forEach(receiveOne) : receiveOne(message)

  const receiveOne = (message: unknown): void => {
    if (!isRecord(message)) {
      return listener.onWarning(`the server sent a message that is not JSON-RPC: ${excerpt(message)}`)
    }
    const { id, method, params } = message
    if (typeof method !== "string") {
      return "result" in message || "error" in message || isId(id)
        ? receiveAnswer(message)
        : listener.onWarning(`the server sent a message that is not JSON-RPC: ${excerpt(message)}`)
    }
    const named = isRecord(params) ? readable(params) : undefined
    const more = named === undefined ? {} : { params: named }
    if (isId(id)) return receiveRequest({ jsonrpc: "2.0", id, method, ...more })
    listener.onNotification({ method, params: named })
    // The one notification that the SDK is to act upon: it would drop progress that arrives together with its result.
    if (method === "notifications/cancelled") deliver({ jsonrpc: "2.0", method, ...more })
  }

  const onClose = () => {
    ended = true
    for (const request of inFlight.values()) {
      if (request.onAnswer !== undefined) settle(request, Result.fail(inner.lost ?? closed))
    }
    inFlight.clear()
    waitingForIdle.splice(0).forEach((wake) => wake())
    listener.onClose(inner.lost)
    guard.onclose?.()
  }

  const sendRequest = async (message: JSONRPCMessage, request: InFlight, options?: TransportSendOptions) => {
    const id = String(request.id)
    inFlight.set(id, request)
    // An answer of ours that comes late may still be of use, where it comes at all.
    if (request.onAnswer === undefined) {
      options?.requestSignal?.addEventListener("abort", () => forget(request.id), { once: true })
    }
    const more = inner.hasPerRequestStream === true ? headers.of(message) : undefined
    try {
      await inner.send(
        message,
        more === undefined ? options : { ...options, headers: { ...more, ...options?.headers } }
      )
    } catch (error) {
      forget(request.id)
      throw error
    }
  }

  let started: Promise<void> | undefined
  const start = () => {
    if (started !== undefined) {
      for (const request of early.splice(0)) deliver(request)
      return started
    }
    inner.onmessage = receive
    inner.onerror = (error) => listener.onWarning(error.message)
    inner.onclose = onClose
    started = inner.start()
    return started
  }

  const guard: Guard = {
    get hasPerRequestStream() {
      return inner.hasPerRequestStream === true
    },
    start,
    send: async (message, options) => {
      if ("method" in message && "id" in message) {
        if (message.method === "initialize" && negotiated !== undefined) {
          return deliver({ jsonrpc: "2.0", id: message.id, result: standIn.initializeResult(negotiated) })
        }
        lastId = Math.max(lastId, Number(message.id))
        listener.onRequest(message.id)
        return sendRequest(message, { id: message.id, method: message.method }, options)
      }
      if ("method" in message && message.method === "notifications/cancelled") {
        forget(message.params?.["requestId"])
      }
      return inner.send(message, options)
    },
    exchange: (method, params, onAnswer, signal) => {
      const id = ++lastOwnId
      const fail = (error: unknown) => onAnswer(Result.fail(error instanceof TransportError ? error : unsent(error)))
      start().then(() =>
        sendRequest({ jsonrpc: "2.0", id, method, params }, { id, method, onAnswer }, { requestSignal: signal })
      ).catch(fail)
    },
    hasEnded: () => ended,
    hasServed: () => served,
    isIdle: () => inFlight.size === 0,
    questions: () => asked,
    idle: Effect.callback<void>((resume) => {
      // What comes after the answer must not come before it: this runs while the answer is being delivered.
      const wake = () => resume(Effect.yieldNow)
      if (inFlight.size === 0) wake()
      else waitingForIdle.push(wake)
    }),
    adopt: (outcome) => {
      negotiated = outcome
      for (const [id, { onAnswer }] of inFlight) if (onAnswer !== undefined) inFlight.delete(id)
    },
    close: () => inner.close(),
    setProtocolVersion: (version) => inner.setProtocolVersion?.(version)
  }
  return guard
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

interface InFlight {
  readonly id: RequestId
  readonly method: string
  /** For our own; the SDK's client gets all others. */
  readonly onAnswer?: (answer: Answer) => void
}

/** What servers of the legacy era may ask clients. */
const questions: ReadonlyArray<string> = ["sampling/createMessage", "elicitation/create", "roots/list"]

/** What is asked for because somebody wants it, and never when a session is restored. */
const wanted: ReadonlySet<string> = new Set(["tools/call", "resources/read", "prompts/get"])

/** Ids of our own are numbers too, because some servers know no others, and far from those of the SDK, which count from 0. */
const ownIds = 1_000_000_000

const closed = new TransportError({
  phase: "negotiate",
  delivery: "unknown",
  reason: new Closed({ description: "the connection is closed", stderr: [] })
})

const unsent = (cause: unknown): TransportError =>
  new TransportError({
    phase: "connect",
    delivery: "not-sent",
    reason: new Closed({ description: cause instanceof Error ? cause.message : String(cause), stderr: [], cause })
  })

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

/** The SDK passes over a message whose `_meta` is not an object, and whoever waits for it would wait for ever. */
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

/** What is nested too deeply cannot be written out again. */
export const excerpt = (value: unknown, length = 200): string =>
  Result.getOrElse(
    Result.try(() => (JSON.stringify(value) ?? "nothing").slice(0, length)),
    () => "something nested very deeply"
  )
