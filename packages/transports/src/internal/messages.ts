/** Bodies and events as JSON-RPC messages, and which of them answers a request. */
import type { JSONRPCMessage, RequestId } from "@modelcontextprotocol/client"
import { decode, type DecodeOptions, failRequest, TransportError } from "@universal-mcp/core/McpTransport"
import { answeredBy } from "./oversized.ts"

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/**
 * The messages in a text, which may be a batch; none if it is not JSON. Of a huge batch only the answers. For an answer
 * that is too much to read, the failure of its request; for anything else that is too much, the error.
 */
export const parse = (text: string, options?: DecodeOptions): ReadonlyArray<JSONRPCMessage> | TransportError => {
  const value = decode(text, options)
  if (value === undefined) return []
  if (value instanceof TransportError) return failed(text, value)
  const received = Array.isArray(value) ? value : [value]
  // A flood of notifications at once: calls must not wait for it.
  return received.length > maxBatch ? received.filter(isAnswer) : received
}

/** The messages in the beginning of a body; none also if that is too much to read. */
export const parseBeginning = (text: string, options?: DecodeOptions): ReadonlyArray<JSONRPCMessage> => {
  const received = parse(text, options)
  return received instanceof TransportError ? [] : received
}

/** The warning about what `parse` gives an error for. */
export const leftOut = (why: TransportError): string => `left out what the server sent by itself: ${why.message}`

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

const failed = (text: string, why: TransportError): ReadonlyArray<JSONRPCMessage> | TransportError => {
  const id = answeredBy({ head: text.slice(0, 1024), tail: text.slice(-1024) })
  return id === undefined ? why : [failRequest(id, why)]
}
