/** What comes over a connection by itself, from before the handshake on. */
import type { JSONRPCRequest } from "@modelcontextprotocol/client"
import * as Deferred from "effect/Deferred"
import * as Exit from "effect/Exit"
import type { Notification } from "../McpSession.ts"
import type { TransportError } from "../McpTransport.ts"
import type { Era } from "../NegotiationCache.ts"
import type { Audience } from "./audience.ts"
import { excerpt } from "./json.ts"
import type * as JsonRpc from "./jsonRpc.ts"
import type { Calls, ServerRequests } from "./serverRequests.ts"
import type { Waiting } from "./waiting.ts"

export class Incoming implements JsonRpc.Listener {
  readonly serverRequests: ServerRequests
  readonly ended = Deferred.makeUnsafe<TransportError | undefined>()
  /** Once it is known. */
  era: Era | undefined
  lost: TransportError | undefined
  onEnded: ((lost: TransportError | undefined) => void) | undefined
  readonly #audience: Audience
  readonly #waiting: Waiting
  #hasWarned = false

  constructor(audience: Audience, serverRequests: ServerRequests, waiting: Waiting) {
    this.#audience = audience
    this.#waiting = waiting
    this.serverRequests = serverRequests
  }

  onNotification(notification: Notification): void {
    const { method, params } = notification
    if (method === "notifications/cancelled") this.serverRequests.cancel(params?.["requestId"])
    this.#audience.publish(notification)
  }

  onRequest(request: JSONRPCRequest, respond: (outcome: JsonRpc.Outcome) => void, calls: Calls): void {
    if (this.era === "modern") {
      if (this.#hasWarned) return
      this.#hasWarned = true
      const method = excerpt(request.method)
      return this.onWarning(`the server sent the request ${method}, which its protocol revision does not have`)
    }
    // Servers may ask for a sign of life before they say who they are.
    return request.method === "ping" ? respond({ result: {} }) : this.serverRequests.receive(request, respond, calls)
  }

  onWarning(description: string): void {
    this.#audience.warn(description)
  }

  onClose(lost: TransportError | undefined): void {
    this.lost = lost
    this.onEnded?.(lost)
    Deferred.doneUnsafe(this.ended, Exit.succeed(lost))
  }

  after(milliseconds: number, act: () => void): void {
    this.#waiting.add(this.#waiting.deadline(milliseconds), act)
  }
}
