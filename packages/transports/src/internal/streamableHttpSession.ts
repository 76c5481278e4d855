/** A session over Streamable HTTP, as the transport of that name and the automatic one make it. */
import type { ConnectionError } from "@universal-mcp/core/McpError"
import * as McpSession from "@universal-mcp/core/McpSession"
import type * as ServerConfig from "@universal-mcp/core/ServerConfig"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import type * as Scope from "effect/Scope"
import * as connecting from "./connecting.ts"
import * as http from "./http.ts"
import * as streamableHttp from "./streamableHttp.ts"

/** `onOlder` is called where the server shows that it speaks HTTP+SSE; connecting then fails at once. */
export const make = (
  options: Omit<ServerConfig.StreamableHttpServerConfig, "transport">,
  onOlder?: () => void
): Effect.Effect<McpSession.McpSession["Service"], ConnectionError, HttpClient.HttpClient | Scope.Scope> => {
  const { timeout = "30 seconds", url } = options
  const transport = onOlder === undefined ? options : { ...options, onOlder }
  const common = connecting.common(options)
  return McpSession.make(
    Effect.flatMap(http.make(options), (client) => streamableHttp.make(client, transport)),
    {
      ...common,
      transport: "streamable-http",
      timeout,
      url,
      cacheKey: connecting.cacheKeyOfUrl(url, common.redact)
    }
  )
}
