/**
 * No schema, and no answer to check against it, holds up the program for longer than `JSON.parse` of a message of the
 * size limit, measured in the same run: reading the schema, and checking, are each one step.
 */
import { assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect, Result } from "effect"
import * as outputSchema from "../src/internal/outputSchema.ts"
import { cpuTime } from "./fixtures/cpu.ts"
import { heavy, large, named, range, repeat } from "./fixtures/heavySchemas.ts"
import { parseTime, parseTimeOf } from "./fixtures/parseTime.ts"

let limit = 0
beforeAll(() =>
  Effect.runPromise(Effect.gen(function*() {
    limit = yield* parseTime
    yield* outputSchema.compile({ pattern: "a" })
  }))
)

describe("output schemas hold up nobody", () => {
  it.live.each(Object.entries(heavy).slice(0, 24))("with a check of %s", ([, shape]) =>
    Effect.gen(function*() {
      const { schema, value } = shape()
      assert.isBelow(yield* cpuTime(outputSchema.compile(schema)), limit)
      const check = yield* Effect.fromResult(yield* outputSchema.compile(schema))
      assert.isBelow(yield* cpuTime(Effect.sync(() => check(value))), limit)
      const outcome = check(value)
      assert.isTrue(Result.isFailure(outcome) || outcome.success.length < 10)
    }))

  it.live.each(Object.entries(large).slice(0, 12))("with reading %s", ([, make]) =>
    Effect.gen(function*() {
      const schema = make()
      assert.isBelow(yield* cpuTime(outputSchema.compile(schema)), limit)
    }))

  // Names take longer to parse than anything else, and to count them once takes less.
  it.live("with reading too many properties", () =>
    Effect.gen(function*() {
      const text = JSON.stringify({ properties: named(200_000, () => true) })
      const schema: unknown = JSON.parse(text)
      assert.isBelow(yield* cpuTime(outputSchema.compile(schema)), yield* parseTimeOf(text))
    }))
})

describe("what is large but honest is checked", () => {
  const row = {
    type: "object",
    required: ["id", "name"],
    additionalProperties: false,
    properties: {
      id: { type: "integer" },
      name: { type: "string", minLength: 1 },
      tags: { type: "array", items: { enum: ["a", "b", "c"] } },
      at: { type: "string", maxLength: 40 }
    }
  }
  const rows = range(100_000, (id) => ({ id, name: `n${id}`, tags: ["a", "b"], at: "2026-07-28" }))
  const words = range(5000, (i) => `word ${i}`)

  it.effect.each<readonly [what: string, schema: unknown, items: ReadonlyArray<unknown>, wrong: unknown]>([
    ["rows", { items: row }, rows, { id: 1, name: "" }],
    ["words of a long list", { items: { enum: words } }, repeat(100_000, "word 4999"), "word 5000"],
    ["a pattern", { items: { pattern: "^[a-z]{2,8}-\\d+$" } }, range(100_000, (i) => `abc-${i}`), "abc-"],
    ["references", { items: { $ref: "#/$defs/a" }, $defs: { a: { type: "number" } } }, repeat(300_000, 1), "1"],
    ["unique texts", { uniqueItems: true }, range(100_000, (i) => `t${i}`), "t5"]
  ])("%s", ([, schema, items, wrong]) =>
    Effect.gen(function*() {
      const check = yield* Effect.fromResult(yield* outputSchema.compile(schema))
      assert.deepStrictEqual(check(items), Result.succeed([]))
      assert.lengthOf(yield* Effect.fromResult(check([...items, wrong])), 1)
    }))

  it.effect("a schema of a thousand properties, each with an enum", () =>
    Effect.gen(function*() {
      const schema = { properties: named(1000, () => ({ type: "string", description: "x", enum: words.slice(0, 20) })) }
      const check = yield* Effect.fromResult(yield* outputSchema.compile(schema))
      assert.lengthOf(yield* Effect.fromResult(check(named(1000, (i) => i === 999 ? "none" : "word 1"))), 1)
    }))
})
