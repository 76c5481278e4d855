/** The HTTP+SSE transport of revision 2024-11-05 over our HTTP. */
import type { JSONRPCMessage, RequestId } from "@modelcontextprotocol/client"
import * as HttpHeaders from "@universal-mcp/core/HttpHeaders"
import { Closed } from "@universal-mcp/core/McpError"
import { encode, failRequest, type McpTransport, TransportError } from "@universal-mcp/core/McpTransport"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberSet from "effect/FiberSet"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import * as answers from "./answers.ts"
import * as content from "./content.ts"
import * as events from "./events.ts"
import * as http from "./http.ts"
import * as messages from "./messages.ts"
import * as oversized from "./oversized.ts"
import { beginning, type OwnTransport } from "./ownTransport.ts"
import * as refusals from "./refusals.ts"
import * as retryAfter from "./retryAfter.ts"
import * as sending from "./sending.ts"
import * as signOfLife from "./signOfLife.ts"
import * as status from "./status.ts"

export interface Options extends Partial<Pick<http.Options, "url" | "headers">> {
  readonly sseReadTimeout?: Duration.Input
  readonly requestTimeout?: Duration.Input
}

/** Opens the stream and waits, for `timeout` milliseconds, until the server says where messages go. */
export const make = Effect.fnUntraced(function*(
  client: http.Http,
  timeout: number,
  options: Options
): Effect.fn.Return<McpTransport, TransportError, Scope.Scope> {
  const silence = options.sseReadTimeout === undefined
    ? Math.max(defaultSilence, Duration.toMillis(options.requestTimeout ?? 0))
    : Duration.toMillis(options.sseReadTimeout)
  /** The requests that may take longer than that, and how long: a server that is busy with one may not answer a ping. */
  const long = new Map<number, number>()
  let isClosed = false
  let headers: Readonly<Record<string, string>> = {}
  const connectBy = client.now() + timeout
  let isHandshake = true
  /** Where messages go, once the server has said it. */
  let url = client.url
  /** What came before anybody listened. */
  const early: Array<JSONRPCMessage> = []

  /** The requests whose messages are just being sent. */
  const requests = new Map<RequestId, Pick<http.Exchange, "abort">>()
  const others = yield* FiberSet.make<void, TransportError>()
  const runOther = yield* FiberSet.runtimePromise(others)()
  const run = yield* FiberSet.runtime(others)()
  const endpoint = yield* Deferred.make<URL, TransportError>()

  const deliver = (message: JSONRPCMessage) => {
    if (long.size > 0 && "id" in message && !("method" in message)) long.delete(Number(message.id))
    if (transport.onmessage === undefined) early.push(message)
    else if (!isPong(message)) transport.onmessage(message)
  }
  const warn = (description: string) => transport.onerror?.(new Error(description))

  const end = (error?: TransportError) => {
    if (isClosed) return
    isClosed = true
    transport.lost = error
    stopAsking()
    stop()
    transport.onclose?.()
  }

  const stop = () => {
    for (const request of requests.values()) request.abort()
    requests.clear()
  }

  const post = (
    body: string,
    id: RequestId | undefined,
    { onDone, onFailure, onRefusal }: refusals.Handler
  ): http.Exchange =>
    client.exchange({ method: "POST", url, headers, body }, {
      onResponse: (response) => {
        if (response.status >= 200 && response.status < 300) return refusals.accepted(response, onDone)
        const session = isHandshake ? "none" : "url"
        return status.read(client, response, { id, session, authorized: client.authorized }, onRefusal)
      },
      onFailure
    })

  const { ask, stop: stopAsking } = signOfLife.make(
    (_, body) =>
      Effect.catch(
        http.effect<signOfLife.Sign>((succeed, fail) =>
          post(body, undefined, {
            onDone: () => succeed("alive"),
            onRefusal: (refusal) => succeed(signOfLife.of(refusal)),
            onFailure: fail
          })
        ),
        () => Effect.succeed<signOfLife.Sign>("none")
      ),
    run
  )

  const answer = answers.make(warn)
  const { begin, judge, notify } = refusals.make({
    ask,
    // The stream may still be open.
    lose: (expired, settle) => {
      settle()
      end(expired)
    },
    post: (body, handler) => post(body, undefined, handler),
    timeLeft: () => connectBy - client.now(),
    warn
  })

  const request = (id: RequestId, body: string, retries = 0) => {
    const onFailure = (error: TransportError) => {
      if (!requests.delete(id)) return
      const wait = isHandshake ? retryAfter.wait(error, retries, connectBy - client.now()) : undefined
      if (wait === undefined) return deliver(failRequest(id, error))
      const fiber = run(Effect.delay(Effect.sync(() => request(id, body, retries + 1)), wait))
      requests.set(id, { abort: () => fiber.interruptUnsafe() })
    }
    const onRefusal = (refusal: status.Refusal) =>
      judge(refusal, (isLost) => {
        if (isLost) return onFailure(refusal.expired)
        if (refusal.answer === undefined) return onFailure(refusal.error)
        if (requests.delete(id)) deliver(refusal.answer)
      })
    requests.set(id, post(body, id, { onDone: () => requests.delete(id), onRefusal, onFailure }))
  }

  /** Makes a server speak that is just idle; what it answers is of no interest. */
  const ping = () => {
    if (Deferred.isDoneUnsafe(endpoint)) ask(() => {})
  }

  const transport: OwnTransport = {
    ...beginning,
    kind: "http",
    start: () => {
      if (isClosed) return Promise.reject(sending.tooLate(transport.lost))
      const warning = HttpHeaders.clearTextWarning(options)
      if (warning !== undefined) warn(warning)
      for (const message of early.splice(0)) deliver(message)
      return Promise.resolve()
    },
    send: (message, sendOptions) => {
      if (isClosed) return Promise.reject(sending.tooLate(transport.lost))
      const body = encode(message)
      if (Result.isFailure(body)) return Promise.reject(body.failure)
      if (sending.isRequest(message)) {
        const time = options.sseReadTimeout === undefined ? sendOptions?.timeout : undefined
        if (time !== undefined && time > silence) long.set(Number(message.id), time)
        request(message.id, body.success)
        return sending.sent
      }
      const method = "method" in message ? message.method : undefined
      if (method === "notifications/initialized") return runOther(begin(body.success))
      if (method === undefined) return answer(message, () => runOther(notify(body.success)))
      if (method !== "notifications/cancelled") return runOther(notify(body.success))
      const id = sending.cancelledId(message)
      requests.get(id)?.abort()
      requests.delete(id)
      long.delete(Number(id))
      run(Effect.ignore(notify(body.success)))
      return sending.sent
    },
    close: () => {
      end()
      return Promise.resolve()
    },
    setProtocolVersion: (version) => {
      isHandshake = false
      headers = { "mcp-protocol-version": version }
    }
  }

  let opened = false
  /** The session ends with its stream, unless it has not even begun. */
  const fail = (error: TransportError) => {
    if (!Deferred.doneUnsafe(endpoint, Effect.fail(error))) end(error)
  }
  const mislabelled = content.mislabelled(warn)
  const reading = (response: http.Response): events.ReadOptions => ({
    limit: client.limit,
    silence,
    grace: () => [...long.values()].reduce((most, time) => Math.max(most, time), 0) - silence,
    onJson: () => mislabelled(response, "json"),
    onQuiet: ping,
    onEvent: (event) => {
      if (event.event === "endpoint") {
        Deferred.doneUnsafe(endpoint, resolveEndpoint(event.data, response.url))
        return
      }
      if (event.event !== undefined && event.event !== "message" || event.data.trim() === "") return
      const received = messages.parse(event.data, client)
      if (received instanceof TransportError) return warn(messages.leftOut(received))
      received.forEach(deliver)
      if (received.length > 0) return
      const description = `the server sent an event that is not JSON: ${status.excerpt(event.data)}`
      if (/^\s*[[{]/.test(event.data)) deliver(failRequest(null, http.notAnAnswer(description)))
      else warn(description)
    },
    onOversized: (data, complete) => {
      const id = oversized.answeredBy(data)
      if (id === undefined) {
        if (complete) warn(`the server sent a notification of more than ${client.limit} bytes`)
        return false
      }
      if (id === null && !complete) return false
      deliver(failRequest(id, http.tooLarge(client.limit)))
      return true
    }
  })
  const open = (retries = 0): Pick<http.Exchange, "abort"> => {
    let current: Pick<http.Exchange, "abort"> = client.exchange({
      method: "GET",
      url: client.url,
      headers: { accept: "text/event-stream" }
    }, {
      onResponse: (response) => {
        if (response.status < 200 || response.status > 299) {
          return status.read(client, response, { session: "none", authorized: client.authorized }, ({ error }) => {
            const wait = retryAfter.wait(error, retries, connectBy - client.now())
            if (wait === undefined) return fail(error)
            const fiber = run(Effect.delay(
              Effect.sync(() => {
                current = open(retries + 1)
              }),
              wait
            ))
            current = { abort: () => fiber.interruptUnsafe() }
          })
        }
        const read = () => {
          opened = true
          return events.read(response, reading(response), () => fail(ended), fail)
        }
        if (http.isEventStream(response)) return read()
        return new content.ByContent((kind) => {
          if (kind === "events") {
            mislabelled(response, kind)
            return read()
          }
          return http.beginning(response, (text) => {
            const kind = http.contentType(response) || "something"
            const said = status.excerpt(text, messages.parseBeginning(text)[0])
            fail(http.notAnAnswer(`the server answered with ${kind} instead of an event stream: ${said}`, wrongUrl))
          })
        })
      },
      onFailure: fail
    })
    return { abort: () => current.abort() }
  }
  yield* Effect.acquireRelease(
    Effect.sync(() => open()),
    (stream) =>
      Effect.sync(() => {
        stopAsking()
        stop()
        stream.abort()
      })
  )
  yield* Effect.addFinalizer(() =>
    FiberSet.awaitEmpty(others).pipe(Effect.interruptible, Effect.timeoutOption(sending.endTimeout))
  )

  url = yield* Deferred.await(endpoint).pipe(
    Effect.timeoutOrElse({ duration: timeout, orElse: () => Effect.fail(noEndpoint(timeout, opened)) })
  )

  return transport
})

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

/** In milliseconds. */
const defaultSilence = 300_000

const isPong = (message: unknown): boolean => messages.isAnswer(message) && signOfLife.isAnswerTo(message["id"])

const wrongUrl = "check the URL (HTTP+SSE servers often listen on /sse), or use the transport \"streamable-http\""

const streamFailure = (description: string, hint?: string): TransportError =>
  new TransportError({
    phase: "http",
    delivery: "unknown",
    reason: new Closed({ description, stderr: [] }),
    ...(hint === undefined ? {} : { hint })
  })

const ended = streamFailure("the server ended the event stream")

const noEndpoint = (milliseconds: number, opened: boolean): TransportError =>
  streamFailure(
    opened
      ? `the server opened an event stream but announced no endpoint within ${Math.ceil(milliseconds)} ms`
      : `no answer within ${Math.ceil(milliseconds)} ms`,
    wrongUrl
  )

/** Messages carry our credentials, so they go nowhere else. */
const resolveEndpoint = (text: string, stream: URL): Exit.Exit<URL, TransportError> => {
  const target = URL.parse(text.trim(), stream)
  if (target === null) {
    return Exit.fail(streamFailure(`the server announced an endpoint that is no URL: ${text.slice(0, 200)}`))
  }
  return target.origin === stream.origin
    ? Exit.succeed(target)
    : Exit.fail(
      streamFailure(`the server announced an endpoint on another origin, ${target.origin}, which is not used`)
    )
}
