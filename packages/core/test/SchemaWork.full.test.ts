/** More shapes than `SchemaWork.test.ts` has: each is read and checked in less than a message of the size limit takes. */
import { assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect, Result } from "effect"
import * as outputSchema from "../src/internal/outputSchema.ts"
import { cpuTime } from "./fixtures/cpu.ts"
import { heavy, large } from "./fixtures/heavySchemas.ts"
import { parseTime } from "./fixtures/parseTime.ts"

let limit = 0
beforeAll(() =>
  Effect.runPromise(Effect.gen(function*() {
    limit = yield* parseTime
    yield* outputSchema.compile({ pattern: "a" })
  }))
)

describe("output schemas hold up nobody", () => {
  it.live.each(Object.entries(heavy).slice(24))("with a check of %s", ([, shape]) =>
    Effect.gen(function*() {
      const { schema, value } = shape()
      assert.isBelow(yield* cpuTime(outputSchema.compile(schema)), limit)
      const check = yield* Effect.fromResult(yield* outputSchema.compile(schema))
      assert.isBelow(yield* cpuTime(Effect.sync(() => check(value))), limit)
      const outcome = check(value)
      assert.isTrue(Result.isFailure(outcome) || outcome.success.length < 10)
    }))

  it.live.each(Object.entries(large).slice(12))("with reading %s", ([, make]) =>
    Effect.gen(function*() {
      const schema = make()
      assert.isBelow(yield* cpuTime(outputSchema.compile(schema)), limit)
    }))
})
