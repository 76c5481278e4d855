/** Who says what on the terminal: in every prompt the name of the asker, before every line of a server a gutter. */
import { assert, describe, it } from "@effect/vitest"
import { Elicitation, type ElicitationRequest, type FormSchema } from "@universal-mcp/core/Elicitation"
import * as SafeText from "@universal-mcp/core/SafeText"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { layerTerminal } from "../src/Elicitation.ts"
import { labelled, quote, quoteLine, serverLabel } from "../src/render/quote.ts"
import * as TestTerminal from "./terminal.ts"

const form = (
  message: string,
  properties: FormSchema["properties"] = { a: { type: "string" } },
  server = "evil"
): ElicitationRequest => ({ _tag: "Form", server, message, requestedSchema: { type: "object", properties } })

/** What is on the terminal once `text` is, after `keys`. */
const shownAt = (
  request: ElicitationRequest,
  text: string,
  ...keys: ReadonlyArray<TestTerminal.Key | { readonly text: string }>
) =>
  Effect.flatMap(TestTerminal.make, (terminal) =>
    Effect.gen(function*() {
      const { elicit } = yield* Elicitation
      const asked = yield* Effect.forkChild(elicit(request), { startImmediately: true })
      if (keys.length > 0) {
        yield* terminal.until("›")
        yield* terminal.press(...keys)
      }
      yield* terminal.until(text)
      yield* Fiber.interrupt(asked)
      return terminal.shown()
    }).pipe(Effect.provide(Layer.provide(layerTerminal, terminal.layer))))

/** The prompts, without what is typed. */
const prompts = (shown: string) => shown.match(/(?<!│ )\? .* ›/g) ?? []

describe("a form", () => {
  it.effect.each<readonly [string]>([
    ["x" + "\n".repeat(60) + "\"github\" asks:\nSign in again."],
    ["x" + "\r\n \t\r\n".repeat(40) + "? [github] Password ›"],
    ["pad ".repeat(19) + "\"github\" asks: to sign in"],
    ["y".repeat(200) + "\n\n\nwarning: umcp is out of date\nhint: run curl"]
  ])("shows no line of a server without a gutter: %j", ([message]) =>
    Effect.gen(function*() {
      const shown = yield* shownAt(form(message), "] a (optional) ›")
      assert.deepStrictEqual(prompts(shown), ["? [evil] a (optional) ›"])
      const [, after = ""] = shown.split("\"evil\" asks:\n")
      const lines = after.slice(0, after.indexOf("  1 field;")).trimEnd().split("\n")
      for (const line of lines) assert.match(line, /^│ .{0,77}$/)
      assert.notMatch(shown, /│ \n│ \n/)
    }))

  it.effect("shows eight lines of a long message, and more where somebody reads on", () =>
    Effect.gen(function*() {
      const message = Array.from({ length: 20 }, (_, n) => `line ${n}`).join("\n")
      const first = yield* shownAt(form(message), "yes")
      assert.include(first, "│ line 7\n│ … 12 more lines\n")
      assert.deepStrictEqual(prompts(first), ["? [evil] Read on? ›"])
      const second = yield* shownAt(form(message), "│ … 4 more lines", "down", "enter")
      assert.include(second, "│ line 8\n")
      const form1 = yield* shownAt(form(message), "] a (optional) ›", "enter")
      assert.notInclude(form1, "line 8")
    }))

  it.effect.each<readonly [string, FormSchema["properties"][string]]>([
    ["a text", { type: "string", title: "GitHub PIN" }],
    ["a number", { type: "integer", title: "GitHub PIN" }],
    ["a choice", { type: "string", enum: ["a", "b"], title: "GitHub PIN" }],
    ["choices", { type: "array", items: { type: "string", enum: ["a", "b"] }, title: "GitHub PIN" }],
    ["any JSON", { schema: {}, title: "GitHub PIN" }]
  ])("has the asker in the prompt of %s, and in that which sends it", ([, field]) =>
    Effect.gen(function*() {
      const shown = yield* shownAt(form("m", { f: field }), "Send?", "enter")
      assert.include(shown, "? [evil] GitHub PIN (optional) ›")
      assert.include(shown, "? [evil] Send?")
    }))

  it.effect.each([
    ["n".repeat(300), "l".repeat(100_000)],
    ["日本".repeat(50), "語".repeat(100_000)],
    ["evil\u001b[2J\n\n", "a\u202eb\n\nc"]
  ])("cuts names and labels, so that a prompt is one line: %j", ([server, title]) =>
    Effect.gen(function*() {
      const shown = yield* shownAt(form("m", { f: { type: "string", title } }, server), "(optional) ›")
      const [prompt = ""] = prompts(shown)
      assert.match(prompt, /^\? \[.+\] .+ \(optional\) ›$/)
      assert.isBelow(prompt.length, 70)
      assert.deepStrictEqual(SafeText.hidden(prompt), [])
    }))

  it.effect.each(["\u001b]52;c;eA==\u0007", "a\u200bb", "d".repeat(1000)])(
    "offers no default that is not seen: %j",
    (text) =>
      Effect.gen(function*() {
        const fields: FormSchema["properties"] = {
          one: { type: "string", default: text },
          list: { type: "array", items: { type: "string" }, default: [text] }
        }
        const shown = yield* shownAt(form("m", fields), "list (optional) ›", "enter")
        assert.notInclude(shown, text.slice(0, 5))
      })
  )

  it.effect.each([
    `${"─".repeat(67)}? [github] Password for ann ›`,
    `${"x ".repeat(30)}warning: umcp is out of date`
  ])("offers no default that wraps around, and tells it behind a gutter: %j", (text) =>
    Effect.gen(function*() {
      const shown = yield* shownAt(form("m", { t: { type: "string", default: text } }), "] t (optional) ›")
      assert.deepStrictEqual(prompts(shown), ["? [evil] t (optional) ›"])
      assert.match(shown, /^│ Default:/m)
    }))

  it.effect("offers a short default", () =>
    Effect.gen(function*() {
      const shown = yield* shownAt(form("m", { t: { type: "string", default: "blue" } }), "blue")
      assert.match(shown, /\? \[evil\] t \(optional\) › .*blue/)
    }))

  it.effect("is shown with a warning where it asks for a secret, and only there", () =>
    Effect.gen(function*() {
      const warning = "warning: this form asks for a secret; servers must not do that in a form."
      const asking: ReadonlyArray<FormSchema["properties"]> = [
        { p: { type: "string", title: "GitHub password" } },
        { api_key: { type: "string" } },
        { n: { type: "integer", description: "Your card PIN" } }
      ]
      for (const fields of asking) assert.include(yield* shownAt(form("m", fields), "(optional) ›"), `\n${warning}`)
      assert.notInclude(yield* shownAt(form("m"), "(optional) ›"), "warning")
      assert.notInclude(yield* shownAt(form("m\nwarning: run curl"), "(optional) ›"), "\nwarning")
    }))
})

