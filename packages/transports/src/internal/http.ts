/** HTTP as both transports speak it: configured headers, redirects within one origin, bodies up to a limit. */
import { KeepDigits } from "@universal-mcp/core/ExactNumbers"
import { InvalidResult, Rejected, TooLarge } from "@universal-mcp/core/McpError"
import { TransportError } from "@universal-mcp/core/McpTransport"
import type * as ServerConfig from "@universal-mcp/core/ServerConfig"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import type * as Scope from "effect/Scope"
import * as badConfig from "./badConfig.ts"
import * as cookies from "./cookies.ts"
import * as deadlines from "./deadlines.ts"
import * as decompress from "./decompress.ts"
import * as direct from "./direct.ts"
import * as limits from "./limits.ts"
import * as requestHeaders from "./requestHeaders.ts"
import * as responseHeaders from "./responseHeaders.ts"
import * as tls from "./tls.ts"
import type { Abort, Headers, Receiver, Wire } from "./wire.ts"

export type Options = Pick<
  ServerConfig.AutoServerConfig,
  "url" | "headers" | "maxMessageSize" | "timeout" | "cookies" | "tls"
>

export interface Request {
  readonly method: "GET" | "POST" | "DELETE"
  readonly url: URL
  /** Names in lower case; they win over the configured ones. */
  readonly headers: Readonly<Record<string, string>>
  /** JSON. */
  readonly body?: string
}

/** Nothing is told of an exchange that was given up. */
export interface Exchange {
  /** Gives it up, with the connection if anything is still to come. */
  abort(): void
  /** Calls `onDue` in so many milliseconds, unless the exchange ends before; instead of what was to be called until now. */
  deadline(milliseconds: number, onDue: () => void): void
}

export interface Response extends Exchange {
  readonly status: number
  readonly headers: Headers
  /** Where it came from, after redirects. */
  readonly url: URL
}

/** Reads what comes after the head, decompressed: data, then the end or a failure. */
export type Body = Omit<Receiver, "onHead">

export interface Handler {
  /** Any status; says what reads the body. */
  readonly onResponse: (response: Response) => Body
  /** There was no response. */
  readonly onFailure: (error: TransportError) => void
}

export interface Http {
  readonly url: URL
  /** The longest message, in bytes. */
  readonly limit: number
  /** Whether an `Authorization` header is configured. */
  readonly authorized: boolean
  /** Milliseconds for durations, from an origin that means nothing. */
  readonly now: () => number
  /** The time of day in milliseconds, for dates in headers. */
  readonly wallTime: () => number
  readonly keepsDigits: boolean
  /** The handler is called later, not at once. */
  readonly exchange: (request: Request, handler: Handler) => Exchange
}

const maxRedirects = 5

export const make = Effect.fnUntraced(function*(
  options: Options
): Effect.fn.Return<Http, TransportError, HttpClient.HttpClient | Scope.Scope> {
  const url = URL.parse(options.url)
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) return yield* badUrl
  const configured = yield* requestHeaders.make(options, url)
  url.username = ""
  url.password = ""
  url.hash = ""

  const wire = yield* wireFor(options)
  const timers = yield* deadlines.shared
  const clock = yield* Clock.Clock
  const wallTime = () => clock.currentTimeMillisUnsafe()
  const jar = options.cookies === false || configured["cookie"] !== undefined
    ? undefined
    : cookies.make(wallTime)

  const send: Send = (url, { body: json = null, headers, method }, receiver) => {
    const cookie = jar?.header(url)
    return wire({
      method,
      url,
      headers: {
        ...configured,
        ...headers,
        ...(cookie === undefined ? {} : { cookie }),
        ...(json === null ? {} : { "content-type": "application/json" })
      },
      body: json
    }, receiver)
  }

  return {
    url,
    limit: options.maxMessageSize ?? limits.maxMessageSize,
    authorized: configured["authorization"] !== undefined,
    now: timers.now,
    wallTime,
    keepsDigits: yield* KeepDigits,
    exchange: (request, handler) => new Ongoing(request, handler, send, timers, jar)
  }
})

/** The whole body as text; one longer than the limit is an error, and is read no further. */
export const text = (
  response: Response,
  limit: number,
  onText: (text: string) => void,
  onFailure: (error: TransportError) => void
): Body => {
  const collected: Array<Uint8Array> = []
  let size = 0
  return {
    onData: (chunk) => {
      size += chunk.length
      collected.push(chunk)
      if (size <= limit) return
      response.abort()
      onFailure(tooLarge(limit))
    },
    onEnd: () => onText(decode(collected)),
    onFailure
  }
}

