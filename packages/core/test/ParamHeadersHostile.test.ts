/** Input schemas that are made to make the list of tools slow, or to break it. */
import { assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect, Result, Schema } from "effect"
import * as paramHeaders from "../src/internal/paramHeaders.ts"
import { cpuTime } from "./fixtures/cpu.ts"
import { named, range } from "./fixtures/heavySchemas.ts"
import { parseTime } from "./fixtures/parseTime.ts"

const declared = (inputSchema: Record<string, unknown>) =>
  paramHeaders.declared({ name: "t", inputSchema: { ...inputSchema, type: "object" } })

const header = (name: string) => ({ type: "string", "x-mcp-header": name })

const deep = (levels: number, inner: unknown, around: (inner: unknown) => unknown): Record<string, unknown> => ({
  properties: { a: range(levels, (i) => i).reduce((at: unknown) => around(at), inner) }
})

let limit = 0
beforeAll(() =>
  Effect.runPromise(Effect.map(parseTime, (time) => {
    limit = time
  }))
)

describe("headers from arguments", () => {
  it.live.each<readonly [what: string, schema: () => Record<string, unknown>]>([
    ["a hundred thousand levels", () => deep(100_000, {}, (items) => ({ items }))],
    ["a hundred thousand levels of properties", () => deep(100_000, header("A"), (a) => ({ properties: { a } }))],
    ["a hundred thousand lists in lists", () => deep(100_000, {}, (inner) => ({ allOf: [inner] }))],
    ["a hundred thousand headers", () => ({ properties: named(100_000, (i) => header(`H${i}`)) })],
    ["a million parts", () => ({ anyOf: range(1e6, () => ({})) })],
    ["a name of a megabyte", () => ({ properties: { a: header("a".repeat(1e6)) } })],
    ["a thousand levels, each with a header", () => deep(1000, {}, (a) => ({ properties: { a, b: header("B") } }))]
  ])("hold up nobody: %s", ([, make]) =>
    Effect.gen(function*() {
      const schema = make()
      assert.isBelow(yield* cpuTime(Effect.sync(() => declared(schema))), limit)
    }))

  it.effect("are refused where there are more than a request carries", () =>
    Effect.sync(() => {
      assert.isTrue(Result.isSuccess(declared({ properties: named(100, (i) => header(`H${i}`)) })))
      assert.isTrue(Result.isFailure(declared({ properties: named(101, (i) => header(`H${i}`)) })))
    }))

  it.effect.prop(
    "are read, or refused, of any JSON",
    { schema: Schema.Json, at: Schema.Json },
    ({ at, schema }) =>
      Effect.sync(() => {
        assert.isTrue(
          Result.isResult(declared({ properties: schema, items: { properties: at }, $defs: { "x-mcp-header": at } }))
        )
      })
  )
})
