import { assert, describe, it } from "@effect/vitest"
import * as McpError from "@universal-mcp/core/McpError"
import * as McpSession from "@universal-mcp/core/McpSession"
import { type McpTransport, TransportError } from "@universal-mcp/core/McpTransport"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import * as servers from "./fixtures/server.ts"
import { connect, initialized, text, wire } from "./fixtures/wire.ts"

const onServer = <A, E>(use: (session: McpSession.McpSession["Service"]) => Effect.Effect<A, E>) =>
  McpSession.McpSession.use(use).pipe(Effect.provide(servers.layer("calc")))

setFlagsFromString("--expose-gc")
const collectGarbage: () => void = runInNewContext("gc")

const heapUsed = () => {
  collectGarbage()
  return process.memoryUsage().heapUsed
}

const tool = (name: string) => ({ name, inputSchema: { type: "object" } })

describe("McpSession on the official SDK's server", () => {
  it.effect("says whom it reached", () =>
    onServer((session) =>
      Effect.gen(function*() {
        assert.strictEqual(session.name, "calc")
        assert.strictEqual(session.transport, "in-memory")
        const { capabilities, ...server } = session.server
        assert.deepStrictEqual(server, {
          name: "calc",
          version: "1.0.0",
          title: "The calc server",
          instructions: "be kind",
          protocolVersion: "2025-11-25",
          era: "legacy"
        })
        assert.isDefined(capabilities.tools)
        assert.deepStrictEqual(yield* session.state.current, { _tag: "Ready" })
      })
    ))

  it.effect("lists and calls tools", () =>
    onServer((session) =>
      Effect.gen(function*() {
        assert.deepStrictEqual((yield* session.listTools).map((item) => item.name), ["add", "fail"])
        const result = yield* session.callTool("add", { a: 1, b: 2 })
        assert.deepStrictEqual(result.content, [{ type: "text", text: "3" }])
        assert.deepStrictEqual(result.structuredContent, { sum: 3 })
      })
    ))

  it.effect("gives `isError` as a result, and as ToolFailed to those who want it", () =>
    onServer((session) =>
      Effect.gen(function*() {
        const result = yield* session.callTool("fail", {})
        assert.isTrue(result.isError)
        const error = yield* Effect.flip(session.callToolOrFail("fail", {}))
        assert.strictEqual(error._tag, "ToolFailed")
        assert.strictEqual(error.message, "tool \"fail\" of \"calc\" failed: no such city")
        assert.deepStrictEqual(error._tag === "ToolFailed" && error.result, result)
        assert.deepStrictEqual((yield* session.callToolOrFail("add", { a: 1, b: 2 })).structuredContent, { sum: 3 })
      })
    ))

  it.effect("says that a tool is not there, and which is near", () =>
    onServer((session) =>
      Effect.gen(function*() {
        for (const call of [session.callTool("ad", {}), session.callToolOrFail("ad", {})]) {
          const error = yield* Effect.flip(call)
          assert.isTrue(error._tag === "ToolNotFound")
          if (error._tag !== "ToolNotFound") return
          assert.deepStrictEqual(error.closest, ["add"])
          assert.include(error.text, "ad")
          assert.strictEqual(error.message, "\"calc\" has no tool \"ad\"; did you mean \"add\"?")
        }
        const streamed = yield* Effect.flip(Stream.runDrain(session.callToolStream("ad", {})))
        assert.strictEqual(streamed._tag, "ToolNotFound")
      })
    ))

  it.effect("says so too where the server gives it as a result, and leaves other failures alone", () =>
    Effect.gen(function*() {
      const { session } = yield* connect({
        "tools/list": (request, to) => to.answer(request, { tools: [tool("add")] }),
        "tools/call": (request, to) => to.answer(request, { ...text("it went wrong"), isError: true })
      })
      assert.isTrue((yield* session.callTool("add")).isError)
      const error = yield* Effect.flip(session.callTool("ad"))
      assert.deepStrictEqual(
        error,
        new McpError.ToolNotFound({
          server: "hand",
          tool: "ad",
          closest: ["add"],
          text: "it went wrong",
          result: { ...text("it went wrong"), isError: true }
        })
      )
    }))

  it.effect("does not wait long for the list to say so", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect({
        "tools/call": (request, to) => to.send({ jsonrpc: "2.0", id: request.id, error: { code: 1, message: "no" } })
      })
      const call = yield* session.callTool("a").pipe(Effect.flip, Effect.forkChild)
      yield* wire.next("tools/list")
      yield* TestClock.adjust("2 seconds")
      const error = yield* Fiber.join(call)
      assert.isTrue(error._tag === "CallError" && error.reason._tag === "Rejected")
    }))

  it.effect("does not take wrong arguments for a missing tool", () =>
    onServer((session) =>
      Effect.gen(function*() {
        const outcome = yield* Effect.result(session.callTool("add", { a: "x" }))
        assert.isTrue(outcome._tag === "Success" ? outcome.success.isError : outcome.failure._tag === "CallError")
      })
    ))
})

