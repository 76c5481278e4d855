/** The registry of a command. */
import * as ServerRegistry from "@universal-mcp/core/ServerRegistry"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Progress } from "../render/Progress.ts"

/** `ServerRegistry.layer`, which says so while it closes: a server may take seconds to leave. */
export const layer = Layer.effectDiscard(
  Progress.use((progress) => Effect.addFinalizer(() => progress.show("closing the servers")))
).pipe(Layer.provideMerge(ServerRegistry.layer))
