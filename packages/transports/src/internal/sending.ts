/** What both HTTP transports do with the messages that they send. */
import type { JSONRPCMessage, JSONRPCRequest, RequestId } from "@modelcontextprotocol/client"
import { Closed, Timeout } from "@universal-mcp/core/McpError"
import { TransportError } from "@universal-mcp/core/McpTransport"
import * as Effect from "effect/Effect"

/** How long closing may take for what is still to be sent, and again for deleting the session. */
export const endTimeout = "1 second"

/** For requests: what becomes of them is told by messages. */
export const sent = Promise.resolve()

/** For messages that come after the connection has ended, and why it has. */
export const tooLate = (lost: TransportError | undefined): TransportError =>
  new TransportError({
    phase: lost?.phase ?? "connect",
    delivery: "not-sent",
    reason: lost?.reason ?? new Closed({ description: "the connection is closed", stderr: [] }),
    ...(lost?.hint === undefined ? {} : { hint: lost.hint })
  })

export const isRequest = (message: JSONRPCMessage): message is JSONRPCRequest => "method" in message && "id" in message

/** The request that `notifications/cancelled` names. */
export const cancelledId = (message: JSONRPCMessage): RequestId => {
  const id = "params" in message ? message.params?.["requestId"] : undefined
  return typeof id === "number" ? id : String(id)
}

/** Whether a server that refuses `notifications/initialized` like this may be fine otherwise. */
export const isTolerable = ({ status }: TransportError): boolean => status !== undefined && tolerable.includes(status)

export const refusedInitialized = ({ message }: TransportError): string =>
  `the server refused notifications/initialized: ${message}`

/** Nobody waits for a notification, so it must not wait for ever. */
export const bounded = <R>(notify: Effect.Effect<void, TransportError, R>): Effect.Effect<void, TransportError, R> =>
  Effect.timeoutOrElse(notify, { duration: notifyTimeout, orElse: () => Effect.fail(unanswered) })

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

/** How long the server may take to accept a notification or an answer of ours, in milliseconds. */
const notifyTimeout = 30_000

const tolerable: ReadonlyArray<number> = [400, 404, 405, 501]

const unanswered = new TransportError({
  phase: "http",
  delivery: "unknown",
  reason: new Timeout({ milliseconds: notifyTimeout })
})