describe("McpSession calls", () => {
  it.effect("sends the name, the arguments and the metadata, and nothing else", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect({ "tools/call": (request, to) => to.answer(request, text("ok")) })
      yield* session.callTool("a")
      yield* session.callTool("b", { x: [1] }, { meta: { trace: "t" } })
      assert.deepStrictEqual(wire.all("tools/call").map((message) => message.params), [
        { name: "a" },
        { name: "b", arguments: { x: [1] }, _meta: { trace: "t" } }
      ])
    }))

  it.effect("keeps everything of a result, kinds of content it does not know included", () =>
    Effect.gen(function*() {
      const result = {
        content: [{ type: "hologram", data: 1, _meta: { a: 1 } }, {
          type: "text",
          text: "",
          annotations: { priority: 1 }
        }],
        structuredContent: { a: { b: [null] } },
        _meta: { m: 1 },
        extra: true
      }
      const { session } = yield* connect({
        "tools/list": (request, to) => to.answer(request, { tools: [tool("a")] }),
        "tools/call": (request, to) => to.answer(request, result)
      })
      assert.deepStrictEqual<unknown>(yield* session.callTool("a"), result)
    }))

  it.effect.each([{}, { structuredContent: { a: 1 } }])("takes the result %j", (result) =>
    Effect.gen(function*() {
      const { session } = yield* connect({
        "tools/list": (request, to) => to.answer(request, { tools: [tool("a")] }),
        "tools/call": (request, to) => to.answer(request, result)
      })
      assert.deepStrictEqual<unknown>(yield* session.callTool("a"), { ...result, content: [] })
    }))

  it.effect("gives a JSON-RPC error as Rejected, with its data", () =>
    Effect.gen(function*() {
      const { session } = yield* connect({
        "tools/list": (request, to) => to.answer(request, { tools: [tool("a")] }),
        "tools/call": (request, to) =>
          to.send({
            jsonrpc: "2.0",
            id: request.id,
            error: { code: -32000, message: "out of\norder", data: { until: 5 } }
          })
      })
      const error = yield* Effect.flip(session.callTool("a"))
      assert.isTrue(error._tag === "CallError" && error.reason._tag === "Rejected")
      if (error._tag !== "CallError" || error.reason._tag !== "Rejected") return
      assert.strictEqual(error.delivery, "answered")
      assert.strictEqual(error.reason.code, -32000)
      assert.deepStrictEqual(error.reason.data, { until: 5 })
      assert.strictEqual(error.message, "tools/call on \"hand\" failed: out of order (code -32000)")
    }))

  it.effect.each(
    [
      ["the default", undefined, 60_000],
      ["the server's", { requestTimeout: "5 seconds" }, 5000],
      ["the call's", { requestTimeout: "5 seconds", call: "200 millis" }, 200]
    ] as const
  )("times out after %s, and tells the server", ([, options, milliseconds]) =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect({}, { requestTimeout: options?.requestTimeout })
      const call = yield* session.callTool(
        "slow",
        {},
        options !== undefined && "call" in options ? { timeout: options.call } : {}
      )
        .pipe(Effect.flip, Effect.forkChild)
      const request = yield* wire.next("tools/call")
      yield* TestClock.adjust(milliseconds - 1)
      assert.isUndefined(call.pollUnsafe())
      yield* TestClock.adjust(1)
      const error = yield* Fiber.join(call)
      assert.isTrue(error._tag === "CallError" && error.reason._tag === "Timeout")
      if (error._tag !== "CallError" || error.reason._tag !== "Timeout") return
      assert.strictEqual(error.reason.milliseconds, milliseconds)
      assert.strictEqual(error.delivery, "unknown")
      assert.strictEqual(error.message, `tools/call on "hand" failed: no answer within ${milliseconds} ms`)
      assert.strictEqual((yield* wire.next("notifications/cancelled")).params?.["requestId"], request.id)
    }))

  it.effect("tells the server when the call is interrupted, and takes no harm from a late answer", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect()
      const call = yield* Effect.forkChild(session.callTool("slow"))
      const request = yield* wire.next("tools/call")
      yield* Fiber.interrupt(call)
      assert.strictEqual((yield* wire.next("notifications/cancelled")).params?.["requestId"], request.id)
      const next = yield* Effect.forkChild(session.callTool("next"))
      const second = yield* wire.next("tools/call", 2)
      wire.answer(request, text("late"))
      wire.answer(second, text("in time"))
      assert.deepStrictEqual<unknown>((yield* Fiber.join(next)).content, text("in time").content)
      assert.strictEqual(wire.all("notifications/cancelled").length, 1)
    }))

  it.effect("keeps concurrent calls apart, whatever the order of the answers", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect()
      const calls = yield* Effect.forEach(["a", "b", "c"], (name) => Effect.forkChild(session.callTool(name)))
      yield* wire.next("tools/call", 3)
      for (const request of [...wire.all("tools/call")].reverse()) {
        wire.answer(request, text(String(request.params?.["name"])))
      }
      const results = yield* Effect.forEach(calls, Fiber.join)
      assert.deepStrictEqual<unknown>(results, ["a", "b", "c"].map(text))
    }))
})

