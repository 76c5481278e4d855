/**
 * JSON nests at most 1,000 levels deep, whatever brings it: a deeper answer fails its request, a deeper notification or
 * request is left out with a warning, and the session goes on.
 */
import { assert, describe, it } from "@effect/vitest"
import { Server } from "@modelcontextprotocol/server"
import type { McpSession } from "@universal-mcp/core/McpSession"
import * as InMemoryTransport from "@universal-mcp/transports/InMemoryTransport"
import * as SseTransport from "@universal-mcp/transports/SseTransport"
import * as StdioTransport from "@universal-mcp/transports/StdioTransport"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { fileURLToPath } from "node:url"
import * as deep from "./fixtures/deep.ts"
import { type Exchange, type Handlers, initializeResult, serve } from "./fixtures/httpServer.ts"
import * as http from "./fixtures/httpSupport.ts"
import { node, platforms } from "./support.ts"

type Session = McpSession["Service"]

const check = Effect.fnUntraced(function*(session: Session, names: ReadonlyArray<string> = Object.keys(deep.messages)) {
  for (const name of names.filter((name) => deep.failing.includes(name))) {
    const error = yield* Effect.flip(session.callTool(name))
    if (error._tag !== "CallError") return assert.fail(`${name}: ${error.message}`)
    assert.deepInclude(error, { _tag: "CallError", delivery: "answered" }, name)
    assert.strictEqual(error.reason._tag, "InvalidResult", name)
    assert.include(error.message, "is nested more than 1000 levels deep", name)
    assert.include(error.hint, "no option raises this limit", name)
  }
  for (const name of names.filter((name) => deep.leftOut.includes(name))) {
    // The warnings are kept for the first reader.
    const result = yield* session.callTool(name)
    assert.deepStrictEqual(result.content, [{ type: "text", text: "done" }], name)
  }
  for (const name of names.filter((name) => deep.fine.includes(name))) {
    assert.property(yield* session.callTool(name), "structuredContent", name)
  }
  if (!names.includes("a notification")) return
  const warned = yield* session.warnings.pipe(
    Stream.filter(({ description }) => description.startsWith("left out what the server sent by itself")),
    Stream.take(2),
    Stream.runCollect
  )
  assert.lengthOf(warned, 2)
})

describe.each(platforms)("stdio %s", (_, platform) => {
  it.live("bounds the depth of messages", () =>
    Effect.gen(function*() {
      const script = fileURLToPath(new URL("fixtures/deepServer.ts", import.meta.url))
      yield* check(yield* StdioTransport.make({ name: "deep", command: node, args: [script] }))
    }).pipe(Effect.scoped, Effect.provide(platform)))
})

const called = (exchange: Exchange): ReadonlyArray<string> => {
  const name = String(exchange.message.params?.["name"])
  return deep.messages[name]?.(exchange.message.id) ?? []
}

const events = (texts: ReadonlyArray<string>): string => texts.map((text) => `data: ${text}\n\n`).join("")

describe("HTTP", () => {
  const over = (name: string, handlers: Handlers, names?: ReadonlyArray<string>) =>
    http.live(`${name} bounds the depth of messages`, () =>
      Effect.gen(function*() {
        const server = yield* serve(handlers)
        yield* check(yield* http.connect(server.url), names)
      }))

  over("a JSON body", {
    "tools/call": (exchange) => {
      exchange.response.writeHead(200, { "content-type": "application/json" }).end(called(exchange)[0])
    }
  }, [...deep.failing, ...deep.fine])

  over("an event stream", {
    "tools/call": (exchange) => {
      exchange.response.writeHead(200, { "content-type": "text/event-stream" }).end(events(called(exchange)))
    }
  })

  http.live("HTTP+SSE bounds the depth of messages", () =>
    Effect.gen(function*() {
      let stream: Exchange | undefined
      const say = (texts: ReadonlyArray<string>) => (exchange: Exchange) => {
        exchange.response.writeHead(202).end()
        stream?.response.write(events(texts))
      }
      const server = yield* serve({
        "GET": (exchange) => {
          stream = exchange
          exchange.response.writeHead(200, { "content-type": "text/event-stream" })
          exchange.response.write("event: endpoint\ndata: /messages\n\n")
        },
        "initialize": (exchange) => say([JSON.stringify(initializeResult(exchange.message.id))])(exchange),
        "tools/list": (exchange) =>
          say([JSON.stringify({ jsonrpc: "2.0", id: exchange.message.id, result: { tools: [] } })])(exchange),
        "tools/call": (exchange) => say(called(exchange))(exchange)
      })
      const session: Effect.Effect<Session, unknown, HttpClient.HttpClient | Scope.Scope> = SseTransport.make({
        name: "old",
        url: server.url
      })
      yield* check(yield* session)
    }))

  http.live("a body with neither an answer nor an end of its levels fails the call", () =>
    Effect.gen(function*() {
      const server = yield* serve({
        "tools/call": (exchange) => {
          exchange.response.writeHead(200, { "content-type": "application/json" }).end("[".repeat(100_000))
        }
      })
      const session = yield* http.connect(server.url)
      assert.strictEqual((yield* http.failure(session)).reason._tag, "InvalidResult")
    }))
})

describe("in memory", () => {
  const value = (levels: number): unknown => JSON.parse(deep.nested(levels))

  it.live.each([999, 3000, 200_000])(
    "an answer of %d levels and more fails its call",
    (levels) =>
      Effect.gen(function*() {
        const server = new Server({ name: "deep", version: "1" }, { capabilities: { tools: {} } })
        server.setRequestHandler("tools/call", ({ params }) => ({
          content: [],
          structuredContent: { a: value(params.name === "deep" ? levels : 10) }
        }))
        const session = yield* InMemoryTransport.make({ name: "deep", server })
        const error = yield* Effect.flip(session.callTool("deep"))
        assert.isTrue(
          error._tag === "CallError" && error.reason._tag === "InvalidResult" && error.delivery === "answered"
        )
        assert.property(yield* session.callTool("flat"), "structuredContent")
      }).pipe(Effect.scoped)
  )

  it.live("a notification that is too deep is left out with a warning", () =>
    Effect.gen(function*() {
      const server = new Server({ name: "deep", version: "1" }, { capabilities: { tools: {}, logging: {} } })
      server.setRequestHandler("tools/call", async () => {
        await server.sendLoggingMessage({ level: "info", data: value(2000) })
        return { content: [] }
      })
      const session = yield* InMemoryTransport.make({ name: "deep", server })
      yield* session.callTool("tell")
      const [first] = yield* session.warnings.pipe(Stream.take(1), Stream.runCollect)
      assert.match(first?.description ?? "", /^left out .* nested more than 1000 levels deep$/)
    }).pipe(Effect.scoped))
})
