/**
 * Remembers which era a server speaks, so that the next session with it need not find out again.
 *
 * Revisions up to 2025-11-25 begin with `initialize` (the legacy era), later ones with `server/discover` (the modern
 * era). A session asks with the latter first, which costs a server that does not know it a round trip, and one that
 * answers with silence 1.5 s. What came of it is kept here, by default in memory for the life of the program. A verdict
 * that proves wrong, because the server was updated, is dropped, and the session negotiates anew.
 *
 * Provide your own to keep verdicts longer:
 *
 * ```ts
 * import * as NegotiationCache from "@universal-mcp/core/NegotiationCache"
 * import { Effect, Layer } from "effect"
 *
 * const verdicts = new Map<string, NegotiationCache.Era>()
 * const Cache = Layer.succeed(NegotiationCache.NegotiationCache, {
 *   get: (key) => Effect.sync(() => verdicts.get(key)),
 *   set: (key, era) => Effect.sync(() => void verdicts.set(key, era)),
 *   remove: (key) => Effect.sync(() => void verdicts.delete(key))
 * })
 * Layer.isLayer(Cache) // => true
 * ```
 *
 * Follows "Backward Compatibility" in the chapter "Versioning" of revision 2026-07-28: clients should cache the verdict.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

/**
 * `legacy`: sessions that begin with `initialize`, revisions 2024-10-07 to 2025-11-25. `modern`: revision 2026-07-28.
 *
 * @category models
 * @since 0.1.0
 */
export type Era = "legacy" | "modern"

/**
 * The key says how a server is reached, without secrets: command and arguments, or the URL without its query. Where a
 * secret is left out of it, a hash of 32 bits stands for the whole, so that servers that differ in it have different keys.
 *
 * @category models
 * @since 0.1.0
 */
export interface Cache {
  readonly get: (key: string) => Effect.Effect<Era | undefined>
  readonly set: (key: string, era: Era) => Effect.Effect<void>
  readonly remove: (key: string) => Effect.Effect<void>
}

/**
 * A cache in memory, empty.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (): Cache => {
  const verdicts = new Map<string, Era>()
  return {
    get: (key) => Effect.sync(() => verdicts.get(key)),
    set: (key, era) => Effect.sync(() => void verdicts.set(key, era)),
    remove: (key) => Effect.sync(() => void verdicts.delete(key))
  }
}

/**
 * The cache that sessions use. Default: one in memory for the whole program.
 *
 * @category references
 * @since 0.1.0
 */
export const NegotiationCache = Context.Reference<Cache>("@universal-mcp/core/NegotiationCache", { defaultValue: make })

/**
 * How long a server may take to answer the question which era it speaks; many that do not know the question never do.
 * Default 1.5 s.
 *
 * A server that speaks both eras and takes longer to start is spoken to in the legacy era the first time. Allow it more,
 * or set `protocolVersion: "modern"` in its configuration.
 *
 * @category references
 * @since 0.1.0
 */
export const ProbeTimeout = Context.Reference<Duration.Input>("@universal-mcp/core/NegotiationCache/ProbeTimeout", {
  defaultValue: () => "1500 millis"
})
