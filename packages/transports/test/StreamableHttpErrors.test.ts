import { assert, describe } from "@effect/vitest"
import * as StreamableHttpTransport from "@universal-mcp/transports/StreamableHttpTransport"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientError from "effect/http/HttpClientError"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import * as https from "node:https"
import * as net from "node:net"
import { inspect } from "node:util"
import { patience } from "../../../test/patience.ts"
import * as certificate from "./fixtures/httpCertificate.ts"
import { type Exchange, type Handler, initializeResult, json, result, serve, stream } from "./fixtures/httpServer.ts"
import { connect, failure, live, refused, text } from "./fixtures/httpSupport.ts"

const plain = (status: number, body: string, headers: Record<string, string> = {}): Handler => ({ response }) => {
  response.writeHead(status, { "content-type": "text/plain", ...headers }).end(body)
}

const html = (status: number): Handler => ({ response }) => {
  response.writeHead(status, { "content-type": "text/html; charset=utf-8" }).end(
    "<html><head><style>p { color: red }</style><title>Log in</title></head><body><p>Please\n log in</p></body></html>"
  )
}

const rpcError = (id: unknown, code: number, message: string) => ({ jsonrpc: "2.0", id, error: { code, message } })

const once = (count: number, first: Handler, then: Handler): Handler => {
  let calls = 0
  return (exchange, server) => (calls++ < count ? first : then)(exchange, server)
}

const done: Handler = (exchange) => json(exchange, result(exchange.message.id, "done"))

