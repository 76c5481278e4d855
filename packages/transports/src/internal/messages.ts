/** Bodies and events as JSON-RPC messages, and which of them answers a request. */
import type { JSONRPCMessage, RequestId } from "@modelcontextprotocol/client"
import { InvalidResult } from "@universal-mcp/core/McpError"
import { decode, type DecodeOptions, failRequest, TransportError } from "@universal-mcp/core/McpTransport"
import { answeredBy } from "./oversized.ts"

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/**
 * The messages in a text, which may be a batch; none if it is not JSON. Of a huge batch only the answers. For what is too much to read, the failure of
 * the request that it answers.
 */
export const parse = (text: string, options?: DecodeOptions): ReadonlyArray<JSONRPCMessage> => {
  if (text.length > 2 * maxValues && hasTooManyValues(text)) {
    const id = answeredBy({ head: text.slice(0, 1024), tail: text.slice(-1024) })
    return id === undefined ? [] : [failRequest(id, tooManyValues)]
  }
  const value = decode(text, options)
  const received = Array.isArray(value) ? value : value === undefined ? [] : [value]
  // A flood of notifications at once: calls must not wait for it.
  return received.length > maxBatch ? received.filter(isAnswer) : received
}

/** Whether this is an answer, to whatever request. */
export const isAnswer = (message: unknown): message is Readonly<Record<string, unknown>> =>
  isRecord(message) && typeof message["method"] !== "string" && ("result" in message || "error" in message)

/** Whether this answers the request `id`. Some servers give a number back as a string. */
export const answers = (message: unknown, id: RequestId | undefined): boolean =>
  isAnswer(message) && id !== undefined && message["id"] !== null && String(message["id"]) === String(id)

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

/** To read more takes longer than everything else may stand still, and hundreds of megabytes. */
const maxValues = 1_000_000

/** In messages. */
const maxBatch = 10_000

const quote = 34
const backslash = 92
const comma = 44
const bracket = 91
const brace = 123

/** What is in strings does not count, and takes next to no time. */
const hasTooManyValues = (text: string): boolean => {
  let values = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === quote) at = endOfString(text, at)
    else if ((code === comma || code === brace || code === bracket) && ++values > maxValues) return true
  }
  return false
}

const endOfString = (text: string, start: number): number => {
  for (let at = text.indexOf("\"", start + 1); at !== -1; at = text.indexOf("\"", at + 1)) {
    let escapes = 0
    while (text.charCodeAt(at - 1 - escapes) === backslash) escapes++
    if (escapes % 2 === 0) return at
  }
  return text.length
}

const tooManyValues = new TransportError({
  phase: "http",
  delivery: "answered",
  reason: new InvalidResult({ description: `the answer has more than ${maxValues} values` }),
  hint: "ask for less"
})