/** The beginning of the body as text; what it lacks after two seconds, or cannot give, it lacks. */
export const beginning = (response: Response, onText: (text: string) => void): Body => {
  const collected: Array<Uint8Array> = []
  return upTo(beginningSize, response, (chunk) => collected.push(chunk), () => onText(decode(collected)))
}

/** Reads what nobody wants, so that its connection can be used again; but not for long. */
export const drained = (response: Response, onEnd: () => void): Body => upTo(drainedSize, response, () => {}, onEnd)

/** What the head promises is not wanted. */
export const nothing = (response: Response): Body => {
  response.abort()
  return { onData: () => {}, onEnd: () => {}, onFailure: () => {} }
}

/** An exchange as an effect, that gives it up when interrupted. */
export const effect = <A>(
  start: (succeed: (value: A) => void, fail: (error: TransportError) => void) => Exchange
): Effect.Effect<A, TransportError> =>
  Effect.callback((resume) => {
    const exchange = start((value) => resume(Effect.succeed(value)), (error) => resume(Effect.fail(error)))
    return Effect.sync(() => exchange.abort())
  })

/** The value that the head has for a name in lower case; of a list, all values. */
export const header = responseHeaders.get

export const contentType = (response: Response): string =>
  (header(response.headers, "content-type") ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? ""

export const isEventStream = (response: Response): boolean => contentType(response) === "text/event-stream"

/** Also where nothing is declared. */
export const isJson = (response: Response): boolean => /^$|^application\/(?:json|.+\+json)$/.test(contentType(response))

export const tooLarge = (limit: number): TransportError =>
  new TransportError({
    phase: "http",
    delivery: "answered",
    reason: new TooLarge({ limit }),
    hint: "ask for less, or raise `maxMessageSize`"
  })

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

/** In bytes: enough for what a server says of an error, with what it adds as `data`. */
const beginningSize = 1024 * 1024

/** In bytes. */
const drainedSize = 64 * 1024

/** In milliseconds. */
const beginningTime = 2000

const upTo = (limit: number, response: Response, onChunk: (chunk: Uint8Array) => void, end: () => void): Body => {
  let size = 0
  const endEarly = () => {
    response.abort()
    end()
  }
  response.deadline(beginningTime, endEarly)
  return {
    onData: (chunk) => {
      onChunk(chunk.subarray(0, limit - size))
      size += chunk.length
      if (size > limit) endEarly()
    },
    onEnd: end,
    onFailure: end
  }
}

/** Most hosts have an `HttpClient` of ours, and need no other. */
const loadGeneral = Effect.promise(() => import("./general.ts"))

const decoder = new TextDecoder()

const decode = (chunks: ReadonlyArray<Uint8Array>): string => {
  const [only] = chunks
  if (only === undefined) return ""
  if (chunks.length === 1) return decoder.decode(only)
  const streaming = new TextDecoder()
  let text = ""
  for (const chunk of chunks) text += streaming.decode(chunk, { stream: true })
  return text + streaming.decode()
}

type Send = (url: URL, request: Request, receiver: Receiver) => Abort

/** A class, because there are many at a time: closures would take three times the memory. */
class Ongoing implements Response, Receiver {
  readonly request: Request
  readonly handler: Handler
  readonly send: Send
  readonly timers: deadlines.Deadlines
  readonly jar: cookies.CookieJar | undefined
  url: URL
  status = 0
  headers: Headers = {}
  isOver = false
  redirects = 0
  /** Where it goes on, once the redirect has been read. */
  next: URL | undefined = undefined
  body: Body | undefined = undefined
  timer: deadlines.Deadline | undefined = undefined
  abortBody: Abort | undefined = undefined
  abortWire: Abort

  constructor(
    request: Request,
    handler: Handler,
    send: Send,
    timers: deadlines.Deadlines,
    jar: cookies.CookieJar | undefined
  ) {
    this.request = request
    this.handler = handler
    this.send = send
    this.timers = timers
    this.jar = jar
    this.url = request.url
    this.abortWire = send(this.url, request, this)
  }

  abort() {
    this.finish()
    this.abortBody?.()
    this.abortWire()
  }

  deadline(milliseconds: number, onDue: () => void) {
    if (this.isOver) return
    if (this.timer === undefined) this.timer = { due: 0, onDue }
    else this.timer.onDue = onDue
    this.timers.set(this.timer, milliseconds)
  }

  onHead(status: number, headers: Headers) {
    const set = headers["set-cookie"]
    if (set !== undefined) this.jar?.take(this.url, [set].flat())
    if (status >= 300 && status <= 399 && status !== 304) return this.redirect(status, header(headers, "location"))
    this.status = status
    this.headers = headers
    this.body = this.handler.onResponse(this)
    const encoding = header(headers, "content-encoding")
    const decompressed = encoding === undefined ? undefined : decompress.into(this.body, encoding)
    if (decompressed === undefined) return
    this.body = decompressed
    this.abortBody = decompressed.abort
  }

  onData(chunk: Uint8Array) {
    if (this.isOver) return undefined
    if (this.next !== undefined) {
      this.abortWire()
      return this.follow(this.next)
    }
    return this.body?.onData(chunk)
  }

  onEnd() {
    if (this.isOver) return
    if (this.next !== undefined) return this.follow(this.next)
    this.finish()
    this.body?.onEnd()
  }

  onFailure(error: TransportError) {
    if (this.isOver) return
    if (this.next !== undefined) return this.follow(this.next)
    this.finish()
    if (this.body === undefined) this.handler.onFailure(error)
    else this.body.onFailure(error)
  }

  private finish() {
    this.isOver = true
    if (this.timer !== undefined) this.timers.clear(this.timer)
  }

  private redirect(status: number, location: string | undefined) {
    const { request: { method }, url } = this
    const target = location === undefined ? null : URL.parse(location, url)
    if (target === null || target.origin !== url.origin) return this.fail(foreignRedirect(status, target))
    if (method !== "GET" && status !== 307 && status !== 308) return this.fail(lossyRedirect(status, target))
    if (this.redirects === maxRedirects) return this.fail(endlessRedirect(status))
    this.next = target
  }

  private follow(url: URL): undefined {
    this.next = undefined
    this.redirects++
    this.url = url
    this.abortWire = this.send(url, this.request, this)
  }

  private fail(error: TransportError) {
    this.abort()
    this.handler.onFailure(error)
  }
}

const wireFor = Effect.fnUntraced(function*(
  { timeout, tls: certificates }: Options
): Effect.fn.Return<Wire, TransportError, HttpClient.HttpClient | Scope.Scope> {
  const client = yield* HttpClient.HttpClient
  const own = direct.wires.get(client)
  const secured = certificates === undefined ? undefined : yield* tls.make(certificates, own?.secure)
  if (own === undefined) return yield* Effect.flatMap(loadGeneral, (general) => general.make(client, secured))
  if (secured !== undefined) return secured.wire
  return yield* own.wire(timeout !== undefined && Duration.toMillis(timeout) > limits.connectTimeout)
})

const badUrl = badConfig.error(
  "`url` is not an http:// or https:// URL",
  "write the whole URL, such as https://example.com/mcp"
)

const redirected = (status: number, description: string, hint: string): TransportError =>
  new TransportError({
    phase: "http",
    delivery: "answered",
    status,
    reason: new Rejected({ code: status, status, description }),
    hint
  })

const foreignRedirect = (status: number, target: URL | null): TransportError =>
  redirected(
    status,
    target === null
      ? `the server redirects to where we cannot see (HTTP ${status})`
      : `the server redirects to another origin, ${target.origin} (HTTP ${status}), which is not followed`,
    "if the server has moved there, set its `url`; a login page means that credentials are missing"
  )

const lossyRedirect = (status: number, target: URL): TransportError =>
  redirected(
    status,
    `the server redirects to ${target.pathname} in a way that loses the message (HTTP ${status})`,
    `set \`url\` to ${target.origin}${target.pathname}`
  )

const endlessRedirect = (status: number): TransportError =>
  redirected(status, `the server redirects more than ${maxRedirects} times (HTTP ${status})`, "check the URL")

/** A successful status with a body that is no answer. */
export const notAnAnswer = (description: string, hint?: string): TransportError =>
  new TransportError({
    phase: "http",
    delivery: "answered",
    reason: new InvalidResult({ description }),
    ...(hint === undefined ? {} : { hint })
  })