describe("connecting over Streamable HTTP", () => {
  live("a refused port", () =>
    Effect.gen(function*() {
      const error = yield* refused("http://127.0.0.1:1/mcp")
      assert.strictEqual(error.phase, "connect")
      assert.strictEqual(
        error.message,
        "no connection to \"web\" (streamable-http, connect): nothing listens on 127.0.0.1:1 (ECONNREFUSED)"
      )
      assert.isDefined(error.cause)
      assert.include(error.hint ?? "", "running")
    }))

  live("whatever fails, the query of the URL and the headers are in no error", () =>
    Effect.gen(function*() {
      const error = yield* StreamableHttpTransport.make({
        name: "web",
        url: "http://127.0.0.1:1/mcp?key=s3cret",
        headers: { "x-key": "s3cret" }
      }).pipe(Effect.scoped, Effect.flip)
      assert.notInclude(inspect(error, { depth: 20, showHidden: true }), "s3cret")
    }))

  live("a refused port, with fetch", () =>
    Effect.gen(function*() {
      // fetch refuses some ports by itself, so this is one that was in use a moment ago.
      const { url } = yield* Effect.scoped(serve())
      const error = yield* refused(url)
      assert.strictEqual(error.phase, "connect")
      assert.match(error.description, /^nothing listens on 127\.0\.0\.1:\d+ \(ECONNREFUSED\)$/)
    }), FetchHttpClient.layer)

  live("an unknown host", () =>
    Effect.gen(function*() {
      const error = yield* refused("http://nowhere.invalid:8080/mcp")
      assert.strictEqual(error.phase, "dns")
      assert.match(
        error.description,
        /nowhere\.invalid .*\((ENOTFOUND|EAI_AGAIN)\)|host nowhere\.invalid \((ENOTFOUND|EAI_AGAIN)\)/
      )
    }))

  live("a certificate that nobody trusts", () =>
    Effect.gen(function*() {
      const server = yield* serve({}, (listener) => https.createServer(certificate, listener))
      const error = yield* refused(server.url)
      assert.strictEqual(error.phase, "tls")
      assert.match(
        error.description,
        /^the certificate of 127\.0\.0\.1:\d+ is not trusted \(DEPTH_ZERO_SELF_SIGNED_CERT\)$/
      )
      assert.strictEqual(server.exchanges.length, 0)
    }))

  live("https where plain http is spoken", () =>
    Effect.gen(function*() {
      const server = yield* serve()
      const error = yield* refused(server.url.replace("http:", "https:"))
      assert.strictEqual(error.phase, "tls")
      assert.include(error.hint ?? "", "http://")
    }))

  live("something that is not HTTP", () =>
    Effect.gen(function*() {
      const server = yield* Effect.acquireRelease(
        Effect.callback<net.Server>((resume) => {
          const server = net.createServer((socket) => {
            socket.on("error", () => {})
            socket.on("data", () => socket.end("500 unrecognized command\r\n", () => socket.destroy()))
          }).listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
        }),
        (server) => Effect.callback<void>((resume) => void server.close(() => resume(Effect.void)))
      )
      const address = server.address()
      const port = typeof address === "object" ? address?.port : 0
      const error = yield* refused(`http://127.0.0.1:${port}/mcp`)
      assert.strictEqual(error.phase, "http", error.message)
      assert.include(error.description, "does not answer in HTTP")
    }))

  live("a URL that is none", () =>
    Effect.gen(function*() {
      const error = yield* refused("example.com/mcp")
      assert.strictEqual(error.phase, "config")
    }))

  live("401 and 403", () =>
    Effect.gen(function*() {
      const challenge = "Bearer resource_metadata=\"https://example.com/.well-known/oauth-protected-resource\""
      const server = yield* serve({ "initialize": plain(401, "no", { "www-authenticate": challenge }) })
      const error = yield* refused(server.url)
      assert.strictEqual(error.phase, "auth")
      assert.strictEqual(error.status, 401)
      assert.strictEqual(error.wwwAuthenticate, challenge)
      assert.include(error.hint ?? "", "Authorization")

      const forbidding = yield* serve({ "initialize": plain(403, "no") })
      const forbidden = yield* refused(forbidding.url, { headers: { authorization: "Bearer wrong" } })
      assert.strictEqual(forbidden.phase, "auth")
      assert.strictEqual(forbidden.status, 403)
      assert.notInclude(`${forbidden.message} ${forbidden.hint}`, "wrong")
    }))

  live("404, 500 and 503", () =>
    Effect.gen(function*() {
      const missing = yield* refused((yield* serve({ "initialize": html(404) })).url)
      assert.strictEqual(missing.phase, "http")
      assert.strictEqual(missing.status, 404)
      assert.strictEqual(missing.description, "HTTP 404 Not Found: Log in Please log in")
      assert.include(missing.hint ?? "", "URL")

      const broken = yield* refused((yield* serve({ "initialize": plain(500, "boom\nat line 3") })).url)
      assert.strictEqual(broken.status, 500)
      assert.strictEqual(broken.description, "HTTP 500 Internal Server Error: boom at line 3")

      const busy = yield* refused((yield* serve({ "initialize": plain(503, "", { "retry-after": "600" }) })).url)
      assert.strictEqual(busy.description, "HTTP 503 Service Unavailable")
      assert.strictEqual(busy.retryAfter, 600_000)
    }))

  live("a JSON-RPC error with our id in a 400", () =>
    Effect.gen(function*() {
      const server = yield* serve({
        "initialize": (exchange) => json(exchange, rpcError(exchange.message.id, -32602, "no such thing"), 400)
      })
      const error = yield* refused(server.url)
      assert.strictEqual(error.phase, "negotiate")
      assert.include(error.description, "no such thing (code -32602)")
    }))

  live("a web page instead of JSON", () =>
    Effect.gen(function*() {
      const error = yield* refused((yield* serve({ "initialize": html(200) })).url)
      assert.strictEqual(error.phase, "http")
      assert.strictEqual(error.description, "the server answered with text/html that is not JSON: Log in Please log in")
      assert.include(error.hint ?? "", "login")
    }))

  live("a server that says nothing, or nothing after the headers", () =>
    Effect.gen(function*() {
      const mutes: ReadonlyArray<Handler> = [() => {}, (exchange) => stream(exchange)]
      for (const mute of mutes) {
        const server = yield* serve({ "server/discover": mute, "initialize": mute })
        const refusal = yield* Effect.forkChild(refused(server.url, { timeout: 100 }))
        yield* server.until(() => server.exchanges.length === 1)
        yield* TestClock.adjust(100)
        const error = yield* Fiber.join(refusal)
        assert.strictEqual(error.phase, "negotiate")
        assert.include(error.description, "within 100 ms")
        yield* server.until(() => server.open() === 0)
        assert.isTrue(server.exchanges[0]?.aborted)
      }
    }).pipe(Effect.provide(TestClock.layer())))

  live("a redirect to another origin is refused, and gets no credentials", () =>
    Effect.gen(function*() {
      const thief = yield* serve()
      const server = yield* serve({
        "initialize": ({ response }) => response.writeHead(307, { location: thief.url }).end()
      })
      const error = yield* refused(server.url, { headers: { authorization: "Bearer secret" } })
      assert.strictEqual(error.phase, "http")
      assert.include(error.description, `another origin, ${thief.origin} (HTTP 307)`)
      assert.strictEqual(thief.exchanges.length, 0)
    }))

  live("a redirect to another origin is refused, and gets no credentials, with fetch", () =>
    Effect.gen(function*() {
      const thief = yield* serve()
      const server = yield* serve({
        "initialize": ({ response }) => response.writeHead(302, { location: thief.url }).end()
      })
      const error = yield* refused(server.url, { headers: { authorization: "Bearer secret" } })
      assert.include(error.description, `another origin, ${thief.origin} (HTTP 302)`)
      assert.strictEqual(thief.exchanges.length, 0)
    }), FetchHttpClient.layer)

  live(
    "a redirect within the origin is followed where the message survives it, and not for ever",
    () =>
      Effect.gen(function*() {
        const moved = (status: number): Handler => ({ path, response }) =>
          void (path === "/mcp" ? response.writeHead(status, { location: "/new" }).end() : undefined)
        const server = yield* serve({
          "initialize": (exchange, server) =>
            exchange.path === "/new"
              ? json(exchange, initializeResult(exchange.message.id))
              : moved(308)(exchange, server)
        })
        const session = yield* connect(server.url)
        assert.strictEqual(text(yield* session.callTool("echo")), "done")

        const lossy = yield* refused((yield* serve({ "initialize": moved(302) })).url)
        assert.include(lossy.description, "redirects to /new in a way that loses the message (HTTP 302)")
        assert.match(lossy.hint ?? "", /http:\/\/127\.0\.0\.1:\d+\/new/)

        const loop = yield* serve({
          "initialize": ({ response }) => response.writeHead(307, { location: "/mcp" }).end()
        })
        assert.include((yield* refused(loop.url)).description, "redirects more than 5 times")
        assert.strictEqual(loop.exchanges.filter((one) => one.message.method === "initialize").length, 6)
      })
  )
})

