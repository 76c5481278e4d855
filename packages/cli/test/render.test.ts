import { assert, describe, it } from "@effect/vitest"
import { CallError, Rejected } from "@universal-mcp/core/McpError"
import type { Tool } from "@universal-mcp/core/Protocol"
import * as SafeText from "@universal-mcp/core/SafeText"
import * as CliOutput from "effect/cli/CliOutput"
import * as Effect from "effect/Effect"
import { parseDuration } from "../src/internal/duration.ts"
import { lines } from "../src/render/failure.ts"
import { signature, signatureWithin } from "../src/render/signature.ts"
import { bytes, displayWidth, truncate, wrap } from "../src/render/text.ts"

const safe = (text: string) => SafeText.block(text)

describe("text", () => {
  it("displayWidth is Effect's, for each character and for words in any script", () => {
    for (let code = 0x20; code < 0x3100; code += 1) {
      const character = String.fromCodePoint(code)
      assert.strictEqual(displayWidth(character), CliOutput.displayWidth(character), code.toString(16))
    }
    for (const text of ["a\u0301b", "\u001b[1m→ bold\u001b[22m…", "日本", "©\ufe0f", "é—x\u200d", "👩‍👩‍👧"]) {
      assert.strictEqual(displayWidth(text), CliOutput.displayWidth(text), text)
    }
  })

  it("wrap keeps every word within the width, after the indent", () => {
    const text = "the quick brown fox jumps over the lazy dog and then some"
    for (const width of [12, 20, 40, 80]) {
      const lines = wrap(safe(text), width, safe("  "), safe("  ")).split("\n")
      assert.strictEqual(lines.map((line) => line.trim()).join(" "), text)
      for (const line of lines) assert.isAtMost(displayWidth(line), width)
      for (const line of lines.slice(1)) assert.match(line, /^ {4}\S/)
    }
    assert.strictEqual(wrap(safe("  kept  apart"), 80, safe("> ")), ">   kept  apart")
  })

  it("truncate counts cells, not characters", () => {
    assert.strictEqual(truncate(safe("short"), 5), "short")
    assert.strictEqual(truncate(safe("longer"), 5), "long…")
    assert.strictEqual(truncate(safe("日本語"), 5), "日本…")
  })

  it("sizes", () => {
    assert.deepStrictEqual([0, 999, 1000, 4200, 3_500_000, 2e9].map(bytes), [
      "0 B",
      "999 B",
      "1.0 kB",
      "4.2 kB",
      "3.5 MB",
      "2.0 GB"
    ])
  })
})

describe("signature", () => {
  const tool = (properties: NonNullable<Tool["inputSchema"]["properties"]>, more: object = {}): Tool => ({
    name: "t",
    inputSchema: { type: "object", properties, ...more }
  })

  it.each<[string, Tool, string]>([
    ["no parameters", tool({}), "t()"],
    [
      "required and optional",
      tool({ a: { type: "string" }, b: { type: "integer" } }, { required: ["a"] }),
      "t(a: string, b?: number)"
    ],
    ["literals", tool({ a: { enum: ["x", 1, null] }, b: { const: true } }), "t(a?: \"x\" | 1 | null, b?: true)"],
    [
      "arrays",
      tool({ a: { type: "array", items: { type: "string" } }, b: { type: "array" } }),
      "t(a?: string[], b?: unknown[])"
    ],
    [
      "an array of a union",
      tool({ a: { type: "array", items: { type: ["string", "null"] } } }),
      "t(a?: Array<string | null>)"
    ],
    [
      "objects",
      tool({ a: { type: "object", properties: { x: { type: "number" } }, required: ["x"] } }),
      "t(a?: { x: number })"
    ],
    ["unions", tool({ a: { anyOf: [{ type: "string" }, { type: "null" }] } }), "t(a?: string | null)"],
    ["references", tool({ a: { $ref: "#/$defs/A" } }, { $defs: { A: { type: "boolean" } } }), "t(a?: boolean)"],
    ["a reference elsewhere", tool({ a: { $ref: "https://example.com/a" } }), "t(a?: unknown)"],
    ["anything", tool({ a: {} }), "t(a?: unknown)"]
  ])("%s", (_, given, expected) => assert.strictEqual(signature(given), expected))

  it("ends on schemas that refer to themselves", () => {
    const list = { type: "object", properties: { next: { $ref: "#/$defs/List" } } }
    assert.include(signature(tool({ a: { $ref: "#/$defs/List" } }, { $defs: { List: list } })), "next?: unknown")
    assert.strictEqual(
      signature(tool({ a: { $ref: "#/$defs/A" } }, { $defs: { A: { $ref: "#/$defs/A" } } })),
      "t(a?: unknown)"
    )
    assert.strictEqual(
      signature(tool({ a: { $ref: "#/$defs/A" } }, { $defs: { A: { anyOf: [{ $ref: "#/$defs/A" }] } } })),
      "t(a?: unknown)"
    )
  })

  it("takes a line per parameter where one is not enough", () => {
    assert.strictEqual(
      signatureWithin(tool({ a: { type: "string" }, b: { type: "string" } }), 20),
      "t(\n  a?: string,\n  b?: string\n)"
    )
  })
})

describe("parseDuration", () => {
  it.effect("reads units and refuses the rest", () =>
    Effect.gen(function*() {
      const texts = ["500ms", "30s", "1.5m", "1h"]
      const read = yield* Effect.forEach(texts, parseDuration)
      assert.deepStrictEqual(read.map(({ value }) => Number("millis" in value ? value.millis : Number.NaN)), [
        500,
        30_000,
        90_000,
        3_600_000
      ])
      for (const text of ["", "5", "s", "-1s", "1 day", "infinity"]) {
        const error = yield* Effect.flip(parseDuration(text))
        assert.include(error.message, JSON.stringify(text))
      }
    }))
})

describe("an error", () => {
  const plain = (text: SafeText.SafeText) => text
  const style = { bold: plain, dim: plain, red: plain, green: plain, yellow: plain, cyan: plain }
  const refused = (code: number, data: unknown) =>
    lines(
      new CallError({
        server: "shop",
        method: "tools/call",
        delivery: "answered",
        reason: new Rejected({ code, description: "Sign in first", data })
      }),
      style,
      Infinity
    ).split("\n").slice(1)

  it("names every page that the user has to visit first, whatever else the server sends", () => {
    const elicitations = [
      { url: "https://example.com/sign-in", message: "Sign in\nto your account" },
      null,
      { url: "https://example.com/pay?\u001b[2J" },
      { message: "no page" }
    ]
    assert.deepStrictEqual(refused(-32042, { elicitations }), [
      "[shop] asks to open https://example.com/sign-in (Sign in to your account)",
      "[shop] asks to open a page that is not shown, because its url is missing",
      "[shop] asks to open a page that is not shown, because its url has a backslash, a line break or a character that is not seen",
      "[shop] asks to open a page that is not shown, because its url is missing (no page)"
    ])
    assert.deepStrictEqual(refused(-32042, { elicitations: "none" }), [])
    assert.deepStrictEqual(refused(-32042, undefined), [])
    assert.deepStrictEqual(refused(-32043, { elicitations }), [])
  })
})
