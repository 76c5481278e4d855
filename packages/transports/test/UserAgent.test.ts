/** Who sends a request: firewalls refuse those that do not say. */
import { assert, describe } from "@effect/vitest"
import * as McpSession from "@universal-mcp/core/McpSession"
import * as AutoTransport from "@universal-mcp/transports/AutoTransport"
import * as SseTransport from "@universal-mcp/transports/SseTransport"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as Redacted from "effect/Redacted"
import { event, initializeResult, serve, type Server, stream } from "./fixtures/httpServer.ts"
import { connect, live } from "./fixtures/httpSupport.ts"

const agents = (server: Server) => [...new Set(server.exchanges.map(({ headers }) => headers["user-agent"]))]

const named = (name: string, version: string) => Effect.provideService(McpSession.ClientInfo, { name, version })

describe("the User-Agent", () => {
  const used = Effect.gen(function*() {
    const server = yield* serve()
    const session = yield* Effect.scoped(Effect.tap(connect(server.url), (session) => session.callTool("echo")))
    assert.strictEqual(session.transport, "streamable-http")
    yield* server.until(() => server.seen("DELETE").length === 1)
    return server
  })

  live("is our name and version, in requests of every kind", () =>
    Effect.gen(function*() {
      const server = yield* used
      assert.includeMembers(server.exchanges.map(({ method }) => method), ["POST", "GET", "DELETE"])
      const { name, version } = yield* McpSession.ClientInfo
      assert.deepStrictEqual(agents(server), [`${name}/${version}`])
    }))

  live("is our name and version, with fetch", () =>
    Effect.gen(function*() {
      const { name, version } = yield* McpSession.ClientInfo
      assert.deepStrictEqual(agents(yield* used), [`${name}/${version}`])
    }), FetchHttpClient.layer)

  live("is that of the program, as far as HTTP can carry it", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(agents(yield* named("my-app", "2.1.0-rc.1+b7")(used)), ["my-app/2.1.0-rc.1+b7"])
      assert.deepStrictEqual(agents(yield* named("Über Äpp (日本)", "1 \n")(used)), ["-ber-pp-/1-"])
      assert.deepStrictEqual(agents(yield* named("bare", "")(used)), ["bare"])
    }))

  live("is what the configuration has, however that is written", () =>
    Effect.gen(function*() {
      for (const name of ["User-Agent", "user-agent", "USER-AGENT"]) {
        const server = yield* serve()
        yield* Effect.scoped(connect(server.url, { headers: { [name]: Redacted.make("Mozilla/5.0 (theirs)") } }))
        assert.deepStrictEqual(agents(server), ["Mozilla/5.0 (theirs)"])
      }
    }))

  live("is sent over HTTP+SSE, and while the transport is being found out", () =>
    Effect.gen(function*() {
      let say: (text: string) => void = () => {}
      const server = yield* serve({
        "GET": (exchange) => {
          stream(exchange, "event: endpoint\ndata: /messages\n\n")
          say = (text) => exchange.response.write(text)
        },
        "initialize": ({ message, path, response }) => {
          if (path === "/mcp") return response.writeHead(405).end()
          response.writeHead(202).end()
          say(event(initializeResult(message.id)))
        },
        "server/discover": ({ response }) => response.writeHead(405).end()
      })
      yield* Effect.scoped(SseTransport.make({ name: "old", url: server.url }))
      yield* Effect.scoped(AutoTransport.make({ name: "old", url: server.url }))
      const { name, version } = yield* McpSession.ClientInfo
      assert.deepStrictEqual(agents(server), [`${name}/${version}`])
    }))
})