describe("McpSession streams of calls", () => {
  it.effect("gives progress and logs in order, then the result, also when all come at once", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect({
        "tools/call": (request, to) => {
          const progressToken = (request.params?.["_meta"] as Record<string, unknown> | undefined)?.["progressToken"]
          const progress = (n: number, token = progressToken) =>
            to.send({
              jsonrpc: "2.0",
              method: "notifications/progress",
              params: { progressToken: token, progress: n, total: 3 }
            })
          progress(1)
          to.send({ jsonrpc: "2.0", method: "notifications/message", params: { level: "info", data: "half" } })
          progress(99, "another call's")
          progress(2)
          to.answer(request, text("done"))
        }
      })
      const meta = { mine: 1, progressToken: "not ours" }
      assert.deepStrictEqual<unknown>(yield* Stream.runCollect(session.callToolStream("long", { a: 1 }, { meta })), [
        { _tag: "Progress", progress: 1, total: 3, message: undefined },
        { _tag: "Log", level: "info", logger: undefined, data: "half" },
        { _tag: "Progress", progress: 2, total: 3, message: undefined },
        { _tag: "Result", result: text("done") }
      ])
      const sent = (yield* wire.next("tools/call")).params?.["_meta"] as Record<string, unknown>
      assert.strictEqual(sent["mine"], 1)
      assert.notStrictEqual(sent["progressToken"], "not ours")
    }))

  it.live("gives 10,000 of them in order, and keeps none", () =>
    Effect.gen(function*() {
      const count = 10_000
      const { session } = yield* connect({
        "tools/call": (request, to) => {
          const progressToken = (request.params?.["_meta"] as Record<string, unknown> | undefined)?.["progressToken"]
          const rest = (n: number) => {
            if (n > count) return to.answer(request, text("done"))
            const until = Math.min(n + 100, count + 1)
            for (let i = n; i < until; i++) {
              to.send({
                jsonrpc: "2.0",
                method: "notifications/progress",
                params: { progressToken, progress: i, message: "x".repeat(10_000) }
              })
            }
            setImmediate(rest, until)
          }
          rest(1)
        }
      })
      const before = heapUsed()
      let next = 1
      let most = 0
      let result: unknown
      yield* session.callToolStream("long").pipe(
        Stream.runForEach((event) =>
          Effect.sync(() => {
            if (event._tag === "Progress") assert.strictEqual(event.progress, next++)
            else result = event
            if (next % 1000 === 0) most = Math.max(most, heapUsed() - before)
          })
        )
      )
      assert.strictEqual(next, count + 1)
      assert.deepStrictEqual<unknown>(result, { _tag: "Result", result: text("done") })
      // All of them are 100 MB and more.
      assert.isBelow(most, 20_000_000)
    }))

  it.effect("gives progress before there is a result", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect({
        "tools/call": (request, to) =>
          to.send({
            jsonrpc: "2.0",
            method: "notifications/progress",
            params: { ...(request.params?.["_meta"] as object), progress: 0.5, message: "half" }
          })
      })
      const first = yield* Stream.runHead(session.callToolStream("long"))
      assert.deepStrictEqual(
        first,
        yield* Effect.succeedSome<McpSession.CallEvent>({
          _tag: "Progress",
          progress: 0.5,
          total: undefined,
          message: "half"
        })
      )
      // Nobody wants the rest of it.
      yield* wire.next("notifications/cancelled")
    }))

  it.effect("fails as the call does", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect()
      const run = yield* Stream.runDrain(session.callToolStream("slow", {}, { timeout: 10 })).pipe(
        Effect.flip,
        Effect.forkChild
      )
      yield* wire.next("tools/call")
      yield* TestClock.adjust(10)
      const error = yield* Fiber.join(run)
      assert.isTrue(error._tag === "CallError" && error.reason._tag === "Timeout")
    }))
})

