/** `SessionFactory` for a program that seldom talks HTTP: what that takes is loaded for the first server that needs it. */
import { SessionFactory } from "@universal-mcp/core/SessionFactory"
import * as StdioTransport from "@universal-mcp/transports/StdioTransport"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { ChildProcessSpawner } from "effect/process/ChildProcessSpawner"
import { onDemand } from "./onDemand.ts"

export const layer: Layer.Layer<SessionFactory, never, ChildProcessSpawner> = Layer.effect(
  SessionFactory,
  Effect.gen(function*() {
    const spawner = Layer.succeedContext(yield* Effect.context<ChildProcessSpawner>())
    const all = yield* onDemand(
      SessionFactory,
      async () => (await import("@universal-mcp/transports/NodeTransports")).layer
    )
    return SessionFactory.of({
      layer: (config) =>
        config.transport === "stdio"
          ? Layer.provide(StdioTransport.layer(config), spawner)
          : Layer.unwrap(Effect.map(all, (factory) => factory.layer(config)))
    })
  })
)
