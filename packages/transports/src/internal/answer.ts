/** The answer to one request, from a JSON body or from an event stream that belongs to that request. */
import type { JSONRPCMessage, RequestId } from "@modelcontextprotocol/client"
import { Closed } from "@universal-mcp/core/McpError"
import { failRequest, TransportError } from "@universal-mcp/core/McpTransport"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as content from "./content.ts"
import * as events from "./events.ts"
import * as http from "./http.ts"
import * as lostSession from "./lostSession.ts"
import * as messages from "./messages.ts"
import * as oversized from "./oversized.ts"
import * as reconnect from "./reconnect.ts"
import * as status from "./status.ts"

/** What all answers of one connection share. */
export interface Shared {
  readonly limit: number
  readonly keepsDigits: boolean
  readonly warn: (description: string) => void
  /** Called where a body that declares events is JSON (`json`), or the other way round. */
  readonly onMislabelled: (response: http.Response, content: "json" | "events") => void
  /** Asked at an `endpoint` event: whether it shows that the server speaks HTTP+SSE, so that no answer will come. */
  readonly isOlder: (id: RequestId) => boolean
  /** Opens a stream that goes on after the event. */
  readonly open: events.Open
  /** Ends streams that have given their answer and stay open, the oldest first. */
  readonly lingering: Set<() => void>
}

/** What becomes of an answer. */
export interface Context extends Shared {
  readonly deliver: (message: JSONRPCMessage) => void
  /** Called with an error that answers the request and sounds as if the server did not know our session. */
  readonly onDoubt: (id: RequestId, answer: JSONRPCMessage, hasBegun: boolean) => void
  /** Called once: the exchange is over, and its request has had its answer. */
  readonly onDone: (id: RequestId) => void
  /** Called instead where it has had none. */
  readonly onFailure: (id: RequestId, error: TransportError) => void
  /** Runs what is to end with the request. */
  readonly run: (id: RequestId, resuming: Effect.Effect<void>) => void
}

/** Reads the answer from whatever the body is. A stream of events may be `silence` milliseconds silent. */
export const read = (response: http.Response, id: RequestId, context: Context, silence: number): http.Body =>
  http.isEventStream(response) ? fromEvents(response, id, context, silence) : new content.ByContent((kind) => {
    if (kind !== "events") {
      if (kind === "json" && !http.isJson(response)) context.onMislabelled(response, kind)
      return fromBody(response, id, context)
    }
    context.onMislabelled(response, kind)
    return fromEvents(response, id, context, silence)
  })

/** Delivers what the body holds; fails if the answer is not in it. */
const fromBody = (response: http.Response, id: RequestId, context: Context): http.Body => {
  const fail = (error: TransportError) => context.onFailure(id, error)
  return http.text(response, context.limit, (text) => {
    const received = messages.parse(text, context)
    if (received instanceof TransportError) return fail(received)
    if (deliverAll(received, id, context, false)) return context.onDone(id)
    const stray = received.find((message) => messages.isErrorForNone(message))
    if (stray !== undefined) {
      context.deliver(answerTo(id, stray))
      return context.onDone(id)
    }
    if (text.trim() === "") {
      return fail(http.notAnAnswer(`the server answered HTTP ${response.status} with nothing in it`))
    }
    if (received.some(messages.isAnswer)) {
      return fail(http.notAnAnswer(`the server answered under an id that was never used: ${text.slice(0, 200)}`))
    }
    if (received.length > 0) {
      return fail(
        http.notAnAnswer(
          `the server answered with something else: ${status.excerpt(text, received[0])}`,
          content.wrongUrl
        )
      )
    }
    fail(notJson(response, text))
  }, fail)
}

