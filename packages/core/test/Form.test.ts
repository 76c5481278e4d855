import { assert, describe, it } from "@effect/vitest"
import * as Elicitation from "@universal-mcp/core/Elicitation"

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

  it("allows what is not asked for, unless the schema forbids it", () => {
    const open = { type: "object" as const, properties: {} }
    assert.deepStrictEqual(Elicitation.formIssues(open, { a: 1 }), [])
    assert.deepStrictEqual(Elicitation.formIssues({ ...open, additionalProperties: false }, { a: 1 }), [
      "a is not asked for"
    ])
  })
})
