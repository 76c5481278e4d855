/** The Streamable HTTP transport over our HTTP. */
import type { JSONRPCMessage, RequestId } from "@modelcontextprotocol/client"
import { encode, failRequest, type McpTransport, type TransportError } from "@universal-mcp/core/McpTransport"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import * as answer from "./answer.ts"
import * as events from "./events.ts"
import * as http from "./http.ts"
import * as listen from "./listen.ts"
import { beginning, type OwnTransport } from "./ownTransport.ts"
import * as requestHeaders from "./requestHeaders.ts"
import * as sending from "./sending.ts"
import * as status from "./status.ts"

export interface Options {
  readonly sseReadTimeout?: Duration.Input
  readonly requestTimeout?: Duration.Input
}

export const make = Effect.fnUntraced(function*(
  client: http.Http,
  options: Options
): Effect.fn.Return<McpTransport, never, Scope.Scope> {
  const silence = Duration.toMillis(options.sseReadTimeout ?? "300 seconds")
  /** How long the stream of a request may be silent; by default the time of the request is all that counts. */
  const ownSilence = options.sseReadTimeout === undefined
    ? Number.POSITIVE_INFINITY
    : Math.max(silence, Duration.toMillis(options.requestTimeout ?? 0))
  let protocolVersion: string | undefined
  let isClosed = false
  let hasListened = false
  let headers = headersFor(undefined, undefined)

  const transport: OwnTransport = {
    ...beginning,
    kind: "http",
    hasPerRequestStream: true,
    start: () => Promise.resolve(),
    send: (message, sendOptions) => {
      if (isClosed || transport.lost !== undefined) return Promise.reject(sending.tooLate(transport.lost))
      const body = encode(message)
      if (Result.isFailure(body)) return Promise.reject(body.failure)
      if (sending.isRequest(message)) {
        const { id } = message
        sendOptions?.requestSignal?.addEventListener("abort", () => giveUp(id), { once: true })
        const silent = message.method === "subscriptions/listen"
          ? silence
          : Math.max(ownSilence, sendOptions?.timeout ?? 0)
        requests.set(id, exchange(id, body.success, sendOptions?.headers, silent))
        return sending.sent
      }
      const method = "method" in message ? message.method : undefined
      if (method === "notifications/initialized") {
        return runOther(Effect.andThen(notify(body.success), Effect.asVoid(Deferred.succeed(initialized, undefined))))
      }
      if (method !== "notifications/cancelled") return runOther(notify(body.success))
      giveUp(sending.cancelledId(message))
      return runOther(Effect.ignore(notify(body.success)))
    },
    abandon: (id) => giveUp(id),
    close: () => {
      stop()
      end()
      return Promise.resolve()
    },
    setProtocolVersion: (version) => {
      protocolVersion = version
      headers = headersFor(transport.sessionId, protocolVersion)
    }
  }

  const keepSession = (response: http.Response) => {
    const id = http.header(response.headers, "mcp-session-id")
    if (id === undefined || id === transport.sessionId) return
    transport.sessionId = id
    headers = headersFor(transport.sessionId, protocolVersion)
  }

  // Runs last: what is open ends first.
  yield* Effect.addFinalizer(() =>
    transport.sessionId === undefined ?
      Effect.void :
      http.effect<void>((succeed, fail) =>
        client.exchange({ method: "DELETE", url: client.url, headers: headers.delete }, {
          onResponse: (response) => http.drained(response, succeed),
          onFailure: fail
        })
      ).pipe(Effect.interruptible, Effect.timeoutOption(sending.endTimeout), Effect.ignore)
  )
  /** The requests that are out. */
  const requests = new Map<RequestId, Pick<http.Exchange, "abort">>()
  const others = yield* FiberSet.make<void, TransportError>()
  const runOther = yield* FiberSet.runtimePromise(others)()
  const runResuming = yield* FiberSet.runtime(others)()
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
    if (isClosed || transport.lost !== undefined) return
    transport.lost = error
    transport.sessionId = undefined
    listener.interruptUnsafe()
    endIfDone()
  }

  const endIfDone = () => {
    if (transport.lost !== undefined && requests.size === 0) end()
  }

  /** An answer that is not 2xx is the JSON-RPC error that answers our request, or fails. */
  const post = (
    body: string,
    id: RequestId | undefined,
    more: Readonly<Record<string, string>> | undefined,
    { onDone, onFailure, read }: Posted
  ): http.Exchange => {
    const session = transport.sessionId !== undefined
    return client.exchange({
      method: "POST",
      url: client.url,
      headers: more === undefined ? headers.post : { ...headers.post, ...more },
      body
    }, {
      onResponse: (response) => {
        if (response.status >= 200 && response.status < 300) {
          keepSession(response)
          return read(response)
        }
        const onAnswer = (answer: JSONRPCMessage) => {
          deliver(answer)
          onDone()
        }
        return status.read(client, response, { id, session, authorized: client.authorized }, onAnswer, (error) => {
          if (error.reason._tag === "SessionExpired") expire(error)
          onFailure(error)
        })
      },
      onFailure
    })
  }

  const get = (lastEventId: string | undefined, read: events.Read, onOpen = () => {}) =>
    http.effect<void>((succeed, fail) => {
      const exchange = client.exchange({
        method: "GET",
        url: client.url,
        headers: lastEventId === undefined
          ? headers.get
          : { ...headers.get, "last-event-id": requestHeaders.utf8(lastEventId) }
      }, {
        onResponse: (response) => {
          if (response.status < 200 || response.status > 299) return status.refused(client, response, fail)
          if (!http.isEventStream(response)) {
            fail(http.notAnAnswer(`the server answered with ${http.contentType(response)} instead of an event stream`))
            return http.nothing(response)
          }
          onOpen()
          return read(response, succeed, fail)
        },
        onFailure: fail
      })
      exchange.deadline(silence, () => {
        exchange.abort()
        fail(events.silent(silence))
      })
      return exchange
    })

  /** The stream for what the server sends by itself; many servers do not know it, or know it no more. */
  const getOwn: events.Open = (lastEventId, read) =>
    get(lastEventId, read, () => {
      hasListened = true
    }).pipe(Effect.tapError((error) =>
      Effect.sync(() => {
        if (error.status === 404 && hasListened && transport.sessionId !== undefined) {
          expire(status.expired(error.message))
        }
      })
    ))

  const answers: answer.Context = {
    limit: client.limit,
    keepsDigits: client.keepsDigits,
    deliver,
    warn,
    lingering: new Set(),
    onDone: (id) => {
      requests.delete(id)
      endIfDone()
    },
    onFailure: (id, error) => {
      // Before the end, which would give it the reason of the end.
      deliver(failRequest(id, error))
      answers.onDone(id)
    },
    open: (lastEventId, read) => get(lastEventId, read),
    run: (id, resuming) => {
      const fiber = runResuming(resuming)
      requests.set(id, { abort: () => fiber.interruptUnsafe() })
    }
  }
  const exchange = (
    id: RequestId,
    body: string,
    more: Readonly<Record<string, string>> | undefined,
    silence: number
  ) =>
    post(body, id, more, {
      read: (response) =>
        http.isEventStream(response)
          ? answer.fromEvents(response, id, answers, silence)
          : answer.fromBody(response, id, answers),
      onDone: () => answers.onDone(id),
      onFailure: (error) => answers.onFailure(id, error)
    })

  const notify = (body: string): Effect.Effect<void, TransportError> =>
    http.effect<void>((succeed, fail) => {
      const read = (response: http.Response) => {
        if (!http.isEventStream(response)) return http.drained(response, succeed)
        succeed()
        return http.nothing(response)
      }
      return post(body, undefined, undefined, { read, onDone: succeed, onFailure: fail })
    }).pipe(sending.bounded)

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
    for (const request of requests.values()) request.abort()
    requests.clear()
  }

  const giveUp = (id: RequestId) => {
    const request = requests.get(id)
    if (request === undefined) return
    requests.delete(id)
    request.abort()
    endIfDone()
  }

  return transport
})

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

interface Posted {
  /** Says what reads an answer that is 2xx. */
  readonly read: (response: http.Response) => http.Body
  readonly onDone: () => void
  readonly onFailure: (error: TransportError) => void
}

const headersFor = (sessionId: string | undefined, protocolVersion: string | undefined) => {
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
