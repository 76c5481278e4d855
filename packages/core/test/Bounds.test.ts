/** Work on what a server lists is bounded, whatever it lists. */
import { assert, beforeAll, describe, it } from "@effect/vitest"
import { closestNames } from "@universal-mcp/core/McpError"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as json from "../src/internal/json.ts"
import * as paramHeaders from "../src/internal/paramHeaders.ts"
import { cpuTime } from "./fixtures/cpu.ts"
import { parseTime } from "./fixtures/parseTime.ts"

/** Where work is not bounded, each of these takes minutes. */
let bound = 0
beforeAll(() =>
  Effect.runPromise(Effect.map(parseTime, (time) => {
    bound = time
  }))
)

const text = (value: unknown) => JSON.stringify(value)

describe("names that may be meant", () => {
  const lists: ReadonlyArray<readonly [string, () => ReadonlyArray<string>]> = [
    ["many", () => Array.from({ length: 300_000 }, (_, index) => `get_the_weather_of_the_city_${index}`)],
    ["long", () => Array.from({ length: 30 }, () => "get_weather".repeat(100_000))],
    ["long, and almost the same", () => Array.from({ length: 20_000 }, (_, index) => "a".repeat(120) + index)]
  ]

  it.effect.each(lists)("are looked for in bounded time: %s", ([, names]) =>
    Effect.gen(function*() {
      const listed = names()
      for (const wanted of ["get_wether", "a".repeat(121), "x".repeat(1_000_000)]) {
        assert.isBelow(yield* cpuTime(Effect.sync(() => closestNames(wanted, listed))), bound)
      }
    }))

  it("are found as before", () => {
    assert.deepStrictEqual(closestNames("get_wether", ["list", "get_weather", "weather"]), ["get_weather"])
    assert.deepStrictEqual(closestNames("read-fil", ["write_file", "read_file", "list"]), ["read_file"])
    assert.deepStrictEqual(closestNames("", ["a"]), [])
    assert.deepStrictEqual(closestNames("x", ["", "!!"]), [])
  })
})

describe("headers that a tool declares", () => {
  const tool = (count: number, name: (index: number) => string) => ({
    name: "t",
    inputSchema: {
      type: "object" as const,
      properties: Object.fromEntries(
        Array.from({ length: count }, (_, index) => [`p${index}`, { type: "string", "x-mcp-header": name(index) }])
      )
    }
  })

  it.effect("are 100 at most", () =>
    Effect.gen(function*() {
      assert.isTrue(Result.isSuccess(paramHeaders.declared(tool(100, (index) => `H${index}`))))
      const many = tool(200_000, (index) => `H${index}`)
      const cost = yield* cpuTime(Effect.sync(() => assert.isTrue(Result.isFailure(paramHeaders.declared(many)))))
      assert.isBelow(cost, bound)
    }))

  it("are found where they are, and only there", () => {
    const inputSchema = {
      type: "object" as const,
      properties: {
        a: { type: "object", properties: { b: { type: "string", "x-mcp-header": "B" } } },
        c: { type: "integer", "x-mcp-header": "C" }
      }
    }
    assert.deepStrictEqual(
      paramHeaders.declared({ name: "t", inputSchema }),
      Result.succeed([
        { path: ["a", "b"], header: "mcp-param-b" },
        { path: ["c"], header: "mcp-param-c" }
      ])
    )
  })

  it.effect("are looked for in bounded time, however deep a schema is", () =>
    Effect.gen(function*() {
      let schema: unknown = Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [index, {}]))
      for (let level = 0; level < 900; level++) schema = { items: schema }
      const deep = { name: "t", inputSchema: { type: "object" as const, items: schema } }
      const cost = yield* cpuTime(Effect.sync(() => assert.isTrue(Result.isSuccess(paramHeaders.declared(deep)))))
      assert.isBelow(cost, bound)
    }))
})

describe("the beginning of a value", () => {
  it.each<unknown>([
    { a: [1, "two", { three: null }], b: "x".repeat(500) },
    ["é".repeat(300), 1],
    { "__proto__x": { "": [[[true]]] } },
    JSON.parse("{\"__proto__\":{\"a\":1}}"),
    "text",
    Array.from({ length: 500 }, (_, index) => ({ index })),
    null
  ])("is the beginning of its JSON", (value) => {
    for (const length of [1, 7, 50, 200, 100_000]) {
      assert.strictEqual(json.excerpt(value, length), text(value).slice(0, length))
    }
  })

  it.effect("costs little, however much is behind it", () =>
    Effect.gen(function*() {
      const huge = Array.from({ length: 500_000 }, () => ({ a: "b" }))
      json.excerpt(huge)
      // To write all of it takes more than a hundred times as long.
      const all = yield* cpuTime(Effect.sync(() => text(huge)))
      assert.isBelow(yield* cpuTime(Effect.sync(() => json.excerpt(huge))), Math.max(all / 4, 2))
    }))

  it.each<unknown>([
    { toString: 1 },
    { toString: null, valueOf: null },
    Object.create(null),
    Symbol("s"),
    undefined,
    () => 1,
    10n,
    (() => {
      const circle: Record<string, unknown> = {}
      circle["itself"] = circle
      return circle
    })(),
    {
      get bad(): never {
        throw new Error("no")
      }
    },
    Object.assign(new Error("x"), { message: { toString: 1 } })
  ])("and the text of any value are texts", (value) => {
    assert.isString(json.text(value))
    assert.isString(json.message(value))
    assert.isString(json.excerpt(value))
  })
})
