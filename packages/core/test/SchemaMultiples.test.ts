/** `multipleOf` is right for large numbers and for fractions, as far as a number of JavaScript can tell. */
import { assert, describe, it } from "@effect/vitest"
import { Ajv2020 } from "ajv/dist/2020.js"
import { Effect, Schema } from "effect"
import * as outputSchema from "../src/internal/outputSchema.ts"
import { random } from "./fixtures/randomSchema.ts"

const isMultiple = (value: number, of: number) =>
  Effect.gen(function*() {
    const check = yield* Effect.fromResult(yield* outputSchema.compile({ multipleOf: of }))
    return (yield* Effect.fromResult(check(value))).length === 0
  })

const ajv = new Ajv2020({ validateSchema: false })
const ofAjv = (value: number, of: number) => ajv.compile({ multipleOf: of })(value)

describe("multipleOf", () => {
  it.effect.each<readonly [value: number, of: number]>([
    [0, 3],
    [9007199254740992, 2],
    [-9007199254740990, 3],
    [0.3, 0.1],
    [19.99, 0.01],
    [1e15, 0.1],
    [123456789.01, 0.01],
    [4.35, 0.05]
  ])("%d is a multiple of %d", ([value, of]) =>
    Effect.gen(function*() {
      assert.isTrue(yield* isMultiple(value, of))
    }))

  it.effect.each<readonly [value: number, of: number]>([
    [4503599627370497, 2],
    [9007199254740991, 2],
    [1e15 + 0.5, 1],
    [-1e15 - 0.5, 1],
    [2251799813685249.5, 1],
    [1e17, 7],
    [1e14 + 0.25, 0.5],
    [0.35, 0.1],
    [1e10 + 0.005, 0.01],
    [1e-8, 1]
  ])("%d is no multiple of %d", ([value, of]) =>
    Effect.gen(function*() {
      assert.isFalse(yield* isMultiple(value, of))
    }))

  it.effect.prop(
    "says of any number what Ajv says of it, but for 19.99 and 0.01",
    { seed: Schema.Int },
    ({ seed }) =>
      Effect.gen(function*() {
        const next = random(seed)
        const any = () => next(2 ** 26) * 2 ** next(27) + next(2 ** 20)
        for (let i = 0; i < 3; i++) {
          const of = [1 + next(1000), 2 ** next(40), 1 + next(2 ** 26) * 2 ** next(14), 0.5, 0.25][next(5)] ?? 1
          // Both can be held exactly, and so can their quotient where there is one.
          const value = [any(), of * next(2 ** 12), any() / 2, any() / 4, -any()][next(5)] ?? 0
          assert.strictEqual(yield* isMultiple(value, of), ofAjv(value, of), `${value} of ${of}`)
          // Ajv divides: it says of many decimals that they are no multiples of 0.01.
          const digits = 10 ** (1 + next(3))
          const decimal = next(2 ** 30) / digits
          assert.isTrue(yield* isMultiple(decimal, 1 / digits), `${decimal}`)
          assert.isFalse(yield* isMultiple(decimal + 0.5 / digits, 1 / digits), `half of ${decimal}`)
        }
      })
  )
})
