/** Whatever a server declares and answers, a check is a verdict or a reason why there is none. */
import { assert, describe, it } from "@effect/vitest"
import { Ajv2020 } from "ajv/dist/2020.js"
import { Effect, Result, Schema } from "effect"
import * as outputSchema from "../src/internal/outputSchema.ts"
import * as randomSchema from "./fixtures/randomSchema.ts"

const ajv = () => new Ajv2020({ strict: false, validateSchema: false, validateFormats: false, logger: false })

/** Whether it fits, if that can be told. */
const verdict = (schema: unknown, value: unknown) =>
  Effect.map(outputSchema.compile(schema), (compiled) => Result.flatMap(compiled, (check) => check(value)))

describe("output schemas", () => {
  it.effect.prop(
    "any JSON is a schema or is refused",
    { schema: Schema.Json, value: Schema.Json },
    ({ schema, value }) =>
      Effect.gen(function*() {
        assert.isTrue(Result.isResult(yield* verdict(schema, value)))
      })
  )

  it.effect.prop(
    "a schema with anything in any place is a schema or is refused",
    { seed: Schema.Int },
    ({ seed }) =>
      Effect.gen(function*() {
        const next = randomSchema.random(seed)
        const schema = randomSchema.hostile(next)
        for (let i = 0; i < 5; i++) {
          assert.isTrue(Result.isResult(yield* verdict(schema, randomSchema.value(next))))
        }
      })
  )

  it.effect.prop("says of a value what Ajv says of it", { seed: Schema.Int }, ({ seed }) =>
    Effect.gen(function*() {
      const next = randomSchema.random(seed)
      const schema = randomSchema.document(next)
      const compiled = yield* outputSchema.compile(schema)
      if (Result.isFailure(compiled)) return assert.fail(`${compiled.failure}: ${JSON.stringify(schema)}`)
      const validate = ajv().compile(schema)
      for (let i = 0; i < 10; i++) {
        const value = randomSchema.value(next)
        const issues = yield* Effect.fromResult(compiled.success(value))
        assert.strictEqual(
          issues.length === 0,
          validate(value),
          `${JSON.stringify(value)} of ${JSON.stringify(schema)}: ${issues.join()}`
        )
      }
    }))
})
