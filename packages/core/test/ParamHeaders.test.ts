import { assert, describe, it } from "@effect/vitest"
import * as McpSession from "@universal-mcp/core/McpSession"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import * as paramHeaders from "../src/internal/paramHeaders.ts"
import { type Handlers, modern, text, wire } from "./fixtures/wire.ts"

const toolWith = (inputSchema: Record<string, unknown>, name = "t") => ({
  name,
  inputSchema: { type: "object" as const, ...inputSchema }
})

const string = (header: unknown) => ({ type: "string", "x-mcp-header": header })

const sent = (schema: Record<string, unknown>, args: Record<string, unknown>) =>
  Effect.map(Effect.fromResult(paramHeaders.declared(toolWith(schema))), (found) => paramHeaders.of(found, args))

describe("headers from arguments", () => {
  it.effect("are those that the tool declares, at any depth", () =>
    Effect.gen(function*() {
      const schema = {
        properties: {
          region: string("Region"),
          count: { type: "integer", "x-mcp-header": "Count" },
          dry: { type: "boolean", "x-mcp-header": "Dry" },
          where: { type: "object", properties: { zone: string("Zone") } },
          plain: { type: "string" },
          none: string("None"),
          absent: string("Absent")
        }
      }
      const args = { region: "us", count: 42, dry: false, where: { zone: "b" }, plain: "x", none: null }
      assert.deepStrictEqual(yield* sent(schema, args), {
        "mcp-param-region": "us",
        "mcp-param-count": "42",
        "mcp-param-dry": "false",
        "mcp-param-zone": "b"
      })
    }))

  // The values of the specification's table of examples.
  it.effect.each<readonly [value: string, header: string]>([
    ["us-west1", "us-west1"],
    ["Hello, 世界", "=?base64?SGVsbG8sIOS4lueVjA==?="],
    [" padded ", "=?base64?IHBhZGRlZCA=?="],
    ["line1\nline2", "=?base64?bGluZTEKbGluZTI=?="],
    ["=?base64?literal?=", "=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?="]
  ])("carry %j as %s", ([value, header]) =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* sent({ properties: { a: string("A") } }, { a: value }), { "mcp-param-a": header })
    }))

  it.effect.each<readonly [what: string, schema: Record<string, unknown>]>([
    ["an empty name", { properties: { a: string("") } }],
    ["a name with a blank", { properties: { a: string("My Region") } }],
    ["a name with a line break", { properties: { a: string("A\r\nB") } }],
    ["a name with a colon", { properties: { a: string("A:B") } }],
    ["a name that is not ASCII", { properties: { a: string("Größe") } }],
    ["a name that is no text", { properties: { a: string(1) } }],
    ["two names that differ in case only", { properties: { a: string("Region"), b: string("REGION") } }],
    ["an object", { properties: { a: { type: "object", "x-mcp-header": "A" } } }],
    ["a list", { properties: { a: { type: "array", "x-mcp-header": "A" } } }],
    ["a number", { properties: { a: { type: "number", "x-mcp-header": "A" } } }],
    ["no type", { properties: { a: { "x-mcp-header": "A" } } }],
    ["the root", { "x-mcp-header": "A" }],
    ["items", { properties: { a: { type: "array", items: string("A") } } }],
    ["properties of items", { properties: { a: { type: "array", items: { properties: { b: string("A") } } } } }],
    ["additional properties", { additionalProperties: string("A") }],
    ["an alternative", { properties: { a: { anyOf: [string("A")] } } }],
    ["a definition", { $defs: { a: string("A") } }]
  ])(
    "are not declared by %s",
    ([, schema]) => Effect.sync(() => assert.isTrue(Result.isFailure(paramHeaders.declared(toolWith(schema)))))
  )

  it.effect("are not declared by data that looks like it", () =>
    Effect.sync(() => {
      const schema = { properties: { a: { type: "object", default: string(""), examples: [string("")] } } }
      assert.deepStrictEqual(paramHeaders.declared(toolWith(schema)), Result.succeed([]))
    }))
})

/** A server of the modern era as if over Streamable HTTP, and the headers of each of its calls. */
const overHttp = Effect.fnUntraced(function*(handlers: Handlers) {
  const end = yield* wire({ ...modern, ...handlers })
  const headers: Array<Readonly<Record<string, string>>> = []
  const send = end.near.send.bind(end.near)
  const near = Object.assign(end.near, {
    hasPerRequestStream: true,
    send: ((message, options) => {
      const all = Object.entries(options?.headers ?? {})
      if ("method" in message && message.method === "tools/call") {
        headers.push(Object.fromEntries(all.filter(([name]) => name.startsWith("mcp-param-"))))
      }
      return send(message, options)
    }) satisfies typeof send
  })
  const session = yield* McpSession.make(Effect.succeed(near), {
    reconnect: false,
    name: "hand",
    transport: "streamable-http"
  })
  return { session, wire: end, headers }
})

const tools = [
  toolWith({ properties: { region: string("Region") } }, "good"),
  toolWith({ properties: { a: string("") } }, "bad")
]

describe("a session over Streamable HTTP", () => {
  it.effect("leaves out a tool whose declarations are not valid, and says so", () =>
    Effect.gen(function*() {
      const { session } = yield* overHttp({ "tools/list": (request, to) => to.answer(request, { tools }) })
      assert.deepStrictEqual((yield* session.listTools).map(({ name }) => name), ["good"])
      const [told] = yield* session.warnings.pipe(Stream.take(1), Stream.runCollect)
      assert.match(String(told?.description), /left out tool "bad".*x-mcp-header of a/)
    }))

  it.effect("sends arguments as headers too", () =>
    Effect.gen(function*() {
      const { session, headers } = yield* overHttp({
        "tools/list": (request, to) => to.answer(request, { tools }),
        "tools/call": (request, to) => to.answer(request, text("ok"))
      })
      yield* session.listTools
      yield* session.callTool("good", { region: "us", more: 1 })
      yield* session.callTool("other", { region: "us" })
      assert.deepStrictEqual(headers, [{ "mcp-param-region": "us" }, {}])
    }))

  it.effect("lists the tools when headers are refused, and calls once more", () =>
    Effect.gen(function*() {
      const { session, wire: end, headers } = yield* overHttp({
        "tools/list": (request, to) => to.answer(request, { tools }),
        "tools/call": (request, to) =>
          headers.at(-1)?.["mcp-param-region"] === "us"
            ? to.answer(request, text("ok"))
            : to.refuse(request, -32020, "Header mismatch")
      })
      assert.deepStrictEqual<unknown>((yield* session.callTool("good", { region: "us" })).content, text("ok").content)
      assert.deepStrictEqual(headers, [{}, { "mcp-param-region": "us" }])
      const error = yield* Effect.flip(session.callTool("good", { region: "eu" }))
      assert.containSubset(error, { _tag: "CallError", reason: { _tag: "Rejected", code: -32020 } })
      assert.lengthOf(headers, 4)
      assert.lengthOf(end.all("tools/list"), 2)
    }))
})

describe("a session that is not over HTTP", () => {
  it.effect("takes the tool as it is", () =>
    Effect.gen(function*() {
      const end = yield* wire({ ...modern, "tools/list": (request, to) => to.answer(request, { tools }) })
      const session = yield* McpSession.make(Effect.succeed(end.near), {
        reconnect: false,
        name: "hand",
        transport: "stdio"
      })
      assert.lengthOf(yield* session.listTools, 2)
    }))
})
