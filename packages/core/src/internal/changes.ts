/** Which of the server's lists have changed. */
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import type { McpSession } from "../McpSession.ts"
import type { Connection } from "./connection.ts"
import * as listen from "./listen.ts"

export type Changes = Pick<McpSession["Service"], "changes">

type List = "tools" | "prompts" | "resources"

export const make = (connection: Connection): Changes => ({
  changes: Stream.callback<List>((queue) =>
    Effect.gen(function*() {
      const offer = (list: List) => {
        Queue.offerUnsafe(queue, list)
      }
      // Whatever it advertises: many servers forget to.
      yield* listen.on(connection, ({ method }) => {
        const list = lists[method]
        if (list !== undefined) offer(list)
      })
      if (connection.era === "modern") {
        yield* Effect.forkScoped(
          listen.run(connection, everything, () => (["tools", "prompts", "resources"] as const).forEach(offer)),
          { startImmediately: true }
        )
      }
      yield* connection.ended
      Queue.endUnsafe(queue)
    })
  )
})

const lists: Readonly<Record<string, List>> = {
  "notifications/tools/list_changed": "tools",
  "notifications/prompts/list_changed": "prompts",
  "notifications/resources/list_changed": "resources"
}

const everything: listen.Filter = { toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true }
