/** The resources of one connection: list, read, hear of changes. */
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as RcMap from "effect/RcMap"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { CallError } from "../McpError.ts"
import type { McpSession } from "../McpSession.ts"
import type { ResourceUpdated } from "../Protocol.ts"
import type { Connection } from "./connection.ts"
import * as listen from "./listen.ts"
import * as requests from "./requests.ts"
import * as results from "./results.ts"

export type Resources = Pick<
  McpSession["Service"],
  "listResources" | "listResourceTemplates" | "readResource" | "subscribe"
>

export const make = Effect.fnUntraced(function*(
  connection: Connection
): Effect.fn.Return<Resources, never, Scope.Scope> {
  const advertised = connection.capabilities.resources !== undefined

  /** Readers of one resource share one subscription on the server. */
  const subscriptions = yield* RcMap.make({
    lookup: (uri: string): Effect.Effect<void, CallError, Scope.Scope> =>
      Effect.asVoid(Effect.acquireRelease(
        requests.send(connection, "resources/subscribe", { uri }, results.any),
        () => Effect.ignore(requests.send(connection, "resources/unsubscribe", { uri }, results.any, brief)),
        { interruptible: true }
      ))
  })

  const subscribed = (uri: string, onReopened: () => void): Effect.Effect<void, CallError, Scope.Scope> =>
    connection.era === "legacy"
      ? RcMap.get(subscriptions, uri)
      : Effect.asVoid(
        Effect.forkScoped(listen.run(connection, { resourceSubscriptions: [uri] }, onReopened), {
          startImmediately: true
        })
      )

  return {
    listResources: requests.list(connection, {
      advertised,
      method: "resources/list",
      key: "resources",
      isItem: results.isResource
    }).pipe(requests.span(connection, "listResources")),
    listResourceTemplates: requests.list(connection, {
      advertised,
      method: "resources/templates/list",
      key: "resourceTemplates",
      isItem: results.isResourceTemplate
    }).pipe(requests.span(connection, "listResourceTemplates")),
    readResource: Effect.fn("McpSession.readResource")(function*(uri, options) {
      return yield* requests.send(connection, "resources/read", { uri }, results.readResourceResult, options)
    }),
    subscribe: (uri) =>
      Stream.callback<ResourceUpdated, CallError>((queue) =>
        Effect.gen(function*() {
          const offer = (update: ResourceUpdated) => {
            Queue.offerUnsafe(queue, update)
          }
          yield* listen.on(connection, ({ method, params }) => {
            if (method !== "notifications/resources/updated" || typeof params?.["uri"] !== "string") return
            if (isUnder(params["uri"], uri)) offer({ ...params, uri: params["uri"] })
          })
          yield* subscribed(uri, () => offer({ uri }))
          yield* connection.ended
          Queue.endUnsafe(queue)
        }).pipe(Effect.catchCause((cause) => Queue.failCause(queue, cause)))
      )
  }
})

/** Releasing must not wait for a server that says nothing. */
const brief = { timeout: "1 second" } as const

/** A server may tell of a resource inside the one that was subscribed to. */
const isUnder = (updated: string, subscribed: string): boolean =>
  updated === subscribed || updated.startsWith(subscribed.endsWith("/") ? subscribed : `${subscribed}/`)
