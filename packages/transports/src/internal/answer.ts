/** The answer to one request, from a JSON body or from an event stream that belongs to that request. */
import type { JSONRPCMessage, RequestId } from "@modelcontextprotocol/client"
import { Closed } from "@universal-mcp/core/McpError"
import { failRequest, TransportError } from "@universal-mcp/core/McpTransport"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as events from "./events.ts"
import * as http from "./http.ts"
import * as messages from "./messages.ts"
import * as oversized from "./oversized.ts"
import * as reconnect from "./reconnect.ts"
import * as status from "./status.ts"

export interface Context {
  readonly id: RequestId
  readonly limit: number
  /** How long the stream may be silent, in milliseconds. */
  readonly silence: number
  readonly deliver: (message: JSONRPCMessage) => void
  readonly warn: (description: string) => void
  /** Opens a stream that goes on after the event. */
  readonly resume: (lastEventId: string, options: events.ReadOptions) => Effect.Effect<void, TransportError>
}

/** Delivers what the body holds; fails if the answer is not in it. */
export const fromBody = (response: http.Response, context: Context): Effect.Effect<void, TransportError> =>
  Effect.flatMap(http.text(response, context.limit), (text) => {
    if (text.trim() === "") {
      return Effect.fail(http.notAnAnswer(`the server answered HTTP ${response.status} with nothing in it`))
    }
    const received = messages.parse(text)
    const answered = deliverAll(received, context)
    if (answered) return Effect.void
    if (received.length > 0 && received.every(messages.isRecord)) {
      return Effect.fail(http.notAnAnswer(`the server answered with something else: ${status.excerpt(text)}`, wrongUrl))
    }
    return Effect.fail(notJson(response, text))
  })

/** Reads the stream, and those that resume it, until the answer has come. */
export const fromEvents = Effect.fnUntraced(function*(
  response: http.Response,
  context: Context
): Effect.fn.Return<void, TransportError> {
  const cursor = reconnect.cursor()
  const done = Deferred.makeUnsafe<number>()
  const finish = (linger: number) => {
    Deferred.doneUnsafe(done, Effect.succeed(linger))
  }
  const fail = (error: TransportError) => {
    if (Deferred.isDoneUnsafe(done)) return
    finish(0)
    context.deliver(failRequest(context.id, error))
  }
  const options: events.ReadOptions = {
    limit: context.limit,
    silence: context.silence,
    done,
    onEvent: (event) => {
      cursor.events++
      if (event.event !== undefined && event.event !== "message" || event.data.trim() === "") return
      const received = messages.parse(event.data)
      if (received.length === 0) {
        const text = status.excerpt(event.data)
        if (/^\s*[[{]/.test(event.data)) {
          return fail(http.notAnAnswer(`the server sent an event that is not JSON: ${text}`))
        }
        return context.warn(`the server sent an event that is not JSON: ${text}`)
      }
      if (deliverAll(received, context)) finish(linger)
    },
    onOversized: (data, complete) => {
      const isAnswer = oversized.answeredBy(data) !== undefined
      if (isAnswer) fail(http.tooLarge(context.limit))
      else if (complete) context.warn(`the server sent a notification of more than ${context.limit} bytes`)
      return isAnswer
    },
    onId: (id) => {
      cursor.events++
      cursor.lastEventId = id
    },
    onRetry: (milliseconds) => {
      cursor.retry = milliseconds
    }
  }

  let ended = yield* Effect.result(events.read(response, options))
  for (let failures = 0; !Deferred.isDoneUnsafe(done);) {
    if (cursor.lastEventId === undefined) return yield* Result.isFailure(ended) ? ended.failure : cut("")
    if (failures === reconnect.maxFailures) return yield* cut(`, and resuming it failed ${failures} times`)
    yield* Effect.sleep(reconnect.delay(cursor.retry, failures))
    const before = cursor.events
    ended = yield* Effect.result(context.resume(cursor.lastEventId, options))
    failures = cursor.events > before ? 0 : failures + 1
    if (Result.isFailure(ended) && isFinal(ended.failure)) {
      return yield* cut(`, and cannot be resumed: ${ended.failure.message}`)
    }
  }
})

/** Whether the server said that it will not give the stream, now or later. */
export const isFinal = (error: TransportError): boolean => {
  const { reason, status } = error
  if (reason._tag === "InvalidResult") return true
  return status !== undefined && status >= 300 && status < 500 && status !== 408 && status !== 425 && status !== 429
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

/** How long a stream may stay open after its answer, in milliseconds: ending by itself saves the connection. */
const linger = 1000

const wrongUrl = "check that the URL is that of an MCP endpoint, and not of a web page or a login"

const notJson = (response: http.Response, text: string): TransportError =>
  http.notAnAnswer(
    `the server answered with ${http.contentType(response) || "something"} that is not JSON: ${status.excerpt(text)}`,
    wrongUrl
  )

/** Whether the answer was among them. */
const deliverAll = (received: ReadonlyArray<JSONRPCMessage>, { deliver, id }: Context): boolean => {
  let answered = false
  for (const message of received) {
    const mine = messages.answers(message, id) || messages.isErrorForNone(message)
    deliver(mine && "error" in message ? { ...message, id } : message)
    answered ||= mine
  }
  return answered
}

const cut = (more: string): TransportError =>
  new TransportError({
    phase: "http",
    delivery: "unknown",
    reason: new Closed({ description: `the event stream ended before the answer came${more}`, stderr: [] })
  })
