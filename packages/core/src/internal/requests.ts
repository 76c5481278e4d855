/** Requests that are no more than a method, a span and a check of what comes back. */
import type { StandardSchemaV1 } from "@modelcontextprotocol/client"
import * as Effect from "effect/Effect"
import { CallError, type Delivery, Unsupported } from "../McpError.ts"
import type { CallOptions, McpSession } from "../McpSession.ts"
import type { Connection } from "./connection.ts"
import { excerpt } from "./guard.ts"
import { pages } from "./pages.ts"
import * as results from "./results.ts"

/** The options of a call, with its `_meta` in the request. */
export const send = <A>(
  connection: Connection,
  method: string,
  params: Record<string, unknown>,
  schema: StandardSchemaV1<unknown, A>,
  options?: CallOptions
): Effect.Effect<A, CallError> =>
  connection.request(method, options?.meta === undefined ? params : { ...params, _meta: options.meta }, schema, options)

export const span = (connection: Connection, operation: string) => <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.withSpan(effect, `McpSession.${operation}`, { attributes: { "mcp.server": connection.server } })

/** All pages of a list, without what is not valid in it. A server that does not offer it is not asked. */
export const list = <A>(
  connection: Connection,
  { isItem, isOffered, key, method }: {
    readonly isOffered: boolean
    readonly method: string
    readonly key: string
    readonly isItem: (item: unknown) => item is A
  }
): Effect.Effect<ReadonlyArray<A>, CallError> => {
  if (!isOffered) return Effect.succeed([])
  return pages(connection, method, results.page(key)).pipe(
    Effect.map((items) => {
      const valid = items.filter(isItem)
      if (valid.length < items.length) {
        const invalid = items.filter((item) => !isItem(item))
        connection.warn(`left out ${invalid.length} of the ${key} that are not valid: ${excerpt(invalid, 300)}`)
      }
      return valid
    }),
    Effect.catchIf(isMethodNotFound, () => {
      connection.warn(`the server advertises ${key} but does not know ${method}`)
      return Effect.succeed([])
    })
  )
}

export const methodNotFound = -32601

const isMethodNotFound = ({ reason }: CallError): boolean =>
  reason._tag === "Rejected" && reason.code === methodNotFound

export const unsupported = (connection: Connection, method: string, delivery: Delivery, what: string): CallError =>
  new CallError({
    server: connection.server,
    method,
    delivery,
    reason: new Unsupported({ description: `the server does not offer ${what}` })
  })

/** Many servers offer what they do not advertise, so all are asked; one that does not know the method does not offer it. */
export const orUnsupported = (connection: Connection, what: string) => <A>(effect: Effect.Effect<A, CallError>) =>
  Effect.mapError(
    effect,
    (error) => isMethodNotFound(error) ? unsupported(connection, error.method, "answered", what) : error
  )

export type Requests = Pick<McpSession["Service"], "complete" | "setLogLevel" | "ping" | "request">

export const make = (connection: Connection): Requests => ({
  complete: Effect.fn("McpSession.complete")(function*(request, options) {
    const { argument, context, ref } = request
    const params = { ref, argument, ...(context === undefined ? {} : { context }) }
    return yield* send(connection, "completion/complete", params, results.completeResult, options).pipe(
      orUnsupported(connection, "completion")
    )
  }),
  setLogLevel: Effect.fn("McpSession.setLogLevel")(function*(level) {
    if (connection.era === "modern") connection.logLevel = level
    else {
      yield* send(connection, "logging/setLevel", { level }, results.any).pipe(
        orUnsupported(connection, "a log level")
      )
    }
  }),
  ping: connection.era === "modern"
    ? Effect.fail(unsupported(connection, "ping", "not-sent", "ping: revision 2026-07-28 has none"))
    : send(connection, "ping", {}, results.any).pipe(Effect.asVoid, span(connection, "ping")),
  request: Effect.fn("McpSession.request")(function*(method, params, options) {
    return yield* send(connection, method, { ...params }, results.any, options)
  })
})
