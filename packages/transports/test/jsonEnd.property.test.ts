/** However a JSON document is cut, it is complete with its last character and not before. */
import { assert, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { JsonEnd } from "../src/internal/jsonEnd.ts"

it.effect.prop(
  "a document is complete with its last character",
  {
    value: Schema.Array(Schema.Json),
    sizes: Schema.NonEmptyArray(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 9 })))
  },
  ({ sizes, value }) =>
    Effect.sync(() => {
      const text = JSON.stringify(value)
      const jsonEnd = new JsonEnd()
      let at = 0
      for (let count = 0; at < text.length; count++) {
        const size = sizes[count % sizes.length] ?? 1
        assert.strictEqual(jsonEnd.push(text.slice(at, at + size)), at + size >= text.length)
        at += size
      }
    })
)

it("brackets and quotes in texts do not count", () => {
  const text = JSON.stringify({ a: "}]\"\\", "{": ["\\\"}"] })
  const jsonEnd = new JsonEnd()
  assert.isFalse(jsonEnd.push(text.slice(0, -1)))
  assert.isTrue(jsonEnd.push(text.slice(-1)))
})
