/** The headers of the modern era's Streamable HTTP that say again what is in the message. Specification: 2026-07-28, Streamable HTTP. */
import type { JSONRPCMessage } from "@modelcontextprotocol/client"
import * as Base64 from "effect/encoding/Base64"

/** The meta key under which every message of the modern era names its revision. */
export const protocolVersionKey = "io.modelcontextprotocol/protocolVersion"

/** None for messages of the legacy era. */
export const of = (message: JSONRPCMessage): Readonly<Record<string, string>> | undefined => {
  if (!("method" in message)) return undefined
  const version = message.params?._meta?.[protocolVersionKey]
  if (typeof version !== "string") return undefined
  const source = nameSources[message.method]
  const name = source === undefined ? undefined : message.params?.[source]
  return {
    "mcp-protocol-version": version,
    "mcp-method": message.method,
    ...(typeof name === "string" ? { "mcp-name": encode(name) } : {})
  }
}

/** A value as a header may hold it: in Base64, marked as such, where it is empty, not plain ASCII, or looks so marked. */
export const encode = (value: string): string =>
  value !== "" && plain.test(value) && value.trim() === value && !(value.startsWith(prefix) && value.endsWith(suffix))
    ? value
    : `${prefix}${Base64.encode(value)}${suffix}`

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

const prefix = "=?base64?"

const suffix = "?="

const plain = /^[\x20-\x7e]*$/

const nameSources: Readonly<Record<string, string>> = {
  "tools/call": "name",
  "prompts/get": "name",
  "resources/read": "uri",
  "tasks/get": "taskId",
  "tasks/update": "taskId",
  "tasks/cancel": "taskId"
}
