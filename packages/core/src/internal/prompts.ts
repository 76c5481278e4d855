/** The prompts of one connection. */
import * as Effect from "effect/Effect"
import type { McpSession } from "../McpSession.ts"
import type { Connection } from "./connection.ts"
import * as requests from "./requests.ts"
import * as results from "./results.ts"

export type Prompts = Pick<McpSession["Service"], "listPrompts" | "getPrompt">

export const make = (connection: Connection): Prompts => ({
  listPrompts: requests.list(connection, {
    isOffered: connection.capabilities.prompts !== undefined,
    method: "prompts/list",
    key: "prompts",
    isItem: results.isPrompt
  }).pipe(requests.span(connection, "listPrompts")),
  getPrompt: Effect.fn("McpSession.getPrompt")(function*(name, args, options) {
    const params = { name, ...(args === undefined ? {} : { arguments: args }) }
    return yield* requests.send(connection, "prompts/get", params, results.getPromptResult, options).pipe(
      requests.orUnsupported(connection, "prompts")
    )
  })
})
