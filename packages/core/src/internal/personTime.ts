/** How a handler says that it is a person who is asked. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"

export interface PersonTime {
  /** No clock of a call or of a handler runs while `effect` does. */
  readonly during: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
}

export const PersonTime = Context.Reference<PersonTime>("@universal-mcp/core/PersonTime", {
  defaultValue: () => ({ during: (effect) => effect })
})
