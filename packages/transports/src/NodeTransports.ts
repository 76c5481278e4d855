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
import * as NodeChildProcessSpawner from "@effect/platform-node/NodeChildProcessSpawner"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodePath from "@effect/platform-node/NodePath"
import type { SessionFactory } from "@universal-mcp/core/SessionFactory"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import type { FileSystem } from "effect/FileSystem"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type { Path } from "effect/Path"
import type { ChildProcessSpawner } from "effect/process/ChildProcessSpawner"
import * as direct from "./internal/direct.ts"
import * as nodePipes from "./internal/nodePipes.ts"
import * as Transports from "./Transports.ts"

/**
 * Node's process spawner, files and paths, and an `HttpClient` on undici with a connection pool of its own, closed with
 * the layer. As in Node itself, `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` count only where `NODE_USE_ENV_PROXY` is `1`.
 *
 * @category layers
 * @since 0.1.0
 */
export const platform: Layer.Layer<ChildProcessSpawner | FileSystem | HttpClient.HttpClient | Path> = Layer.merge(
  // Not all of Node's services: their terminal would listen to stdin, once per layer.
  Layer.provideMerge(
    Layer.provide(nodePipes.layer, NodeChildProcessSpawner.layer),
    Layer.merge(NodeFileSystem.layer, NodePath.layer)
  ),
  Layer.suspend(() => httpClient)
)

/**
 * Everything `ServerRegistry.layer` needs on Node.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<SessionFactory> = Layer.provide(Transports.layer, platform)

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

const makeDispatcher = Effect.gen(function*() {
  const wanted = yield* Effect.option(Config.String("NODE_USE_ENV_PROXY"))
  if (!Option.contains(wanted, "1")) return yield* NodeHttpClient.makeDispatcher
  return yield* Effect.acquireRelease(
    Effect.promise(async () => new (await import("@effect/platform-node/Undici")).EnvHttpProxyAgent()),
    (dispatcher) => Effect.promise(() => dispatcher.destroy())
  )
})

const httpClient = Layer.effect(
  HttpClient.HttpClient,
  Effect.gen(function*() {
    const client = yield* HttpClient.HttpClient
    const dispatcher = yield* NodeHttpClient.Dispatcher
    direct.wires.set(client, Effect.map(NodeHttpClient.UndiciOptions, (options) => direct.make(dispatcher, options)))
    return client
  })
).pipe(
  Layer.provide(NodeHttpClient.layerUndiciNoDispatcher),
  Layer.provide(Layer.effect(NodeHttpClient.Dispatcher, makeDispatcher))
)
