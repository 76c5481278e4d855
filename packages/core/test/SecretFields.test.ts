/** Which forms ask for a secret, and how large a form may be. */
import { assert, describe, it } from "@effect/vitest"
import type { FieldSchema } from "@universal-mcp/core/Elicitation"
import * as Elicitation from "@universal-mcp/core/Elicitation"
import * as Effect from "effect/Effect"
import { ask } from "./fixtures/asking.ts"
import { accept, answering } from "./fixtures/person.ts"
import { connect } from "./fixtures/wire.ts"

const secretsIn = (properties: Readonly<Record<string, FieldSchema>>, message = "Please fill this in") =>
  Elicitation.secretFields({ message, requestedSchema: { type: "object", properties } })

describe("a field that asks for a secret", () => {
  it.each<readonly [string, Partial<Readonly<Record<"title" | "description" | "default", string>>>]>([
    ["dbPassword", {}],
    ["GITHUB_API_KEY", {}],
    ["p", { title: "Your pass phrase" }],
    ["p", { title: "PASSCODE" }],
    ["x", { description: "The one-time code from your phone" }],
    ["x", { description: "Paste your access-token here" }],
    ["x", { title: "Recovery phrase (12 words)" }],
    ["x", { title: "Pass\u200bword" }],
    ["x", { title: "Ｐａｓｓｗｏｒｄ" }],
    ["client_secret", {}],
    ["sessionCookie", {}],
    ["password1", {}],
    ["apiToken2", {}],
    ["p", { title: "Passwort" }],
    ["p", { title: "Contraseña" }],
    ["p", { title: "Mot de passe" }],
    ["p", { title: "密码" }],
    ["p", { default: "your password here" }]
  ])("is told by its words: %s %j", (name, words) => {
    assert.deepStrictEqual(secretsIn({ plain: { type: "string" }, [name]: { type: "string", ...words } }), [name])
  })

  it("is told by its format", () => {
    assert.deepStrictEqual(secretsIn(JSON.parse("{\"p\":{\"type\":\"string\",\"format\":\"password\"}}")), ["p"])
  })

  it.each(["PIN", "CVV", "Credit card number", "Verification code"])("may be a number: %s", (title) => {
    assert.deepStrictEqual(secretsIn({ n: { type: "integer", title } }), ["n"])
  })

  it("is any that takes text where only the message speaks of a secret", () => {
    const fields: Readonly<Record<string, FieldSchema>> = {
      answer: { type: "string" },
      sure: { type: "boolean" },
      size: { type: "string", enum: ["S", "M"] }
    }
    assert.deepStrictEqual(secretsIn(fields, "Type your GitHub password to go on"), ["answer"])
  })

  it.each<readonly [string, FieldSchema]>([
    ["maxTokens", { type: "integer" }],
    ["passenger", { type: "string", title: "Passenger name" }],
    ["spinner", { type: "string", description: "Opinion on the spinning top" }],
    ["savePassword", { type: "boolean", title: "Save the password?" }],
    ["secretSanta", { type: "string", enum: ["yes", "no"] }],
    ["compass", { type: "string" }],
    ["zipCode", { type: "string", title: "ZIP code" }]
  ])("is not %s", (name, field) => {
    assert.deepStrictEqual(secretsIn({ [name]: field }), [])
  })
})

describe("a form that is too large for a person", () => {
  const many = (count: number, field: unknown = { type: "string" }) =>
    Object.fromEntries(Array.from({ length: count }, (_, n) => [`f${n}`, field]))
  const choice = (count: number) => ({ type: "string", enum: Array.from({ length: count }, (_, n) => String(n)) })

  const answerTo = (requestedSchema: unknown) =>
    Effect.gen(function*() {
      const { wire } = yield* answering(accept({}))(connect())
      return yield* ask(wire, "elicitation/create", { message: "?", requestedSchema })
    })

  it.effect.each([
    ["its form has 101 fields, and 100 are allowed", { type: "object", properties: many(101) }],
    ["its form has 5000 fields, and 100 are allowed", {
      type: "object",
      properties: {},
      required: Object.keys(many(5000))
    }],
    ["its form has 10000 choices, and 2000 are allowed", { type: "object", properties: { a: choice(10_000) } }],
    ["its form has 2500 choices, and 2000 are allowed", { type: "object", properties: many(5, choice(500)) }]
  ])("is refused: %s", ([words, schema]) =>
    Effect.gen(function*() {
      assert.deepStrictEqual((yield* answerTo(schema)).error, {
        code: -32602,
        message: `the elicitation request is not valid: ${words}`
      })
    }))

  it.effect("is not one of 100 fields with 2,000 choices", () =>
    Effect.gen(function*() {
      const answer = yield* answerTo({ type: "object", properties: many(100, choice(20)) })
      assert.strictEqual(answer.result?.["action"], "accept")
    }))
})
