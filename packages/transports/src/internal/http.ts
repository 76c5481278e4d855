/** HTTP as both transports speak it: configured headers, redirects within one origin, bodies up to a limit. */
import { Closed, InvalidResult, Rejected, TooLarge } from "@universal-mcp/core/McpError"
import { TransportError } from "@universal-mcp/core/McpTransport"
import * as ServerConfig from "@universal-mcp/core/ServerConfig"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Base64 from "effect/encoding/Base64"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import type * as Headers from "effect/http/Headers"
import * as HttpBody from "effect/http/HttpBody"
import * as HttpClient from "effect/http/HttpClient"
import type * as HttpClientError from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as decompress from "./decompress.ts"
import * as limits from "./limits.ts"
import * as networkFailure from "./networkFailure.ts"

export type Options = Pick<ServerConfig.AutoServerConfig, "url" | "headers" | "maxMessageSize">

export interface Request {
  readonly method: "GET" | "POST" | "DELETE"
  readonly url: URL
  /** Names in lower case; they win over the configured ones. */
  readonly headers: Readonly<Record<string, string>>
  /** JSON. */
  readonly body?: string
}

export interface Response {
  readonly status: number
  readonly headers: Headers.Headers
  /** Where it came from, after redirects. */
  readonly url: URL
  /** Decompressed. */
  readonly body: Stream.Stream<Uint8Array, HttpClientError.HttpClientError>
}

export interface Http {
  readonly url: URL
  /** The longest message, in bytes. */
  readonly limit: number
  /** Whether an `Authorization` header is configured. */
  readonly authorized: boolean
  /** Gives any status; the connection is given up when the scope closes. */
  readonly request: (request: Request) => Effect.Effect<Response, TransportError, Scope.Scope>
}

const maxRedirects = 5

export const make = Effect.fnUntraced(function*(
  options: Options
): Effect.fn.Return<Http, TransportError, HttpClient.HttpClient> {
  const url = URL.parse(options.url)
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) return yield* badUrl
  const configured = configuredHeaders(options, url)
  url.username = ""
  url.password = ""
  url.hash = ""

  const init = yield* Effect.serviceOption(FetchHttpClient.RequestInit)
  const context = Context.make(FetchHttpClient.RequestInit, { ...Option.getOrUndefined(init), redirect: "manual" })
    .pipe(
      // The session has spans of its own; those of a stream that stays open would say nothing.
      Context.add(HttpClient.TracerDisabledWhen, () => true)
    )
  const client = (yield* HttpClient.HttpClient).pipe(
    HttpClient.transformResponse(Effect.provideContext(context)),
    HttpClient.withScope
  )

  const request = (
    { method, url, headers, body }: Request,
    redirects = 0
  ): Effect.Effect<Response, TransportError, Scope.Scope> =>
    client.execute(
      HttpClientRequest.make(method)(url.href, {
        headers: { ...configured, ...headers },
        ...(body === undefined ? {} : { body: HttpBody.text(body, "application/json") })
      })
    ).pipe(
      Effect.mapError((error) => networkFailure.fromRequest(error, url.host)),
      Effect.flatMap((response) => {
        const { status } = response
        const received = response.headers
        if (status !== 0 && (status < 300 || status > 399 || status === 304)) {
          return Effect.succeed({
            status,
            headers: received,
            url,
            body: decompress.body(response, received["content-encoding"])
          })
        }
        const { location } = received
        const target = location === undefined ? null : URL.parse(location, url)
        if (target === null || target.origin !== url.origin) return Effect.fail(foreignRedirect(status, target))
        if (method !== "GET" && status !== 307 && status !== 308) return Effect.fail(lossyRedirect(status, target))
        if (redirects === maxRedirects) return Effect.fail(endlessRedirect(status))
        return request({ method, url: target, headers, ...(body === undefined ? {} : { body }) }, redirects + 1)
      })
    )

  return {
    url,
    limit: options.maxMessageSize ?? limits.maxMessageSize,
    authorized: configured["authorization"] !== undefined,
    request
  }
})

/** The whole body as text; one longer than the limit is an error, and is read no further. */
export const text = (response: Response, limit: number): Effect.Effect<string, TransportError> =>
  Effect.flatMap(
    collect(response, limit),
    ({ text, truncated }) => truncated ? Effect.fail(tooLarge(limit)) : Effect.succeed(text)
  )

/** The beginning of the body as text; what it lacks after two seconds, or cannot give, it lacks. */
export const beginning = (response: Response): Effect.Effect<string> => {
  const collected: Array<Uint8Array> = []
  return collect(response, beginningSize, collected).pipe(
    Effect.timeoutOption("2 seconds"),
    Effect.ignore,
    Effect.map(() => decode(collected))
  )
}

export const contentType = (response: Response): string =>
  (response.headers["content-type"] ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? ""

export const isEventStream = (response: Response): boolean => contentType(response) === "text/event-stream"

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

const beginningSize = 64 * 1024

const full = { _tag: "Full" } as const

const decode = (chunks: ReadonlyArray<Uint8Array>): string => {
  const decoder = new TextDecoder()
  let text = ""
  for (const chunk of chunks) text += decoder.decode(chunk, { stream: true })
  return text + decoder.decode()
}

interface Collected {
  readonly text: string
  readonly truncated: boolean
}

const collect = (
  response: Response,
  limit: number,
  collected: Array<Uint8Array> = []
): Effect.Effect<Collected, TransportError> => {
  let size = 0
  return Stream.runForEachArray(response.body, (chunks) => {
    for (const chunk of chunks) {
      size += chunk.length
      if (size > limit) {
        collected.push(chunk.subarray(0, chunk.length - (size - limit)))
        return Effect.fail(full)
      }
      collected.push(chunk)
    }
    return Effect.void
  }).pipe(
    Effect.matchEffect({
      onSuccess: (): Effect.Effect<Collected, TransportError> =>
        Effect.succeed({ text: decode(collected), truncated: false }),
      onFailure: (error): Effect.Effect<Collected, TransportError> => {
        if (error._tag === "Full") return Effect.succeed({ text: "", truncated: true })
        if (error.reason._tag === "EmptyBodyError") return Effect.succeed({ text: "", truncated: false })
        return Effect.fail(networkFailure.fromBody(error))
      }
    })
  )
}

const configuredHeaders = (options: Options, url: URL): Readonly<Record<string, string>> => {
  const headers = Object.fromEntries(
    Object.entries(options.headers ?? {}).map(([name, value]) => [name.toLowerCase(), ServerConfig.reveal(value)])
  )
  if (url.username === "" && url.password === "") return headers
  const [username, password] = [url.username, url.password].map((part) =>
    Result.getOrElse(Result.try(() => decodeURIComponent(part)), () => part)
  )
  const credentials = `${username}:${password}`
  return { authorization: `Basic ${Base64.encode(credentials)}`, ...headers }
}

const badUrl = new TransportError({
  phase: "config",
  delivery: "not-sent",
  reason: new Closed({ description: "`url` is not an http:// or https:// URL", stderr: [] }),
  hint: "write the whole URL, such as https://example.com/mcp"
})

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
