/** The Streamable HTTP transport over our HTTP. */
import type { JSONRPCMessage, RequestId } from "@modelcontextprotocol/client"
import { encode, failRequest, type McpTransport, type TransportError } from "@universal-mcp/core/McpTransport"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FiberMap from "effect/FiberMap"
import * as FiberSet from "effect/FiberSet"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import * as answer from "./answer.ts"
import * as events from "./events.ts"
import * as http from "./http.ts"
import * as listen from "./listen.ts"
import * as sending from "./sending.ts"
import * as status from "./status.ts"

export interface Options {
  readonly sseReadTimeout?: Duration.Input
}

export const make = Effect.fnUntraced(function*(
  client: http.Http,
  options: Options
): Effect.fn.Return<McpTransport, never, Scope.Scope> {
  const silence = Duration.toMillis(Duration.fromInputUnsafe(options.sseReadTimeout ?? "300 seconds"))
  let sessionId: string | undefined
  let protocolVersion: string | undefined
  let lost: TransportError | undefined
  let isClosed = false
  let hasListened = false
  /** How many requests wait for an answer. */
  let open = 0
  let headers = requestHeaders(undefined, undefined)

  const keepSession = (response: http.Response) => {
    const id = response.headers["mcp-session-id"]
    if (id === undefined || id === sessionId) return
    sessionId = id
    headers = requestHeaders(sessionId, protocolVersion)
  }

  // Runs last: what is open ends first.
  yield* Effect.addFinalizer(() =>
    sessionId === undefined ? Effect.void : Effect.scoped(
      client.request({ method: "DELETE", url: client.url, headers: headers.delete })
    ).pipe(Effect.interruptible, Effect.timeoutOption(sending.endTimeout), Effect.ignore)
  )
  const requests = yield* FiberMap.make<RequestId, void, TransportError>()
  const runRequest = yield* FiberMap.runtimePromise(requests)()
  const others = yield* FiberSet.make<void, TransportError>()
  const runOther = yield* FiberSet.runtimePromise(others)()
  const initialized = yield* Deferred.make<void>()

  const deliver = (message: JSONRPCMessage) => transport.onmessage?.(message)
  const warn = (description: string) => transport.onerror?.(new Error(description))

  const end = () => {
    if (isClosed) return
    isClosed = true
    transport.onclose?.()
  }

  /** The server has forgotten the session: nothing more is sent, and each request that is out gets what it gets. */
  const expire = (error: TransportError) => {
    if (isClosed || lost !== undefined) return
    lost = error
    sessionId = undefined
    listener.interruptUnsafe()
    endIfDone()
  }

  const endIfDone = () => {
    if (lost !== undefined && open === 0) end()
  }

  /** Gives answers that are 2xx; any other is the JSON-RPC error that answers our request, or fails. */
  const post = Effect.fnUntraced(
    function*(body: string, id: RequestId | undefined, more: Readonly<Record<string, string>>) {
      const sent = { id, session: sessionId !== undefined, authorized: client.authorized }
      const response = yield* client.request({
        method: "POST",
        url: client.url,
        headers: { ...headers.post, ...more },
        body
      })
      if (response.status >= 200 && response.status < 300) {
        keepSession(response)
        return response
      }
      const error = yield* status.read(response, sent).pipe(
        Effect.tapError((error) =>
          Effect.sync(() => error.reason._tag === "SessionExpired" ? expire(error) : undefined)
        )
      )
      deliver(error)
      return undefined
    }
  )

  const get = (
    lastEventId: string | undefined,
    options: events.ReadOptions,
    onOpen = () => {}
  ): Effect.Effect<void, TransportError> =>
    Effect.scoped(Effect.gen(function*() {
      const response = yield* client.request({
        method: "GET",
        url: client.url,
        headers: lastEventId === undefined ? headers.get : { ...headers.get, "last-event-id": lastEventId }
      }).pipe(Effect.timeoutOrElse({ duration: silence, orElse: () => Effect.fail(events.silent(silence)) }))
      if (response.status < 200 || response.status > 299) {
        yield* status.read(response, { session: false, authorized: client.authorized })
      }
      if (!http.isEventStream(response)) {
        return yield* http.notAnAnswer(
          `the server answered with ${http.contentType(response)} instead of an event stream`
        )
      }
      onOpen()
      yield* events.read(response, options)
    }))

  /** The stream for what the server sends by itself; many servers do not know it, or know it no more. */
  const getOwn: typeof get = (lastEventId, options) =>
    get(lastEventId, options, () => {
      hasListened = true
    }).pipe(Effect.tapError((error) =>
      Effect.sync(() => {
        if (error.status === 404 && hasListened && sessionId !== undefined) expire(status.expired(error.message))
      })
    ))

  const exchange = (
    id: RequestId,
    body: string,
    more: Readonly<Record<string, string>>
  ): Effect.Effect<void, TransportError> =>
    Effect.scoped(Effect.gen(function*() {
      const response = yield* post(body, id, more)
      if (response === undefined) return
      const context = { id, limit: client.limit, silence, deliver, warn, resume: get }
      yield* http.isEventStream(response) ? answer.fromEvents(response, context) : answer.fromBody(response, context)
    }))

  const notify = (body: string): Effect.Effect<void, TransportError> =>
    Effect.scoped(Effect.gen(function*() {
      const response = yield* post(body, undefined, {})
      // Read to its end, the connection can be used again.
      if (response !== undefined && !http.isEventStream(response)) yield* http.beginning(response)
    })).pipe(sending.bounded)

  const listener = yield* Deferred.await(initialized).pipe(
    Effect.andThen(Effect.suspend(() => listen.run(getOwn, { limit: client.limit, silence, deliver, warn }))),
    Effect.forkScoped
  )

  yield* Effect.addFinalizer(() => {
    stop()
    return FiberSet.awaitEmpty(others).pipe(Effect.interruptible, Effect.timeoutOption(sending.endTimeout))
  })
  /** Ends what is open, but for messages that are just being sent. */
  const stop = () => {
    listener.interruptUnsafe()
    for (const [, fiber] of requests) fiber.interruptUnsafe()
  }

  const giveUp = (id: RequestId) => {
    const fiber = FiberMap.getUnsafe(requests, id)
    if (fiber._tag === "Some") fiber.value.interruptUnsafe()
  }

  const transport: McpTransport = {
    hasPerRequestStream: true,
    get sessionId() {
      return sessionId
    },
    get lost() {
      return lost
    },
    start: () => Promise.resolve(),
    send: (message, sendOptions) => {
      if (isClosed || lost !== undefined) return Promise.reject(sending.tooLate(lost))
      const body = encode(message)
      if (Result.isFailure(body)) return Promise.reject(body.failure)
      if (sending.isRequest(message)) {
        const { id } = message
        sendOptions?.requestSignal?.addEventListener("abort", () => giveUp(id), { once: true })
        open++
        return runRequest(
          id,
          exchange(id, body.success, sendOptions?.headers ?? {}).pipe(
            // Before the end, which would give it the reason of the end.
            Effect.tapError((error) => Effect.sync(() => deliver(failRequest(id, error)))),
            Effect.ensuring(Effect.sync(() => {
              open--
              endIfDone()
            }))
          )
        )
      }
      const method = "method" in message ? message.method : undefined
      if (method === "notifications/initialized") {
        return runOther(Effect.andThen(notify(body.success), Effect.asVoid(Deferred.succeed(initialized, undefined))))
      }
      if (method !== "notifications/cancelled") return runOther(notify(body.success))
      giveUp(sending.cancelledId(message))
      return runOther(Effect.ignore(notify(body.success)))
    },
    close: () => {
      stop()
      end()
      return Promise.resolve()
    },
    setProtocolVersion: (version) => {
      protocolVersion = version
      headers = requestHeaders(sessionId, protocolVersion)
    }
  }
  return transport
})

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

const requestHeaders = (sessionId: string | undefined, protocolVersion: string | undefined) => {
  const common = {
    ...(sessionId === undefined ? {} : { "mcp-session-id": sessionId }),
    ...(protocolVersion === undefined ? {} : { "mcp-protocol-version": protocolVersion })
  }
  return {
    post: { ...common, accept: "application/json, text/event-stream" },
    get: { ...common, accept: "text/event-stream" },
    delete: common
  }
}
