/** The registry of a command. */
import * as ServerRegistry from "@universal-mcp/core/ServerRegistry"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Progress } from "../render/Progress.ts"
import * as Elicitation from "./elicitation.ts"

/**
 * `ServerRegistry.layer`, which says so while it closes, as a server may take seconds to leave; and answers to what
 * servers ask.
 */
export const layer = Layer.effectDiscard(
  Progress.use((progress) => Effect.addFinalizer(() => progress.show("closing the servers")))
).pipe(
  Layer.provideMerge(ServerRegistry.layer),
  Layer.merge(Elicitation.layer)
)
