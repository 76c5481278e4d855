/** A pattern means what it means in JavaScript, with the flag `u`, or it cannot be told whether it fits. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Result, Schema } from "effect"
import * as outputSchema from "../src/internal/outputSchema.ts"
import { range } from "./fixtures/heavySchemas.ts"
import { random } from "./fixtures/randomSchema.ts"

const texts = [
  ...Array.from("azAZ09_-é漢α😀ſ[]^:\\/.|(){}"),
  ..."\0\b\t\n\v\f\r \u0085\u00A0\u1680\u180E\u2000\u200A\u200B\u2028\u2029\u202F\u205F\u3000\uFEFF",
  "\uD83D",
  "aa",
  "ab",
  "a\n",
  "2026"
]

const check = Effect.fnUntraced(function*(pattern: string) {
  const verdict = yield* Effect.fromResult(yield* outputSchema.compile({ pattern }))
  return (text: string) => Result.getOrThrow(verdict(text)).length === 0
})

const asJavaScript = (pattern: string) =>
  Effect.gen(function*() {
    const fits = yield* check(pattern)
    const expected = new RegExp(pattern, "u")
    for (const text of texts) {
      assert.strictEqual(fits(text), expected.test(text), `${pattern} of ${JSON.stringify(text)}`)
    }
  })

describe("a pattern fits what it fits in JavaScript", () => {
  it.effect.each([
    "^\\s$",
    "^\\S$",
    "^[\\s]$",
    "^[^\\s]$",
    "^[\\Sa]$",
    "^[^\\S]$",
    "^[\\s\\S]$",
    "^[^\\s\\S]$",
    "^[\\s_-]+$",
    "^.$",
    "^[.]$",
    "^\\.$",
    "^[^]$",
    "^[]$",
    "a$",
    "^\\cJ$",
    "^[\\cm]$",
    "^\\0$",
    "^[\\b]$",
    "^\\v$",
    "^\\x61$",
    "^\\u0061$",
    "^[\\u0061-\\u007a]$",
    "^\\u{1F600}$",
    "^\\uD83D\\uDE00$",
    "^[\\uD83D\\uDE00-\\u{1F64F}]$",
    "^\\uD83D$",
    "^\\w$",
    "^\\W$",
    "^[\\d\\D]$",
    "^[[:a]$",
    "^[[:alpha:][a]$",
    "^[a-c-]$",
    "^[-_]$",
    "^[\\]\\^\\\\-]$",
    "^[&&]$",
    "^\\p{Letter}$",
    "^\\P{Letter}$",
    "^[\\p{Lowercase_Letter}\\p{Nd}]$",
    "^\\p{gc=Lu}$",
    "^\\p{General_Category=Decimal_Number}$",
    "^\\p{Script=Greek}$",
    "^\\P{sc=Han}$",
    "^\\p{Any}$",
    "^\\p{Emoji}$",
    "^(?<year>\\d{4})$",
    "^(?<jahrÄ>\\d{4})$",
    "^\\(?s?[(?i]?$",
    "^\\/|\\{|\\}$"
  ])("%s", asJavaScript)

  it.effect.prop("of any syntax", { seed: Schema.Int }, ({ seed }) =>
    Effect.gen(function*() {
      const next = random(seed)
      for (let i = 0; i < 20; i++) {
        const pattern = range(1 + next(8), () => units[next(units.length)]).join("")
        if (Result.isSuccess(yield* outputSchema.compile({ pattern }))) yield* asJavaScript(pattern)
      }
    }))
})

const units = [
  ..."[]^-\\(){}.$|*+?ab:/&".split(""),
  ..."(?: (?<a> \\s \\S \\d \\w \\b \\p{L} \\P{Lu} \\u0061 \\u{1F600} {2} {0,1} \\- [^ [] [^] \\cJ \\n [: :] (?i) \\A \\z \\Q \\E 😀"
    .split(" ")
]

describe("what is no regular expression of JavaScript cannot be told", () => {
  it.effect.each([
    "\\Aabc",
    "abc\\z",
    "\\Qa\\E",
    "[[:alpha:]]",
    "(?i)abc",
    "(?P<a>b)",
    "(?P=a)",
    "(?#note)a",
    "(?>a)",
    "a*+",
    "a{,2}",
    "x{",
    "]",
    "\\C",
    "\\pL",
    "\\p{Greek}",
    "\\p{^Lu}",
    "\\a",
    "\\e",
    "\\-",
    "[\\d-x]",
    "[z-a]"
  ])("%s", (pattern) =>
    Effect.gen(function*() {
      const compiled = yield* outputSchema.compile({ properties: { a: { pattern } } })
      assert.match(Result.isFailure(compiled) ? compiled.failure : "it was read", /no regular expression of JavaScript/)
    }))

  it.effect.each([
    "(?i:a)",
    "(?-s:.)",
    "(?=a)b",
    "(?<!a)b",
    "(a)\\1",
    "(?<a>b)\\k<a>",
    "\\p{Script_Extensions=Greek}",
    "a{1001}"
  ])(
    "nor what the engine does not know: %s",
    (pattern) =>
      Effect.gen(function*() {
        assert.isTrue(Result.isFailure(yield* outputSchema.compile({ pattern })))
      })
  )
})
