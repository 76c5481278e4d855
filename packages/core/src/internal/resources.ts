/** The resources of one session: list, read, hear of changes. */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import type { CallError } from "../McpError.ts"
import type { McpSession } from "../McpSession.ts"
import type { RequestId, ResourceUpdated } from "../Protocol.ts"
import * as Bounded from "./bounded.ts"
import { isRecord } from "./json.ts"
import * as listen from "./listen.ts"
import * as requests from "./requests.ts"
import * as results from "./results.ts"
import type { Session } from "./session.ts"

export type Resources = Pick<
  McpSession["Service"],
  "listResources" | "listResourceTemplates" | "readResource" | "subscribe"
>

export const make = (session: Session, { keep }: listen.Listen): Resources => {
  const subscriptions = new Map<string, Subscription>()

  /** Legacy: readers of one URI share one subscription on the server, and wait for each other's coming and going. */
  const subscribed = Effect.fnUntraced(function*(
    uri: string,
    onAgain: () => void
  ): Effect.fn.Return<void, CallError, Scope.Scope> {
    const subscription = yield* Effect.acquireRelease(
      Effect.sync(() => {
        const shared = subscriptions.get(uri) ?? { readers: new Set(), asked: false, lock: Semaphore.makeUnsafe(1) }
        shared.readers.add(onAgain)
        subscriptions.set(uri, shared)
        return shared
      }),
      (shared) =>
        Effect.gen(function*() {
          shared.readers.delete(onAgain)
          if (shared.readers.size > 0) return
          if (shared.asked) {
            shared.asked = false
            yield* requests.send(session, "resources/unsubscribe", { uri }, results.any, brief).pipe(
              session.telemetry.operation("resources/unsubscribe", { uri }),
              Effect.ignore
            )
          }
          // Somebody may have come meanwhile.
          if (shared.readers.size === 0) subscriptions.delete(uri)
        }).pipe(Semaphore.withPermit(shared.lock))
    )
    yield* Effect.gen(function*() {
      if (subscription.asked) return
      // Before it is sent: when it is given up half-way, nobody knows whether the server has subscribed us.
      subscription.asked = true
      yield* requests.send(session, "resources/subscribe", { uri }, results.any).pipe(
        requests.orUnsupported(session, "updates of resources"),
        session.telemetry.operation("resources/subscribe", { uri }),
        Effect.tapError(() =>
          Effect.sync(() => {
            subscription.asked = false
          })
        )
      )
    }).pipe(Semaphore.withPermit(subscription.lock))
  })

  /** A new connection knows nothing of what we subscribed to on another. */
  const resubscribe = Effect.fnUntraced(function*(uri: string, { asked, readers }: Subscription) {
    if (!asked || session.era === "modern") return
    const again = yield* Effect.result(requests.send(session, "resources/subscribe", { uri }, results.any))
    if (Result.isFailure(again)) {
      session.warn(`updates of ${uri} may be missed: ${again.failure.message}`)
    }
    readers.forEach((onAgain) => onAgain())
  })
  session.onReconnected.add(
    Effect.suspend(() =>
      Effect.forEach([...subscriptions], ([uri, subscription]) => resubscribe(uri, subscription), {
        concurrency: "unbounded",
        discard: true
      })
    )
  )

  const subscribe = (uri: string) =>
    // Whatever was missed: it is another than it was.
    Bounded.stream((): ResourceUpdated => ({ uri }), (offer) =>
      Effect.gen(function*() {
        const refused = yield* Deferred.make<never, CallError>()
        let own: RequestId | undefined
        yield* listen.on(session, ({ method, params = {} }) => {
          if (method !== "notifications/resources/updated" || typeof params["uri"] !== "string") return
          if (listen.isFor(own, params) && isWithin(params["uri"], uri)) offer({ ...params, uri: params["uri"] })
        })
        if (session.era === "legacy") {
          yield* subscribed(uri, () => offer({ uri }))
          return yield* session.ended
        }
        const following = keep({ resourceSubscriptions: [uri] }, ({ again, honored, id }) => {
          own = id
          if (isRecord(honored) && !isHonored(honored["resourceSubscriptions"])) {
            const error = requests.unsupported(session, "subscriptions/listen", "answered", "updates of resources")
            Deferred.doneUnsafe(refused, Exit.fail(error))
          } else if (again) offer({ uri })
        }, { insists: false }).pipe(requests.orUnsupported(session, "updates of resources"))
        yield* Effect.raceAllFirst([following, session.ended, Deferred.await(refused)])
      }))

  const isOffered = () => session.capabilities.resources !== undefined

  return {
    listResources: requests.list(session, {
      isOffered,
      method: "resources/list",
      key: "resources",
      isItem: results.isResource
    }).pipe(requests.remembered(session, "resources/list"), session.telemetry.operation("resources/list")),
    listResourceTemplates: requests.list(session, {
      isOffered,
      method: "resources/templates/list",
      key: "resourceTemplates",
      isItem: results.isResourceTemplate,
      isOptional: true
    }).pipe(
      requests.remembered(session, "resources/templates/list"),
      session.telemetry.operation("resources/templates/list")
    ),
    readResource: Effect.fnUntraced(function*(uri, options) {
      return yield* requests.send(session, "resources/read", { uri }, results.readResourceResult, options).pipe(
        requests.orUnsupported(session, "resources"),
        session.telemetry.operation("resources/read", { uri })
      )
    }),
    subscribe
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

interface Subscription {
  /** Each is told when something may have been missed. */
  readonly readers: Set<() => void>
  asked: boolean
  readonly lock: Semaphore.Semaphore
}

/** Releasing must not wait for a server that says nothing. */
const brief = { timeout: "1 second" } as const

const isHonored = (uris: unknown): boolean => Array.isArray(uris) && uris.length > 0

/** A server may tell of a resource inside the one that was subscribed to, and may write its URI in another way. */
const isWithin = (updated: string, subscribed: string): boolean => {
  const [inner, outer] = [normal(updated), normal(subscribed)]
  if (inner === outer) return true
  return inner.startsWith(outer) && (outer.endsWith("/") || "/?#".includes(inner.charAt(outer.length)))
}

const normal = (uri: string): string => URL.parse(uri)?.href ?? uri
