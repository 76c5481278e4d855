import { assert, describe, it } from "@effect/vitest"
import * as AiMcpClient from "@universal-mcp/core/AiMcpClient"
import * as ExactNumbers from "@universal-mcp/core/ExactNumbers"
import * as Faults from "@universal-mcp/core/Faults"
import * as Telemetry from "@universal-mcp/core/Telemetry"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import * as paramHeaders from "../src/internal/paramHeaders.ts"
import { connect, server } from "./fixtures/textServer.ts"

const id = 1915883588174806058n

const listed = (tool: string) => `{"tools":[${tool}]}`

const structured = `{"content":[],"structuredContent":{"id":${id}}}`

describe("exactNumbers", () => {
  it.effect("leaves it to the outputSchema what is an integer", () =>
    Effect.gen(function*() {
      const schema =
        "{\"type\":\"object\",\"properties\":{\"id\":{\"type\":\"integer\",\"maximum\":9223372036854775807}}}"
      let sent = structured
      const session = yield* connect(server((method) =>
        method === "tools/list"
          ? listed(`{"name":"get","inputSchema":{"type":"object"},"outputSchema":${schema}}`)
          : sent
      ))
      const result = yield* session.callTool("get", {}, { exactNumbers: true })
      assert.deepStrictEqual(result, { content: [], structuredContent: { id } })
      sent = "{\"content\":[],\"structuredContent\":{\"id\":\"no number\",\"other\":12345678901234567890}}"
      const error = yield* Effect.flip(session.callTool("get", {}, { exactNumbers: true }))
      assert.containSubset(error, {
        _tag: "InvalidStructuredContent",
        result: { structuredContent: { other: 12345678901234567890n } }
      })
    }))

  it.effect("is for the result of a task too, and so are the warnings", () =>
    Effect.gen(function*() {
      const task = (status: string) =>
        `{"taskId":"t","status":"${status}","createdAt":"","lastUpdatedAt":"","ttl":null}`
      const session = yield* connect(server((method) => {
        switch (method) {
          case "tools/list":
            return listed(
              "{\"name\":\"get\",\"inputSchema\":{\"type\":\"object\"},\"execution\":{\"taskSupport\":\"required\"}}"
            )
          case "tools/call":
            return `{"task":${task("completed")}}`
          case "tasks/get":
            return task("completed")
          default:
            return structured
        }
      }))
      const exact = { exactNumbers: true }
      assert.deepStrictEqual((yield* session.callTool("get", {}, exact)).structuredContent, { id })
      assert.deepStrictEqual((yield* session.tasks.result("t", exact)).structuredContent, { id })
      assert.lengthOf((yield* session.callTool("get")).warnings ?? [], 1)
      assert.lengthOf((yield* session.tasks.result("t")).warnings ?? [], 1)
    }))

  it.effect("goes through what a stream of events and a decorated transport do", () =>
    Effect.gen(function*() {
      const session = yield* connect(server(() => structured)).pipe(Effect.provide(Faults.layer({ seed: 1 })))
      const events = yield* Stream.runCollect(session.callToolStream("get", { id }, { exactNumbers: true }))
      assert.containSubset(events, [{ _tag: "Result", result: { structuredContent: { id } } }])
    }))

  it.effect("finds each number of a long list, and names the first ten of those that changed", () =>
    Effect.gen(function*() {
      const ids = Array.from({ length: 500 }, (_, i) => id + BigInt(i))
      const session = yield* connect(server(() => `{"content":[],"structuredContent":{"ids":[${ids.join()}]}}`))
      assert.deepStrictEqual((yield* session.callTool("get", {}, { exactNumbers: true })).structuredContent, { ids })
      const { warnings = [] } = yield* session.callTool("get")
      assert.lengthOf(warnings, 11)
      assert.match(warnings[10] ?? "", /^\d+ more numbers changed$/)
    }))

  it.effect("gives what is nested deeply, too", () =>
    Effect.gen(function*() {
      const deep = `${"[".repeat(990)}${id}${"]".repeat(990)}`
      const session = yield* connect(server(() => `{"content":[],"deep":${deep},"id":${id}}`))
      const result = yield* session.callTool("get", {}, { exactNumbers: true })
      assert.strictEqual(result["id"], id)
    }))
})

