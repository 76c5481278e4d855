import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { Lines, type Oversized } from "../src/internal/lines.ts"
import { answeredBy } from "../src/internal/oversized.ts"

/** Cuts the bytes of `text` at the given places (taken modulo what is left) and feeds them. */
const feed = (text: string, cuts: ReadonlyArray<number>, limit = Number.MAX_SAFE_INTEGER) => {
  const seen: Array<string | Oversized> = []
  const lines = new Lines({ limit, onLine: (line) => seen.push(line), onOversized: (line) => seen.push(line) })
  let rest = new TextEncoder().encode(text)
  for (const cut of cuts) {
    const size = rest.length === 0 ? 0 : cut % rest.length
    lines.push(rest.subarray(0, size))
    rest = rest.subarray(size)
  }
  lines.push(rest)
  lines.end()
  return seen
}

const Text = Schema.Array(Schema.String).check(Schema.isMaxLength(20))
const Cuts = Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1000 })))

describe("lines", () => {
  it.prop(
    "are the same however the bytes are cut, in the middle of a character too",
    { lines: Text, cuts: Cuts },
    ({ cuts, lines }) => {
      const clean = lines.map((line) => line.replaceAll("\n", "").toWellFormed())
      assert.deepStrictEqual(feed(clean.map((line) => `${line}\n`).join(""), cuts), clean)
    }
  )

  it.prop(
    "longer than the limit keep only their ends, and the lines around them are whole",
    { cuts: Cuts },
    ({ cuts }) => {
      const long = `${"a".repeat(2000)}${"m".repeat(5000)}${"z".repeat(2000)}`
      assert.deepStrictEqual(feed(`before\n${long}\nafter\n`, cuts, 3000), [
        "before",
        { head: "a".repeat(1024), tail: "z".repeat(1024) },
        "after"
      ])
    }
  )

  it("that come byte by byte are whole", () => {
    const line = Array.from({ length: 3500 }, (_, i) => `é${i}`).join("")
    assert.deepStrictEqual(feed(`${line}\nnext\n`, Array.from({ length: 20_000 }, () => 1)), [line, "next"])
  })

  it("without a last line feed still end", () => {
    assert.deepStrictEqual(feed("one\ntwo", []), ["one", "two"])
    assert.deepStrictEqual(feed("", []), [])
  })
})

describe("the request that a message over the limit answers", () => {
  const answer = (head: string, tail: string) => answeredBy({ head, tail })
  it("is found before or after the result, and not inside it", () => {
    assert.strictEqual(answer("{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{\"content\":[", "\"id\":5}}"), 7)
    assert.strictEqual(answer("{\"id\": \"a\", \"jsonrpc\": \"2.0\", \"result\":{", "}}"), "a")
    assert.strictEqual(answer("{\"result\":{\"id\":5,\"content\":[", "]},\"jsonrpc\":\"2.0\",\"id\":8}\r"), 8)
    assert.strictEqual(answer("{\"result\":{\"id\":5,", "]},\"id\":9,\"jsonrpc\":\"2.0\"}"), 9)
    assert.strictEqual(answer("{\"result\":{\"id\":5,", "\"id\":5}}"), null)
  })
  it("is none for a request or a notification of the server", () => {
    assert.strictEqual(
      answer("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{", "}}"),
      undefined
    )
    assert.strictEqual(answer("{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"sampling/createMessage\"", "}}"), undefined)
  })
})
