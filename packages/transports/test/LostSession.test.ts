import { assert, describe, it } from "@effect/vitest"
import type { McpSession } from "@universal-mcp/core/McpSession"
import * as NodeTransports from "@universal-mcp/transports/NodeTransports"
import * as SseTransport from "@universal-mcp/transports/SseTransport"
import * as Effect from "effect/Effect"
import * as lostSession from "../src/internal/lostSession.ts"
import {
  event,
  type Exchange,
  type Handler,
  type Handlers,
  initializeResult,
  json,
  result,
  serve,
  type Server,
  stream
} from "./fixtures/httpServer.ts"
import { connect, failure, live, text } from "./fixtures/httpSupport.ts"

const plain = (status: number, body: string): Handler => ({ response }) => {
  response.writeHead(status, { "content-type": "text/plain" }).end(body)
}

/** A JSON-RPC error under the id of the request, or under another. */
const error = (status: number, code: number, message: string, id?: unknown): Handler => (exchange) =>
  json(exchange, { jsonrpc: "2.0", id: id === undefined ? exchange.message.id : id, error: { code, message } }, status)

const inStream = (value: (id: unknown) => object): Handler => (exchange) => {
  stream(exchange, event(value(exchange.message.id)))
  exchange.response.end()
}

/** A server that knows only the newest of its sessions, unless it has forgotten that too. */
const forgetful = (refuse: Handler, more: Handlers = {}) => {
  let live = ""
  let sessions = 0
  let runs = 0
  const known = (handler: Handler): Handler => (exchange, server) =>
    (exchange.headers["mcp-session-id"] === live ? handler : refuse)(exchange, server)
  const answer: Handler = (exchange) => json(exchange, { jsonrpc: "2.0", id: exchange.message.id, result: {} })
  const handlers: Handlers = {
    "initialize": (exchange) => {
      live = `session-${++sessions}`
      json(exchange, initializeResult(exchange.message.id), 200, { "mcp-session-id": live })
    },
    "tools/call": known((exchange) => {
      runs++
      json(exchange, result(exchange.message.id, "done"))
    }),
    "tools/list": known((exchange) =>
      json(exchange, { jsonrpc: "2.0", id: exchange.message.id, result: { tools: [] } })
    ),
    "ping": known(answer),
    "GET": known(({ response }) => response.writeHead(405).end()),
    ...more
  }
  return Effect.map(serve(handlers), (server) => ({
    server,
    forget: () => {
      live = "none"
    },
    runs: () => runs
  }))
}

const sayings: Readonly<Record<string, Handler>> = {
  "HTTP 404 with a page": plain(404, "<h1>Not Found</h1>"),
  "HTTP 404 and nothing else": plain(404, ""),
  "HTTP 404 with an error under our id, without words": error(404, -32001, "no"),
  "HTTP 404 with an answer that is none (Helidon)": (exchange) =>
    json(exchange, { jsonrpc: "2.0", id: exchange.message.id }, 404),
  "HTTP 404 under an id of the server's (python-sdk)": error(404, -32600, "Session not found", "server-error"),
  "HTTP 400 with text (old python-sdk)": plain(400, "Bad Request: No valid session ID provided"),
  "HTTP 400 Server not initialized (typescript-sdk)": error(400, -32000, "Bad Request: Server not initialized", null),
  "HTTP 400 Unknown Mcp-Session-Id header": error(400, -32000, "Bad Request: Unknown Mcp-Session-Id header", null),
  "HTTP 400 under our id": error(400, -32600, "Invalid Request: Session not found"),
  "HTTP 400 Invalid session ID (mcp-go)": plain(400, "Invalid session ID"),
  "HTTP 401 (rust-sdk)": plain(401, "Unauthorized: Session not found"),
  "HTTP 403": error(403, -32001, "Mcp-Session-Id principal mismatch", null),
  "HTTP 410 without words": plain(410, ""),
  "HTTP 410 with an error under our id": error(410, -32000, "Session expired"),
  "HTTP 200 with -32001": error(200, -32001, "Session not found"),
  "HTTP 200 with -32600 under no id": error(200, -32600, "Invalid or missing session ID", null),
  "HTTP 200 with -32002 (anubis)": error(200, -32002, "Server not initialized"),
  "HTTP 200 with -32005 (tower-mcp)": error(200, -32005, "Session expired; please re-initialize"),
  "HTTP 200 with the id of the session (java-sdk)": error(200, -32603, "Session 0e1b-77 not found on the server"),
  "an event with a JSON-RPC error": inStream((id) => ({
    jsonrpc: "2.0",
    id,
    error: { code: -32000, message: "session_not_found" }
  })),
  "an event with a text for an error (keryx)": inStream(() => ({ error: "Session not found" }))
}

