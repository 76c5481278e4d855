/** The registry of a command. */
import type { ServerConfig } from "@universal-mcp/core/ServerConfig"
import * as ServerRegistry from "@universal-mcp/core/ServerRegistry"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Progress } from "../render/Progress.ts"
import * as Elicitation from "./elicitation.ts"
import { Warnings } from "./warnings.ts"

/**
 * `ServerRegistry.layer`, which says so while it closes, as a server may take seconds to leave; and answers to what
 * servers ask.
 */
export const layer = Layer.effectDiscard(
  Progress.use((progress) => Effect.addFinalizer(() => progress.show("closing the servers")))
).pipe(
  Layer.provideMerge(ServerRegistry.layer),
  Layer.provideMerge(Warnings.layer),
  Layer.merge(Elicitation.layer)
)

/** Connects a server, and shows what there is to remark of it. */
export const connect = Effect.fnUntraced(function*(config: ServerConfig) {
  const registry = yield* ServerRegistry.ServerRegistry
  const session = yield* registry.addServer(config)
  const warnings = yield* Warnings
  yield* warnings.watch(config.name, session)
  return session
})
