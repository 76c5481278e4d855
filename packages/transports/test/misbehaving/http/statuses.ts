/** Servers that answer with another status than 200. */
import { type Exchange, type Handlers, json, result } from "../../fixtures/httpServer.ts"
import type { HttpCase, Step } from "../case.ts"

const html = "<html><head><title>Oops</title></head><body><h1>Oops</h1></body></html>"

const refuse = (status: number, headers: Readonly<Record<string, string>> = {}) => ({ response }: Exchange) =>
  void response.writeHead(status, { "content-type": "text/html", ...headers }).end(html)

/** Every POST is refused. */
const connecting = (status: number, connect: string): HttpCase => ({
  name: `HTTP ${status} to everything`,
  http: () => {
    const handler = refuse(status)
    return { "POST": handler, "server/discover": handler, "initialize": handler, "GET": handler }
  },
  expect: { connect },
  ...(status === 429 || status >= 500 ? { options: { timeout: 3000 } } : {})
})

/** Calls are refused. */
const calling = (status: number, call: string, headers: Readonly<Record<string, string>> = {}): HttpCase => ({
  name: `HTTP ${status} to a call`,
  http: () => ({ "tools/call": refuse(status, headers), ping }),
  expect: { call, ping: "pong" },
  options: { requestTimeout: 5000 },
  // What was refused without being carried out may be tried again.
  ...(status === 429 || status === 404 ? { seen: { "tools/call": 8 } } : {})
})

const ping = (exchange: Exchange) => json(exchange, { jsonrpc: "2.0", id: exchange.message.id, result: {} })

const answer = (exchange: Exchange) => json(exchange, result(exchange.message.id, "done"))

/** The first call is refused, all others are answered. */
const first = (
  name: string,
  handler: (exchange: Exchange) => void,
  expect: Readonly<Partial<Record<Step, string>>>,
  calls = 2
): HttpCase => ({
  name,
  http: (): Handlers => {
    let count = 0
    return { ping, "tools/call": (exchange) => count++ === 0 ? handler(exchange) : answer(exchange) }
  },
  expect: { ...expect, ping: "pong" },
  seen: { "tools/call": calls }
})

export const cases: ReadonlyArray<HttpCase> = [
  connecting(400, "ConnectionError http HTTP 400"),
  connecting(401, "ConnectionError auth HTTP 401"),
  connecting(403, "ConnectionError auth HTTP 403"),
  connecting(404, "ConnectionError http HTTP 404"),
  connecting(405, "ConnectionError http HTTP 405"),
  connecting(406, "ConnectionError http HTTP 406"),
  connecting(407, "ConnectionError http HTTP 407"),
  connecting(429, "ConnectionError http HTTP 429"),
  connecting(500, "ConnectionError http HTTP 500"),
  connecting(503, "ConnectionError http HTTP 503"),
  calling(400, "CallError Rejected(400) answered"),
  calling(401, "CallError Unauthorized not-sent", { "www-authenticate": "Bearer error=\"invalid_token\"" }),
  calling(403, "CallError Unauthorized not-sent"),
  calling(405, "CallError Rejected(405) answered"),
  calling(406, "CallError Rejected(406) answered"),
  calling(408, "CallError Rejected(408) answered"),
  calling(409, "CallError Rejected(409) answered"),
  calling(410, "CallError Rejected(410) answered"),
  calling(413, "CallError Rejected(413) answered"),
  calling(415, "CallError Rejected(415) answered"),
  calling(418, "CallError Rejected(418) answered"),
  // Whether the call was carried out, a failure of the server does not say.
  calling(500, "CallError Rejected(500) unknown"),
  calling(501, "CallError Rejected(501) unknown"),
  {
    name: "HTTP 404 to the session of the first call",
    http: (): Handlers => {
      let sessions = 0
      return {
        "ping": (exchange) => (exchange.headers["mcp-session-id"] === "session-1" ? refuse(404) : ping)(exchange),
        "initialize": (exchange) =>
          json(
            exchange,
            {
              jsonrpc: "2.0",
              id: exchange.message.id,
              result: {
                protocolVersion: "2025-11-25",
                capabilities: { tools: {} },
                serverInfo: { name: "x", version: "1" }
              }
            },
            200,
            { "mcp-session-id": `session-${++sessions}` }
          ),
        "tools/call": (exchange) =>
          exchange.headers["mcp-session-id"] === "session-1" ? refuse(404)(exchange) : answer(exchange)
      }
    },
    expect: { call: "done", again: "done", ping: "pong" },
    seen: { "tools/call": 3, "initialize": 2 }
  },
  {
    name: "HTTP 404 to every session",
    http: () => ({ "ping": refuse(404), "tools/call": refuse(404) }),
    // The page may be what a tool answers that ended the session: the second loss proves nothing of the delivery.
    expect: { call: "CallError SessionExpired unknown" },
    options: { requestTimeout: 5000 },
    seen: { "tools/call": 8, "initialize": 8 }
  },
  first("HTTP 429 with Retry-After", refuse(429, { "retry-after": "1" }), { call: "done" }),
  first("HTTP 500 to the first call", refuse(500), { call: "CallError Rejected(500) unknown", again: "done" }),
  first("HTTP 502 to the first call", refuse(502), { call: "CallError Rejected(502) unknown", again: "done" }),
  first("HTTP 503 to the first call", refuse(503), { call: "CallError Rejected(503) unknown", again: "done" }),
  first("HTTP 504 to the first call", refuse(504), { call: "CallError Rejected(504) unknown", again: "done" }),
  first(
    "an error of JSON-RPC in HTTP 500",
    (exchange) =>
      json(exchange, { jsonrpc: "2.0", id: exchange.message.id, error: { code: -32603, message: "no" } }, 500),
    { call: "CallError Rejected(-32603) answered", again: "done" }
  ),
  first(
    "an error of JSON-RPC in HTTP 400",
    (exchange) =>
      json(exchange, { jsonrpc: "2.0", id: exchange.message.id, error: { code: -32602, message: "no" } }, 400),
    { call: "CallError Rejected(-32602) answered", again: "done" }
  ),
  first("a status that nobody knows", refuse(599), { call: "CallError Rejected(599) unknown", again: "done" }),
  {
    name: "HTTP 500 to initialized",
    http: () => ({ ping, "notifications/initialized": refuse(500) }),
    // Without it, no session has begun.
    expect: { connect: "ConnectionError http HTTP 500" }
  },
  {
    name: "HTTP 405 to the end of the session",
    http: () => ({ DELETE: refuse(405) }),
    expect: { call: "done" },
    within: 3000
  },
  {
    name: "HTTP 500 to the end of the session",
    http: () => ({ DELETE: refuse(500) }),
    expect: { call: "done" },
    within: 3000
  },
  {
    name: "silence on the end of the session",
    http: () => ({ DELETE: () => {} }),
    expect: { call: "done" },
    within: 4000
  },
  {
    name: "the connection is reset on the end of the session",
    http: () => ({ DELETE: ({ response }) => void response.socket?.resetAndDestroy() }),
    expect: { call: "done" },
    within: 3000
  }
]
