/** Answers that are not 2xx, as errors. */
import type { JSONRPCErrorResponse, JSONRPCMessage, RequestId } from "@modelcontextprotocol/client"
import { type Delivery, Rejected, SessionExpired, Unauthorized } from "@universal-mcp/core/McpError"
import { TransportError } from "@universal-mcp/core/McpTransport"
import * as http from "./http.ts"
import * as lostSession from "./lostSession.ts"
import * as messages from "./messages.ts"
import * as retryAfter from "./retryAfter.ts"

export interface Sent {
  /** The request in the message that was sent, if it was one. */
  readonly id?: RequestId | undefined
  /** How the server knows which session it belongs to, where there is one. */
  readonly session: "none" | "header" | "url"
  /** Whether an `Authorization` header went with it. */
  readonly authorized: boolean
}

/** What an answer that is not 2xx says. */
export interface Refusal {
  /** The JSON-RPC error that answers our request, where the body is one. */
  readonly answer: JSONRPCMessage | undefined
  /** What it is otherwise. */
  readonly error: TransportError
  /** What it says of our session: `doubtful` is for a sign of life to decide. */
  readonly session: "known" | "doubtful" | "lost"
  /** The failure where the session is lost. */
  readonly expired: TransportError
}

export const read = (
  client: http.Http,
  response: http.Response,
  sent: Sent,
  onRefusal: (refusal: Refusal) => void
): http.Body =>
  http.beginning(response, (text) => {
    const { status } = response
    const received = messages.parseBeginning(text, client)
    const said = excerpt(text, received[0])
    const description = describe(status, said)
    const error = toError(response, sent, { description, isMcp: received.some(isRefusal) }, client.wallTime())
    // When to come again says more than the JSON-RPC error beside it.
    const answer = retryAfter.isAskedFor(error) ? undefined : answerIn(received, sent.id)
    const mayHaveBegun = status >= 500 || lostSession.mayHaveBegun(said)
    const isEmpty = text.trim() === ""
    onRefusal({
      answer,
      error,
      session: sessionIn(status, { answer, said, isEmpty }, sent.session),
      expired: expired(description, {
        status,
        delivery: mayHaveBegun ? "unknown" : "not-sent",
        isCertain: status === 404 && isEmpty
      })
    })
  })

const answerIn = (received: ReadonlyArray<JSONRPCMessage>, id: RequestId | undefined): JSONRPCMessage | undefined => {
  if (id === undefined) return undefined
  const answer = received.find((message) => messages.answers(message, id))
  if (answer !== undefined) return answer
  const refusal = received.find(isModernRefusal)
  return refusal === undefined ? undefined : { ...refusal, id }
}

interface Content {
  readonly answer: JSONRPCMessage | undefined
  readonly said: string
  readonly isEmpty: boolean
}

/** A tool may let any error of its own through, so only what the specification wants is no matter of doubt. */
const sessionIn = (
  status: number,
  { answer, isEmpty, said }: Content,
  session: Sent["session"]
): Refusal["session"] => {
  if (session === "none") return "known"
  if (status === 404 && isEmpty && session === "header") return "lost"
  const isGone = (status === 404 || status === 410) && !isUnknownMethod(answer)
  // A login expires too.
  const isSaid = status === 401 || status === 403 ? lostSession.isUnknown(said) : lostSession.isSaid(said)
  return isGone || isSaid ? "doubtful" : "known"
}

/** Some servers answer HTTP 404 to a method that they do not know. */
const isUnknownMethod = (answer: JSONRPCMessage | undefined): boolean =>
  answer !== undefined && "error" in answer && answer.error.code === -32601

/** Errors that revision 2026-07-28 reserves say more than the status, also without an id. */
const isModernRefusal = (message: JSONRPCMessage): message is JSONRPCErrorResponse => {
  if (!("error" in message) || !messages.isErrorForNone(message)) return false
  const { code } = message.error
  return code <= -32020 && code >= -32099
}

const isRefusal = (message: unknown): boolean => messages.isAnswer(message) && messages.isRecord(message["error"])

interface Said {
  readonly description: string
  /** Whether an MCP server says it. */
  readonly isMcp: boolean
}

const toError = (
  response: http.Response,
  sent: Sent,
  { description, isMcp }: Said,
  wallTime: number
): TransportError => {
  const { status } = response
  const challenge = http.header(response.headers, "www-authenticate")
  const wwwAuthenticate = challenge === undefined ? {} : { wwwAuthenticate: challenge }
  const milliseconds = retryAfter.parse(http.header(response.headers, "retry-after"), wallTime)
  const wait = milliseconds === undefined ? {} : { retryAfter: milliseconds }
  if (demandsCertificate(status, description)) {
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
  const hint = status === 429
    ? milliseconds === undefined
      ? "slow down"
      : `slow down: it wants to be left alone for ${Math.ceil(milliseconds / 1000)} s`
    : status >= 500
    ? "the server itself failed; its log says why"
    : isMcp
    ? ownAnswer
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

/** Where nothing is said of the delivery, the server has executed nothing. */
export const expired = (
  description: string,
  { delivery = "not-sent", isCertain, status }: {
    readonly delivery?: Delivery
    readonly status?: number
    readonly isCertain?: boolean
  }
): TransportError =>
  new TransportError({
    phase: "http",
    delivery,
    ...(status === undefined ? {} : { status }),
    reason: new SessionExpired({
      description: `the server no longer knows our session (${description})`,
      ...(isCertain === true ? { isCertain } : {})
    })
  })

const authorizationHint = (status: number, authorized: boolean): string => {
  if (!authorized) return "give the server's credentials, for example as an `Authorization` header in `headers`"
  return status === 401
    ? "the `Authorization` header was not accepted: the credentials are wrong or have expired"
    : "the credentials do not allow this"
}

/** What a person would read of a body, as one short line: what its first message says, where it is JSON. */
export const excerpt = (text: string, first?: JSONRPCMessage): string => {
  const spoken = message(first) ?? text.slice(0, 4096).replaceAll(/<(script|style)[\s\S]*?<\/\1>|<[^<>]*>/gi, " ")
  const line = spoken.replaceAll(/\s+/g, " ").trim()
  return line.length > 200 ? `${line.slice(0, 200)}…` : line
}

const message = (first: unknown): string | undefined => {
  let current = first
  const error = messages.isRecord(current) && messages.isRecord(current["error"]) ? current["error"] : undefined
  for (const keys of [["error"], ["message", "error_description", "detail", "title"]]) {
    if (!messages.isRecord(current)) break
    const record = current
    const key = keys.find((name) => record[name] !== undefined)
    if (key !== undefined) current = record[key]
  }
  if (typeof current !== "string") return undefined
  const data = error?.["data"]
  return typeof data === "string" && !current.includes(data) ? `${current}: ${data}` : current
}

/** The hint where the URL is right. */
export const ownAnswer = "this is the MCP server's own answer: its log may say more"

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

const describe = (status: number, said: string): string => {
  const phrase = phrases[status]
  return `HTTP ${status}${phrase === undefined ? "" : ` ${phrase}`}${said === "" ? "" : `: ${said}`}`
}
