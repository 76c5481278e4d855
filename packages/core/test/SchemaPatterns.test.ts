/** No pattern takes long to compile or to match: half of what `JSON.parse` of the largest message takes, or it is refused. */
import { assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect, Result, Schema } from "effect"
import { RE2JS } from "re2js"
import * as outputSchema from "../src/internal/outputSchema.ts"
import * as costs from "../src/internal/schemaCosts.ts"
import { costOf } from "../src/internal/schemaPatternCost.ts"
import { toRe2 } from "../src/internal/schemaPatternSyntax.ts"
import { cpuTime } from "./fixtures/cpu.ts"
import { patterns, range, states } from "./fixtures/heavySchemas.ts"
import { parseTime } from "./fixtures/parseTime.ts"
import { random } from "./fixtures/randomSchema.ts"

let limit = 0
beforeAll(() =>
  Effect.runPromise(Effect.gen(function*() {
    limit = yield* parseTime
    yield* outputSchema.compile({ pattern: "^[a-z]+(\\p{L}|x){3}$" })
  }))
)

describe("a pattern of a schema", () => {
  it.live.each(Object.entries(patterns))("is read or refused in no time: %s", ([, pattern]) =>
    Effect.gen(function*() {
      const schema = { pattern, patternProperties: { [pattern]: true } }
      assert.isBelow(yield* cpuTime(outputSchema.compile(schema)), limit / 2)
    }))

  it.live.each(Object.entries(states))("is matched or refused in no time: %s", ([, shape]) =>
    Effect.gen(function*() {
      const { schema, value } = shape()
      const check = yield* Effect.fromResult(yield* outputSchema.compile(schema))
      assert.isBelow(yield* cpuTime(Effect.sync(() => check(value))), limit)
    }))

  it.live("is refused with a budget for all of them together", () =>
    Effect.gen(function*() {
      const schema = { allOf: range(2000, (i) => ({ pattern: `^\\p{L}${i}$` })) }
      assert.isBelow(yield* cpuTime(outputSchema.compile(schema)), limit / 2)
      assert.isTrue(Result.isFailure(yield* outputSchema.compile(schema)))
    }))

  it.effect.each<readonly [pattern: string, fits: string, other: string]>([
    ["^[\\p{L}\\p{N} _-]{1,64}$", "Zoë 1", "a,b"],
    ["^.{1,200}$", "x".repeat(200), "x".repeat(201)],
    ["^[A-Za-zÀ-ÿ]+$", "ÀB", "1"],
    ["^abc|^def", "def", "xdef"],
    ["[^a]", "b", "a"],
    ["^(?<year>\\d{4})-\\d\\d$", "2026-07", "2026-7"]
  ])("of an honest server is matched: %s", ([pattern, fits, other]) =>
    Effect.gen(function*() {
      const check = yield* Effect.fromResult(yield* outputSchema.compile({ pattern }))
      assert.deepStrictEqual(check(fits), Result.succeed([]))
      assert.lengthOf(yield* Effect.fromResult(check(other)), 1)
    }))

  it.effect.each(["*a", "+a", "?a", "a)(b", "(^a", "[^a", "^*a*{2}"])(
    "is refused where it is none: %s",
    (pattern) =>
      Effect.gen(function*() {
        assert.isTrue(Result.isFailure(yield* outputSchema.compile({ pattern })))
      })
  )

  it.effect("may be one of three hundred", () =>
    Effect.gen(function*() {
      const schema = {
        allOf: range(300, (i) => ({ pattern: `^[a-z0-9_-]{1,${i % 10 + 1}}(?:\\.[a-z]{2,8})*@acme${i}\\.example$` }))
      }
      assert.isTrue(Result.isSuccess(yield* outputSchema.compile(schema)))
    }))
})

describe("the cost of a pattern", () => {
  const units = [
    ..."[]^-\\{}()10,a:L?*+|$.é".split(""),
    ..."(?: [: alpha :] \\p{L} \\P{Lu} \\u{100} {1000} {30} \\u0100 \uFFFF \u0100 \\w \\S [^] []".split(" ")
  ]

  it.effect.prop(
    "counts every instruction, however it is written",
    { seed: Schema.Int },
    ({ seed }) =>
      Effect.sync(() => {
        const next = random(seed)
        for (let i = 0; i < 200; i++) {
          const source = range(1 + next(14), () => units[next(units.length)]).join("")
          const cost = costOf(source)
          if (!(cost < costs.maxReading)) continue
          const size = Result.flatMap(toRe2(source), (text) => Result.try(() => RE2JS.compile(text).programSize()))
          if (Result.isFailure(size)) continue
          // An instruction takes a third of what is counted for one character, which is more than one.
          assert.isAtLeast(cost, size.success * costs.instructions / 3, source)
        }
      })
  )
})
