import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Result, Stream } from "effect"
import { TestClock } from "effect/testing"
import * as outputSchema from "../src/internal/outputSchema.ts"
import { cpuTime } from "./fixtures/cpu.ts"
import { connect, type Handlers } from "./fixtures/wire.ts"

const issues = Effect.fnUntraced(function*(schema: unknown, value: unknown) {
  const check = yield* Effect.fromResult(yield* outputSchema.compile(schema))
  return yield* Effect.fromResult(check(value))
})

describe("output schemas", () => {
  it.effect.each<readonly [what: string, schema: unknown, valid: unknown, invalid: unknown, says: RegExp]>([
    [
      "types",
      { type: "object", properties: { n: { type: "integer" } } },
      { n: 1 },
      { n: "1" },
      /structuredContent\.n must be integer/
    ],
    ["required", { type: "object", required: ["n"] }, { n: null }, {}, /must have required property 'n'/],
    [
      "properties that are too many",
      { type: "object", properties: { n: {} }, additionalProperties: false },
      { n: 1 },
      { n: 1, more: 2 },
      /must NOT have additional properties: more/
    ],
    [
      "2020-12",
      { type: "array", prefixItems: [{ type: "string" }], items: { type: "number" } },
      ["a", 1],
      ["a", "b"],
      /\.1 must be number/
    ],
    [
      "draft-07",
      {
        $schema: "http://json-schema.org/draft-07/schema#",
        type: "array",
        items: [{ type: "string" }],
        additionalItems: false
      },
      ["a"],
      ["a", 1],
      /must NOT have more than 1 items/
    ],
    ["references within", { $ref: "#/$defs/a", $defs: { a: { type: "number" } } }, 1, "1", /must be number/],
    ["references to itself", { type: "object", properties: { next: { $ref: "#" } } }, { next: { next: {} } }, {
      next: 1
    }, /next must be object/],
    ["patterns", { type: "string", pattern: "^\\d+[/-]\\p{Lu}$" }, "12/Ä", "12/a", /must match pattern/],
    [
      "unique items",
      { uniqueItems: true },
      [{ a: 1, b: 2 }, { a: 1 }],
      [{ a: 1, b: 2 }, { b: 2, a: 1 }],
      /uniqueItems/
    ],
    [
      "patterns, each by itself",
      {
        properties: { a: { pattern: "^a$" }, b: { pattern: "^b$" } },
        patternProperties: { "^c\\d$": { type: "null" } }
      },
      { a: "a", b: "b", c1: null, c: 1 },
      { a: "a", b: "a" },
      /\.b must match pattern/
    ],
    [
      "properties by pattern",
      { patternProperties: { "^a\\d$": { type: "null" }, "^b": { type: "number" } } },
      { a1: null, b: 1 },
      { b: null },
      /\.b must be number/
    ],
    ["formats, as a remark only", { type: "string", format: "date" }, "not a date", 1, /must be string/],
    ["keywords that nobody knows", { type: "string", "x-odd": { $ref: 7 } }, "a", 1, /must be string/],
    [
      "a dialect that nobody knows",
      { $schema: "https://acme.example/schema", type: "string" },
      "a",
      1,
      /must be string/
    ]
  ])("checks %s", ([, schema, valid, invalid, says]) =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* issues(schema, valid), [])
      assert.match((yield* issues(schema, invalid)).join(), says)
    }))

  it.effect.each<readonly [what: string, schema: unknown]>([
    ["is elsewhere", { $ref: "https://example.invalid/schema.json" }],
    ["is nowhere", { $ref: "#/$defs/none" }],
    ["is no schema", { type: "strange" }],
    ["has a pattern that linear time does not allow", { pattern: "^(?=a)b" }],
    ["has a pattern that is none", { pattern: "(" }]
  ])("a schema that %s is reported", ([, schema]) =>
    Effect.gen(function*() {
      assert.isTrue(Result.isFailure(yield* outputSchema.compile(schema)))
    }))

  it.live("a pattern made to take for ever takes no time", () =>
    Effect.gen(function*() {
      const check = (length: number) =>
        Effect.map(
          issues({ pattern: "^(a+)+$" }, `${"a".repeat(length)}!`),
          (found) => assert.strictEqual(found.length, 1)
        )
      yield* check(50)
      assert.isBelow(yield* cpuTime(check(5000)), 1500)
    }))

  it.live("nor do many items that must be unique", () =>
    Effect.gen(function*() {
      const items = Array.from({ length: 50_000 }, (_, id) => ({ id }))
      const check = Effect.map(issues({ uniqueItems: true }, items), (found) => assert.deepStrictEqual(found, []))
      assert.isBelow(yield* cpuTime(check), 1500)
    }))

  /** Each level asks for the next twice: 2^40 checks if all were made. */
  const doubling = (level: (next: object) => object, leaf: object = {}, where = "$defs") => ({
    $ref: `#/${where}/a0`,
    [where]: Object.fromEntries(
      Array.from({ length: 41 }, (_, n) => [`a${n}`, n === 40 ? leaf : level({ $ref: `#/${where}/a${n + 1}` })])
    )
  })
  const both = (next: object) => ({ allOf: [next, next] })
  const twice = (name: string, next: object) => both({ properties: { [name]: next } })
  const nested = (name: string): unknown =>
    Array.from({ length: 41 }).reduce<unknown>((inner) => ({ [name]: inner }), {})
  const draft07 = { $schema: "http://json-schema.org/draft-07/schema#" }

  it.live.each<readonly [what: string, schema: unknown, value: unknown]>([
    ["allOf", doubling(both), {}],
    ["allOf of draft-07", { ...draft07, ...doubling(both, {}, "definitions") }, {}],
    ["anyOf that nothing fits", doubling((next) => ({ anyOf: [next, next] }), { required: ["x"] }), {}],
    [
      "anyOf of draft-07 that nothing fits",
      { ...draft07, ...doubling((next) => ({ anyOf: [next, next] }), { required: ["x"] }, "definitions") },
      {}
    ],
    ["oneOf that nothing fits", doubling((next) => ({ oneOf: [next, next] }), { required: ["x"] }), {}],
    // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
    ["if and then", doubling((next) => ({ if: next, then: next })), {}],
    ["properties", doubling((next) => twice("x", next)), nested("x")],
    ["itself", twice("x", { $ref: "#" }), nested("x")],
    ["itself, in a property with a keyword's name", twice("const", { $ref: "#" }), nested("const")],
    ["a dynamic reference", { $dynamicAnchor: "a", ...twice("x", { $dynamicRef: "#a" }) }, nested("x")],
    ["what is hidden in a default", doubling(both, {}, "default"), {}]
  ])(
    "a schema that doubles the work with each level goes unchecked: %s",
    ([, schema, value]) =>
      Effect.gen(function*() {
        yield* outputSchema.compile({})
        const refuse = Effect.map(outputSchema.compile(schema), (compiled) => {
          const outcome = Result.flatMap(compiled, (check) => check(value))
          assert.match(Result.isFailure(outcome) ? outcome.failure : "it was checked", /more work/)
        })
        assert.isBelow(yield* cpuTime(refuse), 1000)
      })
  )

  it.effect.each([{ const: { $ref: "#/a" } }, { enum: [{ $ref: "#/a" }] }])(
    "what must be equal to a reference is compared as data: %j",
    (schema) =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* issues(schema, { $ref: "#/a" }), [])
        assert.lengthOf(yield* issues(schema, { $ref: "#/b" }), 1)
      })
  )

  it.effect("references that are shared and followed often are no such thing", () =>
    Effect.gen(function*() {
      const schema = {
        type: "array",
        items: { $ref: "#/$defs/row" },
        $defs: {
          id: { type: "integer" },
          row: { properties: { a: { $ref: "#/$defs/id" }, b: { $ref: "#/$defs/id" }, next: { $ref: "#/$defs/row" } } }
        }
      }
      const check = yield* Effect.fromResult(yield* outputSchema.compile(schema))
      const row = { a: 1, b: 2, next: { a: 1, b: 2 } }
      for (const last of [1, "1"]) {
        const issues = yield* Effect.fromResult(check([...Array.from({ length: 10_000 }, () => row), { a: last }]))
        assert.lengthOf(issues, last === 1 ? 0 : 1)
      }
    }))

  it.effect("what is nested too deeply cannot be told, and crashes nothing", () =>
    Effect.gen(function*() {
      let deep: unknown = {}
      for (let i = 0; i < 100_000; i++) deep = { next: deep }
      const schema = { type: "object", properties: { next: { $ref: "#" } } }
      const check = yield* Effect.fromResult(yield* outputSchema.compile(schema))
      assert.isTrue(Result.isFailure(check(deep)))
    }))

  it.effect("two schemas of the same id do not disturb each other", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* issues({ $id: "https://acme.example/a", type: "string" }, "a"), [])
      assert.deepStrictEqual(yield* issues({ $id: "https://acme.example/a", type: "number" }, 1), [])
    }))
})

