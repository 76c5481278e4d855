/** `SessionFactory` for a program that seldom talks HTTP: what that takes is loaded with the first server that needs it. */
import { SessionFactory } from "@universal-mcp/core/SessionFactory"
import * as StdioTransport from "@universal-mcp/transports/StdioTransport"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { ChildProcessSpawner } from "effect/process/ChildProcessSpawner"

export const layer: Layer.Layer<SessionFactory, never, ChildProcessSpawner> = Layer.effect(
  SessionFactory,
  Effect.gen(function*() {
    const scope = yield* Effect.scope
    const spawner = Layer.succeedContext(yield* Effect.context<ChildProcessSpawner>())
    // One for all servers, so that they share its connections.
    const all = yield* Effect.promise(() => import("@universal-mcp/transports/NodeTransports")).pipe(
      Effect.flatMap((NodeTransports) => Layer.buildWithScope(NodeTransports.layer, scope)),
      Effect.map((services) => Context.get(services, SessionFactory)),
      Effect.uninterruptible,
      Effect.cached
    )
    return SessionFactory.of({
      layer: (config) =>
        config.transport === "stdio"
          ? Layer.provide(StdioTransport.layer(config), spawner)
          : Layer.unwrap(Effect.map(all, (factory) => factory.layer(config)))
    })
  })
)
