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
import * as content from "./content.ts"
import type * as events from "./events.ts"
import * as getStream from "./getStream.ts"
import * as http from "./http.ts"
import * as listen from "./listen.ts"
import * as lostSession from "./lostSession.ts"
import * as messages from "./messages.ts"
import { beginning, type OwnTransport } from "./ownTransport.ts"
import * as retryAfter from "./retryAfter.ts"
import * as sending from "./sending.ts"
import * as signOfLife from "./signOfLife.ts"
import * as status from "./status.ts"

export interface Options {
  readonly sseReadTimeout?: Duration.Input
  /** How long connecting may take. */
  readonly timeout?: Duration.Input
  /** Called where the server answers the handshake as only HTTP+SSE does. */
  readonly onOlder?: () => void
}

export const make = Effect.fnUntraced(function*(
  client: http.Http,
  options: Options
): Effect.fn.Return<McpTransport, never, Scope.Scope> {
  const silence = Duration.toMillis(options.sseReadTimeout ?? "300 seconds")
  /** How long the stream of a request may be silent; by default the time of the request is all that counts. */
  const ownSilence = options.sseReadTimeout === undefined ? Number.POSITIVE_INFINITY : silence
  let protocolVersion: string | undefined
  let isClosed = false
  let hasListened = false
  let headers = headersFor(undefined, undefined)
  const connectBy = client.now() + Duration.toMillis(options.timeout ?? "30 seconds")
  /** The messages of the handshake that are out: only the answer to `initialize` assigns a session id. */
  const handshake = new Map<RequestId, string>()

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
        if (message.method === "initialize" || message.method === "server/discover") handshake.set(id, message.method)
        const silent = message.method === "subscriptions/listen"
          ? silence
          : Math.max(ownSilence, sendOptions?.timeout ?? 0)
        requests.set(id, exchange(id, body.success, sendOptions?.headers, silent))
        return sending.sent
      }
      const method = "method" in message ? message.method : undefined
      if (method === "notifications/initialized") {
        return runOther(Effect.andThen(begin(body.success), Effect.asVoid(Deferred.succeed(initialized, undefined))))
      }
      if (method !== "notifications/cancelled") return runOther(notify(body.success))
      giveUp(sending.cancelledId(message))
      run(Effect.ignore(notify(body.success)))
      return sending.sent
    },
    abandon: (id) => giveUp(id),
    close: () => {
      stop()
      end()
      return Promise.resolve()
    },
    setProtocolVersion: (version) => {
      protocolVersion = version
      handshake.clear()
      headers = headersFor(transport.sessionId, protocolVersion)
    }
  }

  const setSession = (id: string | undefined) => {
    transport.sessionId = id
    headers = headersFor(id, protocolVersion)
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
  const run = yield* FiberSet.runtime(others)()
  const initialized = yield* Deferred.make<void>()

  const deliver = (message: JSONRPCMessage) => transport.onmessage?.(message)
  const warn = (description: string) => transport.onerror?.(new Error(description))
  const mislabelled = content.mislabelled(warn)

  const end = () => {
    if (isClosed) return
    isClosed = true
    transport.onclose?.()
  }

  /** The server has forgotten the session: nothing more is sent, and each request that is out gets what it gets. */
  const expire = (error: TransportError) => {
    if (isClosed || transport.lost !== undefined) return
    transport.lost = error
    setSession(undefined)
    listener.interruptUnsafe()
    endIfDone()
  }

  const endIfDone = () => {
    if (transport.lost !== undefined && requests.size === 0 && doubtful.size === 0) end()
  }

  /** The requests whose answers wait for a sign of life. */
  const doubtful = new Set<RequestId>()
  const life = signOfLife.make(
    (id, body) =>
      Effect.catch(
        http.effect<signOfLife.Sign>((succeed, fail) => {
          const isSaid = (message: JSONRPCMessage) => lostSession.isSaid(messages.errorText(message) ?? "")
          const context: answer.Context = {
            ...answers,
            deliver: (message) =>
              messages.answers(message, id) ? succeed(isSaid(message) ? "lost" : "alive") : deliver(message),
            onDoubt: () => succeed("lost"),
            onDone: () => {},
            onFailure: (_, error) => fail(error),
            run: (_, resuming) => void run(resuming)
          }
          return post(body, id, undefined, {
            read: (response) => answer.read(response, id, context, silence),
            onRefusal: (refusal) => succeed(signOfLife.of(refusal)),
            onFailure: fail
          })
        }),
        () => Effect.succeed<signOfLife.Sign>("none")
      ),
    run
  )
  /** Of a session that is lost, nobody need be asked. */
  const ask = (onSign: (sign: signOfLife.Sign) => void) =>
    transport.lost?.reason._tag === "SessionExpired" ? onSign("lost") : life.ask(onSign)

  const post = (
    body: string,
    id: RequestId | undefined,
    more: Readonly<Record<string, string>> | undefined,
    { onFailure, onRefusal, read }: Posted
  ): http.Exchange => {
    const session = transport.sessionId === undefined ? "none" : "header"
    return client.exchange({
      method: "POST",
      url: client.url,
      headers: more === undefined ? headers.post : { ...headers.post, ...more },
      body
    }, {
      onResponse: (response) => {
        if (response.status >= 200 && response.status < 300) return read(response)
        return status.read(client, response, { id, session, authorized: client.authorized }, onRefusal)
      },
      onFailure
    })
  }

  /** Tells whether a refusal means that the session is lost, which then ends. */
  const judge = (refusal: status.Refusal, onJudged: (isLost: boolean) => void) => {
    const judged = (isLost: boolean) => {
      if (isLost) expire(refusal.expired)
      onJudged(isLost)
    }
    if (refusal.session !== "doubtful") return judged(refusal.session === "lost")
    ask((sign) => judged(sign === "lost"))
  }

  const get = (lastEventId: string | undefined, read: events.Read, onOpen?: () => void) =>
    getStream.run(client, { headers: headers.get, lastEventId, silence, onMislabelled: mislabelled, onOpen }, read)

  /** The stream for what the server sends by itself; many servers do not know it, or know it no more. */
  const getOwn: events.Open = (lastEventId, read) =>
    get(lastEventId, read, () => {
      hasListened = true
    }).pipe(Effect.tapError((error) =>
      Effect.sync(() => {
        const { message, status: refused } = error
        if (refused === undefined || transport.sessionId === undefined) return
        const expired = status.expired(message, { status: refused })
        if (refused === 404 && hasListened) return expire(expired)
        if (!lostSession.isSaid(message)) return
        ask((sign) => {
          if (sign === "lost") expire(expired)
        })
      })
    ))

  const answers: answer.Context = {
    limit: client.limit,
    keepsDigits: client.keepsDigits,
    deliver: (message) => {
      if (handshake.size > 0 && "error" in message && isInitialize(message.id)) setSession(undefined)
      deliver(message)
    },
    warn,
    onMislabelled: mislabelled,
    onDoubt: (id, message, hasBegun) => {
      if (transport.sessionId === undefined && transport.lost === undefined || handshake.has(id)) {
        return deliver(message)
      }
      const text = messages.errorText(message) ?? ""
      const delivery = hasBegun || lostSession.mayHaveBegun(text) ? "unknown" : "not-sent"
      doubtful.add(id)
      ask((sign) => {
        // Nobody may wait for it any more.
        if (!doubtful.has(id)) return
        if (sign === "lost") {
          const expired = status.expired(text, { delivery })
          deliver(failRequest(id, expired))
          expire(expired)
        } else deliver(message)
        doubtful.delete(id)
        endIfDone()
      })
    },
    isOlder: (id) => {
      const isOlder = handshake.has(id)
      if (isOlder) options.onOlder?.()
      return isOlder
    },
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
      const fiber = run(resuming)
      requests.set(id, { abort: () => fiber.interruptUnsafe() })
    }
  }
  const isInitialize = (id: RequestId | undefined) => id !== undefined && handshake.get(id) === "initialize"

  const exchange = (
    id: RequestId,
    body: string,
    more: Readonly<Record<string, string>> | undefined,
    silent: number,
    retries = 0
  ): http.Exchange => {
    const onFailure = (error: TransportError) => {
      const wait = handshake.has(id) ? retryAfter.wait(error, retries, connectBy - client.now()) : undefined
      if (wait === undefined) return answers.onFailure(id, error)
      const again = Effect.sync(() => {
        requests.set(id, exchange(id, body, more, silent, retries + 1))
      })
      answers.run(id, Effect.delay(again, wait))
    }
    return post(body, id, more, {
      read: (response) => {
        if (isInitialize(id)) setSession(http.header(response.headers, "mcp-session-id"))
        return answer.read(response, id, answers, silent)
      },
      onRefusal: (refusal) =>
        judge(refusal, (isLost) => {
          if (!requests.has(id)) return
          if (isLost) return answers.onFailure(id, refusal.expired)
          if (refusal.answer === undefined) return onFailure(refusal.error)
          answers.deliver(refusal.answer)
          answers.onDone(id)
        }),
      onFailure
    })
  }

  const notify = (body: string, onRefusal?: OnRefusal): Effect.Effect<void, TransportError> =>
    http.effect<void>((succeed, fail) =>
      post(body, undefined, undefined, {
        read: (response) => {
          if (!http.isEventStream(response)) return http.drained(response, succeed)
          succeed()
          return http.nothing(response)
        },
        onRefusal: (refusal) =>
          onRefusal === undefined
            ? judge(refusal, (isLost) => fail(isLost ? refusal.expired : refusal.error))
            : onRefusal(refusal, succeed, fail),
        onFailure: fail
      })
    ).pipe(sending.bounded)

  /** Some servers refuse this notification, or every one, and answer all else. */
  const begin = (body: string, retries = 0): Effect.Effect<void, TransportError> =>
    notify(body, (refusal, succeed, fail) => {
      const failed = (isLost: boolean) => fail(isLost ? refusal.expired : refusal.error)
      if (!sending.isTolerable(refusal.error)) return judge(refusal, failed)
      ask((sign) => {
        if (sign === "lost") expire(refusal.expired)
        if (sign === "lost" || sign === "refused") return failed(sign === "lost")
        warn(sending.refusedInitialized(refusal.error))
        succeed()
      })
    }).pipe(Effect.catch((error) => {
      const wait = retryAfter.wait(error, retries, connectBy - client.now())
      return wait === undefined ? Effect.fail(error) : Effect.delay(begin(body, retries + 1), wait)
    }))

  const listener = yield* Deferred.await(initialized).pipe(
    Effect.andThen(
      Effect.suspend(() =>
        listen.run(getOwn, {
          limit: client.limit,
          keepsDigits: client.keepsDigits,
          silence,
          deliver,
          warn,
          onMislabelled: mislabelled
        })
      )
    ),
    Effect.forkScoped
  )

  yield* Effect.addFinalizer(() => {
    stop()
    return FiberSet.awaitEmpty(others).pipe(Effect.interruptible, Effect.timeoutOption(sending.endTimeout))
  })
  /** Ends what is open, but for messages that are just being sent. */
  const stop = () => {
    listener.interruptUnsafe()
    life.stop()
    doubtful.clear()
    for (const request of requests.values()) request.abort()
    requests.clear()
  }

  const giveUp = (id: RequestId) => {
    const request = requests.get(id)
    if (request === undefined && !doubtful.delete(id)) return
    requests.delete(id)
    request?.abort()
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
  readonly onRefusal: (refusal: status.Refusal) => void
  readonly onFailure: (error: TransportError) => void
}

type OnRefusal = (refusal: status.Refusal, succeed: () => void, fail: (error: TransportError) => void) => void

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
