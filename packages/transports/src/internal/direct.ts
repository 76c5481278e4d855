/**
 * HTTP on undici's dispatcher itself: no fiber, no stream and no promise for an exchange. Only for the `HttpClient` that
 * our platform made, on that same dispatcher: a client of the user's own may add what must not be missing.
 */
import type * as Effect from "effect/Effect"
import type { HttpClient } from "effect/http/HttpClient"
import * as networkFailure from "./networkFailure.ts"
import type * as tls from "./tls.ts"
import type { Headers, Receiver, Wire, WireRequest } from "./wire.ts"

/** What is used of undici's. */
export interface Dispatcher {
  dispatch(
    options: Omit<WireRequest, "url"> & {
      readonly origin: string
      readonly path: string
      readonly headersTimeout: number
      readonly bodyTimeout: number
      /** Whether the connection is not to be used again. */
      readonly reset?: boolean
    },
    handler: Handler
  ): boolean
  on(event: "connect", listener: (origin: URL, targets: ReadonlyArray<object>) => void): unknown
  on(event: "disconnect", listener: (origin: URL, targets: ReadonlyArray<object>, error: Error) => void): unknown
}

/** How each `HttpClient` of ours is passed by. */
export const wires = new WeakMap<HttpClient, {
  /** A patient one waits for a connection for as long as that takes. */
  readonly wire: (isPatient: boolean) => Effect.Effect<Wire>
  readonly secure: tls.Secure
}>()

/**
 * Which origins hang up as soon as they have answered, without having said so. A request that meets the end of such a
 * connection is lost, and nobody knows whether it was carried out.
 *
 * `now` is in milliseconds.
 */
export const hangUps = (dispatcher: Dispatcher, now: () => number): (origin: string) => boolean => {
  const connected = new WeakMap<object, number>()
  const until = new Map<string, number>()
  dispatcher.on("connect", (_, targets) => {
    const client = targets.at(-1)
    if (client !== undefined) connected.set(client, now())
  })
  dispatcher.on("disconnect", (origin, targets, error) => {
    const since = connected.get(targets.at(-1) ?? targets)
    const byThem = "code" in error && error.code === "UND_ERR_SOCKET"
    if (byThem && since !== undefined && now() - since < shortLife) until.set(origin.origin, now() + remembered)
  })
  return (origin) => until.size > 0 && (until.get(origin) ?? 0) > now()
}

/**
 * `options` are what the user wants of every request. `soon` calls a function after the events that are there have been
 * dealt with: only then does undici use a connection again.
 */
export const make = (
  dispatcher: Dispatcher,
  options: object,
  soon: (freed: () => void) => void,
  hangsUp: (origin: string) => boolean
): Wire => {
  let latest: URL | undefined
  let origin = ""
  let path = ""
  /** How many connections will be free soon. */
  let freeing = 0
  const waiting: Array<() => void> = []
  const freed = () => {
    freeing--
    if (waiting.length === 0) return
    const sends = waiting.splice(0, freeing === 0 ? waiting.length : 1)
    for (const send of sends) send()
  }
  const onFree = () => {
    freeing++
    // After undici has asked for the same.
    queueMicrotask(() => soon(freed))
  }

  return ({ body, headers, method, url }, receiver) => {
    // To take them out of a URL costs more than all the rest here.
    if (url !== latest) {
      latest = url
      origin = url.origin
      path = url.pathname + url.search
    }
    const exchange = new Exchange(receiver, url, onFree)
    const wanted = { ...options, origin, path, method, headers, body, headersTimeout: 0, bodyTimeout: 0 }
    const sent = hangsUp(origin) ? { ...wanted, reset: true } : wanted
    // Sent at once, it would have a new connection made.
    if (freeing > 0) waiting.push(() => exchange.dispatch(dispatcher, sent))
    else exchange.dispatch(dispatcher, sent)
    exchange.isTold = true
    return () => exchange.abort()
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

interface Controller {
  abort(reason: Error): void
  pause(): void
  resume(): void
}

interface Handler {
  onRequestStart(controller: Controller): void
  onResponseStart(controller: Controller, status: number, headers: Headers): void
  onResponseData(controller: Controller, chunk: Uint8Array): void
  onResponseEnd(): void
  onResponseError(controller: Controller | null, cause: unknown): void
}

/** How long a connection has lived whose server hangs up, in milliseconds: less than any that waits for another request. */
const shortLife = 1000

/** How long each request then has a connection of its own, in milliseconds. */
const remembered = 60_000

const givenUp = new Error("the exchange was given up")

class Exchange implements Handler {
  readonly receiver: Receiver
  readonly url: URL
  readonly onFree: () => void
  /** Whether failures may be told at once. */
  isTold = false
  isOver = false
  hasBegun = false
  controller: Controller | undefined

  constructor(receiver: Receiver, url: URL, onFree: () => void) {
    this.receiver = receiver
    this.url = url
    this.onFree = onFree
  }

  dispatch(dispatcher: Dispatcher, sent: Parameters<Dispatcher["dispatch"]>[0]) {
    if (this.isOver) return
    try {
      dispatcher.dispatch(sent, this)
    } catch (cause) {
      // It belongs to this exchange, and those that wait behind it must be sent all the same.
      this.onResponseError(null, cause)
    }
  }

  abort() {
    if (this.isOver) return
    this.isOver = true
    this.controller?.abort(givenUp)
  }

  onRequestStart(controller: Controller) {
    this.controller = controller
    // Given up while it waited for a connection.
    if (this.isOver) controller.abort(givenUp)
  }

  onResponseStart(_: Controller, status: number, headers: Headers) {
    if (this.isOver || status < 200) return
    this.hasBegun = true
    this.receiver.onHead(status, headers)
  }

  onResponseData(controller: Controller, chunk: Uint8Array) {
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
    this.onFree()
    this.receiver.onEnd()
  }

  onResponseError(_: Controller | null, cause: unknown) {
    if (this.isOver) return
    if (!this.isTold) return queueMicrotask(() => this.onResponseError(null, cause))
    this.isOver = true
    this.receiver.onFailure(
      this.hasBegun ? networkFailure.ofBody(cause) : networkFailure.ofRequest(cause, this.url)
    )
  }
}
