import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { McpServer } from "@modelcontextprotocol/server"
import type { McpSession } from "@universal-mcp/core/McpSession"
import * as NegotiationCache from "@universal-mcp/core/NegotiationCache"
import * as StdioTransport from "@universal-mcp/transports/StdioTransport"
import { Effect, Fiber, Queue, Stream } from "effect"
import { fileURLToPath } from "node:url"
import { connect } from "./fixtures/httpSupport.ts"
import * as sdkHttp from "./fixtures/sdkHttp.ts"
import { node } from "./support.ts"

const changing = fileURLToPath(new URL("fixtures/sdkChanging.ts", import.meta.url))

/** A cache of its own for each test, so that they do not learn from one another. */
const fresh = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.suspend(() => Effect.provideService(effect, NegotiationCache.NegotiationCache, NegotiationCache.make()))

/** Reads a stream in a fiber of its own; its failure is that of `next`. */
const reading = Effect.fnUntraced(function*<A, E>(stream: Stream.Stream<A, E>) {
  const read = yield* Queue.unbounded<A, E>()
  const fiber = yield* stream.pipe(
    Stream.runForEach((value) => Queue.offer(read, value)),
    Effect.catchCause((cause) => Queue.failCause(read, cause)),
    Effect.forkChild({ startImmediately: true })
  )
  return { next: Queue.take(read), fiber }
})

const acknowledgements = ({ notifications }: McpSession["Service"]) =>
  Stream.filter(notifications, ({ method }) => method === "notifications/subscriptions/acknowledged")

describe("changes and subscriptions over stdio, on the official SDK 2.x", () => {
  it.live.each(
    [
      { era: "legacy", protocolVersion: "legacy", flags: [] },
      { era: "modern", protocolVersion: undefined, flags: ["--legacy=reject"] }
    ] as const
  )("$era", ({ era, flags, protocolVersion }) =>
    Effect.gen(function*() {
      const session = yield* StdioTransport.make({
        name: "changing",
        command: node,
        args: [changing, ...flags],
        ...(protocolVersion === undefined ? {} : { protocolVersion })
      })
      assert.strictEqual(session.server.era, era)
      const acknowledged = yield* reading(acknowledgements(session))
      const changes = yield* reading(session.changes)
      const updates = yield* reading(session.subscribe("note://1"))
      const others = yield* reading(session.subscribe("note://2"))
      if (era === "modern") yield* Effect.all([acknowledged.next, acknowledged.next, acknowledged.next])
      // What is asked later is answered later: both are subscribed by now.
      else yield* session.listTools
      yield* session.callTool("grow", { name: "late" })
      assert.strictEqual(yield* changes.next, "tools")
      assert.include((yield* session.listTools).map(({ name }) => name), "late")
      yield* session.callTool("touch", { uri: "note://1" })
      yield* session.callTool("touch", { uri: "note://2" })
      assert.strictEqual((yield* updates.next).uri, "note://1")
      assert.strictEqual((yield* others.next).uri, "note://2")
    }).pipe(fresh, Effect.scoped, Effect.provide(NodeServices.layer)))
})

describe("changes and subscriptions over Streamable HTTP, revision 2026-07-28", () => {
  it.live("are told for as long as somebody reads, and opened again when the connection breaks", () =>
    Effect.gen(function*() {
      const tools = ["one"]
      const server = yield* sdkHttp.make(() => {
        const mcp = new McpServer({ name: "sdk", version: "2.0.0" }, {
          capabilities: { resources: { subscribe: true, listChanged: true }, tools: { listChanged: true } }
        })
        for (const name of tools) mcp.registerTool(name, {}, () => ({ content: [] }))
        mcp.registerResource("note", "note://1", {}, () => ({ contents: [{ uri: "note://1", text: "hi" }] }))
        return mcp
      })
      const listens = () => server.seen("subscriptions/listen")
      const session = yield* connect(server.url)
      assert.strictEqual(session.server.era, "modern")
      assert.lengthOf(listens(), 0)
      yield* session.listTools
      yield* session.listResources

      const acknowledged = yield* reading(acknowledgements(session))
      const changes = yield* reading(session.changes)
      yield* acknowledged.next
      const updates = yield* reading(session.subscribe("note://1"))
      yield* acknowledged.next
      server.handler.notify.toolsChanged()
      assert.strictEqual(yield* changes.next, "tools")
      server.handler.notify.resourceUpdated("note://2")
      server.handler.notify.resourceUpdated("note://1")
      assert.strictEqual((yield* updates.next).uri, "note://1")

      tools.push("another")
      listens()[0]?.response.destroy()
      assert.strictEqual(yield* changes.next, "tools")
      server.handler.notify.toolsChanged()
      assert.strictEqual(yield* changes.next, "tools")

      yield* Fiber.interrupt(changes.fiber)
      yield* Fiber.interrupt(updates.fiber)
      yield* server.until(() => listens().slice(1).every(({ aborted }) => aborted))
      assert.lengthOf(listens(), 3)
      assert.deepStrictEqual((yield* session.readResource("note://1")).contents, [{ uri: "note://1", text: "hi" }])
      assert.notInclude(server.methods, "notifications/cancelled")
    }).pipe(fresh, Effect.scoped, Effect.provide(NodeHttpClient.layerUndici)))
})
