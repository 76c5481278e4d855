import { assert, describe, it } from "@effect/vitest"
import { Server } from "@modelcontextprotocol/server"
import * as ExactNumbers from "@universal-mcp/core/ExactNumbers"
import type * as McpSession from "@universal-mcp/core/McpSession"
import * as InMemoryTransport from "@universal-mcp/transports/InMemoryTransport"
import * as NodeTransports from "@universal-mcp/transports/NodeTransports"
import * as SseTransport from "@universal-mcp/transports/SseTransport"
import * as StdioTransport from "@universal-mcp/transports/StdioTransport"
import * as StreamableHttpTransport from "@universal-mcp/transports/StreamableHttpTransport"
import { Effect, Result, Stream } from "effect"
import { fileURLToPath } from "node:url"
import { serveHttp } from "./fixtures/echoDigits.ts"
import { node } from "./support.ts"

type Session = McpSession.McpSession["Service"]

const typed = (text: string): Record<string, unknown> => ({ ...Object(Result.getOrThrow(ExactNumbers.parseRaw(text))) })

const script = fileURLToPath(new URL("fixtures/echoDigits.ts", import.meta.url))

const stdio = StdioTransport.make({ name: "echo", command: node, args: [script] })

const inMemory = Effect.suspend(() => {
  const server = new Server({ name: "echo", version: "1.0.0" }, { capabilities: { tools: {} } })
  server.setRequestHandler("tools/list", () => ({ tools: [{ name: "echo", inputSchema: { type: "object" } }] }))
  server.setRequestHandler(
    "tools/call",
    ({ params }) => ({ content: [], structuredContent: params.arguments ?? {} })
  )
  return InMemoryTransport.make({ name: "echo", server })
})

const transports = {
  stdio,
  "Streamable HTTP with JSON": Effect.flatMap(
    serveHttp,
    (origin) => StreamableHttpTransport.make({ name: "echo", url: `${origin}/json` })
  ),
  "Streamable HTTP with events": Effect.flatMap(
    serveHttp,
    (origin) => StreamableHttpTransport.make({ name: "echo", url: `${origin}/events` })
  ),
  "HTTP+SSE": Effect.flatMap(serveHttp, (origin) => SseTransport.make({ name: "echo", url: `${origin}/sse` })),
  "memory": inMemory
}

const structured = (session: Session, args: Record<string, unknown>, options?: McpSession.CallOptions) =>
  Effect.map(session.callTool("echo", args, options), ({ structuredContent }) => structuredContent)

describe.each(Object.entries(transports))("a bigint over %s", (_, open) => {
  it.live("is sent as its digits, and comes back with exactNumbers", () =>
    Effect.scoped(Effect.gen(function*() {
      const session = yield* open
      const args = {
        id: 9223372036854775807n,
        small: 5n,
        nested: { list: [-18446744073709551616n, { deep: 2n ** 200n }], ratio: 0.5 }
      }
      assert.deepStrictEqual(yield* structured(session, args, { exactNumbers: true }), { ...args, small: 5 })
      assert.deepStrictEqual(yield* structured(session, { plain: [1, 2.5, "9223372036854775807"] }), {
        plain: [1, 2.5, "9223372036854775807"]
      })
    })).pipe(Effect.provide(NodeTransports.platform)))

  it.live("is a number without it, and the result warns of each that changed", () =>
    Effect.scoped(Effect.gen(function*() {
      const session = yield* open
      const result = yield* session.callTool("echo", { ids: [9007199254740993n, 7n], at: { ns: 1785196800123456789n } })
      assert.deepStrictEqual(result.structuredContent, {
        ids: [9007199254740992, 7],
        at: { ns: Number(1785196800123456789n) }
      })
      assert.deepStrictEqual(result.warnings, [
        "structuredContent.ids[0] is 9007199254740993, which JavaScript reads as 9007199254740992; " +
        "call with exactNumbers: true to get a bigint",
        "structuredContent.at.ns is 1785196800123456789, which JavaScript reads as 1785196800123456800; " +
        "call with exactNumbers: true to get a bigint"
      ])
      assert.notProperty(yield* session.callTool("echo", { id: 9007199254740991 }), "warnings")
    })).pipe(Effect.provide(NodeTransports.platform)))
})

describe("numbers of a server", () => {
  const onStdio = <A, E>(test: (session: Session) => Effect.Effect<A, E>) =>
    Effect.scoped(Effect.flatMap(stdio, test)).pipe(Effect.provide(NodeTransports.platform))

  it.live("are exact in whatever a call gives", () =>
    onStdio((session) =>
      Effect.gen(function*() {
        const exactNumbers = true
        const resource = yield* session.readResource("x://y", { exactNumbers })
        assert.deepStrictEqual(resource.contents[0]?._meta, { size: 10765432100123456789n })
        const prompt = yield* session.getPrompt("p", {}, { exactNumbers })
        assert.deepStrictEqual(prompt._meta, { revision: -9007199254740995n })
        assert.deepStrictEqual(yield* session.request("x/anything", {}, { exactNumbers }), {
          serial: 36893488147419103233n,
          ratio: 2.5
        })
        const plain = yield* session.request("x/anything")
        assert.strictEqual(plain["serial"], Number(36893488147419103233n))
        assert.lengthOf(Object(plain["warnings"]), 1)
      })
    ))

  it.live("do not warn where they are in a list, which no caller can get in another way", () =>
    onStdio((session) =>
      Effect.gen(function*() {
        yield* session.listTools
        yield* session.request("x/anything")
        const told = yield* session.warnings.pipe(Stream.take(1), Stream.runCollect)
        assert.include(told.map(({ description }) => description).join(), "in the result of x/anything, serial is")
      })
    ))

  it.live("keep all of their digits for a program that asks for it", () =>
    onStdio((session) =>
      Effect.gen(function*() {
        const text = "{\"price\":1.10,\"huge\":1e400,\"pi\":3.14159265358979323846,\"id\":[1E5]}"
        const result = yield* session.callTool("echo", typed(text))
        assert.strictEqual(
          ExactNumbers.stringify(result),
          "{\"content\":[],\"structuredContent\":{\"price\":1.10,\"huge\":1e400,\"pi\":3.14159265358979323846,\"id\":[1E5]}}"
        )
      })
    ).pipe(Effect.provideService(ExactNumbers.KeepDigits, true)))

  it.live("warn of decimals that nothing can hold, also with exactNumbers", () =>
    onStdio((session) =>
      Effect.gen(function*() {
        const args = typed(
          "{\"same\":0.10000000000000001,\"repr\":0.30000000000000004,\"tiny\":1e-400,\"long\":2.718281828459045235360," +
            "\"whole\":9007199254740993.0}"
        )
        const result = yield* session.callTool("echo", args, { exactNumbers: true })
        assert.deepStrictEqual(result.structuredContent, {
          same: 0.1,
          repr: 0.30000000000000004,
          tiny: 0,
          long: 2.718281828459045,
          whole: 9007199254740993n
        })
        assert.deepStrictEqual(result.warnings?.map((warning) => warning.split(" ")[0]), [
          "structuredContent.tiny",
          "structuredContent.long"
        ])
      })
    ))
})
