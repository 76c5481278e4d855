/** The prompts of one session. */
import * as Effect from "effect/Effect"
import type { McpSession } from "../McpSession.ts"
import * as requests from "./requests.ts"
import * as results from "./results.ts"
import type { Session } from "./session.ts"

export type Prompts = Pick<McpSession["Service"], "listPrompts" | "getPrompt">

export const make = (session: Session): Prompts => ({
  listPrompts: requests.list(session, {
    isOffered: () => session.capabilities.prompts !== undefined,
    method: "prompts/list",
    key: "prompts",
    isItem: results.isPrompt
  }).pipe(requests.remembered(session, "prompts/list"), session.telemetry.operation("prompts/list")),
  getPrompt: Effect.fnUntraced(function*(name, args, options) {
    const params = { name, ...(args === undefined ? {} : { arguments: args }) }
    return yield* requests.send(session, "prompts/get", params, results.getPromptResult, options).pipe(
      requests.orUnsupported(session, "prompts"),
      session.telemetry.operation("prompts/get", { prompt: name })
    )
  })
})
