/** HTTP on whatever `HttpClient` there is, with all that its owner has put around it. */
import { TransportError } from "@universal-mcp/core/McpTransport"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as FiberSet from "effect/FiberSet"
import * as Cookies from "effect/http/Cookies"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpBody from "effect/http/HttpBody"
import * as HttpClient from "effect/http/HttpClient"
import type * as HttpClientError from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as networkFailure from "./networkFailure.ts"
import * as tls from "./tls.ts"
import type { Headers, Receiver, Wire, WireRequest } from "./wire.ts"

export const make = Effect.fnUntraced(function*(
  httpClient: HttpClient.HttpClient,
  secured?: tls.Secured
): Effect.fn.Return<Wire, never, Scope.Scope> {
  const init = yield* Effect.serviceOption(FetchHttpClient.RequestInit)
  const context = Context.make(FetchHttpClient.RequestInit, { ...Option.getOrUndefined(init), redirect: "manual" })
    .pipe(
      // The session has spans of its own; those of a stream that stays open would say nothing.
      Context.add(HttpClient.TracerDisabledWhen, () => true),
      Context.add(tls.Current, secured)
    )
  const client = httpClient.pipe(
    HttpClient.transformResponse(Effect.provideContext(context)),
    HttpClient.withScope
  )
  const run = yield* FiberSet.makeRuntime<never, void, TransportError>()

  const exchange = (
    { body, headers, method, url }: WireRequest,
    receiver: Receiver
  ): Effect.Effect<void, TransportError> =>
    Effect.scoped(Effect.gen(function*() {
      // What is known at once must not be told at once.
      yield* Effect.yieldNow
      const request = HttpClientRequest.make(method)(url.href, {
        headers,
        ...(body === null ? {} : { body: HttpBody.text(body, "application/json") })
      })
      const response = yield* Effect.mapError(
        client.execute(request),
        (error) =>
          networkFailure.ofRequest(
            error,
            url,
            reported(error),
            error.reason._tag === "TransportError" ? "unknown" : "not-sent"
          )
      )
      if (secured?.isUsed === false) return yield* tls.foreign
      receiver.onHead(response.status, headersOf(response))
      yield* Stream.runForEachArray(response.stream, (chunks) => feed(receiver, chunks)).pipe(
        Effect.catch((error) =>
          error.reason._tag === "EmptyBodyError"
            ? Effect.void
            : Effect.fail(networkFailure.ofBody(error, reported(error)))
        )
      )
    }))

  return (request, receiver) => {
    let isOver = false
    const fiber: Fiber.Fiber<void, TransportError> = run(exchange(request, receiver))
    const settle = (exit: Exit.Exit<void, TransportError>) => {
      if (isOver) return
      isOver = true
      if (Exit.isSuccess(exit)) return receiver.onEnd()
      const error = Cause.squash(exit.cause)
      receiver.onFailure(error instanceof TransportError ? error : networkFailure.ofRequest(error, request.url))
    }
    // Once the scope is closed a fiber has ended before it is known here.
    if (fiber.pollUnsafe() === undefined) fiber.addObserver(settle)
    else queueMicrotask(() => fiber.addObserver(settle))
    return () => {
      isOver = true
      fiber.interruptUnsafe()
    }
  }
})

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

const reported = ({ reason }: HttpClientError.HttpClientError): networkFailure.Reported =>
  reason.cause === undefined ? {} : { cause: reason.cause }

/** Effect's record of headers has room for one `Set-Cookie`. */
const headersOf = ({ cookies, headers }: HttpClientResponse.HttpClientResponse): Headers =>
  Cookies.isEmpty(cookies) ? headers : { ...headers, "set-cookie": Cookies.toSetCookieHeaders(cookies) }

const feed = (receiver: Receiver, chunks: ReadonlyArray<Uint8Array>, start = 0): Effect.Effect<void> =>
  Effect.suspend(() => {
    for (let at = start; at < chunks.length; at++) {
      const chunk = chunks[at]
      const ready = chunk === undefined ? undefined : receiver.onData(chunk)
      if (ready !== undefined) return Effect.andThen(Effect.promise(() => ready), feed(receiver, chunks, at + 1))
    }
    return Effect.void
  })
