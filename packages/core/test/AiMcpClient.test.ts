import { assert, describe, it } from "@effect/vitest"
import type { McpServer } from "@modelcontextprotocol/server"
import * as AiMcpClient from "@universal-mcp/core/AiMcpClient"
import * as McpClient from "effect/ai/McpClient"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import * as z from "zod"
import * as servers from "./fixtures/server.ts"
import { connect, type Handlers, modern, text } from "./fixtures/wire.ts"

const configure = (server: McpServer) => {
  server.registerPrompt("greet", { argsSchema: z.object({ name: z.string() }) }, ({ name }) => ({
    messages: [{ role: "user", content: { type: "text", text: `hello ${name}` } }]
  }))
  server.registerResource("readme", "doc://readme", { mimeType: "text/plain" }, ({ href }) => ({
    contents: [{ uri: href, text: "read me" }]
  }))
  server.registerTool("picture", {}, () => ({
    // A server in the same process may give what JSON would not have.
    content: [{ type: "image", mimeType: "image/png", data: "AAEC", annotations: undefined }]
  }))
}

const Calc = AiMcpClient.layer.pipe(Layer.provide(servers.layer("calc", { configure })))

const onServer = <A, E>(use: (client: McpClient.McpClient) => Effect.Effect<A, E>) =>
  McpClient.McpClient.use(use).pipe(Effect.provide(Calc))

const toolNamed = (client: McpClient.McpClient, name: string) =>
  Effect.flatMap(client.listTools(), (tools) => Effect.fromNullishOr(tools.find((tool) => tool.name === name)))

describe("AiMcpClient on the official SDK's server", () => {
  it.effect("is a client that says whom it reached", () =>
    onServer((client) =>
      Effect.sync(() => {
        assert.isTrue(McpClient.isMcpClient(client))
        assert.strictEqual(client.protocolVersion, "2025-11-25")
        assert.deepStrictEqual({ ...client.serverInfo }, {
          name: "calc",
          version: "1.0.0",
          title: "The calc server"
        } as never)
        assert.strictEqual(client.instructions, "be kind")
      })
    ))

  it.effect("gives a toolkit whose tools call the server", () =>
    onServer((client) =>
      Effect.gen(function*() {
        const toolkit = yield* McpClient.toolkit(client, "calc__")
        assert.deepStrictEqual(Object.keys(toolkit.tools), ["calc__add", "calc__fail", "calc__picture"])
        const results = yield* Stream.runCollect(yield* toolkit.handle("calc__add", { a: 2, b: 3 }))
        assert.deepStrictEqual(results.map(({ isFailure, result }) => [isFailure, result]), [[false, "5"]])
        const error = yield* Effect.flip(
          Effect.flatMap(toolkit.handle("calc__fail", {}), Stream.runCollect)
        )
        assert.containSubset(error, { _tag: "McpClientError", reason: { _tag: "ToolError" } })
      })
    ))

  it.effect("calls tools, with and without a schema", () =>
    onServer((client) =>
      Effect.gen(function*() {
        const add = yield* toolNamed(client, "add")
        const result = yield* client.callTool({ tool: add, arguments: { a: 1, b: 2 } })
        assert.deepStrictEqual(result.structuredContent, { sum: 3 })
        const decoded = yield* client.callTool({
          tool: add,
          arguments: { a: 1, b: 2 },
          schema: Schema.Struct({ sum: Schema.Finite })
        })
        assert.strictEqual(decoded.sum, 3)
        const other = yield* Effect.flip(
          client.callTool({ tool: add, arguments: { a: 1, b: 2 }, schema: Schema.Struct({ sum: Schema.String }) })
        )
        assert.strictEqual(other.reason._tag, "ValidationError")
        const fail = yield* toolNamed(client, "fail")
        assert.isTrue((yield* client.callTool({ tool: fail })).isError)
        const failed = yield* Effect.flip(client.callTool({ tool: fail, schema: Schema.Unknown }))
        assert.strictEqual(failed.reason._tag, "ToolError")
      })
    ))

  it.effect("decodes binary content", () =>
    onServer((client) =>
      Effect.gen(function*() {
        const { content } = yield* client.callTool({ tool: yield* toolNamed(client, "picture") })
        assert.containSubset(content, [{ type: "image", mimeType: "image/png", data: new Uint8Array([0, 1, 2]) }])
      })
    ))

  it.effect("lists and gets prompts and resources", () =>
    onServer((client) =>
      Effect.gen(function*() {
        const [prompt] = yield* client.listPrompts()
        assert.strictEqual(prompt?.name, "greet")
        const { messages } = yield* client.getPrompt({ prompt: prompt!, arguments: { name: "Ada" } })
        assert.containSubset(messages, [{ role: "user", content: { type: "text", text: "hello Ada" } }])
        const [resource] = yield* client.listResources()
        assert.strictEqual(resource?.uri, "doc://readme")
        const { contents } = yield* client.readResource({ uri: "doc://readme" })
        assert.containSubset(contents, [{ uri: "doc://readme", text: "read me" }])
      })
    ))
})

