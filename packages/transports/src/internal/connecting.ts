/** What the transports share while a session is being made. */
import type * as McpSession from "@universal-mcp/core/McpSession"
import * as ServerConfig from "@universal-mcp/core/ServerConfig"
import * as Hash from "effect/Hash"
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

/** Names a server behind HTTP in the `NegotiationCache`, without the query, which may be a secret. */
export const cacheKeyOfUrl = (text: string, redact: Redact = (text) => text): string => {
  const url = URL.parse(text)
  const address = url === null ? "" : `${url.origin}${url.pathname}`
  return cacheKey(["http", redact(address)], ["http", address])
}

/**
 * What may be shown of how a server is reached, because a host may keep the key; and where a secret is left out of it, a
 * hash of the whole, because two servers may differ in nothing else.
 */
export const cacheKey = (shown: ReadonlyArray<unknown>, whole: ReadonlyArray<unknown>): string => {
  const [key, text] = [JSON.stringify(shown), JSON.stringify(whole)]
  return key === text ? key : JSON.stringify([...shown, Hash.string(text)])
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

type Redact = NonNullable<McpSession.Options["redact"]>
