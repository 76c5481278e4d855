import { assert, describe, it } from "@effect/vitest"
import { McpServer as McpServer1 } from "@modelcontextprotocol/sdk/server/mcp.js"
import { McpServer, Server } from "@modelcontextprotocol/server"
import * as McpSession from "@universal-mcp/core/McpSession"
import * as InMemoryTransport from "@universal-mcp/transports/InMemoryTransport"
import { Effect } from "effect"
import * as z from "zod"

describe("InMemoryTransport", () => {
  it.effect("connects to a server object of the SDK 2.x, and closes it with the session", () =>
    Effect.gen(function*() {
      const server = new McpServer({ name: "here", version: "2.0.0" })
      server.registerTool("echo", { inputSchema: z.object({ message: z.string() }) }, ({ message }) => ({
        content: [{ type: "text", text: message }]
      }))
      const result = yield* McpSession.McpSession.use((session) => session.callTool("echo", { message: "hello" })).pipe(
        Effect.provide(InMemoryTransport.layer({ name: "here", server }))
      )
      assert.deepStrictEqual(result.content, [{ type: "text", text: "hello" }])
      assert.isFalse(server.isConnected())
    }))

  it.effect("connects to one of the SDK 1.x", () =>
    Effect.gen(function*() {
      const server = new McpServer1({ name: "older", version: "1.0.0" })
      server.registerTool("add", { inputSchema: { a: z.number(), b: z.number() } }, ({ a, b }) => ({
        content: [{ type: "text", text: String(a + b) }]
      }))
      const session = yield* InMemoryTransport.make({ name: "older", server })
      assert.strictEqual(session.server.name, "older")
      assert.deepStrictEqual((yield* session.callTool("add", { a: 1, b: 2 })).content, [{ type: "text", text: "3" }])
    }))

  it.effect("fails at once a call whose answer is no JSON, and goes on", () =>
    Effect.gen(function*() {
      const server = new Server({ name: "big", version: "1.0.0" }, { capabilities: { tools: {} } })
      server.setRequestHandler("tools/list", () => ({ tools: [{ name: "big", inputSchema: { type: "object" } }] }))
      const circle: Record<string, unknown> = {}
      circle["itself"] = circle
      server.setRequestHandler("tools/call", ({ params }) => ({
        content: [],
        structuredContent: { n: params.arguments?.["big"] === true ? circle : 1 }
      }))
      const session = yield* InMemoryTransport.make({ name: "big", server })
      const error = yield* Effect.flip(session.callTool("big", { big: true }))
      assert.containSubset(error, { _tag: "CallError", delivery: "answered", reason: { _tag: "InvalidResult" } })
      assert.include(error.message, "circular")
      assert.deepStrictEqual((yield* session.callTool("big")).structuredContent, { n: 1 })
    }))

  it.effect("a server object that refuses is a ConnectionError", () =>
    Effect.gen(function*() {
      const error = yield* InMemoryTransport.make({
        name: "broken",
        server: { connect: () => Promise.reject(new Error("no")), close: () => Promise.resolve() }
      }).pipe(Effect.flip)
      assert.deepInclude(error, { _tag: "ConnectionError", server: "broken", phase: "connect" })
    }))
})