describe("a server that has forgotten our session", () => {
  for (const [name, refuse] of Object.entries(sayings)) {
    live(`and says ${name}: the call is sent again on a new one`, () =>
      Effect.gen(function*() {
        const { forget, runs, server } = yield* forgetful(refuse)
        const session = yield* connect(server.url)
        assert.strictEqual(text(yield* session.callTool("echo")), "done")
        forget()
        assert.strictEqual(text(yield* session.callTool("echo")), "done")
        assert.strictEqual(text(yield* session.callTool("echo")), "done")
        assert.strictEqual(runs(), 3)
        assert.strictEqual(server.seen("initialize").length, 2)
      }))
  }

  live("is noticed by a list and by a ping, too", () =>
    Effect.gen(function*() {
      const { forget, server } = yield* forgetful(error(200, -32001, "Session not found"))
      const session = yield* connect(server.url)
      forget()
      assert.deepStrictEqual(yield* session.listTools, [])
      forget()
      yield* session.ping
      assert.strictEqual(server.seen("initialize").length, 3)
    }))

  live("is noticed by its stream of notifications", () =>
    Effect.gen(function*() {
      const { forget, server } = yield* forgetful(plain(400, "Invalid or missing session ID"), {
        GET: (exchange) => {
          if (exchange.headers["mcp-session-id"] === "session-2") return stream(exchange)
          forget()
          plain(400, "Invalid or missing session ID")(exchange, server)
        }
      })
      yield* connect(server.url)
      yield* server.until(() => server.seen("GET").some((get) => get.headers["mcp-session-id"] === "session-2"))
      assert.strictEqual(server.seen("initialize").length, 2)
    }))

  live("is asked once by many calls at a time", () =>
    Effect.gen(function*() {
      const { forget, runs, server } = yield* forgetful(error(400, -32600, "Invalid session"))
      const session = yield* connect(server.url)
      forget()
      yield* Effect.all(Array.from({ length: 20 }, () => session.callTool("echo")), { concurrency: "unbounded" })
      assert.strictEqual(runs(), 20)
      assert.strictEqual(server.seen("initialize").length, 2)
    }))

  live("and may have begun the call: it is not sent again", () =>
    Effect.gen(function*() {
      const ways: ReadonlyArray<Handler> = [
        error(200, -32000, "Session terminated"),
        plain(503, "unknown session"),
        plain(400, "Session terminated"),
        error(404, -32001, "Session has been closed"),
        plain(404, "the session ended"),
        plain(410, "Session terminated by the server"),
        (exchange) => {
          stream(
            exchange,
            event({ jsonrpc: "2.0", method: "notifications/message", params: { level: "info", data: 1 } })
          )
          exchange.response.end(
            event({ jsonrpc: "2.0", id: exchange.message.id, error: { code: -32001, message: "Session not found" } })
          )
        }
      ]
      for (const refuse of ways) {
        const { forget, runs, server } = yield* forgetful(refuse)
        const session = yield* connect(server.url)
        forget()
        const lost = yield* failure(session)
        assert.strictEqual(lost.delivery, "unknown")
        assert.strictEqual(lost.reason._tag, "SessionExpired")
        assert.strictEqual(text(yield* session.callTool("echo")), "done")
        assert.strictEqual(runs(), 1)
      }
    }))
})

