/** Follows `nextCursor` to the end of a list; a list that never ends is an error, with what was read of it. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { CallError, InvalidResult } from "../McpError.ts"
import { isRecord } from "./json.ts"
import type { Check, Page } from "./results.ts"

/** Whatever can be asked for a list; `Session` is one. */
export interface Lister {
  readonly server: string
  readonly requestTimeout: Duration.Duration
  readonly redact?: ((text: string) => string) | undefined
  readonly request: <A>(
    method: string,
    params: Record<string, unknown>,
    check: Check<A>
  ) => Effect.Effect<A, CallError>
  readonly warn: (description: string) => void
}

const maxPages = 1000

/** In characters: more than that is nobody's list, and would fill the memory long before the last page. */
const maxSize = 64 * 1024 * 1024

/** The whole list may take this many times what one request may. */
const patience = 10

export const pages = (
  lister: Lister,
  method: string,
  check: Check<Page>
): Effect.Effect<ReadonlyArray<unknown>, CallError> =>
  Effect.suspend(() => {
    const items: Array<unknown> = []
    const endless = (description: string) =>
      Effect.fail(
        new CallError({
          server: lister.server,
          method,
          delivery: "answered",
          reason: new InvalidResult({ description, partial: items }),
          hint: "what was read of it is in `reason.partial`"
        })
      )
    const duration = Duration.times(lister.requestTimeout, patience)
    return read(lister, method, check, items, endless).pipe(
      Effect.timeoutOrElse({
        duration,
        orElse: () => endless(`the list did not end within ${Duration.format(duration)}`)
      })
    )
  })

const read = Effect.fnUntraced(function*(
  lister: Lister,
  method: string,
  check: Check<Page>,
  items: Array<unknown>,
  endless: (description: string) => Effect.Effect<never, CallError>
): Effect.fn.Return<ReadonlyArray<unknown>, CallError> {
  const seen = new Set<string>()
  let size = 0
  for (let cursor: string | undefined;;) {
    const page = yield* lister.request(method, cursor === undefined ? {} : { cursor }, check)
    // To read a big page has taken its time already.
    yield* Effect.yieldNow
    for (const item of page.items) items.push(item)
    if (page.nextCursor !== undefined) size += sizeOf(page.items)
    if (size > maxSize) return yield* endless(`the list has more than ${maxSize} characters`)
    cursor = page.nextCursor
    if (cursor === undefined) return items
    if (seen.has(cursor)) {
      const shown = JSON.stringify((lister.redact?.(cursor) ?? cursor).slice(0, 100))
      return yield* endless(`the list never ends: the cursor ${shown} came again`)
    }
    if (seen.size >= maxPages) return yield* endless(`the list has more than ${maxPages} pages`)
    seen.add(cursor)
  }
})

/** The length of the strings in it, names included. */
const sizeOf = (value: unknown): number => {
  const open = [value]
  let size = 0
  while (open.length > 0) {
    const part = open.pop()
    if (typeof part === "string") size += part.length
    else if (Array.isArray(part)) { for (const inner of part) open.push(inner) }
    else if (isRecord(part)) {
      // Of what came as JSON: it has no other properties than its own.
      for (const name in part) {
        size += name.length
        const inner = part[name]
        if (typeof inner === "string") size += inner.length
        else if (typeof inner === "object") open.push(inner)
      }
    }
  }
  return size
}