describe("McpSession and malformed answers", () => {
  const malformed: ReadonlyArray<readonly [what: string, answer: (id: unknown) => unknown]> = [
    ["neither result nor error", (id) => ({ jsonrpc: "2.0", id })],
    ["an error that is null", (id) => ({ jsonrpc: "2.0", id, error: null })],
    ["an error without a code", (id) => ({ jsonrpc: "2.0", id, error: { message: "b" } })],
    ["an error whose code is text", (id) => ({ jsonrpc: "2.0", id, error: { code: "E", message: "b" } })],
    ["an error without a message", (id) => ({ jsonrpc: "2.0", id, error: { code: 1 } })],
    ["an error that is text", (id) => ({ jsonrpc: "2.0", id, error: "b" })],
    ["a result that is null", (id) => ({ jsonrpc: "2.0", id, result: null })],
    ["a result that is text", (id) => ({ jsonrpc: "2.0", id, result: "a" })],
    ["a result that is a list", (id) => ({ jsonrpc: "2.0", id, result: [] })]
  ]

  it.effect.each(malformed)("fails at once on %s, and goes on", ([, answer]) =>
    Effect.gen(function*() {
      let bad = true
      const { session } = yield* connect({
        "tools/call": (request, to) => bad ? to.send(answer(request.id)) : to.answer(request, text("fine"))
      })
      const error = yield* Effect.flip(session.callTool("a"))
      assert.isTrue(error._tag === "CallError" && error.reason._tag === "InvalidResult", error.message)
      assert.strictEqual(error._tag === "CallError" && error.delivery, "answered")
      assert.notInclude(error.message, "\n")
      bad = false
      assert.deepStrictEqual<unknown>(yield* session.callTool("a"), text("fine"))
    }))

  it.effect.each(
    [
      ["an id as text", (id: unknown) => ({ jsonrpc: "2.0", id: String(id), result: text("a") })],
      ["extra keys", (id: unknown) => ({ jsonrpc: "2.0", id, result: text("a"), took: 5 })],
      ["no jsonrpc", (id: unknown) => ({ id, result: text("a") })],
      ["a batch", (id: unknown) => [{ jsonrpc: "2.0", id, result: text("a") }]]
    ] as const
  )("takes an answer with %s", ([, answer]) =>
    Effect.gen(function*() {
      const { session } = yield* connect({ "tools/call": (request, to) => to.send(answer(request.id)) })
      assert.deepStrictEqual<unknown>(yield* session.callTool("a"), text("a"))
    }))

  it.effect("fails neither of two calls for an answer under a wrong id, but remarks on it", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect()
      const remark = yield* session.warnings.pipe(Stream.runHead, Effect.forkChild({ startImmediately: true }))
      const calls = yield* Effect.forEach(["a", "b"], (name) => Effect.forkChild(session.callTool(name)))
      yield* wire.next("tools/call", 2)
      wire.send({ jsonrpc: "2.0", id: 4711, result: {} })
      const warning = yield* Effect.fromOption(yield* Fiber.join(remark))
      assert.include(warning.description, "4711")
      for (const request of wire.all("tools/call")) wire.answer(request, text("a"))
      assert.deepStrictEqual<unknown>(yield* Effect.forEach(calls, Fiber.join), [text("a"), text("a")])
    }))

  const odd: ReadonlyArray<unknown> = [
    1,
    "text",
    null,
    {},
    { id: {} },
    { id: { toString: 1 }, result: {} },
    { method: 1 },
    { jsonrpc: "2.0", method: "x", id: null }
  ]

  it.effect.each(odd)(
    "lives on after %j",
    (message) =>
      Effect.gen(function*() {
        const { session, wire } = yield* connect({ "tools/call": (request, to) => to.answer(request, text("a")) })
        wire.send(message)
        assert.deepStrictEqual<unknown>(yield* session.callTool("a"), text("a"))
        assert.deepStrictEqual(yield* session.state.current, { _tag: "Ready" })
      })
  )
})

