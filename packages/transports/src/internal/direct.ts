/**
 * HTTP on undici's dispatcher itself: no fiber, no stream and no promise for an exchange. Only for the `HttpClient` that
 * our platform made, on that same dispatcher: a client of the user's own may add what must not be missing.
 */
import type { Dispatcher } from "@effect/platform-node/Undici"
import type * as Effect from "effect/Effect"
import type { HttpClient } from "effect/http/HttpClient"
import * as networkFailure from "./networkFailure.ts"
import type { Receiver, Wire } from "./wire.ts"

/** How each `HttpClient` of ours is passed by. */
export const wires = new WeakMap<HttpClient, Effect.Effect<Wire>>()

export const make = (
  dispatcher: Dispatcher,
  options: Partial<Omit<Dispatcher.DispatchOptions, "origin" | "path" | "method" | "headers" | "body">>
): Wire => {
  let latest: URL | undefined
  let origin = ""
  let path = ""
  return ({ body, headers, method, url }, receiver) => {
    // To take them out of a URL costs more than all the rest here.
    if (url !== latest) {
      latest = url
      origin = url.origin
      path = url.pathname + url.search
    }
    const exchange = new Exchange(receiver, url.host)
    const sent = { ...options, origin, path, method, headers, body, headersTimeout, bodyTimeout: 0 }
    dispatcher.dispatch(sent, exchange)
    exchange.isDispatched = true
    return () => exchange.abort()
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

/** As in Effect's client on undici, in milliseconds. */
const headersTimeout = 60 * 60 * 1000

const givenUp = new Error("the exchange was given up")

class Exchange implements Dispatcher.DispatchHandler {
  readonly receiver: Receiver
  readonly host: string
  isDispatched = false
  isOver = false
  hasBegun = false
  controller: Dispatcher.DispatchController | undefined

  constructor(receiver: Receiver, host: string) {
    this.receiver = receiver
    this.host = host
  }

  abort() {
    if (this.isOver) return
    this.isOver = true
    this.controller?.abort(givenUp)
  }

  onRequestStart(controller: Dispatcher.DispatchController) {
    this.controller = controller
    // Given up while it waited for a connection.
    if (this.isOver) controller.abort(givenUp)
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: Parameters<Receiver["onHead"]>[1]) {
    if (this.isOver || status < 200) return
    this.hasBegun = true
    this.receiver.onHead(status, headers)
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Uint8Array) {
    // Resumed before more has come, undici gives nothing; to pause for that would go on for ever.
    if (this.isOver || chunk.length === 0) return
    const ready = this.receiver.onData(chunk)
    if (ready === undefined) return
    controller.pause()
    void ready.then(() => controller.resume())
  }

  onResponseEnd() {
    if (this.isOver) return
    this.isOver = true
    this.receiver.onEnd()
  }

  onResponseError(_: Dispatcher.DispatchController | null, cause: unknown) {
    if (this.isOver) return
    if (!this.isDispatched) return queueMicrotask(() => this.onResponseError(null, cause))
    this.isOver = true
    this.receiver.onFailure(
      this.hasBegun ? networkFailure.ofBody(cause) : networkFailure.ofRequest(cause, this.host)
    )
  }
}
