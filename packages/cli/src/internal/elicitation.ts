/** What servers ask while a command runs: answered on the terminal, or the command's failure where there is none. */
import { Elicitation, type ElicitationRequest } from "@universal-mcp/core/Elicitation"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stdio from "effect/Stdio"
import { layerTerminal } from "../Elicitation.ts"
import { Screen } from "../render/Screen.ts"
import { ElicitationRequired } from "./errors.ts"
import { root } from "./root.ts"

/** Fails once a server has asked something that nobody can answer; never otherwise. */
class Asked extends Context.Service<Asked, Effect.Effect<never, ElicitationRequired>>()(
  "@universal-mcp/cli/internal/elicitation/Asked"
) {}

/** The form on the terminal, unless `--json` is given or stdin or stderr is no terminal. */
export const layer = Layer.unwrap(Effect.gen(function*() {
  const { json } = yield* root
  const { errIsTerminal } = yield* Screen
  const { stdinIsTerminal } = yield* Stdio.Stdio
  return !json && errIsTerminal && (yield* stdinIsTerminal)
    ? Layer.merge(layerTerminal, Layer.succeed(Asked, Effect.never))
    : layerUnattended
}))

/** Runs `effect`, a request, which is cancelled where the server needs an answer that nobody can give. */
export const orAsked = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.flatMap(Asked, (asked) => Effect.raceFirst(effect, asked))

const layerUnattended = Layer.effectContext(Effect.gen(function*() {
  const asked = yield* Deferred.make<never, ElicitationRequired>()
  return Context.make(Asked, Deferred.await(asked)).pipe(
    Context.add(Elicitation, {
      modes: ["form", "url"],
      elicit: (request) => Effect.as(Deferred.fail(asked, required(request)), { action: "cancel" })
    })
  )
}))

/** It stands in an error, in one line. */
const longestQuestion = 2000

const required = (request: ElicitationRequest) =>
  new ElicitationRequired({
    server: request.server,
    question: request.message.slice(0, longestQuestion),
    hint: "run it on a terminal, without --json, and answer there",
    ...(request._tag === "Form"
      ? { mode: "form", requestedSchema: request.requestedSchema }
      : { mode: "url", url: request.url })
  })
