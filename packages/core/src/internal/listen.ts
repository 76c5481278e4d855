/** Hearing from the server by itself; on the modern era it must be asked to speak. Specification: 2026-07-28, Subscriptions. */
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import type { CallError } from "../McpError.ts"
import type { Notification } from "../McpSession.ts"
import type { RequestId } from "../Protocol.ts"
import { isRecord } from "./json.ts"
import { methodNotFound } from "./requests.ts"
import * as results from "./results.ts"
import type { Session } from "./session.ts"

export interface Filter {
  readonly toolsListChanged?: boolean
  readonly promptsListChanged?: boolean
  readonly resourcesListChanged?: boolean
  readonly resourceSubscriptions?: ReadonlyArray<string>
}

/** What the server said to the filter; nothing is known where it never did. */
export interface Opened {
  readonly id: RequestId | undefined
  readonly honored: unknown
  /** It was open before and then dropped: something may have been missed. */
  readonly again: boolean
}

export interface Listen {
  /**
   * Keeps `subscriptions/listen` open, again after it was dropped. Fails when the server refuses and, unless it
   * `insists`, when it cannot be opened the first time.
   */
  readonly keep: (
    filter: Filter,
    onOpened: (opened: Opened) => void,
    options: { readonly insists: boolean }
  ) => Effect.Effect<never, CallError>
}

/** Calls the listener with each notification for as long as the scope is open. */
export const on = (
  { listeners }: Pick<Session, "listeners">,
  listener: (notification: Notification) => void
): Effect.Effect<void, never, Scope.Scope> =>
  Effect.asVoid(Effect.acquireRelease(
    Effect.sync(() => listeners.add(listener)),
    () => Effect.sync(() => listeners.delete(listener))
  ))

export const make = (session: Session): Listen => {
  const open = (filter: Filter, again: boolean, onOpened: (opened: Opened) => void) =>
    Effect.scoped(Effect.gen(function*() {
      const cancelled = yield* Deferred.make<void>()
      let sent: RequestId | undefined
      let isAcknowledged = false
      let isOpen = false
      const tell = (id: RequestId | undefined, honored: unknown) => {
        onOpened({ id, honored, again: again && !isOpen })
        isOpen = true
      }
      const isOwn = (id: unknown) => sent !== undefined && String(id) === String(sent)
      yield* on(session, ({ method, params = {} }) => {
        if (method === "notifications/subscriptions/acknowledged" && !isAcknowledged) {
          const id = subscriptionId(params)
          if (id === undefined ? !isEcho(filter, params) : !isOwn(id)) return
          isAcknowledged = true
          tell(id, params["notifications"])
        } else if (method === "notifications/cancelled" && isOwn(params["requestId"])) {
          Deferred.doneUnsafe(cancelled, Exit.void)
        }
      })
      yield* Effect.sync(() => {
        if (!isAcknowledged) tell(undefined, undefined)
      }).pipe(Effect.delay(silence), Effect.forkScoped)
      const request = session.request("subscriptions/listen", { notifications: filter }, results.any, {
        timeout: Duration.infinity,
        onSent: (id) => {
          sent = id
        }
      })
      yield* Effect.raceFirst(Effect.asVoid(request), Deferred.await(cancelled))
    }))

  const keep: Listen["keep"] = Effect.fnUntraced(function*(filter, onOpened, { insists }) {
    let again = false
    for (let delay = firstDelay;;) {
      const [lived, outcome] = yield* Effect.timed(Effect.result(open(filter, again, (opened) => {
        onOpened(opened)
        again = true
      })))
      if (Result.isFailure(outcome) && (isRefusal(outcome.failure) || !again && !insists)) {
        return yield* outcome.failure
      }
      if (session.hasEnded()) return yield* Effect.never
      if (Duration.toMillis(lived) >= livedEnough) delay = firstDelay
      yield* Effect.sleep(delay)
      delay = Math.min(delay * 2, lastDelay)
    }
  })

  return { keep }
}

/** Whether a notification was meant for this subscription, or for none: each of several brings its own. */
export const isFor = (own: RequestId | undefined, params: Readonly<Record<string, unknown>>): boolean => {
  const id = subscriptionId(params)
  return own === undefined || id === undefined || id === own
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

const subscriptionIdKey = "io.modelcontextprotocol/subscriptionId"

/** The subscription that brought a notification, where it was one. */
const subscriptionId = ({ _meta }: Readonly<Record<string, unknown>>): RequestId | undefined => {
  const id: unknown = typeof _meta === "object" && _meta !== null ? Reflect.get(_meta, subscriptionIdKey) : undefined
  return typeof id === "string" || typeof id === "number" ? id : undefined
}

/** The server acknowledges what it honors of a filter, and nothing else. */
const isEcho = (filter: Filter, { notifications }: Readonly<Record<string, unknown>>): boolean =>
  !isRecord(notifications) ||
  Object.entries(notifications).every(([key, honored]) =>
    key === "resourceSubscriptions" && Array.isArray(honored)
      ? honored.every((uri) => filter.resourceSubscriptions?.includes(uri))
      : honored !== true || Object.hasOwn(filter, key)
  )

const firstDelay = 250

const lastDelay = 30_000

/** A stream that stayed open for so long was no failure, in milliseconds. */
const livedEnough = 5000

/** A server that has neither acknowledged nor refused by then listens, we take it. */
const silence = Duration.seconds(10)

/** Asking again would not help. */
const isRefusal = ({ reason }: CallError): boolean =>
  reason._tag === "Unsupported" || reason._tag === "Unauthorized" ||
  reason._tag === "Rejected" && (reason.code === methodNotFound || reason.code === -32602)
