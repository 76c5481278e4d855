/**
 * Stands between a transport and the SDK's `Client` and makes good what the client leaves to a time-out: answers that
 * can never be matched, malformed answers, and progress that shares a chunk with its result.
 */
import type { JSONRPCMessage, RequestId, Transport } from "@modelcontextprotocol/client"
import * as Result from "effect/Result"
import { InvalidResult } from "../McpError.ts"
import { failRequest, type McpTransport, TransportError } from "../McpTransport.ts"

export interface Listener {
  readonly onNotification: (method: string, params: Readonly<Record<string, unknown>> | undefined) => void
  readonly onWarning: (description: string) => void
  readonly onClose: (lost: TransportError | undefined) => void
}

export type ProgressHandler = (params: Readonly<Record<string, unknown>>) => void

export interface Guard extends Transport {
  /** Handlers by progress token. The SDK would drop progress that arrives together with its result, so it never sees any. */
  readonly progress: Map<RequestId, ProgressHandler>
}

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const malformed = (description: string) =>
  new TransportError({
    phase: "negotiate",
    delivery: "answered",
    reason: new InvalidResult({ description })
  })

/** What is nested too deeply cannot be written out again. */
const excerpt = (value: unknown): string =>
  Result.getOrElse(Result.try(() => JSON.stringify(value).slice(0, 200)), () => "something nested very deeply")

/**
 * An error under no id may as well be about a notification of ours, which some servers refuse: it counts as an answer
 * only where JSON-RPC itself leaves the id out (parse error, invalid request), or where our transport made it.
 */
const mayAnswerRequest = ({ error, id }: Readonly<Record<string, unknown>>): boolean =>
  isId(id) || !isRecord(error) || error["data"] instanceof TransportError || error["code"] === -32700 ||
  error["code"] === -32600

const isId = (id: unknown): id is RequestId => typeof id === "string" || typeof id === "number"

export const make = (inner: McpTransport, listener: Listener): Guard => {
  const inFlight = new Set<number>()
  const progress = new Map<RequestId, ProgressHandler>()
  let lastId = -1

  const deliver = (message: JSONRPCMessage) => guard.onmessage?.(message)

  const fail = (id: number, error: TransportError) => {
    inFlight.delete(id)
    deliver(failRequest(id, error))
  }

  /** An answer that belongs to no request: when just one is waiting, it can only be meant for that one. */
  const receiveUnmatched = (message: Readonly<Record<string, unknown>>): void => {
    const id = isId(message["id"]) ? Number(message["id"]) : Number.NaN
    const late = Number.isInteger(id) && id >= 0 && id <= lastId
    const [only, ...others] = inFlight
    if (late || only === undefined || others.length > 0 || !mayAnswerRequest(message)) {
      return listener.onWarning(`the server answered a request we are not waiting for: ${excerpt(message)}`)
    }
    if (isRecord(message["error"])) return receiveAnswer({ ...message, id: only })
    fail(only, malformed(`the server answered under an id that was never used: ${excerpt(message)}`))
  }

  const receiveAnswer = (message: Readonly<Record<string, unknown>>): void => {
    const id = isId(message["id"]) ? Number(message["id"]) : Number.NaN
    if (!inFlight.has(id)) return receiveUnmatched(message)
    const { error, result } = message
    if (isRecord(result) && error === undefined) {
      inFlight.delete(id)
      return deliver({ jsonrpc: "2.0", id, result })
    }
    if (isRecord(error) && Number.isSafeInteger(error["code"]) && typeof error["message"] === "string") {
      inFlight.delete(id)
      return deliver({
        jsonrpc: "2.0",
        id,
        error: { code: Number(error["code"]), message: error["message"], data: error["data"] }
      })
    }
    fail(
      id,
      malformed(
        error === undefined && result === undefined
          ? "the answer has neither a result nor an error"
          : `the answer is malformed: ${excerpt({ error, result })}`
      )
    )
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
    const named = isRecord(params) ? params : undefined
    if (isId(id)) return deliver({ jsonrpc: "2.0", id, method, ...(named === undefined ? {} : { params: named }) })
    if (method === "notifications/progress" && named !== undefined) {
      const token = named["progressToken"]
      const handler = isId(token) ? progress.get(token) : undefined
      if (handler !== undefined) handler(named)
    }
    listener.onNotification(method, named)
    if (method !== "notifications/progress") {
      deliver({ jsonrpc: "2.0", method, ...(named === undefined ? {} : { params: named }) })
    }
  }

  const guard: Guard = {
    progress,
    start: () => {
      inner.onmessage = receive
      inner.onerror = (error) => listener.onWarning(error.message)
      inner.onclose = () => {
        inFlight.clear()
        listener.onClose(inner.lost)
        guard.onclose?.()
      }
      return inner.start()
    },
    send: async (message, options) => {
      if ("method" in message && "id" in message) {
        const id = Number(message.id)
        inFlight.add(id)
        lastId = Math.max(lastId, id)
        return inner.send(message, options).catch((error) => {
          inFlight.delete(id)
          throw error
        })
      }
      if ("method" in message && message.method === "notifications/cancelled") {
        inFlight.delete(Number(message.params?.["requestId"]))
      }
      return inner.send(message, options)
    },
    close: () => inner.close(),
    setProtocolVersion: (version) => inner.setProtocolVersion?.(version)
  }
  return guard
}
