import { assert, describe, it } from "@effect/vitest"
import * as Base64 from "@universal-mcp/core/Base64"
import * as Result from "effect/Result"

const bytes = (length: number) => Uint8Array.from({ length }, (_, i) => 251 + 37 * i)

describe("Base64", () => {
  it.each(Array.from({ length: 40 }, (_, length) => length))("is read in each of its spellings, %i bytes", (length) => {
    const standard = Buffer.from(bytes(length)).toString("base64")
    const urlSafe = Buffer.from(bytes(length)).toString("base64url")
    const spellings = [
      standard,
      urlSafe,
      standard.replaceAll("=", ""),
      urlSafe.padEnd(standard.length, "="),
      standard.replaceAll(/.{5}/g, "$&\r\n\t"),
      ` ${urlSafe}\n`,
      `data:image/png;charset=x;base64,${standard}`,
      `DATA:;BASE64,${urlSafe}`
    ]
    for (const spelling of spellings) {
      assert.deepStrictEqual(Base64.decode(spelling), Result.succeed(bytes(length)), spelling)
      assert.strictEqual(Base64.byteLength(spelling), length, spelling)
    }
  })

  it.each(["a", "abcde", "ab=c", "a.bc", "????", "{\"no\":1}", "data:text/plain,hello", "aGk=aGk="])(
    "is not %s",
    (text) => {
      assert.isTrue(Result.isFailure(Base64.decode(text)))
    }
  )

  it.each([
    ["=".repeat(2_000_000) + "x", "padding"],
    [" ".repeat(2_000_000) + "x", "white space"],
    ["data:" + "x".repeat(2_000_000), "prefix"]
  ])("is found out in time, however long its %s", (text) => {
    assert.isTrue(Result.isFailure(Base64.decode(text)))
  })
})
