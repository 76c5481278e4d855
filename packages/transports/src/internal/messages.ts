/** Bodies and events as JSON-RPC messages, and which of them answers a request. */
import type { JSONRPCMessage, RequestId } from "@modelcontextprotocol/client"
import { decode, type DecodeOptions, excess, failRequest } from "@universal-mcp/core/McpTransport"
import { answeredBy } from "./oversized.ts"

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/**
 * The messages in a text, which may be a batch; none if it is not JSON. Of a huge batch only the answers. For an answer
 * that is too much to read, the failure of its request; anything else that is too much is `leftOut`.
 */
export const parse = (text: string, options?: DecodeOptions): ReadonlyArray<JSONRPCMessage> => {
  const value = decode(text, options)
  if (value === undefined) return failed(text)
  const received = Array.isArray(value) ? value : [value]
  // A flood of notifications at once: calls must not wait for it.
  return received.length > maxBatch ? received.filter(isAnswer) : received
}

/** Of a text in which there are no messages: a warning, where it was too much to read. */
export const leftOut = (text: string): string | undefined => {
  const why = excess(text)
  return why === undefined ? undefined : `left out what the server sent by itself: ${why.message}`
}

/** Whether this is an answer, to whatever request. */
export const isAnswer = (message: unknown): message is Readonly<Record<string, unknown>> =>
  isRecord(message) && typeof message["method"] !== "string" && ("result" in message || "error" in message)

/** Whether this answers the request `id`. Some servers give a number back as a string. */
export const answers = (message: unknown, id: RequestId | undefined): boolean =>
  isAnswer(message) && id !== undefined && message["id"] !== null && isSame(message["id"], id)

/** An error under no id can only mean the one request that its HTTP answer belongs to. */
export const isErrorForNone = (message: unknown): boolean =>
  isAnswer(message) && isRecord(message["error"]) && isForNone(message)

export const isForNone = (message: unknown): boolean =>
  isAnswer(message) && (message["id"] === null || message["id"] === undefined)

/** What the error of an answer says; some servers write a text where the object belongs. */
export const errorText = (message: unknown): string | undefined => {
  if (!isAnswer(message)) return undefined
  const { error } = message
  const text = isRecord(error) ? error["message"] : error
  return typeof text === "string" ? text : undefined
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

/** In messages. */
const maxBatch = 10_000

/** As text: a number may come back as a string. */
const isSame = (given: unknown, id: RequestId): boolean =>
  (typeof given === "string" || typeof given === "number") && String(given) === String(id)

const failed = (text: string): ReadonlyArray<JSONRPCMessage> => {
  const why = excess(text)
  if (why === undefined) return []
  const id = answeredBy({ head: text.slice(0, 1024), tail: text.slice(-1024) })
  return id === undefined ? [] : [failRequest(id, why)]
}
