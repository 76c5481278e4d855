/** The registry of a command. */
import * as HttpHeaders from "@universal-mcp/core/HttpHeaders"
import * as SafeText from "@universal-mcp/core/SafeText"
import * as ServerConfig from "@universal-mcp/core/ServerConfig"
import * as ServerRegistry from "@universal-mcp/core/ServerRegistry"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Progress } from "../render/Progress.ts"
import * as Elicitation from "./elicitation.ts"
import { root } from "./root.ts"
import { Warnings } from "./warnings.ts"

/**
 * `ServerRegistry.layer`, which says so while it closes, as a server may take seconds to leave; and answers to what
 * servers ask.
 */
export const layer = Layer.effectDiscard(
  Effect.gen(function*() {
    const { trace } = yield* root
    const progress = yield* Progress
    const registry = yield* ServerRegistry.ServerRegistry
    // By hand, so that the trace tells which of them took long.
    const closeAll = Effect.flatMap(
      registry.listServers,
      (names) =>
        Effect.forEach([...names].reverse(), (name) => Effect.ignore(registry.removeServer(name)), { discard: true })
    )
    yield* Effect.addFinalizer(() =>
      Effect.andThen(
        progress.show(SafeText.format`closing the servers`),
        trace ? Effect.withSpan(closeAll, "closing") : Effect.void
      )
    )
  })
).pipe(
  Layer.provideMerge(ServerRegistry.layer),
  Layer.provideMerge(Warnings.layer),
  Layer.merge(Elicitation.layer)
)

const warnOfClearText = Effect.fnUntraced(function*(config: ServerConfig.ServerConfig) {
  const warning = HttpHeaders.clearTextWarning(config)
  if (warning === undefined) return
  const redact = ServerConfig.redactor(config)
  yield* (yield* Warnings).print(config.name, redact?.(warning) ?? warning)
})

/** Connects a server, and shows the warnings about it. */
export const connect = Effect.fnUntraced(function*(config: ServerConfig.ServerConfig) {
  const registry = yield* ServerRegistry.ServerRegistry
  const warnings = yield* Warnings
  const session = yield* warnings.whileConnecting(config.name)(registry.addServer(config)).pipe(
    // Only a session tells its warnings, and the credentials are sent all the same.
    Effect.tapError(() => warnOfClearText(config))
  )
  yield* warnings.watch(config.name, session)
  return session
})
