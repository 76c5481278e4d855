import { assert, describe, it } from "@effect/vitest"
import * as McpSession from "@universal-mcp/core/McpSession"
import * as NegotiationCache from "@universal-mcp/core/NegotiationCache"
import { Effect, Fiber, Stream } from "effect"
import { TestClock } from "effect/testing"
import { connect, discovered, type Handlers, initialized, type Message, modern, wire } from "./fixtures/wire.ts"

const fresh = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.suspend(() => Effect.provideService(effect, NegotiationCache.NegotiationCache, NegotiationCache.make()))

const make = (handlers: Handlers, options: Partial<McpSession.Options> = {}) =>
  Effect.map(
    wire(handlers),
    (end) => ({
      end,
      session: McpSession.make(Effect.succeed(end.near), {
        reconnect: false,
        name: "hand",
        transport: "in-memory",
        cacheKey: "key",
        ...options
      })
    })
  )

describe("negotiation", () => {
  it.effect("asks once, with who we are, and every request says so again", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect({
        ...modern,
        "tools/call": (request, wire) => wire.answer(request, { resultType: "complete", content: [] })
      })
      assert.deepInclude(session.server, { name: "by-hand", version: "1.2.3", era: "modern" })
      yield* session.callTool("echo", {}, { meta: { mine: 1 } })
      for (const method of ["server/discover", "tools/call"]) {
        assert.deepInclude(wire.all(method)[0]?.params?.["_meta"], {
          "io.modelcontextprotocol/protocolVersion": "2026-07-28",
          "io.modelcontextprotocol/clientCapabilities": { extensions: { "io.modelcontextprotocol/tasks": {} } }
        })
      }
      assert.deepInclude(wire.all("tools/call")[0]?.params?.["_meta"], { mine: 1 })
      assert.deepStrictEqual(wire.received.map(({ method }) => method), ["server/discover", "tools/call"])
    }))

  it.effect("results of the modern era arrive as the server gave them", () =>
    Effect.gen(function*() {
      const content = [{ type: "hologram", depth: 3 }, { type: "text", text: "hi", more: true }]
      const { session } = yield* connect({
        ...modern,
        "tools/call": (request, wire) => wire.answer(request, { content, extra: 1, structuredContent: [1, 2] }),
        "tools/list": (request, wire) =>
          wire.answer(request, {
            tools: [{ name: "ok", inputSchema: {}, odd: 1 }, { nameless: true }],
            nextCursor: null
          })
      })
      const result: unknown = yield* session.callTool("ok")
      assert.deepStrictEqual(result, { content, extra: 1, structuredContent: [1, 2] })
      const tools: unknown = yield* session.listTools
      assert.deepStrictEqual(tools, [{ name: "ok", inputSchema: {}, odd: 1 }])
    }))

  it.effect("a slow server that answers both questions late gets a session of its era", () =>
    fresh(Effect.gen(function*() {
      const { end, session } = yield* make({ "server/discover": () => {}, "initialize": () => {} })
      const connecting = yield* Effect.forkChild(session)
      const question = yield* end.next("server/discover")
      yield* TestClock.adjust("1500 millis")
      const initialize = yield* end.next("initialize")
      end.answer(question, discovered)
      end.refuse(initialize, -32601, "Method not found")
      assert.strictEqual((yield* Fiber.join(connecting)).server.era, "modern")
    })))

  it.effect("a slow server that knows the modern era alone, and says nothing to initialize", () =>
    fresh(Effect.gen(function*() {
      const { end, session } = yield* make({ "server/discover": () => {}, "initialize": () => {} })
      const connecting = yield* Effect.forkChild(session)
      const question = yield* end.next("server/discover")
      yield* TestClock.adjust("1500 millis")
      yield* end.next("initialize")
      end.answer(question, discovered)
      yield* TestClock.adjust("1500 millis")
      assert.strictEqual((yield* Fiber.join(connecting)).server.era, "modern")
    })))

  it.effect("a slow server that speaks both eras is bound to the one it answered last, and remembered for the better", () =>
    fresh(Effect.gen(function*() {
      const { end, session } = yield* make({ "server/discover": () => {}, "initialize": () => {} })
      const connecting = yield* Effect.forkChild(session)
      const question = yield* end.next("server/discover")
      yield* TestClock.adjust("1500 millis")
      const initialize = yield* end.next("initialize")
      end.answer(question, discovered)
      end.answer(initialize, initialized)
      assert.strictEqual((yield* Fiber.join(connecting)).server.era, "legacy")
      assert.strictEqual(yield* (yield* NegotiationCache.NegotiationCache).get("key"), "modern")
    })))

  it.effect("what a slow server answers to our own initialize, once it is known to be modern, is no warning", () =>
    Effect.gen(function*() {
      const { end, session } = yield* make({ "server/discover": () => {}, "initialize": () => {} })
      const connecting = yield* Effect.forkChild(fresh(session), { startImmediately: true })
      const asked = yield* end.next("server/discover")
      yield* TestClock.adjust("2 seconds")
      const greeted = yield* end.next("initialize")
      end.answer(asked, discovered)
      yield* TestClock.adjust("2 seconds")
      const opened = yield* Fiber.join(connecting)
      assert.strictEqual(opened.server.era, "modern")
      const heard = yield* Effect.forkChild(Stream.runHead(opened.notifications), { startImmediately: true })
      end.answer(greeted, initialized)
      end.send({ jsonrpc: "2.0", method: "notifications/message", params: { level: "info", data: "hello" } })
      const first = yield* Effect.fromOption(yield* Fiber.join(heard))
      assert.strictEqual(first.params?.["data"], "hello")
    }))

  it.effect("a slow server gets the time that it is allowed", () =>
    fresh(
      Effect.gen(function*() {
        const { end, session } = yield* make({ "server/discover": () => {} })
        const connecting = yield* Effect.forkChild(session)
        const question = yield* end.next("server/discover")
        yield* TestClock.adjust("5 seconds")
        assert.deepStrictEqual(end.all("initialize"), [])
        end.answer(question, discovered)
        assert.strictEqual((yield* Fiber.join(connecting)).server.era, "modern")
      }).pipe(Effect.provideService(NegotiationCache.ProbeTimeout, "6 seconds"))
    ))

  it.effect("a slow legacy server", () =>
    fresh(Effect.gen(function*() {
      const { end, session } = yield* make({ "server/discover": () => {}, "initialize": () => {} })
      const connecting = yield* Effect.forkChild(session)
      const question = yield* end.next("server/discover")
      yield* TestClock.adjust("1500 millis")
      const initialize = yield* end.next("initialize")
      end.refuse(question, -32601, "Method not found")
      end.answer(initialize, initialized)
      const { server } = yield* Fiber.join(connecting)
      assert.strictEqual(server.era, "legacy")
      assert.strictEqual(yield* (yield* NegotiationCache.NegotiationCache).get("key"), "legacy")
    })))

  it.effect("capabilities and names that are not valid cost themselves alone", () =>
    Effect.gen(function*() {
      const { session } = yield* connect({
        initialize: (request, wire) =>
          wire.answer(request, {
            protocolVersion: "2025-06-18",
            capabilities: { tools: true, prompts: null, x: 3 },
            serverInfo: 7
          })
      })
      assert.deepInclude(session.server, { name: "hand", version: "", capabilities: { tools: {} } })
      const [remark] = yield* Stream.runCollect(Stream.take(session.warnings, 1))
      assert.strictEqual(remark?.level, "info")
      assert.match(String(remark?.description), /revision 2025-06-18, older than the 2025-11-25/)
    }))

  it.effect("a verdict is dropped when no session comes of it", () =>
    fresh(Effect.gen(function*() {
      const cache = yield* NegotiationCache.NegotiationCache
      yield* cache.set("key", "legacy")
      const { session } = yield* make({ initialize: (request, wire) => wire.refuse(request, -32000, "not today") })
      const error = yield* Effect.flip(session)
      assert.match(error.message, /refused to initialize: not today/)
      assert.isUndefined(yield* cache.get("key"))
    })))

  it.effect("a server that asks before it has said who it is: a ping is answered at once, the rest once we know", () =>
    fresh(Effect.gen(function*() {
      const asked: Array<Message> = []
      const { end, session } = yield* make({
        "initialize": (request, wire) => {
          asked.push(request)
          wire.send({ jsonrpc: "2.0", id: 501, method: "roots/list" })
          wire.send({ jsonrpc: "2.0", id: 500, method: "ping" })
        }
      })
      const connecting = yield* Effect.forkChild(session, { startImmediately: true })
      while (!end.received.some(({ id, result }) => id === 500 && result !== undefined)) yield* Effect.yieldNow
      for (const request of asked) end.answer(request, initialized)
      yield* Fiber.join(connecting)
      while (!end.received.some(({ error, id }) => id === 501 && error !== undefined)) yield* Effect.yieldNow
    })))
})