describe("AiMcpClient on the wire", () => {
  const list: Handlers = {
    "tools/list": (request, to) =>
      to.answer(request, {
        tools: [{ name: "a", inputSchema: { type: "object" } }, {
          name: "b",
          title: 7,
          inputSchema: { type: "object" }
        }]
      })
  }

  const client = (handlers: Handlers) =>
    Effect.map(connect({ ...list, ...handlers }), ({ session, wire }) => ({
      client: AiMcpClient.fromSession(session),
      wire
    }))

  const failure = (handlers: Handlers) =>
    Effect.gen(function*() {
      const made = yield* client(handlers)
      const error = yield* Effect.flip(made.client.callTool({ tool: yield* toolNamed(made.client, "a") }))
      return error._tag === "McpClientError"
        ? { ...error.reason, cause: error.reason.cause, message: error.message }
        : undefined
    })

  it.effect("leaves out what it cannot read", () =>
    Effect.gen(function*() {
      const made = yield* client({})
      assert.deepStrictEqual((yield* made.client.listTools()).map(({ name }) => name), ["a"])
    }))

  it.effect("is of the revision 2026-07-28 in the modern era", () =>
    Effect.gen(function*() {
      const made = yield* client({
        ...modern,
        "tools/list": (request, to) =>
          to.answer(request, {
            resultType: "complete",
            ttlMs: 0,
            cacheScope: "private",
            tools: [{ name: "a", inputSchema: { type: "object" } }]
          }),
        "tools/call": (request, to) => to.answer(request, { resultType: "complete", ...text("done") })
      })
      assert.strictEqual(made.client.protocolVersion, "2026-07-28")
      const { content } = yield* made.client.callTool({ tool: yield* toolNamed(made.client, "a") })
      assert.containSubset(content, [{ type: "text", text: "done" }])
    }))

  it.effect("fails with what the server refused with", () =>
    Effect.gen(function*() {
      const reason = yield* failure({
        "tools/call": (request, to) => to.refuse(request, -32050, "no more", { left: 0 })
      })
      assert.containSubset(reason, {
        _tag: "ProtocolError",
        code: -32050,
        data: { left: 0 },
        message: "tools/call on \"hand\" failed: no more (code -32050)"
      })
    }))

  it.effect("fails with a result that cannot be read", () =>
    Effect.gen(function*() {
      const reason = yield* failure({
        "tools/call": (request, to) => to.answer(request, { content: [{ type: "hologram" }] })
      })
      assert.containSubset(reason, { _tag: "ValidationError" })
    }))

  it.effect("fails with a result that does not fit the tool's output schema, and keeps it", () =>
    Effect.gen(function*() {
      const reason = yield* failure({
        "tools/list": (request, to) =>
          to.answer(request, {
            tools: [{
              name: "a",
              inputSchema: { type: "object" },
              outputSchema: { type: "object", properties: { sum: { type: "number" } } }
            }]
          }),
        "tools/call": (request, to) => to.answer(request, { content: [], structuredContent: { sum: "three" } })
      })
      assert.containSubset(reason, {
        _tag: "ValidationError",
        cause: { _tag: "InvalidStructuredContent", result: { structuredContent: { sum: "three" } } }
      })
    }))

  it.effect("fails with a connection that is lost", () =>
    Effect.gen(function*() {
      const reason = yield* failure({ "tools/call": (_, to) => void to.far.close() })
      assert.containSubset(reason, { _tag: "ClosedError" })
    }))

  it.effect("fails with what the server does not offer", () =>
    Effect.gen(function*() {
      const made = yield* client({
        "resources/read": (request, to) => to.refuse(request, -32601, "Method not found")
      })
      assert.containSubset(yield* Effect.flip(made.client.readResource({ uri: "doc://a" })), {
        reason: { _tag: "UnsupportedError" }
      })
    }))

  it.effect("keeps to the timeouts it is given", () =>
    Effect.gen(function*() {
      const made = yield* client({})
      const tool = yield* toolNamed(made.client, "a")
      const calling = yield* Effect.forkChild(Effect.flip(made.client.callTool({ tool }, { timeout: "3 seconds" })))
      yield* made.wire.next("tools/call")
      yield* TestClock.adjust("3 seconds")
      assert.containSubset(yield* Fiber.join(calling), { reason: { _tag: "TimeoutError", operation: "tools/call" } })
      yield* made.wire.next("notifications/cancelled")

      const silent = yield* client({ "tools/list": () => {} })
      const listing = yield* Effect.forkChild(Effect.flip(silent.client.listTools({ timeout: "2 seconds" })))
      yield* silent.wire.next("tools/list")
      yield* TestClock.adjust("2 seconds")
      assert.containSubset(yield* Fiber.join(listing), { reason: { _tag: "TimeoutError", operation: "tools/list" } })
    }))
})
