import { assert, describe, it } from "@effect/vitest"
import * as Elicitation from "@universal-mcp/core/Elicitation"
import * as Result from "effect/Result"
import * as form from "../src/internal/form.ts"

describe("Forms", () => {
  const cases: ReadonlyArray<readonly [Elicitation.FieldSchema, Elicitation.FieldValue, string | undefined]> = [
    [{ type: "boolean" }, true, undefined],
    [{ type: "boolean" }, "true", "must be true or false"],
    [{ type: "number", minimum: 1, maximum: 2 }, 1.5, undefined],
    [{ type: "number", minimum: 1, maximum: 2 }, 0.9, "must be at least 1"],
    [{ type: "number", minimum: 1, maximum: 2 }, 2.1, "must be at most 2"],
    [{ type: "number" }, Number.NaN, "must be a number"],
    [{ type: "number" }, "1", "must be a number"],
    [{ type: "integer" }, 2, undefined],
    [{ type: "integer" }, 2.5, "must be a whole number"],
    [{ type: "string", minLength: 2, maxLength: 3 }, "🙂🙂🙂", undefined],
    [{ type: "string", minLength: 2, maxLength: 3 }, "🙂", "must have at least 2 characters"],
    [{ type: "string", minLength: 2, maxLength: 3 }, "abcd", "must have at most 3 characters"],
    [{ type: "string" }, 1, "must be text"],
    [{ type: "string", format: "email" }, "ada@example.org", undefined],
    [{ type: "string", format: "email" }, "ada", "must be an e-mail address"],
    [{ type: "string", format: "uri" }, "mailto:ada@example.org", undefined],
    [{ type: "string", format: "uri" }, "example.org/a", "must be a URI"],
    [{ type: "string", format: "date" }, "2024-02-29", undefined],
    [{ type: "string", format: "date" }, "2026-02-29", "must be a date such as 2026-07-28"],
    [{ type: "string", format: "date" }, "29.02.2024", "must be a date such as 2026-07-28"],
    [{ type: "string", format: "date-time" }, "2026-07-28T09:30:00Z", undefined],
    [{ type: "string", format: "date-time" }, "2026-07-28T09:30:00.123+02:00", undefined],
    [{ type: "string", format: "date-time" }, "2026-07-28", "must be a date and time such as 2026-07-28T09:30:00Z"],
    [
      { type: "string", format: "date-time" },
      "2026-07-28T25:00:00Z",
      "must be a date and time such as 2026-07-28T09:30:00Z"
    ],
    [{ type: "string", enum: ["a", "b"] }, "b", undefined],
    [{ type: "string", enum: ["a", "b"] }, "c", "must be one of a, b"],
    [{ type: "string", oneOf: [{ const: "a", title: "A" }] }, "a", undefined],
    [{ type: "string", oneOf: [{ const: "a", title: "A" }] }, "A", "must be one of a"],
    [{ type: "array", items: { type: "string", enum: ["a", "b"] } }, ["a", "b"], undefined],
    [{ type: "array", items: { type: "string", enum: ["a", "b"] } }, ["a", "c"], "must be some of a, b"],
    [{ type: "array", items: { type: "string", enum: ["a"] } }, "a", "must be a list"],
    [{ type: "array", items: { anyOf: [{ const: "a", title: "A" }] }, minItems: 1 }, ["a"], undefined],
    [
      { type: "array", items: { anyOf: [{ const: "a", title: "A" }] }, minItems: 1 },
      [],
      "must have at least 1 of the choices"
    ],
    [
      { type: "array", items: { type: "string", enum: ["a", "b"] }, maxItems: 1 },
      ["a", "b"],
      "must have at most 1 of the choices"
    ]
  ]

  it.each(cases)("%j with %j", (schema, value, issue) => {
    assert.strictEqual(Elicitation.fieldIssue(schema, value), issue)
  })

  it("are read without what the server writes as null", () => {
    const asked = {
      type: "object",
      title: null,
      required: null,
      "x-order": ["a"],
      properties: {
        a: { type: "string", title: null, description: null, default: null, minLength: null, "x-colour": "red" },
        toString: { type: "array", title: null, items: { type: "string", enum: ["a"] } },
        c: { type: "string", enum: ["a", "b"], enumNames: null }
      }
    }
    assert.deepStrictEqual<unknown>(
      form.read(asked),
      Result.succeed({
        type: "object",
        "x-order": ["a"],
        properties: {
          a: { type: "string", "x-colour": "red" },
          toString: { type: "array", items: { type: "string", enum: ["a"] } },
          c: { type: "string", enum: ["a", "b"] }
        }
      })
    )
  })

  it.each<readonly [unknown, string]>([
    [null, "it has no requestedSchema"],
    [{ type: "object", properties: null }, "its requestedSchema has no properties"],
    [{ type: "object", properties: {}, required: [1] }, "what it says is required is no list of names"],
    [{ properties: { a: { type: "object" } } }, "its field \"a\" is of no kind that a form may have"],
    [{ properties: { ok: { type: "string" }, b: null } }, "its field \"b\" is of no kind that a form may have"],
    [{ properties: { c: { type: "string", enum: "a" } } }, "its field \"c\" is of no kind that a form may have"],
    [{ properties: { d: { type: "string", oneOf: [5] } } }, "its field \"d\" is of no kind that a form may have"],
    [{ properties: { e: { type: "array", items: {} } } }, "its field \"e\" is of no kind that a form may have"]
  ])("are refused with one short sentence: %j", (asked, why) => {
    assert.deepStrictEqual(form.read(asked), Result.fail(why))
  })

  it("allows what is not asked for, unless the schema forbids it", () => {
    const open = { type: "object" as const, properties: {} }
    assert.deepStrictEqual(Elicitation.formIssues(open, { a: 1 }), [])
    assert.deepStrictEqual(Elicitation.formIssues({ ...open, additionalProperties: false }, { a: 1 }), [
      "a is not asked for"
    ])
  })
})
