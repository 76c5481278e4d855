/** Follows `nextCursor` to the end of a list; a list that never ends is an error, with what was read of it. */
import type { StandardSchemaV1 } from "@modelcontextprotocol/client"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { CallError, InvalidResult } from "../McpError.ts"
import type { Connection } from "./connection.ts"
import type { Page } from "./results.ts"

const maxPages = 1000

/** The whole list may take this many times what one request may. */
const patience = 10

export const pages = (
  connection: Connection,
  method: string,
  schema: StandardSchemaV1<unknown, Page>
): Effect.Effect<ReadonlyArray<unknown>, CallError> =>
  Effect.suspend(() => {
    const items: Array<unknown> = []
    const endless = (description: string) =>
      Effect.fail(
        new CallError({
          server: connection.server,
          method,
          delivery: "answered",
          reason: new InvalidResult({ description, partial: items }),
          hint: "what was read of it is in `reason.partial`"
        })
      )
    const duration = Duration.times(connection.requestTimeout, patience)
    return read(connection, method, schema, items, endless).pipe(
      Effect.timeoutOrElse({
        duration,
        orElse: () => endless(`the list did not end within ${Duration.format(duration)}`)
      })
    )
  })

const read = Effect.fnUntraced(function*(
  connection: Connection,
  method: string,
  schema: StandardSchemaV1<unknown, Page>,
  items: Array<unknown>,
  endless: (description: string) => Effect.Effect<never, CallError>
): Effect.fn.Return<ReadonlyArray<unknown>, CallError> {
  const seen = new Set<string>()
  for (let cursor: string | undefined;;) {
    const page = yield* connection.request(method, cursor === undefined ? {} : { cursor }, schema)
    for (const item of page.items) items.push(item)
    cursor = page.nextCursor
    if (cursor === undefined) return items
    if (seen.has(cursor)) {
      return yield* endless(`the list never ends: the cursor ${JSON.stringify(cursor.slice(0, 100))} came again`)
    }
    if (seen.size >= maxPages) return yield* endless(`the list has more than ${maxPages} pages`)
    seen.add(cursor)
  }
})
