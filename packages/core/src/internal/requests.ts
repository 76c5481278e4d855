/** Requests that are no more than a method, a span and a check of what comes back. */
import * as Effect from "effect/Effect"
import { CallError, type Delivery, InvalidResult, Unsupported } from "../McpError.ts"
import type { CallOptions, McpSession } from "../McpSession.ts"
import type { ListMethod } from "./catalog.ts"
import { excerpt } from "./json.ts"
import { type Lister, pages } from "./pages.ts"
import * as results from "./results.ts"
import type { Session } from "./session.ts"

/** For methods with the options of a call: sends its `_meta`, and warns of numbers that change. */
export const send = <A>(
  session: Session,
  method: string,
  params: Record<string, unknown>,
  check: results.Check<A>,
  options?: CallOptions
): Effect.Effect<A, CallError> =>
  session.request(method, options?.meta === undefined ? params : { ...params, _meta: options.meta }, check, {
    timeout: options?.timeout,
    isRepeatable: options?.idempotent,
    whileReconnecting: options?.whileReconnecting,
    exactNumbers: options?.exactNumbers ?? false
  })

/** All pages of a list, without what is not valid in it. A server that does not offer it is not asked. */
export const list = <A>(lister: Lister, listed: Listed<A>): Effect.Effect<ReadonlyArray<A>, CallError> =>
  Effect.suspend(() => listed.isOffered() ? read(lister, listed) : Effect.succeed([]))

/** A list that is read again, and compared, when the session has got another connection. */
export const remembered =
  (session: Session, method: ListMethod) =>
  <A>(list: Effect.Effect<ReadonlyArray<A>, CallError>): Effect.Effect<ReadonlyArray<A>, CallError> => {
    const remembering: Effect.Effect<ReadonlyArray<A>, CallError> = Effect.tap(
      list,
      (items) => Effect.sync(() => session.catalog.remember(method, items, remembering))
    )
    return remembering
  }

interface Listed<A> {
  readonly isOffered: () => boolean
  readonly method: string
  readonly key: string
  readonly isItem: (item: unknown) => item is A
  /** A capability stands for more than this list: a server that does not know the method has none of it. */
  readonly isOptional?: boolean
}

const read = <A>(
  lister: Lister,
  { isItem, isOptional, key, method }: Listed<A>
): Effect.Effect<ReadonlyArray<A>, CallError> => {
  const validOf = (items: ReadonlyArray<unknown>) => {
    const valid = items.filter(isItem)
    if (valid.length < items.length) {
      const invalid = items.filter((item) => !isItem(item))
      lister.warn(`left out ${invalid.length} of the ${key} that are not valid: ${excerpt(invalid, 300)}`)
    }
    return valid
  }
  return pages(lister, method, results.page(key)).pipe(
    Effect.map(validOf),
    Effect.mapError((error) => withPartial(error, validOf)),
    Effect.catchIf(isMethodNotFound, () => {
      if (isOptional !== true) lister.warn(`the server advertises ${key} but does not know ${method}`)
      return Effect.succeed([])
    })
  )
}

const withPartial = (
  error: CallError,
  validOf: (items: ReadonlyArray<unknown>) => ReadonlyArray<unknown>
): CallError => {
  const { delivery, hint, method, reason, server } = error
  if (reason._tag !== "InvalidResult" || reason.partial === undefined) return error
  const { description, partial } = reason
  return new CallError({
    server,
    method,
    delivery,
    reason: new InvalidResult({ description, partial: validOf(partial) }),
    ...(hint === undefined ? {} : { hint })
  })
}

export const methodNotFound = -32601

const isMethodNotFound = ({ reason }: CallError): boolean =>
  reason._tag === "Rejected" && reason.code === methodNotFound

export const unsupported = (session: Session, method: string, delivery: Delivery, what: string): CallError =>
  new CallError({
    server: session.server,
    method,
    delivery,
    reason: new Unsupported({ description: `the server does not offer ${what}` })
  })

/** Many servers offer what they do not advertise, so they are asked, unless for a list; one that does not know the method does not offer it. */
export const orUnsupported = (session: Session, what: string) => <A>(effect: Effect.Effect<A, CallError>) =>
  Effect.mapError(
    effect,
    (error) => isMethodNotFound(error) ? unsupported(session, error.method, "answered", what) : error
  )

export type Requests = Pick<McpSession["Service"], "complete" | "setLogLevel" | "ping" | "request">

export const make = (session: Session): Requests => ({
  complete: Effect.fnUntraced(function*(request, options) {
    const { argument, context, ref } = request
    const params = { ref, argument, ...(context === undefined ? {} : { context }) }
    return yield* send(session, "completion/complete", params, results.completeResult, options).pipe(
      orUnsupported(session, "completion"),
      session.telemetry.operation(
        "completion/complete",
        ref.type === "ref/prompt" ? { prompt: ref.name } : { uri: ref.uri }
      )
    )
  }),
  setLogLevel: Effect.fnUntraced(function*(level) {
    if (session.era === "legacy") {
      yield* session.request("logging/setLevel", { level }, results.any).pipe(
        orUnsupported(session, "a log level"),
        session.telemetry.operation("logging/setLevel")
      )
    }
    session.logLevel = level
  }),
  ping: Effect.suspend(() =>
    session.era === "modern"
      ? Effect.fail(unsupported(session, "ping", "not-sent", "ping: revision 2026-07-28 has none"))
      : Effect.asVoid(session.request("ping", {}, results.any))
  ).pipe(session.telemetry.operation("ping")),
  request: (method, params, options) =>
    send(session, method, { ...params }, results.any, options).pipe(session.telemetry.operation(method))
})
