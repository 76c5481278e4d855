/** What is too much to read of one message: levels and values, counted as JSON counts them. */
import { assert, describe, it } from "@effect/vitest"
import { decode, excess } from "@universal-mcp/core/McpTransport"

const nested = (levels: number, open: string, close: string) => `${open.repeat(levels)}1${close.repeat(levels)}`

describe("a message may be 1,000 levels deep", () => {
  const pairs = [["[", "]"], ["{\"a\":", "}"], ["[{\"a\":1,\"b\":\"]}\",\"c\":", "}]"], ["[ ", "\n]"]] as const

  it.each(pairs)("and no deeper: %s%s", (open, close) => {
    const each = open.startsWith("[{") ? 2 : 1
    assert.isDefined(decode(nested(1000 / each, open, close)))
    assert.isUndefined(excess(nested(1000 / each, open, close)))
    const deeper = nested(1000 / each + 1, open, close)
    assert.isUndefined(decode(deeper))
    assert.include(excess(deeper)?.message, "more than 1000 levels")
  })

  it.each([
    ["in a text", JSON.stringify(["[".repeat(5000), "{".repeat(5000)])],
    ["behind an escaped quote", `["\\"${"[".repeat(5000)}","\\\\",1]`],
    ["in a key", JSON.stringify({ ["[".repeat(5000)]: 1 })],
    ["side by side", `[${"[[]],".repeat(20_000)}1]`],
    ["in a text that does not end", `["${"[".repeat(5000)}`]
  ])("brackets %s are no levels", (_, text) => {
    assert.isUndefined(excess(text))
  })

  it("levels behind a text that ends in backslashes count", () => {
    assert.isDefined(excess(`["\\\\",${nested(1000, "[", "]")}]`))
    assert.isDefined(excess(`{"[[[\\\\\\"":"","a":${nested(1000, "[", "]")}}`))
  })
})

describe("a message may have 1,000,000 values", () => {
  it.each(["1,", "[],", "{},", "\"a\","])("and no more: %s", (value) => {
    const size = value.startsWith("1") || value.startsWith("\"") ? 1 : 2
    const list = (count: number) => `[${value.repeat(count)}1]`
    assert.isUndefined(excess(list(Math.floor(999_000 / size))))
    const longer = list(Math.ceil(1_001_000 / size))
    assert.include(excess(longer)?.message, "more than 1000000 values")
    assert.isUndefined(decode(longer))
  })
})
