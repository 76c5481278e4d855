/** Bodies and events as JSON-RPC messages, and which of them answers a request. */
import type { JSONRPCMessage, RequestId } from "@modelcontextprotocol/client"

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** The messages in a text; none if it is not JSON. Whether they are JSON-RPC is for the session to judge. */
export const parse = (text: string): ReadonlyArray<JSONRPCMessage> => {
  try {
    const value: JSONRPCMessage | Array<JSONRPCMessage> = JSON.parse(text)
    return Array.isArray(value) ? value : [value]
  } catch {
    return []
  }
}

/** Whether this is an answer, to whatever request. */
export const isAnswer = (message: unknown): message is Readonly<Record<string, unknown>> =>
  isRecord(message) && typeof message["method"] !== "string" && ("result" in message || "error" in message)

/** Whether this answers the request `id`. Some servers give a number back as a string. */
export const answers = (message: unknown, id: RequestId | undefined): boolean =>
  isAnswer(message) && id !== undefined && message["id"] !== null && String(message["id"]) === String(id)

/** An error under no id can only mean the one request that its HTTP answer belongs to. */
export const isErrorForNone = (message: unknown): boolean =>
  isAnswer(message) && isRecord(message["error"]) && (message["id"] === null || message["id"] === undefined)
