/**
 * Node's processes alone: for programs whose servers are all reached over stdio.
 *
 * When to use: instead of `NodeTransports`, where it counts how large a bundle is or how soon a program has started. There
 * is no HTTP client in it, and with it undici stays out. For single sessions it is `platform`, for a `ServerRegistry`
 * `layer`.
 *
 * ```ts no-run
 * import * as McpSession from "@universal-mcp/core/McpSession"
 * import * as NodeStdioTransport from "@universal-mcp/transports/NodeStdioTransport"
 * import * as StdioTransport from "@universal-mcp/transports/StdioTransport"
 * import { Effect, Layer } from "effect"
 *
 * const Weather = StdioTransport.layer({ name: "weather", command: "node", args: ["weather.js"] }).pipe(
 *   Layer.provide(NodeStdioTransport.platform)
 * )
 *
 * const program = McpSession.McpSession.use((session) => session.callTool("get_alerts", { state: "CA" })).pipe(
 *   Effect.provide(Weather)
 * )
 * ```
 *
 * @since 0.1.0
 */
import * as NodeChildProcessSpawner from "@effect/platform-node/NodeChildProcessSpawner"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodePath from "@effect/platform-node/NodePath"
import { ConnectionError } from "@universal-mcp/core/McpError"
import { McpSession } from "@universal-mcp/core/McpSession"
import { SessionFactory } from "@universal-mcp/core/SessionFactory"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { ChildProcessSpawner } from "effect/process/ChildProcessSpawner"
import * as nodePipes from "./internal/nodePipes.ts"
import * as StdioTransport from "./StdioTransport.ts"

/**
 * Node's process spawner, which gives sessions its pipes themselves. `NodeTransports.platform` has it too. Provide it before
 * another layer that has a spawner, such as `NodeServices.layer`: the first that is provided counts, and with any other
 * spawner the bytes go through Effect's streams, which costs more.
 *
 * @category layers
 * @since 0.1.0
 */
export const platform: Layer.Layer<ChildProcessSpawner> = nodePipes.layer.pipe(
  Layer.provide(NodeChildProcessSpawner.layer),
  Layer.provide(Layer.merge(NodeFileSystem.layer, NodePath.layer))
)

/**
 * What `ServerRegistry.layer` needs where all servers are reached over stdio. Any other fails with phase `config`.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<SessionFactory> = Layer.effect(
  SessionFactory,
  Effect.map(Effect.context<ChildProcessSpawner>(), (services) =>
    SessionFactory.of({
      layer: (config) =>
        config.transport === "stdio"
          ? Layer.provide(StdioTransport.layer(config), Layer.succeedContext(services))
          : Layer.effect(McpSession, Effect.fail(unreachable(config.name)))
    }))
).pipe(Layer.provide(platform))

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

const unreachable = (server: string): ConnectionError =>
  new ConnectionError({
    server,
    transport: "http",
    phase: "config",
    description: "this program reaches servers over stdio alone",
    stderr: [],
    hint: "provide `NodeTransports.layer` in place of `NodeStdioTransport.layer`"
  })
