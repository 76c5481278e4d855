/** What is too much to read of one message: levels and values, counted as JSON counts them. */
import { assert, describe, it } from "@effect/vitest"
import { decode, TransportError } from "@universal-mcp/core/McpTransport"
import * as excess from "../src/internal/excess.ts"

const nested = (levels: number, open: string, close: string) => `${open.repeat(levels)}1${close.repeat(levels)}`

describe("a message may be 1,000 levels deep", () => {
  const pairs = [["[", "]"], ["{\"a\":", "}"], ["[{\"a\":1,\"b\":\"]}\",\"c\":", "}]"], ["[ ", "\n]"]] as const

  it.each(pairs)("and no deeper: %s%s", (open, close) => {
    const each = open.startsWith("[{") ? 2 : 1
    assert.isDefined(decode(nested(1000 / each, open, close)))
    assert.isUndefined(excess.of(nested(1000 / each, open, close)))
    const deeper = nested(1000 / each + 1, open, close)
    assert.instanceOf(decode(deeper), TransportError)
    assert.include(excess.of(deeper), "more than 1000 levels")
  })

  it.each([
    ["in a text", JSON.stringify(["[".repeat(5000), "{".repeat(5000)])],
    ["behind an escaped quote", `["\\"${"[".repeat(5000)}","\\\\",1]`],
    ["in a key", JSON.stringify({ ["[".repeat(5000)]: 1 })],
    ["side by side", `[${"[[]],".repeat(20_000)}1]`],
    ["in a text that does not end", `["${"[".repeat(5000)}`]
  ])("brackets %s are no levels", (_, text) => {
    assert.isUndefined(excess.of(text))
  })

  it("levels behind a text that ends in backslashes count", () => {
    assert.isDefined(excess.of(`["\\\\",${nested(1000, "[", "]")}]`))
    assert.isDefined(excess.of(`{"[[[\\\\\\"":"","a":${nested(1000, "[", "]")}}`))
  })
})

describe("where a text ends", () => {
  it.each([
    ["", 1001],
    ["\\", 1000],
    ["\\\\", 1001],
    ["a\\\\\\", 1000],
    ["\\\"a\\\\", 1001],
    ["\\\\\\\"[[", 1001],
    ["\\u005c", 1001]
  ])("is told by its backslashes: %s", (text, levels) => {
    // After an odd number of them the quote belongs to the text, and the brackets too.
    const why = excess.of(`{"a":"${text}","b":${nested(1000, "[", "]")}}`)
    assert.strictEqual(why === undefined, levels === 1000)
  })
})

describe("a message may have 1,000,000 values", () => {
  it.each(["1,", "[],", "{},", "\"a\","])("and no more: %s", (value) => {
    const size = value.startsWith("1") || value.startsWith("\"") ? 1 : 2
    const list = (count: number) => `[${value.repeat(count)}1]`
    assert.isUndefined(excess.of(list(Math.floor(999_000 / size))))
    const longer = list(Math.ceil(1_001_000 / size))
    assert.include(excess.of(longer), "more than 1000000 values")
    assert.instanceOf(decode(longer), TransportError)
  })
})
