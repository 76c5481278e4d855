/** A tool's input schema may be anything: reading it takes bounded time, and what cannot be read is passed on as text. */
import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import * as jsonSchema from "../src/internal/jsonSchema.ts"
import { coerce } from "../src/internal/toolArguments.ts"

const itself = (times: number, keyword = "anyOf") => ({ [keyword]: Array(times).fill({ $ref: "#" }) })

describe("alternatives", () => {
  it.each<unknown>([
    itself(2),
    itself(30),
    itself(3, "oneOf"),
    { anyOf: [{ oneOf: Array(50).fill({ $ref: "#/anyOf/0" }) }, { type: "string" }] },
    { anyOf: Array(500_000).fill({ type: "integer" }) },
    { anyOf: [{ $ref: `#/${"a/".repeat(1_000_000)}` }] },
    { anyOf: [{ $ref: { toString: 1 } }] }
  ])("that lead round in circles, or are very many, are not read", (schema) => {
    assert.isUndefined(jsonSchema.alternatives(schema, schema))
    assert.deepStrictEqual(coerce("7", schema, schema), Result.succeed("7"))
  })

  it("are read in their order", () => {
    const schema = {
      anyOf: [{ oneOf: [{ const: 1 }, { const: 2 }] }, { $ref: "#/$defs/a" }],
      $defs: { a: { const: 3 } }
    }
    assert.deepStrictEqual<unknown>(jsonSchema.alternatives(schema, schema), [{ const: 1 }, { const: 2 }, { const: 3 }])
  })
})

describe("what a schema lists", () => {
  it("is named in the error up to fifty values", () => {
    const many = { enum: Array.from({ length: 300_000 }, (_, index) => `v${index}`) }
    const error = Result.getOrElse(Result.flip(coerce("x", many, many)), () => "")
    assert.match(error, /^"v0" or .*"v49" or one of 299950 more$/)
    assert.deepStrictEqual(coerce("v299999", many, many), Result.succeed("v299999"))
  })
})
