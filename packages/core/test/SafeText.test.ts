import { assert, describe, it } from "@effect/vitest"
import * as SafeText from "@universal-mcp/core/SafeText"
import { Arbitrary, Effect, Schema } from "effect"

const hidden = {
  escape: "\u001b",
  "C1 control": "\u009b",
  "carriage return": "a\rb",
  "override of the direction": "\u202e",
  isolate: "\u2066",
  "Arabic letter mark": "\u061c",
  "zero width space": "\u200b",
  "joiner between Latin letters": "a\u200db",
  "non-joiner between Latin letters": "a\u200cb",
  "joiner at the end of Persian": "\u0645\u200c",
  "joiner before an Arabic control": "\u0645\u200c\u061c",
  "word joiner": "\u2060",
  "byte order mark": "\ufeff",
  "soft hyphen": "\u00ad",
  "line separator": "\u2028",
  "tag letter": "\u{e0041}",
  "variation selector 1": "\ufe00",
  "variation selector 17": "\u{e0100}",
  "form of an emoji behind a letter": "a\ufe0f",
  "Hangul filler": "\u3164",
  "half-width filler": "\uffa0",
  "Hangul choseong filler": "\u115f",
  "Braille blank": "\u2800",
  "musical control": "\u{1d173}",
  "half of a character": "\ud800"
}

const shown = ["naïve — “text”", "日本語 한국어", "👩‍👩‍👧 ❤️ 👍🏽 🏳️‍🌈 1️⃣", "می‌خواهم", "ක්‍ෂ", "a\tb", "C:\\new\\u200b"]

const Character = Arbitrary.map(
  Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 0x10ffff }))),
  (code) => String.fromCodePoint(code)
)
const Piece = Arbitrary.schema(Schema.Literals([...Object.values(hidden), ...shown]))
const Text = Arbitrary.map(
  Arbitrary.all([Arbitrary.array(Piece), Arbitrary.array(Character)]),
  (texts) => texts.flat().join("")
)

describe("SafeText", () => {
  it.each(Object.entries(hidden))("shows %s as an escape", (_, text) => {
    assert.match(SafeText.block(text), /\\u[{\da-f]/)
    assert.notDeepEqual(SafeText.hidden(text), [])
    assert.deepStrictEqual(SafeText.hidden(SafeText.block(text)), [])
  })

  it.each(shown)("leaves what people write: %s", (text) => {
    assert.strictEqual<string>(SafeText.block(text), text)
    assert.deepStrictEqual(SafeText.hidden(text), [])
  })

  it("keeps line breaks in a block and has none in a line", () => {
    assert.strictEqual<string>(SafeText.block("a\r\nb\n\tc"), "a\nb\n\tc")
    assert.strictEqual<string>(SafeText.line(" a\r\nb\n\tc\u00a0\rd "), "a b c d")
  })

  it.each([
    [undefined, ""],
    [null, ""],
    [1n, "1"],
    [{ toString: 1 }, "{\"toString\":1}"],
    [["\u001b"], "[\"\\u001b\"]"]
  ])("shows what is no text: %o", (value, text) => {
    assert.strictEqual<string>(SafeText.line(value), text)
  })

  it("is total, also for what is nested too deeply", () => {
    let deep: unknown = 1
    for (let level = 0; level < 100_000; level++) deep = [deep]
    for (const make of [SafeText.line, SafeText.block, SafeText.json]) assert.include(make(deep), "too deeply")
  })

  it.effect.prop("shows nothing but what is safe, whatever comes", { text: Text }, ({ text }) =>
    Effect.sync(() => {
      for (const safe of [SafeText.block(text), SafeText.line(text)]) assert.deepStrictEqual(SafeText.hidden(safe), [])
    }))

  it.effect.prop(
    "writes JSON that reads the same",
    { text: Text, value: Schema.Json },
    ({ text, value }) =>
      Effect.sync(() => {
        const all = { [text]: [text, value] }
        const safe = SafeText.json(all, 1)
        assert.deepStrictEqual(JSON.parse(safe), JSON.parse(JSON.stringify(all)))
        assert.deepStrictEqual(SafeText.hidden(safe), [])
      })
  )

  it("composes safe texts only", () => {
    const name = SafeText.line("a\u200b")
    assert.strictEqual<string>(SafeText.format`\u001b[1m${name}\u001b[22m ${1}`, "\u001b[1ma\\u200b\u001b[22m 1")
    assert.strictEqual<string>(SafeText.join([name, name], SafeText.format`, `), "a\\u200b, a\\u200b")
    // @ts-expect-error a text of a server has to be made safe first
    assert.strictEqual<string>(SafeText.format`${"text"}`, "text")
  })
})
