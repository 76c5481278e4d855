/** A typed value that a schema lists is found, however its members are ordered and however deeply it is nested. */
import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import { coerce } from "../src/internal/toolArguments.ts"

const typed = (text: string, ...listed: ReadonlyArray<unknown>) => coerce(text, { enum: listed }, {})

const nested = (depth: number, inner: string) => "[".repeat(depth) + inner + "]".repeat(depth)

describe("a value that a schema lists", () => {
  it.each([
    ["{\"a\":1,\"b\":2}", { b: 2, a: 1 }],
    ["{\"b\":[{\"y\":1,\"x\":null}],\"a\":\"\"}", { a: "", b: [{ x: null, y: 1 }] }],
    ["{\"__proto__\":1}", JSON.parse("{\"__proto__\":1}")],
    ["1.0", 1],
    ["[]", []]
  ])("is %s where it is %j", (text, listed) => {
    assert.isTrue(Result.isSuccess(typed(text, "other", listed)))
  })

  it.each([
    ["{\"a\":1}", { a: 1, b: 2 }],
    ["{\"a\":1,\"b\":2}", { a: 1, c: 2 }],
    ["{\"toString\":1}", {}],
    ["[1,2]", [2, 1]],
    ["[]", {}],
    ["{\"0\":1}", [1]],
    ["null", []],
    ["1", "1.0"]
  ])("is not %s where it is %j", (text, listed) => {
    assert.isTrue(Result.isFailure(typed(text, listed)))
  })

  it("is not another one that is nested as deeply", () => {
    const depth = 100_000
    const isFound = (inner: string) => Result.isSuccess(typed(nested(depth, inner), JSON.parse(nested(depth, "1"))))
    assert.isTrue(isFound("1"))
    assert.isFalse(isFound("2"))
  })
})
