/**
 * Every configured kind of server in one layer: what `ServerRegistry.addServer` needs to reach them.
 *
 * On Node, `NodeTransports.layer` has the platform in it already. Use this one to bring your own `HttpClient` (a proxy,
 * mTLS, tracing) or process spawner.
 *
 * @since 0.1.0
 */
import type { ConnectionError } from "@universal-mcp/core/McpError"
import type { McpSession } from "@universal-mcp/core/McpSession"
import type { ServerConfig } from "@universal-mcp/core/ServerConfig"
import { SessionFactory } from "@universal-mcp/core/SessionFactory"
import * as Effect from "effect/Effect"
import type { HttpClient } from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import type { ChildProcessSpawner } from "effect/process/ChildProcessSpawner"
import * as AutoTransport from "./AutoTransport.ts"
import * as SseTransport from "./SseTransport.ts"
import * as StdioTransport from "./StdioTransport.ts"
import * as StreamableHttpTransport from "./StreamableHttpTransport.ts"

const layerFor = (
  config: ServerConfig
): Layer.Layer<McpSession, ConnectionError, ChildProcessSpawner | HttpClient> => {
  switch (config.transport) {
    case "stdio":
      return StdioTransport.layer(config)
    case "sse":
      return SseTransport.layer(config)
    case "streamable-http":
      return StreamableHttpTransport.layer(config)
    case undefined:
      return AutoTransport.layer(config)
  }
}

/**
 * The {@link SessionFactory} for stdio, SSE, Streamable HTTP and automatic configurations.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<SessionFactory, never, ChildProcessSpawner | HttpClient> = Layer.effect(
  SessionFactory,
  Effect.map(
    Effect.context<ChildProcessSpawner | HttpClient>(),
    (services) =>
      SessionFactory.of({ layer: (config) => Layer.provide(layerFor(config), Layer.succeedContext(services)) })
  )
)
