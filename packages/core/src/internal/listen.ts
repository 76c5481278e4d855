/** Hearing from the server by itself; on the modern era it must be asked to speak. Specification: 2026-07-28, Subscriptions. */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { CallError } from "../McpError.ts"
import type { Notification } from "../McpSession.ts"
import type { Connection } from "./connection.ts"
import { methodNotFound } from "./requests.ts"
import * as results from "./results.ts"

export interface Filter {
  readonly toolsListChanged?: boolean
  readonly promptsListChanged?: boolean
  readonly resourcesListChanged?: boolean
  readonly resourceSubscriptions?: ReadonlyArray<string>
}

/** Calls the listener with each notification for as long as the scope is open. */
export const on = (
  { listeners }: Connection,
  listener: (notification: Notification) => void
): Effect.Effect<void, never, Scope.Scope> =>
  Effect.asVoid(Effect.acquireRelease(
    Effect.sync(() => listeners.add(listener)),
    () => Effect.sync(() => listeners.delete(listener))
  ))

/**
 * Keeps `subscriptions/listen` open until it is interrupted or the session ends; again after it was dropped, and then
 * calls `onReopened`, because something may have been missed.
 */
export const run = Effect.fnUntraced(function*(connection: Connection, filter: Filter, onReopened: () => void) {
  let dropped = false
  yield* on(connection, ({ method }) => {
    if (method !== "notifications/subscriptions/acknowledged" || !dropped) return
    dropped = false
    onReopened()
  })
  for (let failures = 0;;) {
    const opened = yield* Clock.currentTimeMillis
    const refusal = yield* connection.request("subscriptions/listen", { notifications: filter }, results.any, {
      timeout: Duration.infinity
    }).pipe(Effect.match({ onFailure: (error) => isRefusal(error) ? error : undefined, onSuccess: () => undefined }))
    if (refusal !== undefined) {
      connection.warn(`the server does not tell of changes: ${refusal.reason.message}`)
      return
    }
    dropped = true
    failures = (yield* Clock.currentTimeMillis) - opened >= livedEnough ? 0 : failures + 1
    yield* Effect.raceFirst(Effect.sleep(Math.min(firstDelay * 2 ** failures, lastDelay)), connection.ended)
    if (connection.hasEnded()) return
  }
}, Effect.scoped)

const firstDelay = 125

const lastDelay = 30_000

/** A stream that stayed open for so long was no failure, in milliseconds. */
const livedEnough = 5000

/** Asking again would not help. */
const isRefusal = ({ reason }: CallError): boolean =>
  reason._tag === "Unsupported" || reason._tag === "Unauthorized" ||
  reason._tag === "Rejected" && (reason.code === methodNotFound || reason.code === -32602)