describe("McpSession and noise", () => {
  const Noise = Schema.Array(Schema.Union([
    Schema.Json,
    Schema.Record(Schema.Literals(["id", "method", "params", "result", "error", "jsonrpc"]), Schema.Json),
    Schema.Struct({
      id: Schema.optionalKey(Schema.Literals([0, 1, "1", "a", -1, 0.5])),
      method: Schema.optionalKey(
        Schema.Literals(["notifications/progress", "notifications/cancelled", "notifications/message", "ping", "x"])
      ),
      params: Schema.optionalKey(Schema.Json),
      error: Schema.optionalKey(Schema.Json)
    })
  ]))

  it.effect.prop(
    "lives on after anything while nothing waits",
    { noise: Noise },
    ({ noise }) =>
      Effect.gen(function*() {
        const { session, wire } = yield* connect({ "tools/call": (request, to) => to.answer(request, text("a")) })
        for (const message of noise) wire.send(message)
        assert.deepStrictEqual<unknown>(yield* session.callTool("a"), text("a"))
        assert.deepStrictEqual(yield* session.state.current, { _tag: "Ready" })
      }).pipe(Effect.scoped)
  )
})

describe("McpSession.listTools", () => {
  it.effect("follows every page", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect({
        "tools/list": (request, to) => {
          const page = Number(request.params?.["cursor"] ?? 0)
          to.answer(request, { tools: [tool(`t${page}`)], ...(page < 2 ? { nextCursor: String(page + 1) } : {}) })
        }
      })
      assert.deepStrictEqual((yield* session.listTools).map((item) => item.name), ["t0", "t1", "t2"])
      assert.deepStrictEqual(wire.all("tools/list").map((message) => message.params?.["cursor"]), [undefined, "1", "2"])
    }))

  it.effect("ends a list that repeats its cursor", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect({
        "tools/list": (request, to) => to.answer(request, { tools: [], nextCursor: "again" })
      })
      const error = yield* Effect.flip(session.listTools)
      assert.strictEqual(error.reason._tag, "InvalidResult")
      assert.include(error.message, "\"again\"")
      assert.strictEqual(wire.all("tools/list").length, 2)
    }))

  it.effect("ends a list that never ends", () =>
    Effect.gen(function*() {
      let page = 0
      const { session } = yield* connect({
        "tools/list": (request, to) => to.answer(request, { tools: [], nextCursor: `c${++page}` })
      })
      const error = yield* Effect.flip(session.listTools)
      assert.include(error.message, "more than 1000 pages")
      assert.isAtMost(page, 1001)
    }))

  it.effect("leaves out what is not a tool, and remarks on it", () =>
    Effect.gen(function*() {
      const { session } = yield* connect({
        "tools/list": (request, to) => to.answer(request, { tools: [tool("a"), { name: "broken" }, null, tool("b")] })
      })
      const remark = yield* session.warnings.pipe(Stream.runHead, Effect.forkChild({ startImmediately: true }))
      assert.deepStrictEqual((yield* session.listTools).map((item) => item.name), ["a", "b"])
      const warning = yield* Effect.fromOption(yield* Fiber.join(remark))
      assert.include(warning.description, "left out 2 of the tools")
      assert.include(warning.description, "broken")
    }))

  it.effect.each([{}, { tools: null }, { tools: {} }])("refuses %j", (result) =>
    Effect.gen(function*() {
      const { session } = yield* connect({ "tools/list": (request, to) => to.answer(request, result) })
      assert.strictEqual((yield* Effect.flip(session.listTools)).reason._tag, "InvalidResult")
    }))

  it.effect("asks no server that has none", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect({
        initialize: (request, to) => to.answer(request, { ...initialized, capabilities: {} })
      })
      assert.deepStrictEqual(yield* session.listTools, [])
      assert.strictEqual(wire.all("tools/list").length, 0)
    }))
})

