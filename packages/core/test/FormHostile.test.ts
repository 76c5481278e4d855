/** Forms that are made to make their reading slow, or to break it. */
import { assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect, Result, Schema } from "effect"
import * as form from "../src/internal/form.ts"
import * as formSchema from "../src/internal/formSchema.ts"
import { cpuTime } from "./fixtures/cpu.ts"
import { named, range, repeat } from "./fixtures/heavySchemas.ts"
import { parseTime } from "./fixtures/parseTime.ts"
import * as randomSchema from "./fixtures/randomSchema.ts"

let limit = 0
beforeAll(() =>
  Effect.runPromise(Effect.map(parseTime, (time) => {
    limit = time
  }))
)

const text = { type: "string" }

describe("a form", () => {
  it.live.each<readonly [what: string, schema: () => unknown]>([
    ["a million fields", () => ({ properties: named(200_000, () => text) })],
    ["a million required fields", () => ({ properties: {}, required: range(1e6, (i) => `k${i}`) })],
    ["parts that each add fields", () => ({
      allOf: range(1000, (i) => ({ properties: named(100, () => text, `k${i}_`) }))
    })],
    ["one large part, thousands of times", () => ({
      allOf: repeat(4000, { $ref: "#/$defs/a" }),
      $defs: { a: { properties: named(100_000, () => text) } }
    })],
    ["one long list of choices for each field", () => ({
      properties: named(100, () => ({ $ref: "#/$defs/a" })),
      $defs: { a: { type: "string", enum: range(100_000, (i) => `c${i}`) } }
    })],
    ["one long list of alternatives for each field", () => ({
      properties: named(100, () => ({ $ref: "#/$defs/a" })),
      $defs: { a: { oneOf: range(100_000, (i) => ({ const: `c${i}`, title: "c" })) } }
    })],
    ["references that double", () => ({
      properties: { a: { $ref: "#/$defs/k0" } },
      $defs: named(18, (i) => ({ allOf: repeat(2, { $ref: `#/$defs/k${i + 1}` }) }))
    })],
    ["a long reference for each field", () => ({
      properties: named(100, () => ({ $ref: `#/${"a/".repeat(30_000)}` }))
    })]
  ])("holds up nobody: %s", ([, make]) =>
    Effect.gen(function*() {
      const schema = make()
      assert.isBelow(yield* cpuTime(Effect.sync(() => formSchema.read(schema))), limit)
    }))

  it.live("with a list as long as its choices is checked in one pass", () =>
    Effect.gen(function*() {
      const names = range(2000, (i) => `c${i}`)
      const { form: schema } = yield* Effect.fromResult(
        formSchema.read({ properties: { a: { type: "array", items: { enum: names }, default: [...names, "d"] } } })
      )
      const check = Effect.sync(() => {
        const [issue = ""] = form.formIssues(schema, form.withDefaults(schema, {}))
        assert.match(issue, /^a must be some of c0, .* and 1950 more$/)
      })
      assert.isBelow(yield* cpuTime(check), limit)
    }))

  it.effect("has no more fields than somebody fills in", () =>
    Effect.sync(() => {
      assert.isTrue(Result.isSuccess(formSchema.read({ properties: named(100, () => text) })))
      assert.isTrue(Result.isFailure(formSchema.read({ properties: named(101, () => text) })))
    }))

  it.effect("may have a title that is no text, and a field with any name", () =>
    Effect.gen(function*() {
      const choices = [{ const: "a", title: { toString: 1 } }, { const: "b", title: "B" }]
      const { form: read } = yield* Effect.fromResult(
        formSchema.read({
          properties: { f: { oneOf: choices } },
          allOf: [{ properties: JSON.parse(`{ "__proto__": { "type": "boolean" } }`) }]
        })
      )
      assert.deepStrictEqual(Object.keys(read.properties).toSorted(), ["__proto__", "f"])
      assert.containSubset(read.properties["f"], { oneOf: [{ const: "a", title: "a" }, { const: "b", title: "B" }] })
    }))

  it.effect.prop(
    "is read, or refused, of any JSON",
    { seed: Schema.Int, any: Schema.Json },
    ({ any, seed }) =>
      Effect.sync(() => {
        const hostile = randomSchema.hostile(randomSchema.random(seed))
        for (const asked of [any, hostile, { properties: any }, { properties: { a: hostile, b: { items: any } } }]) {
          assert.isTrue(Result.isResult(formSchema.read(asked)))
        }
      })
  )
})
