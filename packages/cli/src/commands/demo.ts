/** `umcp demo`: the tour. */
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"

export const demo = Command.make(
  "demo",
  {},
  () => Effect.flatMap(Effect.promise(() => import("../internal/tour.ts")), ({ tour }) => tour)
).pipe(
  Command.withShortDescription("A tour on bundled servers, offline"),
  Command.withDescription(
    "A tour of about ten seconds: connects to bundled servers over stdio, SSE and Streamable HTTP, lists and calls tools, " +
      "shows what failures look like, and shuts everything down in order. Needs no network and leaves nothing behind."
  )
)