describe("what tools answer", () => {
  const outputSchema = { type: "object", properties: { n: { type: "integer" } }, required: ["n"] }
  const tool = { name: "count", inputSchema: { type: "object" }, outputSchema }

  const answering = (result: unknown, tools: () => ReadonlyArray<unknown> = () => [tool], handlers: Handlers = {}) =>
    connect({
      "tools/list": (request, to) => to.answer(request, { tools: tools() }),
      "tools/call": (request, to) => to.answer(request, result),
      ...handlers
    })

  it.effect("is checked though nobody listed the tools, which are listed once", () =>
    Effect.gen(function*() {
      const result = { content: [{ type: "text", text: "1" }], structuredContent: { n: "1" } }
      const { session, wire } = yield* answering(result)
      for (const call of [session.callTool("count"), session.callToolOrFail("count")]) {
        const error = yield* Effect.flip(call)
        assert.isTrue(error._tag === "InvalidStructuredContent")
        if (error._tag !== "InvalidStructuredContent") return
        assert.strictEqual(
          error.message,
          "tool \"count\" of \"hand\" answered something else than it declares: structuredContent.n must be integer"
        )
        assert.deepStrictEqual<unknown>(error.result, result)
      }
      const streamed = yield* Effect.flip(Stream.runDrain(session.callToolStream("count")))
      assert.strictEqual(streamed._tag, "InvalidStructuredContent")
      assert.lengthOf(wire.all("tools/list"), 1)
    }))

  it.effect("is given as it is where it fits", () =>
    Effect.gen(function*() {
      const result = { content: [], structuredContent: { n: 1, more: true } }
      const { session } = yield* answering(result)
      assert.deepStrictEqual<unknown>(yield* session.callTool("count"), result)
    }))

  it.effect.each([{}, { structuredContent: null }])(
    "costs no answer where it is left out (%j), but one remark, once the tools are known",
    (result) =>
      Effect.gen(function*() {
        const answer = { content: [{ type: "text", text: "1" }], ...result }
        const { session, wire } = yield* answering(answer)
        assert.deepStrictEqual<unknown>(yield* session.callTool("count"), answer)
        assert.lengthOf(wire.all("tools/list"), 0)
        yield* session.listTools
        assert.deepStrictEqual<unknown>(yield* session.callTool("count"), answer)
        yield* session.callTool("count")
        wire.send({ jsonrpc: "2.0", id: "the end", result: {} })
        const told = yield* session.warnings.pipe(
          Stream.map(({ description }) => description),
          Stream.takeUntil((description) => description.includes("the end")),
          Stream.runCollect
        )
        assert.lengthOf(told, 2)
        assert.strictEqual(
          told[0],
          "what tool \"count\" answers lacks the structuredContent that its outputSchema describes"
        )
      })
  )

  it.effect("is not checked where the tool failed, or declares nothing", () =>
    Effect.gen(function*() {
      const failed = { content: [], isError: true, structuredContent: { n: "1" } }
      const { session } = yield* answering(failed)
      yield* session.listTools
      assert.deepStrictEqual<unknown>(yield* session.callTool("count"), failed)
      const { session: plain } = yield* answering(
        { content: [], structuredContent: { n: "1" } },
        () => [{ ...tool, outputSchema: null }]
      )
      assert.isDefined((yield* plain.callTool("count")).structuredContent)
    }))

  it.effect("is checked against what the server declares now", () =>
    Effect.gen(function*() {
      let schema: unknown = outputSchema
      const { session, wire } = yield* answering(
        { content: [], structuredContent: { n: "1" } },
        () => [{ ...tool, outputSchema: schema }]
      )
      assert.strictEqual((yield* Effect.flip(session.callTool("count")))._tag, "InvalidStructuredContent")
      schema = { type: "object", properties: { n: { type: "string" } } }
      wire.send({ jsonrpc: "2.0", method: "notifications/tools/list_changed" })
      yield* session.callTool("count")
      assert.lengthOf(wire.all("tools/list"), 2)
    }))

  it.effect("is checked against the newest list, though an older one comes after it", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* answering({ content: [], structuredContent: { n: "1" } }, undefined, {
        "tools/list": () => {}
      })
      const older = yield* Effect.forkChild(session.listTools)
      const first = yield* wire.next("tools/list")
      wire.send({ jsonrpc: "2.0", method: "notifications/tools/list_changed" })
      const newer = yield* Effect.forkChild(session.listTools)
      const second = yield* wire.next("tools/list", 2)
      const schema = { type: "object", properties: { n: { type: "string" } } }
      wire.answer(second, { tools: [{ ...tool, outputSchema: schema }] })
      yield* Fiber.join(newer)
      wire.answer(first, { tools: [tool] })
      yield* Fiber.join(older)
      yield* session.callTool("count")
      assert.lengthOf(wire.all("tools/list"), 2)
    }))

  it.effect.each<readonly [what: string, schema: unknown]>([
    ["cannot be fetched", { $ref: "https://example.invalid/schema.json" }],
    ["needs a pattern of more than linear time", { properties: { n: { pattern: "(?=1)" } } }]
  ])("goes unchecked where the schema %s, which is told once", ([, schema]) =>
    Effect.gen(function*() {
      const { session, wire } = yield* answering(
        { content: [], structuredContent: { n: "1" } },
        () => [{ ...tool, outputSchema: schema }]
      )
      yield* session.callTool("count")
      yield* session.callTool("count")
      yield* session.listTools
      assert.isDefined((yield* session.callTool("count")).structuredContent)
      wire.send({ jsonrpc: "2.0", id: "the end", result: {} })
      const told = yield* session.warnings.pipe(
        Stream.map(({ description }) => description),
        Stream.takeUntil((description) => description.includes("the end")),
        Stream.runCollect
      )
      assert.lengthOf(told, 2)
      assert.match(told[0] ?? "", /"count" answers goes unchecked against its outputSchema/)
    }))

  it.effect("does not wait long for a list, and does not ask again for one that did not come", () =>
    Effect.gen(function*() {
      const result = { content: [], structuredContent: { n: "1" } }
      const { session, wire } = yield* answering(result, () => [], { "tools/list": () => {} })
      const call = yield* Effect.forkChild(session.callTool("count"))
      yield* wire.next("tools/list")
      yield* TestClock.adjust("2 seconds")
      assert.deepStrictEqual<unknown>(yield* Fiber.join(call), result)
      yield* session.callTool("count")
      assert.lengthOf(wire.all("tools/list"), 1)
    }))
})
