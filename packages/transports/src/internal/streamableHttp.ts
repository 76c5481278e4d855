/** The Streamable HTTP transport over our HTTP. */
import type { JSONRPCRequest } from "@modelcontextprotocol/client"
import * as HttpHeaders from "@universal-mcp/core/HttpHeaders"
import { encode, type McpTransport, type SendOptions, type TransportError } from "@universal-mcp/core/McpTransport"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import type * as answer from "./answer.ts"
import * as answers from "./answers.ts"
import * as content from "./content.ts"
import * as doubt from "./doubt.ts"
import * as getStream from "./getStream.ts"
import * as http from "./http.ts"
import * as httpPost from "./httpPost.ts"
import * as httpRequests from "./httpRequests.ts"
import { HttpSession } from "./httpSession.ts"
import * as listen from "./listen.ts"
import * as ownStream from "./ownStream.ts"
import { beginning, type OwnTransport } from "./ownTransport.ts"
import * as refusals from "./refusals.ts"
import * as sending from "./sending.ts"

export interface Options extends Partial<Pick<http.Options, "url" | "headers">> {
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
  const connectBy = client.now() + Duration.toMillis(options.timeout ?? "30 seconds")
  const timeLeft = () => connectBy - client.now()

  const transport: OwnTransport = {
    ...beginning,
    kind: "http",
    hasPerRequestStream: true,
    start: async () => {
      const warning = HttpHeaders.clearTextWarning(options)
      if (warning !== undefined) transport.onerror?.(new Error(warning))
    },
    send: (message, sendOptions) => {
      if (session.isOver) return Promise.reject(sending.tooLate(session.lost))
      const body = encode(message)
      if (Result.isFailure(body)) return Promise.reject(body.failure)
      if (sending.isRequest(message)) {
        request(message, body.success, sendOptions)
        return sending.sent
      }
      const method = "method" in message ? message.method : undefined
      if (method === "notifications/initialized") {
        return runOther(Effect.andThen(begin(body.success), Effect.asVoid(Deferred.succeed(initialized, undefined))))
      }
      if (method === undefined) return answer(message, () => runOther(notify(body.success)))
      if (method !== "notifications/cancelled") return runOther(notify(body.success))
      session.cancel(sending.cancelledId(message))
      run(Effect.ignore(notify(body.success)))
      return sending.sent
    },
    abandon: (id) => session.cancel(id),
    close: () => {
      stop()
      session.end()
      return Promise.resolve()
    },
    setProtocolVersion: (version) => session.setProtocolVersion(version)
  }
  const session = new HttpSession(transport)

  // Runs last: what is open ends first.
  yield* Effect.addFinalizer(() => session.hasId ? deleted(client, session) : Effect.void)
  const others = yield* FiberSet.make<void, TransportError>()
  const runOther = yield* FiberSet.runtimePromise(others)()
  const run = yield* FiberSet.runtime(others)()
  const initialized = yield* Deferred.make<void>()

  const warn = (description: string) => session.warn(description)
  const onMislabelled = content.mislabelled(warn)
  const get: ownStream.Get = (lastEventId, read, onOpen) =>
    getStream.run(client, { headers: session.headers.get, lastEventId, silence, onMislabelled, onOpen }, read)
  const shared: answer.Shared = {
    limit: client.limit,
    keepsDigits: client.keepsDigits,
    warn,
    onMislabelled,
    isOlder: (id) => {
      const isOlder = session.isHandshake(id)
      if (isOlder) options.onOlder?.()
      return isOlder
    },
    lingering: new Set(),
    open: get
  }

  const { ask, stop: stopAsking } = doubt.make({ client, session, shared, silence, run })
  const answer = answers.make(warn)
  const { begin, judge, notify } = refusals.make({
    ask,
    lose: (expired, settle) => {
      session.lose(expired)
      settle()
    },
    post: (body, { onDone, ...handler }) =>
      httpPost.send(client, session, { body }, {
        ...handler,
        read: (response) => refusals.accepted(response, onDone)
      }),
    timeLeft,
    warn
  })

  /** How long the stream of a request may be silent; by default the time of the request is all that counts. */
  const ownSilence = options.sseReadTimeout === undefined ? Number.POSITIVE_INFINITY : silence
  const send = httpRequests.make({ ask, client, judge, run, session, shared, timeLeft })
  const request = ({ id, method }: JSONRPCRequest, body: string, options: SendOptions | undefined) => {
    options?.requestSignal?.addEventListener("abort", () => session.cancel(id), { once: true })
    session.expect(id, method)
    send({
      id,
      body,
      headers: options?.headers,
      silence: method === "subscriptions/listen" ? silence : Math.max(ownSilence, options?.timeout ?? 0)
    })
  }

  const listener = yield* Deferred.await(initialized).pipe(
    Effect.andThen(
      Effect.suspend(() =>
        listen.run(ownStream.make(get, session, ask), {
          ...shared,
          silence,
          deliver: (message) => session.deliver(message)
        })
      )
    ),
    Effect.forkScoped
  )
  session.onLost = () => listener.interruptUnsafe()

  yield* Effect.addFinalizer(() => {
    stop()
    return FiberSet.awaitEmpty(others).pipe(Effect.interruptible, Effect.timeoutOption(sending.endTimeout))
  })
  /** Ends what is open, but for messages that are just being sent. */
  const stop = () => {
    listener.interruptUnsafe()
    stopAsking()
    session.stop()
  }

  return transport
})

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

const deleted = (client: http.Http, session: HttpSession): Effect.Effect<void> =>
  http.effect<void>((succeed, fail) =>
    client.exchange({ method: "DELETE", url: client.url, headers: session.headers.delete }, {
      onResponse: (response) => http.drained(response, succeed),
      onFailure: fail
    })
  ).pipe(Effect.interruptible, Effect.timeoutOption(sending.endTimeout), Effect.ignore)
