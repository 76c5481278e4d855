/** Follows `nextCursor` to the end of a list; a cursor that repeats, or never ends, is an error. */
import type { StandardSchemaV1 } from "@modelcontextprotocol/client"
import * as Effect from "effect/Effect"
import { CallError, InvalidResult } from "../McpError.ts"
import type { Connection } from "./connection.ts"
import type { Page } from "./results.ts"

const maxPages = 1000

export const pages = Effect.fnUntraced(function*(
  connection: Connection,
  method: string,
  schema: StandardSchemaV1<unknown, Page>
): Effect.fn.Return<ReadonlyArray<unknown>, CallError> {
  const items: Array<ReadonlyArray<unknown>> = []
  const seen = new Set<string>()
  let cursor: string | undefined
  do {
    const page = yield* connection.request(method, cursor === undefined ? {} : { cursor }, schema)
    items.push(page.items)
    cursor = page.nextCursor
    if (cursor === undefined) break
    if (seen.has(cursor) || seen.size >= maxPages) {
      return yield* new CallError({
        server: connection.server,
        method,
        delivery: "answered",
        reason: new InvalidResult({
          description: seen.has(cursor)
            ? `the list never ends: the cursor ${JSON.stringify(cursor)} came again`
            : `the list has more than ${maxPages} pages`
        })
      })
    }
    seen.add(cursor)
  } while (cursor !== undefined)
  return items.flat()
})
