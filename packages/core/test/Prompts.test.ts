import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { connect, type Handlers, initialized, modern } from "./fixtures/wire.ts"

const prompts: Handlers = {
  initialize: (request, wire) =>
    wire.answer(request, { ...initialized, capabilities: { prompts: {}, completions: {} } }),
  "prompts/list": (request, wire) =>
    wire.answer(request, { prompts: [{ name: "greet", title: "Greet", icons: [] }, { title: "no name" }] }),
  "prompts/get": (request, wire) =>
    wire.answer(request, {
      description: "d",
      messages: [{ role: "user", content: { type: "text", text: JSON.stringify(request.params) } }]
    }),
  "completion/complete": (request, wire) =>
    wire.answer(request, { completion: { values: ["Ada"], total: 1, hasMore: false, odd: request.params } })
}

describe("prompts", () => {
  it.effect("lists and gets, in both eras, with what the server gave", () =>
    Effect.gen(function*() {
      for (const era of [{}, modern]) {
        const { session } = yield* connect({ ...prompts, ...era })
        const list: unknown = yield* session.listPrompts
        assert.deepStrictEqual(list, [{ name: "greet", title: "Greet", icons: [] }])
        const got = yield* session.getPrompt("greet", { name: "Ada" }, { meta: { trace: 1 } })
        assert.strictEqual(got.description, "d")
        const [message] = got.messages
        const params = JSON.parse(message?.content.type === "text" ? message.content.text : "{}")
        assert.deepInclude(params, { name: "greet", arguments: { name: "Ada" } })
        assert.deepInclude(params._meta, { trace: 1 })
      }
    }))

  it.effect("completes an argument", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect(prompts)
      const request = {
        ref: { type: "ref/prompt", name: "greet" },
        argument: { name: "name", value: "A" },
        context: { arguments: { tone: "kind" } }
      } as const
      assert.deepStrictEqual((yield* session.complete(request)).completion.values, ["Ada"])
      assert.deepStrictEqual(wire.all("completion/complete")[0]?.params, { ...request })
    }))

  it.effect("what is no prompt is told as such, and nothing hangs", () =>
    Effect.gen(function*() {
      const { session } = yield* connect({
        "prompts/get": (request, wire) => wire.answer(request, { messages: "hi" }),
        "completion/complete": (request, wire) => wire.answer(request, { completion: { values: [1] } })
      })
      const got = yield* Effect.flip(session.getPrompt("greet"))
      assert.strictEqual(got.reason._tag, "InvalidResult")
      const completed = yield* Effect.flip(
        session.complete({ ref: { type: "ref/prompt", name: "x" }, argument: { name: "a", value: "" } })
      )
      assert.strictEqual(completed.reason._tag, "InvalidResult")
    }))
})

describe("other requests", () => {
  it.effect("the log level is a request in the legacy era, and goes with each in the modern one", () =>
    Effect.gen(function*() {
      const answer: Handlers = {
        "logging/setLevel": (request, wire) => wire.answer(request, {}),
        "tools/call": (request, wire) => wire.answer(request, { content: [] })
      }
      const legacy = yield* connect(answer)
      yield* legacy.session.setLogLevel("debug")
      assert.deepStrictEqual(legacy.wire.all("logging/setLevel")[0]?.params, { level: "debug" })
      const now = yield* connect({ ...answer, ...modern })
      yield* now.session.setLogLevel("error")
      yield* now.session.callTool("x")
      assert.deepStrictEqual(now.wire.all("logging/setLevel"), [])
      const meta: unknown = now.wire.all("tools/call")[0]?.params?.["_meta"]
      assert.strictEqual(Reflect.get(Object(meta), "io.modelcontextprotocol/logLevel"), "error")
    }))

  it.effect("pings where that exists", () =>
    Effect.gen(function*() {
      const legacy = yield* connect({ ping: (request, wire) => wire.answer(request, {}) })
      yield* legacy.session.ping
      const now = yield* connect(modern)
      assert.strictEqual((yield* Effect.flip(now.session.ping)).reason._tag, "Unsupported")
    }))

  it.effect("any method of an extension", () =>
    Effect.gen(function*() {
      for (const era of [{}, modern]) {
        const { session } = yield* connect({
          ...era,
          "acme/weather": (request, wire) => wire.answer(request, { at: request.params?.["city"], deep: [{ a: 1 }] })
        })
        assert.deepStrictEqual(yield* session.request("acme/weather", { city: "Rome" }), {
          at: "Rome",
          deep: [{ a: 1 }]
        })
      }
    }))
})

describe("lists", () => {
  it.effect("10,000 tools in pages of 100 are one list", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect({
        "tools/list": (request, wire) => {
          const from = Number(request.params?.["cursor"] ?? 0)
          wire.answer(request, {
            tools: Array.from(
              { length: 100 },
              (_, i) => ({ name: `tool-${from + i}`, inputSchema: { type: "object" } })
            ),
            ...(from === 9900 ? {} : { nextCursor: String(from + 100) })
          })
        }
      })
      const tools = yield* session.listTools
      assert.strictEqual(tools.length, 10_000)
      assert.strictEqual(tools[9999]?.name, "tool-9999")
      assert.strictEqual(wire.all("tools/list").length, 100)
    }))

  it.effect.each([
    { what: "a cursor that repeats", cursor: () => "again", pages: 2, says: /cursor "again" came again/ },
    { what: "cursors without end", cursor: (page: number) => `c${page}`, pages: 1001, says: /more than 1000 pages/ }
  ])("$what is an error with what was read so far", ({ cursor, pages, says }) =>
    Effect.gen(function*() {
      let page = 0
      const { session } = yield* connect({
        "tools/list": (request, wire) => {
          page++
          wire.answer(request, { tools: [{ name: `t${page}`, inputSchema: {} }], nextCursor: cursor(page) })
        }
      })
      const error = yield* Effect.flip(session.listTools)
      assert.match(error.message, says)
      assert.strictEqual(error.reason._tag === "InvalidResult" ? error.reason.partial?.length : -1, pages)
    }))
})
