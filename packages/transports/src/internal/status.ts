/** Answers that are not 2xx, as errors. */
import type { JSONRPCErrorResponse, JSONRPCMessage, RequestId } from "@modelcontextprotocol/client"
import { Rejected, SessionExpired, Unauthorized } from "@universal-mcp/core/McpError"
import { TransportError } from "@universal-mcp/core/McpTransport"
import * as http from "./http.ts"
import * as messages from "./messages.ts"

export interface Sent {
  /** The request in the message that was sent, if it was one. */
  readonly id?: RequestId | undefined
  /** Whether our session's id went with it. */
  readonly session: boolean
  /** Whether an `Authorization` header went with it. */
  readonly authorized: boolean
}

/** Gives the JSON-RPC error that answers our request, where the body is one; everything else is a failure. */
export const read = (
  client: http.Http,
  response: http.Response,
  sent: Sent,
  onAnswer: (answer: JSONRPCMessage) => void,
  onFailure: (error: TransportError) => void
): http.Body =>
  http.beginning(response, (text) => {
    const body = messages.parse(text, client)
    const { id } = sent
    const answer = id === undefined ? undefined : body.find((message) => messages.answers(message, id))
    if (answer !== undefined) return onAnswer(answer)
    const refusal = body.find(isModernRefusal)
    if (id !== undefined && refusal !== undefined) return onAnswer({ ...refusal, id })
    onFailure(toError(response, sent, excerpt(text), client.wallTime()))
  })

/** What a status says that a stream was answered with. */
export const refused = (
  client: http.Http,
  response: http.Response,
  onFailure: (error: TransportError) => void
): http.Body => read(client, response, { session: false, authorized: client.authorized }, () => {}, onFailure)

/** Errors that revision 2026-07-28 reserves say more than the status, also without an id. */
const isModernRefusal = (message: JSONRPCMessage): message is JSONRPCErrorResponse => {
  if (!("error" in message) || !messages.isErrorForNone(message)) return false
  const { code } = message.error
  return code <= -32020 && code >= -32099
}

const toError = (response: http.Response, sent: Sent, said: string, now: number): TransportError => {
  const { status } = response
  const description = `HTTP ${status}${phrase(status)}${said === "" ? "" : `: ${said}`}`
  const challenge = http.header(response.headers, "www-authenticate")
  const wwwAuthenticate = challenge === undefined ? {} : { wwwAuthenticate: challenge }
  const milliseconds = retryAfter(http.header(response.headers, "retry-after"), now)
  const wait = milliseconds === undefined ? {} : { retryAfter: milliseconds }
  if (demandsCertificate(status, said)) {
    return new TransportError({
      phase: "tls",
      delivery: "answered",
      status,
      reason: new Rejected({ code: status, status, description }),
      hint: "it demands a client certificate: give it with `tls: { cert, key }`"
    })
  }
  if (status === 401 || status === 403) {
    return new TransportError({
      phase: "auth",
      delivery: "not-sent",
      status,
      ...wwwAuthenticate,
      ...wait,
      reason: new Unauthorized({ status, ...wwwAuthenticate }),
      hint: authorizationHint(status, sent.authorized)
    })
  }
  if (status === 404 && sent.session) return expired(description)
  const hint = status === 429
    ? milliseconds === undefined ? "slow down" : `slow down: it wants to be left alone for ${milliseconds / 1000} s`
    : status >= 500
    ? "the server itself failed; its log says why"
    : "check that the URL is that of the MCP endpoint (often /mcp, or /sse for HTTP+SSE) and that the transport is the right one"
  return new TransportError({
    phase: "http",
    delivery: status >= 500 ? "unknown" : "answered",
    status,
    ...wait,
    reason: new Rejected({ code: status, status, description, ...wait }),
    hint
  })
}

/** Gateways such as nginx let a client in without one, and then refuse its requests. */
const demandsCertificate = (status: number, said: string): boolean =>
  status >= 400 && status < 500 && /(client|ssl) certificate/i.test(said)

export const expired = (description: string): TransportError =>
  new TransportError({
    phase: "http",
    delivery: "not-sent",
    status: 404,
    reason: new SessionExpired({ description: `the server no longer knows our session (${description})` })
  })

const authorizationHint = (status: number, authorized: boolean): string => {
  if (!authorized) return "give the server's credentials, for example as an `Authorization` header in `headers`"
  return status === 401
    ? "the `Authorization` header was not accepted: the credentials are wrong or have expired"
    : "the credentials do not allow this"
}

const retryAfter = (header: string | undefined, now: number): number | undefined => {
  if (header === undefined) return undefined
  const seconds = Number(header)
  if (header.trim() !== "" && Number.isFinite(seconds)) return Math.max(0, seconds * 1000)
  const date = Date.parse(header)
  return Number.isNaN(date) ? undefined : Math.min(Math.max(0, date - now), longestUntilDate)
}

/** In milliseconds. Our clock and the server's may differ by hours, so a date proves less than a number of seconds. */
const longestUntilDate = 300_000

/** What a person would read of a body: one short line. */
export const excerpt = (text: string): string => {
  const spoken = message(text) ?? text.slice(0, 4096).replaceAll(/<(script|style)[\s\S]*?<\/\1>|<[^>]*>/gi, " ")
  const line = spoken.replaceAll(/\s+/g, " ").trim()
  return line.length > 200 ? `${line.slice(0, 200)}…` : line
}

const message = (text: string): string | undefined => {
  let current: unknown = messages.parse(text)[0]
  for (const keys of [["error"], ["message", "error_description", "detail", "title"]]) {
    if (!messages.isRecord(current)) break
    const record = current
    const key = keys.find((name) => record[name] !== undefined)
    if (key !== undefined) current = record[key]
  }
  return typeof current === "string" ? current : undefined
}

const phrases: Readonly<Record<number, string>> = {
  400: "Bad Request",
  402: "Payment Required",
  404: "Not Found",
  405: "Method Not Allowed",
  406: "Not Acceptable",
  407: "Proxy Authentication Required",
  408: "Request Timeout",
  409: "Conflict",
  410: "Gone",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  421: "Misdirected Request",
  422: "Unprocessable Content",
  429: "Too Many Requests",
  500: "Internal Server Error",
  501: "Not Implemented",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout"
}

const phrase = (status: number): string => phrases[status] === undefined ? "" : ` ${phrases[status]}`