describe("a call over Streamable HTTP", () => {
  const cases: ReadonlyArray<{
    readonly name: string
    readonly answer: (exchange: Exchange) => void
    readonly delivery: string
    readonly reason: Record<string, unknown>
    readonly message: RegExp
  }> = [
    {
      name: "202",
      answer: ({ response }) => response.writeHead(202).end(),
      delivery: "answered",
      reason: { _tag: "InvalidResult" },
      message: /^tools\/call on "web" failed: the server answered HTTP 202 with nothing in it$/
    },
    {
      name: "204",
      answer: ({ response }) => response.writeHead(204).end(),
      delivery: "answered",
      reason: { _tag: "InvalidResult" },
      message: /HTTP 204/
    },
    {
      name: "an empty 200",
      answer: ({ response }) => response.writeHead(200, { "content-type": "application/json" }).end(),
      delivery: "answered",
      reason: { _tag: "InvalidResult" },
      message: /HTTP 200 with nothing in it/
    },
    {
      name: "broken JSON",
      answer: ({ response }) =>
        response.writeHead(200, { "content-type": "application/json" }).end("{\"jsonrpc\": \"2.0\", "),
      delivery: "answered",
      reason: { _tag: "InvalidResult" },
      message: /application\/json that is not JSON: {"jsonrpc": "2.0",/
    },
    {
      name: "JSON that is not JSON-RPC",
      answer: (exchange) => json(exchange, { message: "welcome" }),
      delivery: "answered",
      reason: { _tag: "InvalidResult" },
      message: /something else: welcome/
    },
    {
      name: "an answer to somebody else",
      answer: (exchange) => json(exchange, result("nobody", "done")),
      delivery: "answered",
      reason: { _tag: "InvalidResult" },
      message: /never used/
    },
    {
      name: "an error under no id",
      answer: (exchange) => json(exchange, rpcError(null, -32700, "parse error")),
      delivery: "answered",
      reason: { _tag: "Rejected", code: -32700, description: "parse error" },
      message: /parse error/
    },
    {
      name: "a JSON-RPC error in a 404",
      answer: (exchange) => json(exchange, rpcError(exchange.message.id, -32601, "no such method"), 404),
      delivery: "answered",
      reason: { _tag: "Rejected", code: -32601, description: "no such method" },
      message: /no such method/
    },
    {
      name: "a JSON-RPC error in a 500",
      answer: (exchange) => json(exchange, rpcError(exchange.message.id, -32603, "internal"), 500),
      delivery: "answered",
      reason: { _tag: "Rejected", code: -32603, description: "internal" },
      message: /internal/
    },
    {
      name: "a long JSON-RPC error in a 400",
      answer: ({ message: { id }, response }) => {
        const error = { code: -32602, message: "wrong", data: { why: "x".repeat(500_000) } }
        response.writeHead(400, { "content-type": "application/json" }).end(
          JSON.stringify({ jsonrpc: "2.0", error, id })
        )
      },
      delivery: "answered",
      reason: { _tag: "Rejected", code: -32602, description: "wrong" },
      message: /wrong/
    },
    {
      name: "a JSON-RPC error under no id in a 400",
      answer: (exchange) => json(exchange, rpcError(null, -32000, "Bad Request: what?"), 400),
      delivery: "answered",
      reason: { _tag: "Rejected", code: 400, status: 400, description: "HTTP 400 Bad Request: Bad Request: what?" },
      message: /HTTP 400/
    },
    {
      name: "401",
      answer: ({ response }) => response.writeHead(401, { "www-authenticate": "Bearer" }).end(),
      delivery: "not-sent",
      reason: { _tag: "Unauthorized", status: 401, wwwAuthenticate: "Bearer" },
      message: /not authorized \(HTTP 401\)/
    },
    {
      name: "429",
      answer: ({ response }) => response.writeHead(429).end(),
      delivery: "answered",
      reason: { _tag: "Rejected", code: 429, status: 429, description: "HTTP 429 Too Many Requests" },
      message: /429/
    },
    {
      name: "502",
      answer: ({ response }) => response.writeHead(502, { "retry-after": "1" }).end("<h1>Bad gateway</h1>"),
      delivery: "unknown",
      reason: {
        _tag: "Rejected",
        code: 502,
        status: 502,
        retryAfter: 1000,
        description: "HTTP 502 Bad Gateway: Bad gateway"
      },
      message: /502/
    },
    {
      name: "an error body that never ends",
      answer: ({ response }) => response.writeHead(500, { "content-type": "text/plain" }).write("it all went "),
      delivery: "unknown",
      reason: { _tag: "Rejected", code: 500, description: "HTTP 500 Internal Server Error: it all went" },
      message: /it all went$/
    },
    {
      name: "a connection that is cut before the answer",
      answer: ({ response }) => response.destroy(),
      delivery: "unknown",
      reason: { _tag: "Closed" },
      message: /closed the connection before it answered \((UND_ERR_SOCKET|ECONNRESET)\)/
    },
    {
      name: "a body that is cut",
      answer: ({ response }) => {
        response.writeHead(200, { "content-type": "application/json", "content-length": 1000 })
        response.write("{\"jsonrpc\"", () => response.destroy())
      },
      delivery: "unknown",
      reason: { _tag: "Closed" },
      message: /the connection broke before the answer was complete/
    }
  ]

  for (const { answer, delivery, message, name, reason } of cases) {
    live(`${name}, and the next call works`, () =>
      Effect.gen(function*() {
        const server = yield* serve({ "tools/call": once(1, answer, done) })
        const session = yield* connect(server.url)
        yield* session.listTools
        const error = yield* failure(session, { timeout: patience(10_000) })
        assert.strictEqual(error.delivery, delivery)
        assert.deepInclude({ ...error.reason }, reason)
        assert.match(error.message, message)
        assert.strictEqual(text(yield* session.callTool("echo")), "done")
        yield* server.until(() => server.open() === 0)
      }))
  }

  live(
    "a 404 for our session: it has expired, and is not deleted; what is still open goes on",
    () =>
      Effect.gen(function*() {
        const gone: Handler = (exchange) => json(exchange, rpcError(null, -32001, "Session not found"), 404)
        const server = yield* serve({
          "tools/call": (exchange, server) => {
            // The first call stays unanswered while the second learns that the session is gone.
            if (server.seen("tools/call").length === 2) gone(exchange, server)
          },
          "ping": gone
        })
        yield* Effect.scoped(Effect.gen(function*() {
          const session = yield* connect(server.url, { reconnect: false })
          const other = yield* Effect.forkChild(session.callTool("echo"))
          yield* server.until(() => server.seen("tools/call").length === 1)
          const error = yield* failure(session)
          assert.strictEqual(error.delivery, "not-sent")
          assert.strictEqual(error.reason._tag, "SessionExpired")
          assert.include(
            error.message,
            "the server no longer knows our session (HTTP 404 Not Found: Session not found)"
          )

          const later = yield* failure(session)
          assert.strictEqual(later.reason._tag, "SessionExpired")
          assert.strictEqual(later.delivery, "not-sent")
          assert.strictEqual((yield* session.state.current)._tag, "Ready")
          const [first] = server.seen("tools/call")
          if (first !== undefined) json(first, result(first.message.id, "late, and still an answer"))
          assert.strictEqual(text(yield* Fiber.join(other)), "late, and still an answer")
          yield* session.state.changes.pipe(Stream.takeUntil((state) => state._tag === "Failed"), Stream.runDrain)
          yield* server.until(() => server.open() === 0)
        }))
        assert.strictEqual(server.seen("DELETE").length, 0)
      })
  )

  for (const [code, syscall] of [["ETIMEDOUT", "read"], ["EHOSTUNREACH", "write"], ["EPROTO", "read"]]) {
    live(
      `a connection that breaks with ${code} on a ${syscall}: the call went out, and is not sent again`,
      () =>
        Effect.gen(function*() {
          const server = yield* serve()
          const breaking = HttpClient.transform(yield* HttpClient.HttpClient, (response, request) => {
            const cause = Object.assign(new Error(`${syscall} ${code}`), { code, syscall })
            const { body } = request
            const isCall = body._tag === "Uint8Array" && new TextDecoder().decode(body.body).includes("tools/call")
            return isCall
              ? Effect.andThen(
                response,
                Effect.fail(
                  new HttpClientError.HttpClientError({
                    reason: new HttpClientError.TransportError({ request, cause })
                  })
                )
              )
              : response
          })
          const session = yield* connect(server.url).pipe(Effect.provideService(HttpClient.HttpClient, breaking))
          yield* session.listTools
          const error = yield* failure(session)
          assert.strictEqual(error.delivery, "unknown")
          assert.strictEqual(server.seen("tools/call").length, 1)
        })
    )
  }
})
