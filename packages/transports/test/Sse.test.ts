import { assert, describe } from "@effect/vitest"
import * as SseTransport from "@universal-mcp/transports/SseTransport"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as Stream from "effect/Stream"
import { patience } from "../../../test/patience.ts"
import {
  argument,
  event,
  type Exchange,
  type Handlers,
  initializeResult,
  progressToken,
  result,
  serve
} from "./fixtures/httpServer.ts"
import { failure, live, text } from "./fixtures/httpSupport.ts"

const connect = (url: string, options: Partial<SseTransport.Options> = {}) =>
  SseTransport.make({ name: "old", url, ...options })

/** An HTTP+SSE server; handlers get the stream to write to as `say`. */
const old = (
  handlers: (say: (text: string) => void, end: () => void) => Handlers = () => ({}),
  endpoint = "/messages?session=1"
) => {
  let open: Exchange | undefined
  const say = (text: string) => void open?.response.write(text)
  const end = () => void open?.response.end()
  const answer = (value: (id: unknown) => unknown) => (exchange: Exchange) => {
    exchange.response.writeHead(202).end("Accepted")
    say(event(value(exchange.message.id)))
  }
  return serve({
    "GET": (exchange) => {
      open = exchange
      exchange.response.writeHead(200, { "content-type": "text/event-stream" })
      say(`event: endpoint\ndata: ${endpoint}\n\n`)
    },
    "initialize": answer(initializeResult),
    "tools/list": answer((id) => ({
      jsonrpc: "2.0",
      id,
      result: { tools: [{ name: "echo", inputSchema: { type: "object" } }] }
    })),
    "tools/call": answer((id) => result(id, "done")),
    ...handlers(say, end)
  })
}