describe("a bigint", () => {
  it("is its digits in a header, as is what was typed", () => {
    const declared = ["id", "typed"].map((name) => ({ path: [name], header: `mcp-param-${name}` }))
    const typed = Result.getOrThrow(ExactNumbers.parseRaw("{\"typed\":1.50}"))
    assert.deepStrictEqual(paramHeaders.of(declared, { id, ...Object(typed) }), {
      "mcp-param-id": String(id),
      "mcp-param-typed": "1.50"
    })
  })

  it.effect("is no trouble for spans, and kept in what effect/ai sends", () =>
    Effect.gen(function*() {
      const seen: Array<string> = []
      const session = yield* connect(server((method, request) => {
        if (method === "tools/call") seen.push(request)
        return structured
      })).pipe(Effect.provideService(Telemetry.CaptureContent, true))
      yield* session.callTool("get", { id }, { exactNumbers: true }).pipe(Effect.withSpan("around"))
      const client = AiMcpClient.fromSession(session)
      const tool = { name: "get", inputSchema: { type: "object" } } as never
      yield* client.callTool({ tool, arguments: { id } as never })
      assert.lengthOf(seen, 2)
      for (const request of seen) assert.include(request, `"id":${id}`)
      const told = yield* session.warnings.pipe(Stream.take(2), Stream.runCollect)
      assert.include(JSON.stringify(told), "exactNumbers")
    }))
})

describe("a request of a server under an id that JavaScript would change", () => {
  it.effect("is answered under the id that came", () =>
    Effect.gen(function*() {
      const answered = yield* Deferred.make<string>()
      const session = yield* connect(server((_, request, say) => {
        if (request.includes("\"result\"")) Deferred.doneUnsafe(answered, Effect.succeed(request))
        else say(`{"jsonrpc":"2.0","id":${id},"method":"ping"}`)
        return "{}"
      }))
      yield* session.ping
      assert.strictEqual(yield* Deferred.await(answered), `{"jsonrpc":"2.0","id":${id},"result":{}}`)
    }))
})

describe("JSON", () => {
  it("is read and written with every digit", () => {
    const text = "{\"a\":-9007199254740993,\"b\":[1.10,1e5],\"c\":\"9007199254740993\"}"
    assert.deepStrictEqual(
      ExactNumbers.parse(text),
      Result.succeed({ a: -9007199254740993n, b: [1.1, 100000], c: "9007199254740993" })
    )
    assert.strictEqual(JSON.stringify(Result.getOrThrow(ExactNumbers.parseRaw(text))), text)
    assert.strictEqual(
      ExactNumbers.stringify({ a: 5n, b: [2n ** 64n] }, 1),
      "{\n \"a\": 5,\n \"b\": [\n  18446744073709551616\n ]\n}"
    )
    assert.isTrue(Result.isFailure(ExactNumbers.parse("1,2")))
    assert.isTrue(Result.isFailure(ExactNumbers.parseRaw("{")))
  })

  it.each(["9007199254740993", "-1e400", "123456789012345678.0", "98765432109876543210e2"])(
    "%s alone is a bigint",
    (text) => {
      const value = Result.getOrThrow(ExactNumbers.parse(text))
      assert.strictEqual(typeof value, "bigint")
    }
  )

  it("is a number where it has more digits than anybody would read", () => {
    const value = Result.getOrThrow(ExactNumbers.parse("1".repeat(1_000_000)))
    assert.strictEqual(value, Number.POSITIVE_INFINITY)
    assert.strictEqual(Result.getOrThrow(ExactNumbers.parse("1e1000000000")), Number.POSITIVE_INFINITY)
  })
})