describe("a session that lives, and an error that speaks of another", () => {
  const errors: ReadonlyArray<readonly [number, number, string]> = [
    [200, -32602, "Invalid params: session not found: shell-3"],
    [200, -32000, "Session expired"],
    [200, -32001, "Session not found"],
    [200, -32603, "the browser session was closed"],
    [400, -32602, "Invalid arguments: sessionId is required"],
    [404, -32602, "Session \"abc\" not found"],
    [404, -32601, "Method not found"]
  ]
  for (const [status, code, message] of errors) {
    live(`HTTP ${status} ${code} ${message}: the error of the call, which is sent once`, () =>
      Effect.gen(function*() {
        const { server } = yield* forgetful(plain(500, ""), { "tools/call": error(status, code, message) })
        const session = yield* connect(server.url)
        const rejected = yield* failure(session)
        assert.deepInclude(rejected.reason, { _tag: "Rejected", code, description: message })
        assert.strictEqual(rejected.delivery, "answered")
        assert.strictEqual(server.seen("tools/call").length, 1)
        assert.strictEqual(server.seen("initialize").length, 1)
      }))
  }

  const refusals: ReadonlyArray<readonly [number, string]> = [
    [400, "Session expired"],
    [400, "{\"error\":\"Session not found: shell-3\"}"],
    [404, "{\"error\":\"Session not found: shell-3\"}"],
    [404, "no such document"],
    [404, "<h1>Not Found</h1>"],
    [409, "Session ID of the shell is required"],
    [410, "The browser session was closed"],
    [410, ""],
    [422, "{\"detail\":\"Invalid session: the cart is gone\"}"]
  ]
  for (const [status, body] of refusals) {
    live(`HTTP ${status} ${body}: the call runs once, on a session that is kept`, () =>
      Effect.gen(function*() {
        let runs = 0
        const { server } = yield* forgetful(plain(500, ""), {
          "tools/call": (exchange, server) => {
            runs++
            plain(status, body)(exchange, server)
          }
        })
        const session = yield* connect(server.url)
        const rejected = yield* failure(session)
        assert.deepInclude(rejected.reason, { _tag: "Rejected", status })
        assert.strictEqual(rejected.delivery, "answered")
        assert.strictEqual(runs, 1)
        yield* session.ping
        assert.strictEqual(server.seen("initialize").length, 1)
      }))
  }

  live("a login that has expired is no lost session", () =>
    Effect.gen(function*() {
      const { server } = yield* forgetful(plain(500, ""), {
        "tools/call": plain(401, "Your session has expired, please log in")
      })
      const session = yield* connect(server.url)
      assert.strictEqual((yield* failure(session)).reason._tag, "Unauthorized")
      assert.strictEqual(server.seen("initialize").length, 1)
    }))

  live("a server without sessions is not asked", () =>
    Effect.gen(function*() {
      const server = yield* serve({
        "initialize": (exchange) => json(exchange, initializeResult(exchange.message.id)),
        "tools/call": error(200, -32001, "Session not found")
      })
      const session = yield* connect(server.url)
      assert.strictEqual((yield* failure(session)).reason._tag, "Rejected")
      assert.strictEqual(server.seen("ping").length, 0)
    }))

  live("a call that runs out of time meanwhile leaves nothing open", () =>
    Effect.gen(function*() {
      const pings: Array<Exchange> = []
      const { server } = yield* forgetful(plain(500, ""), {
        "tools/call": error(200, -32001, "Session not found"),
        "ping": (exchange) => pings.push(exchange)
      })
      const session = yield* connect(server.url)
      const late = yield* failure(session, { timeout: 200 })
      assert.strictEqual(late.reason._tag, "Timeout")
      for (const ping of pings) json(ping, { jsonrpc: "2.0", id: ping.message.id, result: {} })
      yield* server.until(() => server.open() === 0)
      assert.strictEqual(server.seen("initialize").length, 1)
    }))
})

describe("a session over HTTP+SSE", () => {
  const sse = (refuse: Handler) => {
    let live = 0
    let isForgotten = false
    let open: Exchange | undefined
    const say = (exchange: Exchange, server: Server, value: unknown) => {
      if (isForgotten) return refuse(exchange, server)
      exchange.response.writeHead(202).end()
      open?.response.write(event(value))
    }
    const handlers: Handlers = {
      "GET": (exchange) => {
        open = exchange
        isForgotten = false
        stream(exchange, `event: endpoint\ndata: /messages?session=${++live}\n\n`)
      },
      "initialize": (exchange, server) => say(exchange, server, initializeResult(exchange.message.id)),
      "tools/call": (exchange, server) => say(exchange, server, result(exchange.message.id, "done")),
      "ping": (exchange, server) => say(exchange, server, { jsonrpc: "2.0", id: exchange.message.id, result: {} })
    }
    return Effect.map(serve(handlers), (server) => ({
      server,
      forget: () => {
        isForgotten = true
      }
    }))
  }
  const use = <A, E>(server: Server, body: (session: McpSession["Service"]) => Effect.Effect<A, E>) =>
    Effect.flatMap(SseTransport.make({ name: "web", url: server.url }), body)

  const ways: Readonly<Record<string, Handler>> = {
    "404 Could not find session": plain(404, "Could not find session"),
    "404 Invalid session id.": (exchange) => json(exchange, { error: { message: "Invalid session id." } }, 404),
    "400 Session not found": plain(400, "Session not found"),
    "410": plain(410, "")
  }
  for (const [name, refuse] of Object.entries(ways)) {
    it.live(`that the server answers with ${name} is made again`, () =>
      Effect.gen(function*() {
        const { forget, server } = yield* sse(refuse)
        yield* use(server, (session) =>
          Effect.gen(function*() {
            assert.strictEqual(text(yield* session.callTool("echo")), "done")
            forget()
            assert.strictEqual(text(yield* session.callTool("echo")), "done")
          }))
        assert.strictEqual(server.seen("GET").length, 2)
      }).pipe(Effect.scoped, Effect.provide(NodeTransports.platform)))
  }
})

describe("the words of a lost session", () => {
  it("are not those of other things", () => {
    const others = [
      "no",
      "obsession not found",
      "Invalid params",
      "the file was not found",
      "Not initialized: the camera"
    ]
    assert.deepStrictEqual(others.filter(lostSession.isSaid), [])
  })
})
