/** What was listed last, read again and compared when the connection is another. */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { CallError } from "../McpError.ts"

export type ListMethod = "tools/list" | "prompts/list" | "resources/list" | "resources/templates/list"

export class Catalog {
  readonly #remembered = new Map<ListMethod, Remembered>()
  readonly #tell: (method: string) => void

  constructor(tell: (method: string) => void) {
    this.#tell = tell
  }

  /** `list` asks the server, and remembers again. */
  remember(method: ListMethod, items: ReadonlyArray<unknown>, list: Effect.Effect<unknown, CallError>): void {
    this.#remembered.set(method, { items, list })
  }

  /** Tells of each list that was remembered and is another now. */
  get compare(): Effect.Effect<void> {
    return Effect.suspend(() =>
      Effect.forEach([...this.#remembered], ([method, before]) => this.#compareOne(method, before), {
        concurrency: "unbounded",
        discard: true
      })
    )
  }

  #compareOne(method: ListMethod, { items, list }: Remembered): Effect.Effect<void> {
    return Effect.map(Effect.result(list), (listed) => {
      // A list that cannot be read is not another: whoever wants it will be told why.
      if (Result.isSuccess(listed) && !isSame(items, this.#remembered.get(method)?.items)) this.#tell(changed[method])
    })
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
