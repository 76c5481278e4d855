/** What the transports share while a session is being made. */
import type { McpTransport, TransportError } from "@universal-mcp/core/McpTransport"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"

/** Gives up at once what a failed attempt holds, however long the scope around it lives. */
export const releaseOnFailure = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R | Scope.Scope> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function*() {
      const scope = yield* Scope.fork(yield* Effect.scope)
      return yield* restore(effect).pipe(
        Scope.provide(scope),
        Effect.onError((cause) => Scope.close(scope, Exit.failCause(cause)))
      )
    })
  )

/** Names the server in the `NegotiationCache`; the query may hold secrets. */
export const cacheKey = (url: string): string => {
  const parsed = URL.parse(url)
  return JSON.stringify(["http", parsed === null ? "" : `${parsed.origin}${parsed.pathname}`])
}

/** A transport that could not be made: the session reports why. */
export const failed = (error: TransportError): McpTransport => {
  const transport: McpTransport = {
    start: () => Promise.reject(error),
    send: () => Promise.reject(error),
    close: () => {
      transport.onclose?.()
      return Promise.resolve()
    }
  }
  return transport
}
