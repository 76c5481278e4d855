import { assert, describe, it } from "@effect/vitest"
import type { FieldSchema, FieldValue } from "@universal-mcp/core/Elicitation"
import * as Elicitation from "@universal-mcp/core/Elicitation"
import * as Result from "effect/Result"
import * as formSchema from "../src/internal/formSchema.ts"

const read = (asked: unknown) => Result.getOrThrow(formSchema.read(asked))

const field = (schema: unknown, more: Readonly<Record<string, unknown>> = {}): unknown => {
  const { form, warnings } = read({ type: "object", properties: { f: schema }, ...more })
  assert.deepStrictEqual(warnings, [])
  return form.properties["f"]
}

const $defs = {
  Name: { type: "string", minLength: 2, title: "Name" },
  Colour: { enum: ["red", "green"], title: "Colour" },
  "a/b c": { type: "boolean" },
  Loop: { $ref: "#/$defs/Loop" }
}

describe("A form as servers write it", () => {
  it("is read without what the server writes as null", () => {
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
    assert.deepStrictEqual<unknown>(read(asked), {
      form: {
        type: "object",
        "x-order": ["a"],
        properties: {
          a: { type: "string", "x-colour": "red" },
          toString: { type: "array", items: { type: "string", enum: ["a"] } },
          c: { type: "string", enum: ["a", "b"] }
        }
      },
      warnings: []
    })
  })

  it.each<readonly [string, unknown, unknown]>([
    ["an optional number of pydantic", {
      anyOf: [{ type: "integer", minimum: 1 }, { type: "null" }],
      default: null,
      title: "N"
    }, {
      type: "integer",
      minimum: 1,
      title: "N",
      nullable: true
    }],
    ["boolean or null", { type: ["null", "boolean"], default: false }, {
      type: "boolean",
      default: false,
      nullable: true
    }],
    ["a nullable choice", { enum: ["a", null, "b"] }, { type: "string", enum: ["a", "b"], nullable: true }],
    ["a nullable titled choice", { oneOf: [{ const: "a", title: "A" }, { const: null, title: "none" }] }, {
      type: "string",
      oneOf: [{ const: "a", title: "A" }],
      nullable: true
    }],
    ["choices without titles", { anyOf: [{ const: "x" }, { const: "y" }] }, {
      type: "string",
      oneOf: [{ const: "x", title: "x" }, { const: "y", title: "y" }]
    }],
    ["one constant", { const: "yes" }, { const: "yes", type: "string", enum: ["yes"] }],
    ["numbers to choose from", { type: "integer", enum: [1, 2, 3], default: 2 }, {
      type: "integer",
      enum: [1, 2, 3],
      default: 2
    }],
    ["a union of a number and text", { anyOf: [{ type: "number", minimum: 3 }, { type: "string" }], title: "T" }, {
      type: "string",
      title: "T"
    }],
    ["a union of numbers", { type: ["integer", "number"] }, { type: "number" }],
    ["a union of dates", { oneOf: [{ type: "string", format: "date" }, { type: "string", format: "date-time" }] }, {
      type: "string"
    }],
    ["a password", { type: "string", format: "password", minLength: 8 }, {
      type: "string",
      minLength: 8,
      "x-format": "password"
    }],
    ["a format that is none", { type: "string", format: 7 }, { type: "string", "x-format": 7 }],
    ["a default of another type", { type: "number", default: "5" }, { type: "number" }],
    ["a default that is no choice", { type: "string", enum: ["a"], default: "z" }, { type: "string", enum: ["a"] }],
    ["limits that are text", { type: "string", minLength: "2", title: 5 }, { type: "string" }],
    ["choices that are none", { type: "string", enum: [] }, { type: "string" }],
    ["any number of texts", { type: "array", items: { type: "string", format: "uri" }, minItems: 1, default: ["a"] }, {
      type: "array",
      items: { type: "string" },
      minItems: 1,
      default: ["a"]
    }],
    ["a list of whatever", { type: "array" }, { type: "array", items: { type: "string" } }],
    ["many of oneOf", { type: "array", items: { oneOf: [{ const: "a", title: "A" }] } }, {
      type: "array",
      items: { anyOf: [{ const: "a", title: "A" }] }
    }],
    ["many of choices elsewhere", { items: { $ref: "#/$defs/Colour" } }, {
      items: { type: "string", enum: ["red", "green"] },
      type: "array"
    }],
    ["a reference with a title of its own", { $ref: "#/$defs/Name", title: "Yours" }, {
      type: "string",
      minLength: 2,
      title: "Yours"
    }],
    ["a reference that is encoded", { $ref: "#/$defs/a~1b%20c" }, { type: "boolean" }],
    ["parts", { allOf: [{ $ref: "#/$defs/Name" }, { maxLength: 9 }], default: "Ada" }, {
      type: "string",
      minLength: 2,
      title: "Name",
      maxLength: 9,
      default: "Ada"
    }],
    ["an optional reference", { anyOf: [{ $ref: "#/$defs/Colour" }, { type: "null" }], title: "C" }, {
      type: "string",
      enum: ["red", "green"],
      title: "C",
      nullable: true
    }],
    ["true", true, { type: "string" }],
    ["an empty schema", { description: "anything" }, { type: "string", description: "anything" }],
    ["limits alone", { minimum: 0 }, { type: "number", minimum: 0 }]
  ])("has %s", (_, schema, expected) => {
    assert.deepStrictEqual(field(schema, { $defs }), expected)
  })

  it.each<readonly [string, unknown]>([
    ["an object", { type: "object", properties: { x: { type: "string" } } }],
    ["a list of objects", { type: "array", items: { type: "object" } }],
    ["false", false],
    ["null", null],
    ["a type that is none", { type: "text" }],
    ["a reference to nowhere", { $ref: "#/$defs/Nothing" }],
    ["a reference to elsewhere", { $ref: "https://example.org/x.json" }],
    ["a reference to itself", { $ref: "#/$defs/Loop" }],
    ["a union of lists and objects", { anyOf: [{ type: "array", items: [{}] }, { type: "object" }] }]
  ])("costs %s only itself where it is optional, and is any JSON where it is required", (_, schema) => {
    const properties = { ok: { type: "string" }, f: schema }
    const optional = read({ type: "object", properties, $defs })
    assert.deepStrictEqual(Object.keys(optional.form.properties), ["ok"])
    assert.deepStrictEqual(optional.warnings, [
      "the form does not support the type of its field \"f\"; the field is left out"
    ])
    const required = read({ type: "object", properties, required: ["f", 7], $defs })
    assert.deepStrictEqual(Object.keys(required.form.properties), ["ok", "f"])
    assert.deepStrictEqual(Elicitation.formIssues(required.form, { f: { any: ["thing", 1n] } }), [])
    assert.deepStrictEqual(Elicitation.formIssues(required.form, {}), ["f is missing"])
    assert.lengthOf(required.warnings, 1)
  })

  it.each<readonly [string, unknown, ReadonlyArray<string>]>([
    ["no properties", { type: "object" }, []],
    ["a required field that it does not have", { type: "object", properties: {}, required: ["x"] }, ["x"]],
    ["a reference", {
      $ref: "#/$defs/Form",
      $defs: { Form: { type: "object", properties: { a: { type: "string" } } } }
    }, ["a"]],
    ["parts", { allOf: [{ properties: { a: {} }, required: ["a"] }, { properties: { b: {} }, required: ["b"] }] }, [
      "a",
      "b"
    ]]
  ])("may be %s", (_, asked, names) => {
    assert.deepStrictEqual(Object.keys(read(asked).form.properties), names)
  })

  it("is refused where it is none, or asks for no object", () => {
    assert.deepStrictEqual(formSchema.read(undefined), Result.fail("it has no requestedSchema"))
    assert.deepStrictEqual(
      formSchema.read({ type: "array", items: { type: "string" } }),
      Result.fail("its requestedSchema is not an object")
    )
  })

  it("is read in little time, however its parts refer to each other", () => {
    const parts = Object.fromEntries(
      Array.from(
        { length: 60 },
        (_, i) => [`D${i}`, { allOf: [{ $ref: `#/$defs/D${i + 1}` }, { $ref: `#/$defs/D${i + 1}` }] }]
      )
    )
    const { warnings } = read({ type: "object", properties: { f: { $ref: "#/$defs/D0" } }, $defs: parts })
    assert.lengthOf(warnings, 1)
  })

  const answers: ReadonlyArray<readonly [FieldSchema, FieldValue, string | undefined]> = [
    [{ type: "string", nullable: true }, null, undefined],
    [{ type: "string" }, null, "must be text"],
    [{ type: "array", items: { type: "string" } }, ["a", "b"], undefined],
    [{ type: "array", items: { type: "string" }, maxItems: 1 }, ["a", "b"], "must have at most 1 texts"],
    [{ type: "array", items: { type: "string" } }, [1], "must be a list of text"],
    [{ type: "integer" }, 9007199254740993n, undefined],
    [{ type: "integer", maximum: 5 }, 9007199254740993n, "must be at most 5"],
    [{ type: "string", format: "date-time" }, "2026-07-28T09:30", undefined],
    [{ type: "string", format: "date-time" }, "2026-07-28 09:30:15.5", undefined],
    [{ type: "string", format: "date-time" }, "2026-07-28T09:30:15+02:00", undefined],
    [{ type: "string", format: "date-time" }, "2026-07-28T9", "must be a date and time such as 2026-07-28T09:30:00Z"]
  ]
  it.each(answers)("takes or refuses an answer: %o, %o", (schema, value, issue) => {
    assert.strictEqual(Elicitation.fieldIssue(schema, value), issue)
  })
})