/** Reads the stream, and those that resume it, until the answer has come; each may be `silence` milliseconds silent. */
const fromEvents = (response: http.Response, id: RequestId, context: Context, silence: number): http.Body => {
  const cursor = new reconnect.Cursor("call")
  /** Whether a message came before the answer: the server was at work. */
  let hasBegun = false
  /** The last event that was to be a message and is not JSON. */
  let broken: string | undefined
  /** An error under no id may be about another message of ours: the true answer has its time to come. */
  let stray: JSONRPCMessage | undefined
  let isAnswered = false
  let current = response
  let endCurrent = () => {}
  const stop = () => {
    current.abort()
    endCurrent()
  }
  const fail = (error: TransportError) => {
    if (isAnswered) return
    isAnswered = true
    context.deliver(failRequest(id, error))
    stop()
  }
  const settleStray = () => {
    if (isAnswered || stray === undefined) return
    isAnswered = true
    context.deliver(answerTo(id, stray))
    stop()
  }
  const options: events.ReadOptions = {
    limit: context.limit,
    silence,
    // Heartbeats are no messages: they do not put off what a stray is waiting for.
    isDone: () => isAnswered || stray !== undefined,
    onJson: () => context.onMislabelled(current, "json"),
    onEvent: (event) => {
      if (event.event === "endpoint" && context.isOlder(id)) return fail(older)
      if (event.event !== undefined && event.event !== "message" || event.data.trim() === "") return
      const received = messages.parse(event.data, context)
      if (received instanceof TransportError) return context.warn(messages.leftOut(received))
      if (received.length === 0) {
        const text = status.excerpt(event.data)
        if (/^\s*[[{]/.test(event.data)) broken = text
        return context.warn(`the server sent an event that is not JSON: ${text}`)
      }
      cursor.onMessage(event.id)
      const isAnswer = deliverAll(received, id, context, hasBegun)
      hasBegun = true
      if (isAnswered) return
      if (!isAnswer) {
        const error = received.find((message) => messages.isErrorForNone(message))
        if (error !== undefined) {
          context.warn(`the server sent an error under no id: ${messages.errorText(error) ?? ""}`)
        }
        const isWaiting = stray !== undefined
        stray ??= error
        // Other messages show that the server is still at work; more such errors do not.
        if (stray !== undefined && !(isWaiting && error !== undefined)) current.deadline(quiet, settleStray)
        return
      }
      isAnswered = true
      context.lingering.add(stop)
      current.deadline(linger, stop)
      if (context.lingering.size <= mostLingering) return
      const [oldest] = context.lingering
      oldest?.()
    },
    onOversized: (data, complete) => {
      const isAnswer = oversized.answeredBy(data) !== undefined
      if (isAnswer) fail(http.tooLarge(context.limit))
      else if (complete) context.warn(`the server sent a notification of more than ${context.limit} bytes`)
      return isAnswer
    },
    onId: (lastEventId) => cursor.onId(lastEventId),
    onRetry: (milliseconds) => {
      cursor.retry = milliseconds
    }
  }
  const read: events.Read = (response, onEnd, onFailure) => {
    current = response
    endCurrent = onEnd
    return events.read(response, options, onEnd, onFailure)
  }

  const resume = () =>
    Effect.gen(function*() {
      let wait = cursor.ended()
      while (!isAnswered) {
        if (cursor.failures === reconnect.maxFailures) {
          return context.onFailure(id, cut(`, and resuming it failed ${cursor.failures} times`))
        }
        yield* Effect.sleep(wait)
        const ended = yield* Effect.result(context.open(cursor.lastEventId, read))
        const error = Result.isFailure(ended) ? ended.failure : undefined
        wait = cursor.ended(error)
        if (!isAnswered && error !== undefined && isFinal(error)) {
          return context.onFailure(id, cut(`, and cannot be resumed: ${error.message}`))
        }
      }
      context.onDone(id)
    })
  const goOn = (error?: TransportError) => {
    context.lingering.delete(stop)
    settleStray()
    if (isAnswered) context.onDone(id)
    else if (cursor.lastEventId === undefined) context.onFailure(id, error ?? unanswered(broken))
    else context.run(id, resume())
  }
  return read(response, goOn, goOn)
}

/** Whether the server said that it will not give the stream, now or later. */
export const isFinal = (error: TransportError): boolean => {
  const { reason, status } = error
  if (reason._tag === "InvalidResult") return true
  return status !== undefined && status >= 300 && status < 500 && status !== 408 && status !== 425 && status !== 429
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

/** How long a stream has to bring the true answer after an error under no id, in milliseconds. */
const quiet = 7000

/** How long a stream may stay open after its answer, in milliseconds: ending by itself saves the connection. */
const linger = 1000

/** More than are answered at once, as a rule. A server that leaves each of them open must not cost a socket a call. */
const mostLingering = 128

const notJson = (response: http.Response, text: string): TransportError =>
  http.notAnAnswer(
    `the server answered with ${http.contentType(response) || "something"} that is not JSON: ${status.excerpt(text)}`,
    content.wrongUrl
  )

const answerTo = (id: RequestId, message: JSONRPCMessage): JSONRPCMessage =>
  "error" in message ? { ...message, id } : message

/** Whether the answer was among them; an error under no id may be, and is left out. `hasBegun`: other messages came before. */
const deliverAll = (
  received: ReadonlyArray<JSONRPCMessage>,
  id: RequestId,
  { deliver, onDoubt }: Context,
  hasBegun: boolean
): boolean => {
  let answered = false
  for (const message of received) {
    const error = messages.errorText(message)
    const isDoubtful = error !== undefined && lostSession.isSaid(error)
    const mine = messages.answers(message, id) || isDoubtful && messages.isForNone(message)
    const answer = mine ? answerTo(id, message) : message
    if (mine && isDoubtful && !answered) onDoubt(id, answer, hasBegun || received.length > 1)
    else if (mine || !messages.isErrorForNone(message)) deliver(answer)
    answered ||= mine
  }
  return answered
}

/** The stream has ended. What was not JSON may have been the answer. */
const unanswered = (broken: string | undefined): TransportError =>
  broken === undefined
    ? cut("")
    : http.notAnAnswer(`the event stream ended without an answer, after an event that is not JSON: ${broken}`)

const older = http.notAnAnswer(
  "the server answered with the `endpoint` event of HTTP+SSE",
  "use the transport \"sse\""
)

const cut = (more: string): TransportError =>
  new TransportError({
    phase: "http",
    delivery: "unknown",
    reason: new Closed({ description: `the event stream ended before the answer came${more}`, stderr: [] })
  })
