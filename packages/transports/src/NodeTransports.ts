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
// oxlint-disable-next-line typescript/triple-slash-reference -- that file can be no module
/// <reference path="./internal/undici.d.ts" />
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodePath from "@effect/platform-node/NodePath"
import type { SessionFactory } from "@universal-mcp/core/SessionFactory"
import * as Clock from "effect/Clock"
import * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { FileSystem } from "effect/FileSystem"
import * as HttpClient from "effect/http/HttpClient"
import type { HttpClientError } from "effect/http/HttpClientError"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type { Path } from "effect/Path"
import type { ChildProcessSpawner } from "effect/process/ChildProcessSpawner"
import type * as Scope from "effect/Scope"
import { setImmediate } from "node:timers"
import type { Dispatcher } from "undici"
import * as direct from "./internal/direct.ts"
import * as NodeStdioTransport from "./NodeStdioTransport.ts"
import * as Transports from "./Transports.ts"

/**
 * Node's process spawner, files and paths, and an `HttpClient` on undici with a connection pool of its own, closed with
 * the layer. As it is, sessions pass this client by and use that pool directly, which costs a fraction; one that is made
 * of it, with a header or a log of your own, they use. As in Node itself, `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`
 * count only where `NODE_USE_ENV_PROXY` is `1`. Provide it before another layer that has a spawner or an `HttpClient`: the
 * first that is provided counts.
 *
 * @category layers
 * @since 0.1.0
 */
export const platform: Layer.Layer<ChildProcessSpawner | FileSystem | HttpClient.HttpClient | Path> = Layer.mergeAll(
  NodeStdioTransport.platform,
  // Not all of Node's services: their terminal would listen to stdin, once per layer.
  NodeFileSystem.layer,
  NodePath.layer,
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

// Loaded with the first request: a program with stdio servers only does without. And of undici only what carries requests,
// a third of what all of it takes to load.
const makeAgent = Effect.acquireRelease(
  Effect.promise(async () => new (await import("undici/lib/dispatcher/agent.js")).default()),
  (agent) => Effect.promise(() => agent.destroy())
)

const makeProxied = Effect.acquireRelease(
  Effect.promise(async () => new (await import("undici")).EnvHttpProxyAgent()),
  (agent) => Effect.promise(() => agent.destroy())
)

/** That of `NodeHttpClient`, which is known by its key, and loaded by whoever sets it. */
const UndiciOptions = Context.Reference<object>(
  "@effect/platform-node/NodeHttpClient/UndiciOptions",
  { defaultValue: () => ({}) }
)

const makeDispatcher = Effect.gen(function*() {
  const wanted = yield* Effect.option(Config.String("NODE_USE_ENV_PROXY"))
  return yield* Option.contains(wanted, "1") ? makeProxied : makeAgent
})

const makeClient = Effect.fnUntraced(function*(dispatcher: Dispatcher) {
  const NodeHttpClient = yield* Effect.promise(() => import("@effect/platform-node/NodeHttpClient"))
  // It gives dispatchers the method that this client uses.
  yield* Effect.promise(() => import("undici"))
  return yield* Effect.provideService(NodeHttpClient.makeUndici, NodeHttpClient.Dispatcher, dispatcher)
})

const httpClient = Layer.effect(
  HttpClient.HttpClient,
  Effect.gen(function*() {
    const context = yield* Effect.context<Scope.Scope>()
    /** What was provided to the layer counts, unless the session has it too. */
    const within = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
      Effect.contextWith((own: Context.Context<never>) => Effect.provideContext(effect, Context.merge(context, own)))
    const dispatcher = yield* makeDispatcher.pipe(Effect.provideContext(context), Effect.uninterruptible, Effect.cached)
    const undici = yield* Effect.flatMap(dispatcher, makeClient).pipe(Effect.uninterruptible, Effect.cached)
    const client = HttpClient.makeWith<HttpClientError, never, HttpClientError, never>(
      (request) => within(Effect.flatMap(undici, ({ postprocess }) => postprocess(request))),
      Effect.succeed
    )
    const clock = yield* Clock.Clock
    const now = () => Number(clock.monotonicTimeNanosUnsafe()) / 1e6
    const hangsUp = yield* Effect.cached(Effect.map(dispatcher, (opened) => direct.hangUps(opened, now)))
    const wire = Effect.gen(function*() {
      return direct.make(yield* dispatcher, yield* UndiciOptions, setImmediate, yield* hangsUp)
    })
    direct.wires.set(client, within(wire))
    return client
  })
)
