/**
 * The transports with their platform: Node's process spawner, and HTTP on undici. For stdio
 * alone there is `NodeStdioTransport`.
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
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodePath from "@effect/platform-node/NodePath"
import type { SessionFactory } from "@universal-mcp/core/SessionFactory"
import type { FileSystem } from "effect/FileSystem"
import type * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import type { Path } from "effect/Path"
import type { ChildProcessSpawner } from "effect/process/ChildProcessSpawner"
import * as nodeHttp from "./internal/nodeHttp.ts"
import * as NodeStdioTransport from "./NodeStdioTransport.ts"
import * as Transports from "./Transports.ts"

/**
 * The `HttpClient` of {@link platform} alone.
 *
 * When to use: with a process spawner of your own, or in a program that has no process. Also for requests of your own that
 * shall go through the same proxy. The connections are closed with the layer.
 *
 * ```ts
 * import * as NodeTransports from "@universal-mcp/transports/NodeTransports"
 * import { Effect } from "effect"
 * import * as HttpClient from "effect/http/HttpClient"
 * import { createServer } from "node:http"
 *
 * const server = createServer((_, response) => response.end("up"))
 * const port = await new Promise((resolve) => server.listen(0, () => resolve(Object(server.address()).port)))
 * const health = HttpClient.get(`http://127.0.0.1:${port}/health`).pipe(
 *   Effect.flatMap((response) => response.text),
 *   Effect.provide(NodeTransports.httpClient)
 * )
 * await Effect.runPromise(health) // => "up"
 * server.close()
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const httpClient: Layer.Layer<HttpClient.HttpClient> = Layer.suspend(() => nodeHttp.layer)

/**
 * Node's process spawner, files and paths, and an `HttpClient` on undici with a connection pool of its own, closed with
 * the layer. As it is, sessions pass this client by and use that pool directly, which costs a fraction; one that is made
 * of it, with a header or a log of your own, they use. As in Node itself, `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`
 * count only where `NODE_USE_ENV_PROXY` is `1`; see `NoProxy` for what `NO_PROXY` may say. Provide it before another layer
 * that has a spawner or an `HttpClient`: the first that is provided counts.
 *
 * @category layers
 * @since 0.1.0
 */
export const platform: Layer.Layer<ChildProcessSpawner | FileSystem | HttpClient.HttpClient | Path> = Layer.mergeAll(
  NodeStdioTransport.platform,
  // Not all of Node's services: their terminal would listen to stdin, once per layer.
  NodeFileSystem.layer,
  NodePath.layer,
  httpClient
)

/**
 * Everything `ServerRegistry.layer` needs on Node.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<SessionFactory> = Layer.provide(Transports.layer, platform)
