/**
 * Many connections under names, closed in the reverse of the order in which they were added.
 *
 * Add servers from data while the program runs, or compose layers with {@link layerOf}:
 *
 * ```ts
 * import * as McpError from "@universal-mcp/core/McpError"
 * import * as ServerRegistry from "@universal-mcp/core/ServerRegistry"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function*() {
 *   const registry = yield* ServerRegistry.ServerRegistry
 *   return yield* registry.callTool("wether", "get_alerts", { state: "CA" })
 * }).pipe(
 *   Effect.catchTag("ServerNotFound", (error) => Effect.succeed(error.message)),
 *   Effect.provide(ServerRegistry.layerOf({}))
 * )
 * await Effect.runPromise(program) // => 'there is no server "wether"; none is registered'
 * ```
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Result from "effect/Result"
import type * as Stream from "effect/Stream"
import { make } from "./internal/registry.ts"
import {
  type CallError,
  type ConfigError,
  ConnectionError,
  type InvalidStructuredContent,
  type ServerAlreadyExists,
  type ServerNotFound,
  type ToolFailed,
  type ToolNotFound
} from "./McpError.ts"
import {
  type CallEvent,
  type CallOptions,
  McpSession,
  type ServerDescription,
  type SessionState
} from "./McpSession.ts"
import type { CallToolResult, Tool } from "./Protocol.ts"
import type * as ServerConfig from "./ServerConfig.ts"
import { SessionFactory } from "./SessionFactory.ts"

// ---------------------------------------------------------------------------------------------------------------------
// Models
// ---------------------------------------------------------------------------------------------------------------------

/**
 * What is known of one server. `config` has its secrets hidden and is absent for a server added as a layer.
 *
 * @category models
 * @since 0.1.0
 */
export interface ServerInfo {
  readonly name: string
  readonly transport: string
  readonly config?: ServerConfig.ServerConfig | undefined
  readonly server: ServerDescription
  readonly state: SessionState
  /** Milliseconds since the epoch. */
  readonly connectedAt: number
  /** As listed now; as last listed where the server does not answer within 10 s. */
  readonly tools: ReadonlyArray<Tool>
}

/**
 * What came of {@link ServerRegistry} `addServers`: who is up, and who failed and why, in the order given.
 *
 * @category models
 * @since 0.1.0
 */
export interface AddServersResult {
  readonly connected: ReadonlyArray<string>
  readonly failed: ReadonlyArray<{
    readonly server: string
    readonly error: ConnectionError | ServerAlreadyExists | ConfigError
  }>
}

/**
 * The tools of every server that answered, by server name, and the failures of the others.
 *
 * @category models
 * @since 0.1.0
 */
export interface ListToolsResult {
  readonly tools: Readonly<Record<string, ReadonlyArray<Tool>>>
  readonly failed: Readonly<Record<string, CallError>>
}

/**
 * What one of many servers answered.
 *
 * @category models
 * @since 0.1.0
 */
export interface ListedTools {
  readonly server: string
  readonly result: Result.Result<ReadonlyArray<Tool>, CallError>
}

// ---------------------------------------------------------------------------------------------------------------------
// Service
// ---------------------------------------------------------------------------------------------------------------------

/**
 * Many connections under names.
 *
 * @category services
 * @since 0.1.0
 */
