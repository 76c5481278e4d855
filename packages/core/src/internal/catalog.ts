/** What was listed last, read again and compared when the connection is another. */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { CallError } from "../McpError.ts"

export interface Catalog {
  /** `list` asks the server, and remembers again. */
  readonly remember: (
    method: ListMethod,
    items: ReadonlyArray<unknown>,
    list: Effect.Effect<unknown, CallError>
  ) => void
  /** Tells of each list that was remembered and is another now. */
  readonly compare: Effect.Effect<void>
}

export type ListMethod = "tools/list" | "prompts/list" | "resources/list" | "resources/templates/list"

export const make = (tell: (method: string) => void): Catalog => {
  const remembered = new Map<ListMethod, Remembered>()
  const compareOne = Effect.fnUntraced(function*(method: ListMethod, { items, list }: Remembered) {
    const listed = yield* Effect.result(list)
    // A list that cannot be read is not another: whoever wants it will be told why.
    if (Result.isSuccess(listed) && !isSame(items, remembered.get(method)?.items)) tell(changed[method])
  })
  return {
    remember: (method, items, list) => {
      remembered.set(method, { items, list })
    },
    compare: Effect.suspend(() =>
      Effect.forEach([...remembered], ([method, before]) => compareOne(method, before), {
        concurrency: "unbounded",
        discard: true
      })
    )
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

interface Remembered {
  readonly items: ReadonlyArray<unknown>
  readonly list: Effect.Effect<unknown, CallError>
}

const changed: Readonly<Record<ListMethod, string>> = {
  "tools/list": "notifications/tools/list_changed",
  "prompts/list": "notifications/prompts/list_changed",
  "resources/list": "notifications/resources/list_changed",
  "resources/templates/list": "notifications/resources/list_changed"
}

const isSame = (before: unknown, after: unknown): boolean => before === after || written(before) === written(after)

/** What is nested too deeply to be written is another each time. */
const written = (value: unknown): unknown => Result.getOrElse(Result.try(() => JSON.stringify(value)), () => value)