describe("McpSession while connecting", () => {
  it.effect("offers 2025-11-25 and takes older revisions", () =>
    Effect.gen(function*() {
      for (const protocolVersion of ["2024-10-07", "2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"]) {
        const { session, wire } = yield* connect({
          initialize: (request, to) => to.answer(request, { ...initialized, protocolVersion })
        })
        assert.strictEqual(session.server.protocolVersion, protocolVersion)
        assert.strictEqual(wire.all("initialize")[0]?.params?.["protocolVersion"], "2025-11-25")
        yield* wire.next("notifications/initialized")
      }
    }))

  it.effect("advertises no capability that nobody provides", () =>
    Effect.gen(function*() {
      const { wire } = yield* connect()
      assert.deepStrictEqual(wire.all("initialize")[0]?.params?.["capabilities"], {})
    }))

  const failing: ReadonlyArray<readonly [what: string, answer: (id: unknown) => unknown, says: RegExp, hint: RegExp]> =
    [
      [
        "revisions that are yet to come",
        (id) => ({
          jsonrpc: "2.0",
          id,
          error: {
            code: -32022,
            message: "Unsupported protocol version",
            data: { supported: ["2027-01-01"], requested: "2025-11-25" }
          }
        }),
        /the server speaks only protocol revision 2027-01-01/,
        /revisions 2024-10-07 to 2026-07-28/
      ],
      [
        "a revision nobody knows",
        (id) => ({ jsonrpc: "2.0", id, result: { ...initialized, protocolVersion: "1999-01-01" } }),
        /the server chose protocol revision 1999-01-01/,
        /revisions 2024-10-07 to 2026-07-28/
      ],
      [
        "a refusal",
        (id) => ({ jsonrpc: "2.0", id, error: { code: -32000, message: "not\ntoday" } }),
        /not today \(code -32000\)/,
        /check that this is an MCP server/
      ],
      [
        "no revision at all",
        (id) => ({ jsonrpc: "2.0", id, result: {} }),
        /initialize is not valid/,
        /check that this is an MCP server/
      ],
      [
        "neither result nor error",
        (id) => ({ jsonrpc: "2.0", id }),
        /neither a result nor an error/,
        /check that this is an MCP server/
      ]
    ]

  it.effect.each(failing)("fails on %s", ([, answer, says, hint]) =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const end = yield* wire({ initialize: (request, to) => to.send(answer(request.id)) })
      const error = yield* McpSession.make(Effect.succeed(end.near), {
        reconnect: false,
        name: "hand",
        transport: "in-memory"
      }).pipe(
        Effect.flip,
        Effect.provideService(Scope.Scope, scope)
      )
      assert.strictEqual(error._tag, "ConnectionError")
      assert.deepStrictEqual([error.server, error.transport, error.phase], ["hand", "in-memory", "negotiate"])
      assert.match(error.message, says)
      assert.match(error.message, /^no connection to "hand" \(in-memory, negotiate\): /)
      assert.notInclude(error.message, "\n")
      assert.match(error.hint ?? "", hint)
      yield* Scope.close(scope, Exit.void)
      assert.isTrue(end.closed)
    }))

  it.effect.each([[undefined, 30_000], ["2 seconds", 2000]] as const)(
    "gives up on a silent server (timeout %s)",
    ([timeout, after]) =>
      Effect.gen(function*() {
        const end = yield* wire({ initialize: () => {} })
        const making = yield* McpSession.make(Effect.succeed(end.near), {
          reconnect: false,
          name: "hand",
          transport: "in-memory",
          timeout
        }).pipe(
          Effect.flip,
          Effect.scoped,
          Effect.forkChild
        )
        yield* end.next("initialize")
        yield* TestClock.adjust(after - 1)
        assert.isUndefined(making.pollUnsafe())
        yield* TestClock.adjust(1)
        const error = yield* Fiber.join(making)
        assert.include(error.message, `did not answer initialize within ${after} ms`)
        assert.isTrue(end.closed)
      })
  )

  it.effect("closes the transport when it is interrupted", () =>
    Effect.gen(function*() {
      const end = yield* wire({ initialize: () => {} })
      const making = yield* McpSession.make(Effect.succeed(end.near), {
        reconnect: false,
        name: "hand",
        transport: "in-memory"
      }).pipe(
        Effect.scoped,
        Effect.forkChild
      )
      yield* end.next("initialize")
      yield* Fiber.interrupt(making)
      assert.isTrue(end.closed)
    }))
})

