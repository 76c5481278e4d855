/**
 * The transports with their platform: Node's process spawner, and HTTP on undici.
 *
 * ```ts no-run
 * import * as ServerRegistry from "@universal-mcp/core/ServerRegistry"
 * import * as NodeTransports from "@universal-mcp/transports/NodeTransports"
 * import { Effect, Layer } from "effect"
 *
 * const program = Effect.gen(function*() {
 *   const registry = yield* ServerRegistry.ServerRegistry
 *   yield* registry.addServer({ name: "docs", url: "https://example.com/mcp" })
 *   return yield* registry.callTool("docs", "search", { query: "layers" })
 * }).pipe(Effect.provide(ServerRegistry.layer.pipe(Layer.provide(NodeTransports.layer))))
 * ```
 *
 * @since 0.1.0
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeServices from "@effect/platform-node/NodeServices"
import type { SessionFactory } from "@universal-mcp/core/SessionFactory"
import type { HttpClient } from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Transports from "./Transports.ts"

/**
 * Node's services, and an `HttpClient` on undici with a connection pool of its own, closed with the layer.
 *
 * @category layers
 * @since 0.1.0
 */
export const platform: Layer.Layer<NodeServices.NodeServices | HttpClient> = Layer.mergeAll(
  NodeServices.layer,
  NodeHttpClient.layerUndici
)

/**
 * Everything `ServerRegistry.layer` needs on Node.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<SessionFactory> = Layer.provide(Transports.layer, platform)
