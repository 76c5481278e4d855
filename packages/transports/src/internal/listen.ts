/** The stream on which a server sends by itself, opened again for as long as that leads to something. */
import type { JSONRPCMessage } from "@modelcontextprotocol/client"
import { TransportError } from "@universal-mcp/core/McpTransport"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { isFinal } from "./answer.ts"
import * as events from "./events.ts"
import type * as http from "./http.ts"
import * as messages from "./messages.ts"
import * as reconnect from "./reconnect.ts"

export interface Context {
  readonly limit: number
  readonly keepsDigits: boolean
  readonly silence: number
  readonly deliver: (message: JSONRPCMessage) => void
  readonly warn: (description: string) => void
  /** Called where the stream is JSON, whatever it declares. */
  readonly onMislabelled: (response: http.Response, kind: "json") => void
}

/** Never fails: a server need not offer such a stream. */
export const run = Effect.fnUntraced(function*(
  open: events.Open,
  { deliver, keepsDigits, limit, onMislabelled, silence, warn }: Context
) {
  const cursor = new reconnect.Cursor("notifications")
  const options: events.ReadOptions = {
    limit,
    silence,
    onEvent: (event) => {
      if (event.event !== undefined && event.event !== "message" || event.data.trim() === "") return
      cursor.onMessage(event.id)
      const received = messages.parse(event.data, { keepsDigits })
      if (received instanceof TransportError) return warn(messages.leftOut(received))
      if (received.length === 0) warn(`the server sent an event that is not JSON: ${event.data.slice(0, 200)}`)
      received.forEach(deliver)
    },
    onOversized: (_, complete) => {
      if (complete) warn(`the server sent an event of more than ${limit} bytes`)
      return false
    },
    onId: (id) => cursor.onId(id),
    onRetry: (milliseconds) => {
      cursor.retry = milliseconds
    }
  }

  let isJson = false
  const read: events.Read = (response, onEnd, onFailure) => {
    const onJson = () => {
      isJson = true
      onMislabelled(response, "json")
    }
    return events.read(response, { ...options, onJson }, onEnd, onFailure)
  }

  while (cursor.failures < reconnect.maxFailures) {
    const [lived, ended] = yield* Effect.timed(Effect.result(open(cursor.lastEventId, read)))
    // One document is not a stream: what is in it has been delivered, and there will be no other.
    if (isJson) return
    const error = Result.isFailure(ended) ? ended.failure : undefined
    if (error !== undefined && isFinal(error)) {
      if (!isNotOffered(error.status)) warn(`the server gives no stream of notifications: ${error.message}`)
      return
    }
    yield* Effect.sleep(cursor.ended(error, Duration.toMillis(lived) >= livedEnough))
  }
  warn(`the server's stream of notifications could not be opened in ${reconnect.maxFailures} attempts`)
})

/** A stream that stayed open for so long was no failure, even if nothing came, in milliseconds. */
const livedEnough = 5000

/** The specification wants 405; servers that only know POST answer 404. */
const isNotOffered = (status: number | undefined): boolean => status === 405 || status === 404