describe("McpSession at its end", () => {
  it.effect("fails calls that wait when the server goes, and those that come later", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect()
      const states = yield* Stream.runCollect(Stream.take(session.state.changes, 2)).pipe(
        Effect.forkChild({ startImmediately: true })
      )
      const call = yield* session.callTool("slow").pipe(Effect.flip, Effect.forkChild)
      yield* wire.next("tools/call")
      yield* Effect.promise(() => wire.far.close())
      const error = yield* Fiber.join(call)
      assert.isTrue(
        error._tag === "CallError" && error.reason._tag === "Closed" && error.delivery === "unknown",
        error.message
      )
      assert.strictEqual((yield* Fiber.join(states))[0]?._tag, "Ready")
      const later = yield* Effect.flip(session.callTool("later"))
      assert.isTrue(
        later._tag === "CallError" && later.reason._tag === "Closed" && later.delivery === "not-sent",
        later.message
      )
      assert.strictEqual((yield* Effect.flip(session.listTools)).delivery, "not-sent")
      assert.strictEqual(wire.all("tools/call").length, 1)
    }))

  it.effect("says why it was lost", () =>
    Effect.gen(function*() {
      const end = yield* wire()
      const lost = new TransportError({
        phase: "spawn",
        delivery: "unknown",
        reason: new McpError.Closed({ description: "the process ended", exitCode: 7, stderr: ["bye"] })
      })
      const near: McpTransport = Object.assign(end.near, { lost, stderrLines: ["bye"] })
      const session = yield* McpSession.make(Effect.succeed(near), {
        reconnect: false,
        name: "hand",
        transport: "stdio"
      })
      const call = yield* session.callTool("slow").pipe(Effect.flip, Effect.forkChild)
      yield* end.next("tools/call")
      yield* Effect.promise(() => end.far.close())
      const error = yield* Fiber.join(call)
      assert.strictEqual(error.message, "tools/call on \"hand\" failed: the process ended (exit code 7); it said: bye")
      const state = yield* session.state.changes.pipe(Stream.filter((next) => next._tag !== "Ready"), Stream.runHead)
      const failed = yield* Effect.fromOption(state)
      assert.strictEqual(
        failed._tag === "Failed" && failed.error.message,
        "no connection to \"hand\" (stdio, spawn): the process ended (exit code 7); it said: bye"
      )
      const later = yield* Effect.flip(session.callTool("later"))
      assert.isTrue(later._tag === "CallError" && later.delivery === "not-sent")
    }))

  it.effect("repeats why it was lost to calls that come later, hint included", () =>
    Effect.gen(function*() {
      const end = yield* wire()
      const lost = new TransportError({
        phase: "http",
        delivery: "not-sent",
        reason: new McpError.SessionExpired({ description: "the session is gone" }),
        hint: "connect again"
      })
      const session = yield* McpSession.make(Effect.succeed(Object.assign(end.near, { lost })), {
        reconnect: false,
        name: "hand",
        transport: "sse"
      })
      yield* Effect.promise(() => end.far.close())
      const error = yield* Effect.flip(session.callTool("later"))
      assert.isTrue(
        error._tag === "CallError" && error.reason._tag === "Closed" && error.hint === "connect again" &&
          error.message.includes("the session is gone")
      )
    }))

  it.effect(
    "closes with its scope: calls fail, the transport is closed, the state says so",
    () =>
      Effect.gen(function*() {
        const scope = yield* Scope.make()
        const { session, wire } = yield* connect().pipe(Effect.provideService(Scope.Scope, scope))
        const call = yield* session.callTool("slow").pipe(Effect.flip, Effect.forkChild)
        yield* wire.next("tools/call")
        yield* Scope.close(scope, Exit.void)
        const error = yield* Fiber.join(call)
        assert.isTrue(error._tag === "CallError" && error.reason._tag === "Closed")
        assert.isTrue(wire.closed)
        assert.deepStrictEqual(yield* session.state.current, { _tag: "Closed" })
      }),
    5000
  )

  it.effect.each(
    [
      ["rejects", () => Promise.reject(new Error("no way out"))],
      ["throws", () => {
        throw new Error("no way out")
      }]
    ] as const
  )("closes a transport of somebody else's that %s, with a warning", ([, close]) =>
    Effect.gen(function*() {
      const end = yield* wire()
      const scope = yield* Scope.make()
      const session = yield* McpSession.make(Effect.succeed(Object.assign(end.near, { close })), {
        name: "hand",
        transport: "in-memory"
      }).pipe(Effect.provideService(Scope.Scope, scope))
      const warnings = yield* Effect.forkChild(Stream.runCollect(session.warnings), { startImmediately: true })
      assert.deepStrictEqual(yield* Effect.exit(Scope.close(scope, Exit.void)), Exit.void)
      const [warning] = yield* Fiber.join(warnings)
      assert.include(String(warning?.description), "the transport failed to close: no way out")
    }))

  it.effect("gives every line of standard error to whoever listens", () =>
    Effect.gen(function*() {
      const end = yield* wire()
      const session = yield* McpSession.make(Effect.succeed(end.near), {
        reconnect: false,
        name: "hand",
        transport: "stdio"
      })
      const lines = yield* Stream.runCollect(Stream.take(session.stderr, 2)).pipe(
        Effect.forkChild({ startImmediately: true })
      )
      end.near.onstderr?.("one")
      end.near.onstderr?.("two")
      assert.deepStrictEqual(yield* Fiber.join(lines), ["one", "two"])
    }))

  it.effect("answers the server's ping, and refuses what nobody provides", () =>
    Effect.gen(function*() {
      const { wire } = yield* connect()
      const answers = () => wire.received.filter((message) => message.method === undefined)
      wire.send({ jsonrpc: "2.0", id: 1, method: "ping" })
      wire.send({ jsonrpc: "2.0", id: 2, method: "roots/list" })
      yield* Effect.yieldNow.pipe(Effect.repeat({ until: () => answers().length === 2 }))
      assert.deepStrictEqual(answers().find((message) => message.id === 1)?.result, {})
      assert.strictEqual(answers().find((message) => message.id === 2)?.error?.code, -32601)
    }))
})
