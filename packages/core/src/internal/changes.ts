/** Which of the server's lists have changed. */
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import type { ListKind, McpSession } from "../McpSession.ts"
import type { RequestId } from "../Protocol.ts"
import * as listen from "./listen.ts"
import type { Session } from "./session.ts"

export type Changes = Pick<McpSession["Service"], "changes">

export const make = (session: Session, { keep }: listen.Listen): Changes => {
  let hasWarned = false
  const warnOnce = (description: string) => {
    if (!hasWarned) session.warn(description)
    hasWarned = true
  }

  const follow = (onOpened: (opened: listen.Opened) => void): Effect.Effect<never> =>
    keep(everything, onOpened, { insists: true }).pipe(
      Effect.catch(({ reason }) => {
        warnOnce(`the server does not tell of changes: ${reason.message}`)
        return Effect.never
      })
    )

  return {
    changes: Stream.suspend(() => {
      const unread = new Set<ListKind>()
      return Stream.callback<ListKind>((queue) =>
        Effect.gen(function*() {
          const offer = (kind: ListKind) => {
            if (unread.has(kind)) return
            unread.add(kind)
            Queue.offerUnsafe(queue, kind)
          }
          let own: RequestId | undefined
          // Whatever the server advertises: many forget to.
          yield* listen.on(session, ({ method, params = {} }) => {
            const kind = kinds.get(method)
            if (kind !== undefined && listen.isFor(own, params)) offer(kind)
          })
          const end = Effect.andThen(session.ended, Queue.end(queue))
          if (session.era === "legacy") return yield* end
          const missed = yield* Queue.sliding<void>(1)
          yield* Effect.raceAllFirst([
            end,
            follow(({ again, id }) => {
              own = id
              if (again) Queue.offerUnsafe(missed, undefined)
            }),
            Effect.forever(Effect.andThen(Queue.take(missed), session.catalog.compare))
          ])
        })
      ).pipe(Stream.map((kind) => {
        unread.delete(kind)
        return kind
      }))
    })
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

const kinds: ReadonlyMap<string, ListKind> = new Map([
  ["notifications/tools/list_changed", "tools"],
  ["notifications/prompts/list_changed", "prompts"],
  ["notifications/resources/list_changed", "resources"]
])

const everything: listen.Filter = { toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true }
