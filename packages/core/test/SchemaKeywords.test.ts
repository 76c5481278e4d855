/** What each keyword of JSON Schema says, as the specifications of 2020-12 and draft-07 have it. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Result } from "effect"
import * as outputSchema from "../src/internal/outputSchema.ts"

const issues = Effect.fnUntraced(function*(schema: unknown, value: unknown) {
  const check = yield* Effect.fromResult(yield* outputSchema.compile(schema))
  return yield* Effect.fromResult(check(value))
})

type Row = readonly [
  schema: Readonly<Record<string, unknown>>,
  valid: ReadonlyArray<unknown>,
  invalid: ReadonlyArray<unknown>
]

const fits = ([schema, valid, invalid]: Row) =>
  Effect.gen(function*() {
    for (const value of valid) assert.deepStrictEqual(yield* issues(schema, value), [], JSON.stringify(value))
    for (const value of invalid) assert.isNotEmpty(yield* issues(schema, value), JSON.stringify(value))
  })

describe("2020-12", () => {
  it.effect.each<Row>([
    [{ type: ["integer", "null"] }, [1, 1.0, null], [1.5, "1", true, [], {}]],
    [{ type: "object" }, [{}], [[], null]],
    [{ const: { a: [1, { b: null }] } }, [{ a: [1, { b: null }] }], [{ a: [1, {}] }, null]],
    [{ enum: [1, "1", [true]] }, [1, "1", [true]], [true, "true", []]],
    [{ exclusiveMinimum: 1, exclusiveMaximum: 3 }, [2, 1.1, "0"], [1, 3]],
    [{ multipleOf: 0.01 }, [19.99, 0.07, 4, -0.03], [0.015]],
    [{ multipleOf: 3 }, [9, 0], [10]],
    [{ minLength: 2, maxLength: 2 }, ["ab", "😀😀", 1], ["😀", "abc"]],
    [{ minItems: 1, maxItems: 2 }, [[1], {}], [[], [1, 2, 3]]],
    [{ minProperties: 1, maxProperties: 2 }, [{ a: 1 }, []], [{}, { a: 1, b: 1, c: 1 }]],
    [{ required: ["toString"] }, [{ toString: 1 }, []], [{}]],
    [{ properties: { constructor: { type: "number" } } }, [{}, { constructor: 1 }], [{ constructor: "1" }]],
    [{ additionalProperties: { type: "number" }, properties: { a: true }, patternProperties: { "^x": {} } }, [
      { a: "", xa: "", b: 1 }
    ], [{ b: "" }]],
    [{ propertyNames: { maxLength: 1 } }, [{ a: 1 }, "abc"], [{ ab: 1 }]],
    [{ dependentRequired: { a: ["b"] } }, [{}, { b: 1 }, { a: 1, b: 1 }], [{ a: 1 }]],
    [{ dependentSchemas: { a: { minProperties: 2 } } }, [{ b: 1 }, { a: 1, b: 1 }], [{ a: 1 }]],
    [{ prefixItems: [{ type: "string" }], items: false }, [[], ["a"]], [["a", 1], [1]]],
    [{ contains: { const: 1 }, minContains: 2, maxContains: 3 }, [[1, 1], [0, 1, 1, 1], {}], [[1], [1, 1, 1, 1]]],
    [{ contains: { const: 1 }, minContains: 0 }, [[], [2]], []],
    [{ uniqueItems: true }, [[1, "1", true], [{}, []]], [[1, 1], [{ a: 1, b: 2 }, { b: 2, a: 1 }]]],
    [{ uniqueItems: true }, [[1, "1", "n1", [1], ["1"], 0.5, "n0.5", -1]], [[0, -0], [0.1, 0.1], [[1e300], [1e300]]]],
    [{ uniqueItems: false }, [[1, 1]], []],
    [{ allOf: [{ minimum: 1 }, { maximum: 3 }] }, [2], [0, 4]],
    [{ anyOf: [{ minimum: 3 }, { type: "string" }] }, [3, "a"], [1]],
    [{ oneOf: [{ minimum: 1 }, { maximum: 3 }] }, [0, 4], [2]],
    [{ not: { type: "string" } }, [1], ["a"]],
    // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
    [{ if: { minimum: 10 }, then: { multipleOf: 10 }, else: { multipleOf: 3 } }, [20, 9], [15, 4]],
    [{ properties: { a: false } }, [{}, { b: 1 }], [{ a: 1 }]],
    [{ allOf: [{ properties: { a: true } }], unevaluatedProperties: false }, [{ a: 1 }], [{ a: 1, b: 1 }]],
    [{ anyOf: [{ properties: { a: { const: 1 } } }, true], unevaluatedProperties: false }, [{ a: 1 }], [{ a: 2 }]],
    [{ prefixItems: [true], contains: { const: 1 }, unevaluatedItems: false }, [["a", 1, 1]], [["a", 1, 2]]],
    [{ unevaluatedProperties: { type: "number" } }, [{ a: 1 }], [{ a: "1" }]],
    [{ $ref: "#/$defs/a", minimum: 5, $defs: { a: { type: "number" } } }, [5], [4, "5"]],
    [{ $ref: "#/$defs/a~1b%25", $defs: { "a/b%": { type: "number" } } }, [1], ["1"]],
    [{ $ref: "#/components/a", components: { a: { type: "number" } } }, [1], ["1"]],
    [{ $ref: "#here", $defs: { a: { $anchor: "here", type: "number" } } }, [1], ["1"]],
    [
      { $id: "https://acme.example/all", $ref: "parts/a", $defs: { a: { $id: "parts/a", type: "number" } } },
      [1],
      ["1"]
    ],
    [
      { $ref: "https://acme.example/a#/$defs/b", $defs: { a: { $id: "https://acme.example/a", $defs: { b: false } } } },
      [],
      [1]
    ],
    [
      {
        $id: "https://acme.example/numbers",
        $ref: "list",
        $defs: {
          numbers: { $dynamicAnchor: "item", type: "number" },
          list: {
            $id: "list",
            type: "array",
            items: { $dynamicRef: "#item" },
            $defs: { any: { $dynamicAnchor: "item" } }
          }
        }
      },
      [[1]],
      [["1"]]
    ],
    [{ items: [{ type: "string" }], additionalItems: false }, [["a"]], [["a", 1], [1]]],
    [{ $async: true, nullable: true, discriminator: 1, $comment: {}, id: 7, type: "string" }, ["a"], [null]],
    [{ $schema: { toString: 1 }, type: "string" }, ["a"], [1]],
    [{ $schema: ["draft-07"], type: "string" }, ["a"], [1]],
    [{ $schema: 7, type: "string" }, ["a"], [1]]
  ])("%j", fits)
})

describe("draft-07", () => {
  const $schema = "http://json-schema.org/draft-07/schema#"

  it.effect.each<Row>([
    [{ $schema, items: [{ type: "string" }], additionalItems: { type: "number" } }, [["a", 1]], [["a", "b"]]],
    [{ $schema, dependencies: { a: ["b"], c: { minProperties: 2 } } }, [{ b: 1 }, { c: 1, d: 1 }], [{ a: 1 }, {
      c: 1
    }]],
    [
      { $schema, properties: { a: { $ref: "#/definitions/a", minimum: 5 } }, definitions: { a: { type: "number" } } },
      [{ a: 1 }],
      [{ a: "1" }]
    ],
    [{ $schema, $ref: "#a", definitions: { a: { $id: "#a", type: "number" } } }, [1], ["1"]],
    [{ $schema, prefixItems: [false], unevaluatedItems: false, minContains: 2, contains: { const: 1 } }, [[1]], [[2]]]
  ])("%j", fits)
})

describe("what cannot be read is refused, and says which keyword it is", () => {
  it.effect.each<readonly [schema: Readonly<Record<string, unknown>>, says: RegExp]>([
    [{ minLength: { $data: "1/a" } }, /"minLength" is not a number/],
    [{ exclusiveMinimum: true }, /"exclusiveMinimum" is not a number/],
    [{ required: [{ toString: 1 }] }, /"required" is not a list of text/],
    [{ required: "a" }, /"required" is not a list/],
    [{ properties: [] }, /"properties" is not an object/],
    [{ allOf: {} }, /"allOf" is not a list/],
    [{ type: "constructor" }, /"type" is not/],
    [{ type: [] }, /"type" is not/],
    [{ type: ["string", "text"] }, /"type" is not/],
    [{ $id: `http://acme.example/${"a".repeat(2000)}` }, /longer than 2000/],
    [{ $id: "é".repeat(500) }, /longer than 2000/],
    [{ $anchor: "a".repeat(2001) }, /longer than 2000/],
    [{ $ref: `#/${"a/".repeat(1000)}` }, /longer than 2000/],
    [{ enum: "a" }, /"enum" is not a list/],
    [{ pattern: 1 }, /"pattern" is not text/],
    [{ items: "string" }, /where a schema is expected/],
    [{ properties: { a: null } }, /where a schema is expected/],
    [{ $ref: "#/$defs/none" }, /"#\/\$defs\/none" leads to no part of it/],
    [{ $ref: "http://[" }, /leads to no part of it/],
    [{ $ref: {} }, /"\$ref" is not text/],
    [{ $dynamicRef: "#none" }, /leads to no part of it/]
  ])("%j", ([schema, says]) =>
    Effect.gen(function*() {
      const compiled = yield* outputSchema.compile(schema)
      assert.match(Result.isFailure(compiled) ? compiled.failure : "it was read", says)
    }))

  it.effect.each<readonly [what: string, schema: Readonly<Record<string, unknown>>]>([
    ["a reference to itself", { $ref: "#" }],
    ["two references to each other", {
      $ref: "#/$defs/a",
      $defs: { a: { $ref: "#/$defs/b" }, b: { $ref: "#/$defs/a" } }
    }],
    ["a dynamic reference to itself", { $dynamicAnchor: "a", $dynamicRef: "#a" }]
  ])("%s gives no verdict", ([, schema]) =>
    Effect.gen(function*() {
      const check = yield* Effect.fromResult(yield* outputSchema.compile(schema))
      assert.isTrue(Result.isFailure(check(1)))
    }))
})

describe("what is wrong is told in a few short lines", () => {
  it.effect.each<readonly [what: string, schema: Readonly<Record<string, unknown>>, value: unknown]>([
    ["of a thousand alternatives", { anyOf: Array.from({ length: 1000 }, (_, i) => ({ const: i })) }, "a"],
    ["of alternatives in alternatives", {
      anyOf: [1, 2].map(() => ({ oneOf: [1, 2].map(() => ({ anyOf: [{ const: 1 }, { const: 2 }] })) }))
    }, "a"],
    ["of a long name", { additionalProperties: false }, { ["a".repeat(100_000)]: 1 }],
    [
      "of a long path",
      { additionalProperties: { $ref: "#" }, type: "object" },
      Array.from({ length: 300 }).reduce<
        unknown
      >((inner) => ({ [`${"a".repeat(1000)}`]: inner }), 1)
    ],
    ["of a long pattern", { pattern: `^${"a".repeat(3000)}$` }, "b"]
  ])("%s", ([, schema, value]) =>
    Effect.gen(function*() {
      const found = yield* issues(schema, value)
      assert.isNotEmpty(found)
      assert.isAtMost(found.length, 5)
      assert.isBelow(found.join().length, 3000)
    }))
})
