import * as Context from "effect/Context"
import * as Effect from "effect/Effect"

/**
 * What Ctrl-C means while a form is open: the terminal then gives the key and no signal. Default: nothing more than
 * cancelling the form.
 */
export const OnInterrupt = Context.Reference<Effect.Effect<void>>("@universal-mcp/cli/internal/interrupt/OnInterrupt", {
  defaultValue: () => Effect.void
})
