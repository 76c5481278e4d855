/** Servers that send us elsewhere. */
import { type Exchange, json, result } from "../../fixtures/httpServer.ts"
import type { HttpCase } from "../case.ts"

const to = (status: number, location?: string) => ({ response }: Exchange) =>
  void response.writeHead(status, location === undefined ? {} : { location }).end()

/** A call is redirected, and answered at `/there`. */
const redirected = (status: number, location: string | undefined, call: string): HttpCase => ({
  name: `HTTP ${status} to ${location ?? "nowhere"}`,
  http: () => ({
    "ping": (exchange) => json(exchange, { jsonrpc: "2.0", id: exchange.message.id, result: {} }),
    "tools/call": (exchange) =>
      exchange.path === "/there"
        ? json(exchange, result(exchange.message.id, "done"))
        : to(status, location)(exchange)
  }),
  expect: { call, ping: "pong" },
  seen: { "tools/call": status === 307 || status === 308 ? 2 : 1 }
})

export const cases: ReadonlyArray<HttpCase> = [
  redirected(307, "/there", "done"),
  redirected(308, "/there", "done"),
  // The message would be lost on the way.
  redirected(301, "/there", "CallError Rejected(301) answered"),
  redirected(302, "/there", "CallError Rejected(302) answered"),
  redirected(303, "/there", "CallError Rejected(303) answered"),
  redirected(300, "/there", "CallError Rejected(300) answered"),
  redirected(307, undefined, "CallError Rejected(307) answered"),
  // Never to another origin, with our credentials.
  redirected(307, "http://127.0.0.1:1/there", "CallError Rejected(307) answered"),
  redirected(308, "https://example.com/login", "CallError Rejected(308) answered"),
  redirected(307, "file:///etc/passwd", "CallError Rejected(307) answered"),
  redirected(307, "javascript:alert(1)", "CallError Rejected(307) answered"),
  redirected(307, "http://[", "CallError Rejected(307) answered"),
  {
    name: "in circles",
    http: () => ({
      "ping": (exchange) => json(exchange, { jsonrpc: "2.0", id: exchange.message.id, result: {} }),
      "tools/call": to(307, "/mcp")
    }),
    expect: { call: "CallError Rejected(307) answered", ping: "pong" },
    seen: { "tools/call": 6 }
  },
  {
    name: "to a login page, at the start",
    http: () => ({ "POST": to(302, "/login"), "server/discover": to(302, "/login"), "initialize": to(302, "/login") }),
    expect: { connect: "ConnectionError http HTTP 302" }
  },
  {
    name: "HTTP 304 to a call",
    http: () => ({ "tools/call": to(304) }),
    expect: { call: "CallError Rejected(304) answered" }
  }
]
