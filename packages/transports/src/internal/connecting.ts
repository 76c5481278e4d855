/** What the transports share while a session is being made. */
import type * as McpSession from "@universal-mcp/core/McpSession"
import * as Struct from "effect/Struct"

const shared = [
  "name",
  "protocolVersion",
  "requestTimeout",
  "reconnect",
  "concurrency",
  "rateLimit",
  "circuitBreaker",
  "questions"
] as const

/** What every session is told of its configuration. */
export const common = (options: Pick<McpSession.Options, typeof shared[number]>): typeof options =>
  Struct.pick(options, shared)

/** Names the server in the `NegotiationCache`; the query may hold secrets. */
export const cacheKey = (url: string): string => {
  const parsed = URL.parse(url)
  return JSON.stringify(["http", parsed === null ? "" : `${parsed.origin}${parsed.pathname}`])
}
