/** The resources of one connection: list, read, hear of changes. */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import * as Stream from "effect/Stream"
import type { CallError } from "../McpError.ts"
import type { McpSession } from "../McpSession.ts"
import type { RequestId, ResourceUpdated } from "../Protocol.ts"
import type { Connection } from "./connection.ts"
import { isRecord } from "./guard.ts"
import * as listen from "./listen.ts"
import * as requests from "./requests.ts"
import * as results from "./results.ts"

export type Resources = Pick<
  McpSession["Service"],
  "listResources" | "listResourceTemplates" | "readResource" | "subscribe"
>

export const make = (connection: Connection, { keep }: listen.Listen): Resources => {
  const subscriptions = new Map<string, Subscription>()

  /** Legacy: readers of one URI share one subscription on the server, and wait for each other's coming and going. */
  const subscribed = Effect.fnUntraced(function*(uri: string): Effect.fn.Return<void, CallError, Scope.Scope> {
    const subscription = yield* Effect.acquireRelease(
      Effect.sync(() => {
        const shared = subscriptions.get(uri) ?? { readers: 0, asked: false, lock: Semaphore.makeUnsafe(1) }
        shared.readers++
        subscriptions.set(uri, shared)
        return shared
      }),
      (shared) =>
        Effect.gen(function*() {
          if (--shared.readers > 0) return
          if (shared.asked) {
            shared.asked = false
            yield* Effect.ignore(requests.send(connection, "resources/unsubscribe", { uri }, results.any, brief))
          }
          // Somebody may have come meanwhile.
          if (shared.readers === 0) subscriptions.delete(uri)
        }).pipe(Semaphore.withPermit(shared.lock))
    )
    yield* Effect.gen(function*() {
      if (subscription.asked) return
      // Before it is sent: when it is given up half-way, nobody knows whether the server has subscribed us.
      subscription.asked = true
      yield* requests.send(connection, "resources/subscribe", { uri }, results.any).pipe(
        requests.orUnsupported(connection, "updates of resources"),
        Effect.tapError(() =>
          Effect.sync(() => {
            subscription.asked = false
          })
        )
      )
    }).pipe(Semaphore.withPermit(subscription.lock))
  })

  const subscribe = (uri: string) =>
    Stream.callback<ResourceUpdated, CallError>((queue) =>
      Effect.gen(function*() {
        const offer = (update: ResourceUpdated) => {
          Queue.offerUnsafe(queue, update)
        }
        let own: RequestId | undefined
        yield* listen.on(connection, ({ method, params = {} }) => {
          if (method !== "notifications/resources/updated" || typeof params["uri"] !== "string") return
          if (listen.isFor(own, params) && isWithin(params["uri"], uri)) offer({ ...params, uri: params["uri"] })
        })
        const end = Effect.andThen(connection.ended, Queue.end(queue))
        if (connection.era === "legacy") {
          yield* subscribed(uri)
          return yield* end
        }
        const following = keep({ resourceSubscriptions: [uri] }, ({ again, honored, id }) => {
          own = id
          if (isRecord(honored) && !isHonored(honored["resourceSubscriptions"])) {
            Queue.failCauseUnsafe(
              queue,
              Cause.fail(requests.unsupported(connection, "subscriptions/listen", "answered", "updates of resources"))
            )
          } else if (again) offer({ uri })
        }, { insists: false }).pipe(requests.orUnsupported(connection, "updates of resources"))
        yield* Effect.raceFirst(following, end)
      }), { bufferSize: backlog, strategy: "sliding" })

  const isOffered = connection.capabilities.resources !== undefined

  return {
    listResources: requests.list(connection, {
      isOffered,
      method: "resources/list",
      key: "resources",
      isItem: results.isResource
    }).pipe(requests.span(connection, "listResources")),
    listResourceTemplates: requests.list(connection, {
      isOffered,
      method: "resources/templates/list",
      key: "resourceTemplates",
      isItem: results.isResourceTemplate
    }).pipe(requests.span(connection, "listResourceTemplates")),
    readResource: Effect.fn("McpSession.readResource")(function*(uri, options) {
      return yield* requests.send(connection, "resources/read", { uri }, results.readResourceResult, options).pipe(
        requests.orUnsupported(connection, "resources")
      )
    }),
    subscribe
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

interface Subscription {
  readers: number
  asked: boolean
  readonly lock: Semaphore.Semaphore
}

/** A reader that is slower loses the oldest beyond this. */
const backlog = 4096

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