describe("SseTransport", () => {
  const tour = () =>
    Effect.gen(function*() {
      const server = yield* old((say) => ({
        "tools/call": (exchange) => {
          exchange.response.writeHead(202).end()
          const token = progressToken(exchange)
          say(
            event({ jsonrpc: "2.0", method: "notifications/progress", params: { progressToken: token, progress: 1 } })
              + event(result(exchange.message.id, "done"))
          )
        }
      }))
      yield* Effect.scoped(Effect.gen(function*() {
        const session = yield* connect(server.url, { headers: { authorization: "Bearer secret" } })
        assert.strictEqual(session.transport, "sse")
        assert.strictEqual(text(yield* session.callTool("echo")), "done")
        const events = yield* Stream.runCollect(session.callToolStream("echo"))
        assert.deepStrictEqual(events.map((one) => one._tag), ["Progress", "Result"])
        assert.strictEqual(server.open(), 1)
      }))
      yield* server.until(() => server.open() === 0)
      const [first, ...posts] = server.exchanges
      assert.strictEqual(first?.method, "GET")
      assert.strictEqual(first?.path, "/mcp")
      assert.strictEqual(first?.headers["accept"], "text/event-stream")
      for (const one of posts) {
        assert.strictEqual(one.path, "/messages?session=1")
        assert.strictEqual(one.headers["authorization"], "Bearer secret")
        assert.strictEqual(one.headers["content-type"], "application/json")
      }
      assert.strictEqual(server.seen("tools/call")[0]?.headers["mcp-protocol-version"], "2025-11-25")
    })
  live("sends to the announced endpoint and hears on the stream, which closes with the scope", tour)
  live("does so with fetch", tour, FetchHttpClient.layer)

  for (const when of ["before its answer", "after its answer", "with the next"]) {
    live(
      `needs few connections for many calls, one after the other, of a server that accepts each ${when}`,
      () =>
        Effect.gen(function*() {
          const sockets = new Set<unknown>()
          let acceptLast = () => {}
          const server = yield* old((say) => ({
            "tools/call": ({ message, response }) => {
              sockets.add(response.socket)
              acceptLast()
              acceptLast = () => void response.writeHead(202).end()
              if (when === "before its answer") acceptLast()
              say(event(result(message.id, "done")))
              if (when === "after its answer") acceptLast()
              if (when !== "with the next") acceptLast = () => {}
            }
          }))
          const session = yield* connect(server.url)
          for (let call = 0; call < 50; call++) assert.strictEqual(text(yield* session.callTool("echo")), "done")
          assert.isAtMost(sockets.size, 3)
        })
    )
  }

  live("gives up a server that never announces its endpoint", () =>
    Effect.gen(function*() {
      const server = yield* serve({
        "GET": ({ response }) => {
          response.writeHead(200, { "content-type": "text/event-stream" })
          response.write(": welcome\n\n")
        }
      })
      const error = yield* Effect.flip(connect(server.url, { timeout: 150 }))
      assert.strictEqual(error.transport, "sse")
      assert.strictEqual(error.phase, "http")
      assert.strictEqual(error.description, "the server opened an event stream but announced no endpoint within 150 ms")
      assert.isDefined(error.hint)
      yield* server.until(() => server.open() === 0)
    }))

  live("gives up a server that says nothing at all, or never answers `initialize`", () =>
    Effect.gen(function*() {
      const mute = yield* serve({ "GET": () => {} })
      const error = yield* Effect.flip(connect(mute.url, { timeout: 100 }))
      assert.strictEqual(error.description, "no answer within 100 ms")
      yield* mute.until(() => mute.open() === 0)

      const deaf = yield* old(() => ({ "initialize": ({ response }) => response.writeHead(202).end() }))
      assert.include(
        (yield* Effect.flip(connect(deaf.url, { timeout: patience(500) }))).description,
        "did not answer initialize within"
      )
      yield* deaf.until(() => deaf.open() === 0)
    }))

  live("gives up a stream that ends before the endpoint", () =>
    Effect.gen(function*() {
      const server = yield* serve({
        "GET": ({ response }) => response.writeHead(200, { "content-type": "text/event-stream" }).end()
      })
      assert.include((yield* Effect.flip(connect(server.url))).description, "ended the event stream")
    }))

  live("refuses an endpoint on another origin", () =>
    Effect.gen(function*() {
      const thief = yield* serve()
      const server = yield* old(undefined, `${thief.origin}/messages`)
      const error = yield* Effect.flip(connect(server.url, { headers: { authorization: "Bearer secret" } }))
      assert.strictEqual(error.phase, "http")
      assert.include(error.description, `another origin, ${thief.origin}`)
      assert.strictEqual(thief.exchanges.length, 0)
      yield* server.until(() => server.open() === 0)
    }))

  live("says what it got instead of a stream", () =>
    Effect.gen(function*() {
      const page = yield* serve({
        "GET": ({ response }) => response.writeHead(200, { "content-type": "text/html" }).end("<b>Hello</b>")
      })
      const error = yield* Effect.flip(connect(page.url))
      assert.strictEqual(error.phase, "http")
      assert.strictEqual(error.description, "the server answered with text/html instead of an event stream: Hello")

      const locked = yield* serve({
        "GET": ({ response }) => response.writeHead(401, { "www-authenticate": "Bearer" }).end()
      })
      const unauthorized = yield* Effect.flip(connect(locked.url))
      assert.strictEqual(unauthorized.phase, "auth")
      assert.strictEqual(unauthorized.wwwAuthenticate, "Bearer")

      const missing = yield* Effect.flip(connect((yield* serve()).url))
      assert.strictEqual(missing.status, 405)

      const refused = yield* Effect.flip(connect("http://127.0.0.1:1/sse"))
      assert.strictEqual(refused.phase, "connect")
      assert.include(refused.description, "nothing listens on 127.0.0.1:1")
    }))

  live("fails the call whose POST fails, and goes on", () =>
    Effect.gen(function*() {
      const server = yield* old((say) => ({
        "tools/call": (exchange) => {
          const status = Number(argument(exchange, "status"))
          exchange.response.writeHead(status).end("because")
          if (status === 202) say(event(result(exchange.message.id, "done")))
        }
      }))
      const session = yield* connect(server.url)
      yield* session.listTools
      const call = (status: number) => Effect.flip(session.callTool("echo", { status }, { timeout: patience(10_000) }))
      const failed = yield* call(500)
      assert.include(failed.message, "HTTP 500 Internal Server Error: because")
      assert.strictEqual(failed._tag === "CallError" ? failed.delivery : undefined, "unknown")
      assert.include((yield* call(400)).message, "HTTP 400 Bad Request: because")
      assert.include((yield* call(401)).message, "not authorized (HTTP 401)")
      assert.strictEqual(text(yield* session.callTool("echo", { status: 202 })), "done")
    }))

  live("loses the session at once when the stream ends", () =>
    Effect.gen(function*() {
      const server = yield* old((_, end) => ({
        "tools/call": ({ response }) => {
          response.writeHead(202).end()
          end()
        }
      }))
      const session = yield* connect(server.url, { reconnect: false })
      yield* session.listTools
      const error = yield* failure(session, { timeout: patience(10_000) })
      assert.strictEqual(error.reason._tag, "Closed")
      assert.strictEqual(error.delivery, "unknown")
      assert.include(error.message, "the server ended the event stream")
      yield* session.state.changes.pipe(Stream.takeUntil((state) => state._tag === "Failed"), Stream.runDrain)
      const later = yield* failure(session)
      assert.strictEqual(later.delivery, "not-sent")
      yield* server.until(() => server.open() === 0)
      // No second stream: it would be a new session that nobody has initialized.
      assert.strictEqual(server.seen("GET").length, 1)
    }))

  live("tells the server of an interruption, and leaves no POST open", () =>
    Effect.gen(function*() {
      const server = yield* old(() => ({ "tools/call": () => {} }))
      const session = yield* connect(server.url)
      yield* session.listTools
      const call = yield* Effect.forkChild(session.callTool("echo"))
      yield* server.until(() => server.seen("tools/call").length === 1)
      yield* Fiber.interrupt(call)
      yield* server.until(() => server.seen("notifications/cancelled").length === 1 && server.open() === 1)
      assert.strictEqual(
        server.seen("notifications/cancelled")[0]?.message.params?.["requestId"],
        server.seen("tools/call")[0]?.message.id
      )
    }))

  live("keeps an idle session by asking for a sign of life", () =>
    Effect.gen(function*() {
      const server = yield* old((say) => ({
        "ping": ({ message, response }) => {
          response.writeHead(202).end()
          say(event({ jsonrpc: "2.0", id: message.id, result: {} }))
        }
      }))
      const session = yield* connect(server.url, { sseReadTimeout: patience(200) })
      yield* server.until(() => server.seen("ping").length === 3)
      assert.strictEqual(text(yield* session.callTool("echo")), "done")
      assert.strictEqual((yield* session.state.current)._tag, "Ready")
    }))

  live("loses a session that gives no sign of life", () =>
    Effect.gen(function*() {
      const server = yield* old(() => ({
        "tools/call": ({ response }) => response.writeHead(202).end(),
        "ping": ({ response }) => response.writeHead(202).end()
      }))
      const session = yield* connect(server.url, { sseReadTimeout: 200 })
      yield* session.listTools
      const error = yield* failure(session, { timeout: patience(10_000) })
      assert.strictEqual(error.reason._tag, "Closed")
      assert.include(error.message, "the event stream was silent for 200 ms")
      assert.isAtLeast(server.seen("ping").length, 1)
      yield* server.until(() => server.open() === 0)
    }))

  for (const position of ["first", "last"]) {
    live(
      `leaves out an answer over the limit, with its id ${position}: only its call fails`,
      () =>
        Effect.gen(function*() {
          const server = yield* old((say) => ({
            "tools/call": (exchange) => {
              exchange.response.writeHead(202).end()
              const { id, ...others } = result(exchange.message.id, "a".repeat(Number(argument(exchange, "size"))))
              say(event(position === "first" ? { jsonrpc: "2.0", id, result: others.result } : { ...others, id }))
            }
          }))
          const session = yield* connect(server.url, { maxMessageSize: 50_000 })
          yield* session.listTools
          const error = yield* Effect.flip(session.callTool("echo", { size: 100_000 }, { timeout: patience(10_000) }))
          assert.strictEqual(error._tag === "CallError" ? error.reason._tag : error._tag, "TooLarge")
          assert.strictEqual(text(yield* session.callTool("echo", { size: 3 })), "aaa")
          assert.strictEqual((yield* session.state.current)._tag, "Ready")
        })
    )
  }

  live("leaves out an event of too many lines", () =>
    Effect.gen(function*() {
      const server = yield* old((say) => ({
        "tools/call": (exchange) => {
          exchange.response.writeHead(202).end()
          if (argument(exchange, "big") !== true) return say(event(result(exchange.message.id, "done")))
          const lines = JSON.stringify(result(exchange.message.id, "a")).replace("{", `{${"\n".repeat(100_000)}`)
          say(`${lines.split("\n").map((line) => `data: ${line}`).join("\n")}\n\n`)
        }
      }))
      const session = yield* connect(server.url, { maxMessageSize: 50_000 })
      yield* session.listTools
      const error = yield* Effect.flip(session.callTool("echo", { big: true }, { timeout: patience(10_000) }))
      assert.strictEqual(error._tag === "CallError" ? error.reason._tag : error._tag, "TooLarge", error.message)
      assert.strictEqual(text(yield* session.callTool("echo")), "done")
    }))
})
