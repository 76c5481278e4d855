import type { McpSession } from "@universal-mcp/core/McpSession"
import type { ServerConfig } from "@universal-mcp/core/ServerConfig"
import * as ServerRegistry from "@universal-mcp/core/ServerRegistry"
import * as Effect from "effect/Effect"
import { Progress } from "../render/Progress.ts"
import { orAsked } from "./elicitation.ts"

/** Connects a server and makes one request of it, with the progress shown until there is an answer. */
export const requestOf = Effect.fnUntraced(function*<A, E>(
  config: ServerConfig,
  what: string,
  request: (session: McpSession["Service"]) => Effect.Effect<A, E>
) {
  const registry = yield* ServerRegistry.ServerRegistry
  const progress = yield* Progress
  yield* progress.show(`connecting to ${config.name}`)
  const session = yield* registry.addServer(config)
  yield* progress.show(what)
  const answer = yield* orAsked(request(session))
  yield* progress.show("")
  return answer
})
