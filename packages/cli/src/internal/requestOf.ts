import { CallError } from "@universal-mcp/core/McpError"
import type { McpSession } from "@universal-mcp/core/McpSession"
import * as SafeText from "@universal-mcp/core/SafeText"
import type { ServerConfig } from "@universal-mcp/core/ServerConfig"
import * as Effect from "effect/Effect"
import { Progress } from "../render/Progress.ts"
import { orAsked } from "./elicitation.ts"
import { connect } from "./registry.ts"

/** Connects a server and makes one request of it, with the progress shown until there is an answer. */
export const requestOf = Effect.fnUntraced(function*<A, E>(
  config: ServerConfig,
  what: SafeText.SafeText,
  offers: "prompts" | "resources",
  request: (session: McpSession["Service"]) => Effect.Effect<A, E>
) {
  const progress = yield* Progress
  yield* progress.show(SafeText.format`connecting to ${SafeText.line(config.name)}`)
  const session = yield* connect(config)
  yield* progress.show(what)
  const answer = yield* Effect.mapError(
    orAsked(request(session)),
    (error) => isRefusal(error) ? seeing(error, offers) : error
  )
  yield* progress.hide
  return answer
})

/** The server itself said no. */
export const isRefusal = (error: unknown): error is CallError =>
  error instanceof CallError && error.reason._tag === "Rejected" && error.hint === undefined

const seeing = ({ delivery, method, reason, server }: CallError, offers: string): CallError =>
  new CallError({ server, method, delivery, reason, hint: `see what it has with \`umcp ${offers}\`` })
