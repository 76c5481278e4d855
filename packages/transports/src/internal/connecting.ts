/** What the transports share while a session is being made. */
import type * as McpSession from "@universal-mcp/core/McpSession"
import * as ServerConfig from "@universal-mcp/core/ServerConfig"
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

type Shared = Pick<McpSession.Options, typeof shared[number]>

/** What every session is told of its configuration. */
export const common = (options: Shared & ServerConfig.Secretive): Shared & Pick<McpSession.Options, "redact"> => ({
  ...Struct.pick(options, shared),
  redact: ServerConfig.redactor(options)
})

/** Names the server in the `NegotiationCache`; the query, and what came from a variable, may be secrets. */
export const cacheKey = (options: ServerConfig.Secretive): string => {
  const parsed = URL.parse(options.url ?? "")
  const address = parsed === null ? "" : `${parsed.origin}${parsed.pathname}`
  return JSON.stringify(["http", ServerConfig.redactor(options)?.(address) ?? address])
}
