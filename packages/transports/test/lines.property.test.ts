/** Framing: whatever the bytes and however they are cut, the lines are those that a plain split finds. */
import { assert, describe, it } from "@effect/vitest"
import { encode } from "@universal-mcp/core/McpTransport"
import { Arbitrary, Result, Schema } from "effect"
import { Lines, type Oversized } from "../src/internal/lines.ts"
import { Chunks, cut, Text } from "./fixtures/arbitraries.ts"

/** A line, without the mark that it may begin with. */
const decoded = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
const whole = (bytes: Uint8Array) => new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes)

const run = (chunks: ReadonlyArray<Uint8Array>, limit: number) => {
  const seen: Array<string | Oversized> = []
  const lines = new Lines({ limit, onLine: (line) => seen.push(line), onOversized: (line) => seen.push(line) })
  chunks.forEach((chunk) => lines.push(chunk))
  lines.end()
  return seen
}

/** A plain split. */
const split = (bytes: Uint8Array): ReadonlyArray<Uint8Array> => {
  const lines: Array<Uint8Array> = []
  let start = 0
  for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, start)) {
    lines.push(bytes.subarray(start, end))
    start = end + 1
  }
  return start < bytes.length ? [...lines, bytes.subarray(start)] : lines
}

/** Of a line over the limit, how it began and how it ended. */
const assertLines = (bytes: Uint8Array, chunks: ReadonlyArray<number>, limit: number) => {
  const expected = split(bytes)
  const seen = run(cut(bytes, chunks), limit)
  assert.strictEqual(seen.length, expected.length)
  for (const [index, line] of expected.entries()) {
    const text = decoded(line)
    const found = seen[index]
    if (line.length <= limit || found === undefined || typeof found === "string") {
      assert.strictEqual(found, text)
    } else {
      assert.isTrue(text.startsWith(found.head) && whole(line).endsWith(found.tail))
    }
  }
}

const Message = Schema.Struct({ id: Schema.Int, method: Schema.String, params: Schema.Json })
const Ends = Schema.Literals(["\n", "\r\n"])
const Limit = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 40 }))
const Bytes = Arbitrary.map(
  Arbitrary.array(
    Arbitrary.schema(
      Schema.Union([
        Schema.Literals([10, 13, 97, 0xEF, 0xBB, 0xBF]),
        Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 255 }))
      ])
    )
  ),
  (bytes) => Uint8Array.from(bytes)
)

describe("lines", () => {
  it.prop(
    "messages come out as they went in, however they are cut",
    { messages: Schema.Array(Message), end: Ends, chunks: Chunks },
    ({ chunks, end, messages }) => {
      const texts = messages.map((message) =>
        Result.getOrThrow(encode({ jsonrpc: "2.0", ...message, params: { message } }))
      )
      const lines = run(cut(texts.map((text) => text + end).join(""), chunks), Number.MAX_SAFE_INTEGER)
      assert.deepStrictEqual(lines, texts.map((text) => text + end.slice(0, -1)))
    }
  )

  it.prop(
    "text with characters of any length, returns and marks, within and over the limit",
    { text: Text, chunks: Chunks, limit: Limit },
    ({ chunks, limit, text }) => {
      assertLines(new TextEncoder().encode(text), chunks, limit)
    }
  )

  it.prop(
    "bytes that are no text at all",
    { bytes: Bytes, chunks: Chunks, limit: Limit },
    ({ bytes, chunks, limit }) => {
      assertLines(bytes, chunks, limit)
    }
  )

  it.prop(
    "of a long line only its ends are kept, and the lines around it are whole",
    { size: Schema.Int.check(Schema.isBetween({ minimum: 1500, maximum: 6000 })), chunks: Chunks },
    ({ chunks, size }) => {
      const line = Array.from({ length: size }, (_, i) => String.fromCharCode(97 + i % 26)).join("")
      const wide = chunks.map((chunk) => chunk * 100)
      const [before, long, ...rest] = run(cut(`before\n${line}\nafter\n`, wide), 1400)
      assert.deepStrictEqual([before, ...rest], ["before", "after"])
      assert.deepStrictEqual(long, { head: line.slice(0, 1024), tail: line.slice(-1024) })
    }
  )

  it("a byte order mark is left out at the beginning of a line, and nowhere else", () => {
    assert.deepStrictEqual(run(cut("\uFEFFone\né\uFEFFtwo\n", [1]), 100), ["one", "é\uFEFFtwo"])
    assert.deepStrictEqual(run(cut("\uFEFFone\né\uFEFFtwo\n", []), 100), ["one", "é\uFEFFtwo"])
  })
})