export class ServerRegistry extends Context.Service<ServerRegistry, {
  /** Connects a configured server. Fails at once if the name is taken, also by one that is still connecting. */
  readonly addServer: (
    config: ServerConfig.ServerConfig
  ) => Effect.Effect<McpSession["Service"], ConnectionError | ServerAlreadyExists | ConfigError>
  /** Connects servers side by side, each within its own deadline. One that fails takes none of the others along. */
  readonly addServers: (configs: ReadonlyArray<ServerConfig.ServerConfig>) => Effect.Effect<AddServersResult>
  /** Connects a server that is given as a layer. `ConnectionError` if it is removed meanwhile. */
  readonly addLayer: <E, R>(
    name: string,
    layer: Layer.Layer<McpSession, E, R>
  ) => Effect.Effect<McpSession["Service"], E | ConnectionError | ServerAlreadyExists | ConfigError, R>
  /** Closes one server and frees its name, also one that failed. Returns when nothing of it is left. */
  readonly removeServer: (name: string) => Effect.Effect<void, ServerNotFound>
  readonly session: (name: string) => Effect.Effect<McpSession["Service"], ServerNotFound>
  /** The names, in the order in which they were added. */
  readonly listServers: Effect.Effect<ReadonlyArray<string>>
  /**
   * The tools of one server, or of all by server name: those are asked side by side, and after 10 s whoever has not
   * answered is named in `failed`, with the reason `Timeout`.
   */
  readonly listTools: {
    (): Effect.Effect<ListToolsResult>
    (server: string): Effect.Effect<ReadonlyArray<Tool>, ServerNotFound | CallError>
  }
  /**
   * The tools of every server, each as soon as it answers; servers that are still connecting are waited for. Ends when all
   * have answered, or at the `deadline` (default 10 s), with the reason `Timeout` for each that has not.
   */
  readonly listToolsStream: (options?: { readonly deadline?: Duration.Input | undefined }) => Stream.Stream<ListedTools>
  readonly callTool: (
    server: string,
    tool: string,
    args?: Readonly<Record<string, unknown>>,
    options?: CallOptions
  ) => Effect.Effect<CallToolResult, ServerNotFound | ToolNotFound | InvalidStructuredContent | CallError>
  /** Like `callTool`, but `isError: true` is the error `ToolFailed`. */
  readonly callToolOrFail: (
    server: string,
    tool: string,
    args?: Readonly<Record<string, unknown>>,
    options?: CallOptions
  ) => Effect.Effect<CallToolResult, ServerNotFound | ToolNotFound | InvalidStructuredContent | ToolFailed | CallError>
  /** Progress and log events, then the result. */
  readonly callToolStream: (
    server: string,
    tool: string,
    args?: Readonly<Record<string, unknown>>,
    options?: CallOptions
  ) => Stream.Stream<CallEvent, ServerNotFound | ToolNotFound | InvalidStructuredContent | CallError>
  readonly serverInfo: (name: string) => Effect.Effect<ServerInfo, ServerNotFound>
  /** Closes every server, last added first. The registry can be used again. */
  readonly disconnectAll: Effect.Effect<void>
  /** The state of every server by name: as it is, then after each change. */
  readonly changes: Stream.Stream<ReadonlyMap<string, SessionState>>
}>()("@universal-mcp/core/ServerRegistry") {}

// ---------------------------------------------------------------------------------------------------------------------
// Layers
// ---------------------------------------------------------------------------------------------------------------------

/**
 * A registry that starts empty. Its `addServer` reaches servers through the {@link SessionFactory}.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<ServerRegistry, never, SessionFactory> = Layer.effect(
  ServerRegistry,
  Effect.gen(function*() {
    const factory = yield* SessionFactory
    return yield* make((config) => factory.layer(config))
  })
)

/**
 * A registry of given layers, connected side by side; it fails, and closes what it opened, if one of them fails. They
 * close in the reverse of the order in which they are written. Its `addServer` works where a {@link SessionFactory} is
 * provided too.
 *
 * @category layers
 * @since 0.1.0
 */
export function layerOf<const Layers extends Readonly<Record<string, Layer.Layer<McpSession, unknown, unknown>>>>(
  layers: Layers
): Layer.Layer<
  ServerRegistry,
  Layer.Error<Layers[keyof Layers]> | ConnectionError | ConfigError,
  Layer.Services<Layers[keyof Layers]>
>
export function layerOf<E, R>(
  layers: Readonly<Record<string, Layer.Layer<McpSession, E, R>>>
): Layer.Layer<ServerRegistry, E | ConnectionError | ConfigError, R> {
  return Layer.effect(
    ServerRegistry,
    Effect.gen(function*() {
      const factory = yield* Effect.serviceOption(SessionFactory)
      const registry = yield* make(
        Option.getOrElse(Option.map(factory, (service) => service.layer), () => withoutFactory)
      )
      yield* Effect.forEach(Object.entries(layers), ([name, session]) => registry.addLayer(name, session), {
        concurrency: "unbounded",
        discard: true
      }).pipe(Effect.catchTag("ServerAlreadyExists", Effect.die))
      return registry
    })
  )
}

const withoutFactory = (config: ServerConfig.ServerConfig): Layer.Layer<McpSession, ConnectionError> =>
  Layer.effect(
    McpSession,
    Effect.fail(
      new ConnectionError({
        server: config.name,
        transport: config.transport ?? "streamable-http",
        phase: "config",
        description: "this registry was made of layers and has no transports for configured servers",
        stderr: [],
        hint: "provide `Transports.layer`, or add the server with `addLayer`"
      })
    )
  )
