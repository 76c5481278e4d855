/**
 * The seam between the registry, which has configurations, and the transports, which can reach servers.
 *
 * `@universal-mcp/transports` provides it for all configured kinds (`Transports.layer`), and for stdio alone
 * (`NodeStdioTransport.layer`).
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Layer from "effect/Layer"
import type { ConnectionError } from "./McpError.ts"
import type { McpSession } from "./McpSession.ts"
import type { ServerConfig } from "./ServerConfig.ts"

/**
 * Turns a configuration into the layer of a session.
 *
 * @category services
 * @since 0.1.0
 */
export class SessionFactory extends Context.Service<SessionFactory, {
  readonly layer: (config: ServerConfig) => Layer.Layer<McpSession, ConnectionError>
}>()("@universal-mcp/core/SessionFactory") {}
