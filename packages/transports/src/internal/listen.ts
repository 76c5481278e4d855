/** The stream on which a server sends by itself, opened again for as long as that leads to something. */
import type { JSONRPCMessage } from "@modelcontextprotocol/client"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { isFinal } from "./answer.ts"
import * as events from "./events.ts"
import * as messages from "./messages.ts"
import * as reconnect from "./reconnect.ts"

export interface Context {
  readonly limit: number
  readonly silence: number
  readonly deliver: (message: JSONRPCMessage) => void
  readonly warn: (description: string) => void
}

/** Never fails: a server need not offer such a stream. */
export const run = Effect.fnUntraced(function*(
  open: events.Open,
  { deliver, limit, silence, warn }: Context
) {
  const cursor = reconnect.cursor()
  const options: events.ReadOptions = {
    limit,
    silence,
    onEvent: (event) => {
      cursor.events++
      if (event.event !== undefined && event.event !== "message" || event.data.trim() === "") return
      const received = messages.parse(event.data)
      if (received.length === 0) warn(`the server sent an event that is not JSON: ${event.data.slice(0, 200)}`)
      received.forEach(deliver)
    },
    onOversized: (_, complete) => {
      if (complete) warn(`the server sent an event of more than ${limit} bytes`)
      return false
    },
    onId: (id) => {
      cursor.events++
      cursor.lastEventId = id
    },
    onRetry: (milliseconds) => {
      cursor.retry = milliseconds
    }
  }

  const read: events.Read = (response, onEnd, onFailure) => events.read(response, options, onEnd, onFailure)

  for (let failures = 0; failures < reconnect.maxFailures;) {
    const before = cursor.events
    const opened = yield* Clock.currentTimeMillis
    const ended = yield* Effect.result(open(cursor.lastEventId, read))
    if (Result.isFailure(ended) && isFinal(ended.failure)) {
      if (ended.failure.status !== 405) warn(`the server gives no stream of notifications: ${ended.failure.message}`)
      return
    }
    const lived = (yield* Clock.currentTimeMillis) - opened
    failures = cursor.events > before || lived >= livedEnough ? 0 : failures + 1
    yield* Effect.sleep(reconnect.delay(cursor.retry, Math.max(0, failures - 1)))
  }
  warn(`the server's stream of notifications was given up after ${reconnect.maxFailures} attempts`)
})

/** A stream that stayed open for so long was no failure, even if nothing came, in milliseconds. */
const livedEnough = 5000
