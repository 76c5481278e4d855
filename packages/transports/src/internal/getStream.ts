/** A GET that is to be answered with an event stream. */
import type { TransportError } from "@universal-mcp/core/McpTransport"
import type * as Effect from "effect/Effect"
import * as content from "./content.ts"
import * as events from "./events.ts"
import * as http from "./http.ts"
import * as requestHeaders from "./requestHeaders.ts"
import * as status from "./status.ts"

export interface Options {
  readonly headers: Readonly<Record<string, string>>
  readonly lastEventId: string | undefined
  /** How long the stream may be silent, in milliseconds. */
  readonly silence: number
  readonly onMislabelled: (response: http.Response, kind: content.Kind) => void
  /** Called when the answer is a stream. */
  readonly onOpen?: (() => void) | undefined
}

/** Ends with the stream. */
export const run = (
  client: http.Http,
  { headers, lastEventId, onMislabelled, onOpen, silence }: Options,
  read: events.Read
): Effect.Effect<void, TransportError> =>
  http.effect<void>((succeed, fail) => {
    const open = (response: http.Response) => {
      onOpen?.()
      return read(response, succeed, fail)
    }
    const exchange = client.exchange({
      method: "GET",
      url: client.url,
      headers: lastEventId === undefined ? headers : { ...headers, "last-event-id": requestHeaders.utf8(lastEventId) }
    }, {
      onResponse: (response) => {
        if (response.status < 200 || response.status > 299) {
          return status.read(
            client,
            response,
            { session: "none", authorized: client.authorized },
            ({ error }) => fail(error)
          )
        }
        if (http.isEventStream(response)) return open(response)
        return new content.ByContent((kind) => {
          if (kind === "events") {
            onMislabelled(response, kind)
            return open(response)
          }
          fail(http.notAnAnswer(`the server answered with ${http.contentType(response)} instead of an event stream`))
          return http.nothing(response)
        })
      },
      onFailure: fail
    })
    exchange.deadline(silence, () => {
      exchange.abort()
      fail(events.silent(silence))
    })
    return exchange
  })