describe("a page", () => {
  it.effect.each<readonly [string, string]>([
    [`https://xn--pple-43d.example/${"a".repeat(4000)}`, "  at xn--pple-43d.example\n  (international name)\n"],
    ["https://192.168.1.1/admin", "  at 192.168.1.1\n  (in your local network)\n"],
    ["http://localhost:8080/", "  at localhost:8080\n  (this machine)\n"]
  ])("is shown with its host, last: %s", ([url, last]) =>
    Effect.gen(function*() {
      const shown = yield* shownAt({ _tag: "Url", server: "evil", message: "m", url }, "The page ›")
      const [, after = ""] = shown.split(url)
      assert.isTrue(after.startsWith(`\n${last}`))
      assert.deepStrictEqual(prompts(shown), ["? [evil] The page ›"])
    }))
})

describe("what a server says by itself", () => {
  const forged = [
    "x".repeat(70) + " error: umcp is out of date",
    "a\nhint: run curl",
    "warning:\u2028error: b".repeat(9)
  ]

  it.each(forged)("has its name in front, and a gutter where it is broken: %j", (text) => {
    const [first = "", ...rest] = quoteLine(serverLabel("evil"), text, 80).split("\n")
    assert.isTrue(first.startsWith("[evil]"))
    for (const line of rest) assert.match(line, /^│ .{1,78}$/)
  })

  it("keeps a link whole", () => {
    const link = `https://auth.example/${"a".repeat(200)}`
    assert.include(quoteLine(serverLabel("mail"), `sign in at ${link} please`, 80).split("\n│ "), link)
  })

  it.each(forged)("is quoted in a warning of ours without beginning a line: %j", (text) => {
    const shown = labelled(SafeText.format`warning:`, `"evil": ${text}`, 80, (label) => label)
    for (const line of shown.split("\n").slice(1)) assert.match(line, /^ {2}\S/)
  })

  it.each(["\n\n", "", " \r\n\t"])("is nothing where there are no words: %j", (text) => {
    assert.deepStrictEqual(quote(text, 80), [])
  })
})
