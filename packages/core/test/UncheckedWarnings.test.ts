/** What cannot be checked is told once for each tool and reason, however often a server changes either. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { connect } from "./fixtures/wire.ts"

/** A server whose only tool has this schema, by how often the tools were listed. */
const declaring = (schema: (listed: number) => unknown) => {
  let listed = 0
  return connect({
    "tools/list": (request, to) =>
      to.answer(request, {
        tools: [{ name: "count", inputSchema: { type: "object" }, outputSchema: schema(listed++) }]
      }),
    "tools/call": (request, to) => to.answer(request, { content: [], structuredContent: { n: 1 } })
  })
}

/** The warnings of so many calls, before each of which the server says that its tools have changed. */
const warnings = Effect.fnUntraced(function*(schema: (listed: number) => unknown, calls: number) {
  const { session, wire } = yield* declaring(schema)
  // From the beginning, because only some are kept until somebody reads them.
  const told: Array<string> = []
  yield* session.warnings.pipe(
    Stream.runForEach(({ description }) => Effect.sync(() => told.push(description))),
    Effect.forkScoped({ startImmediately: true })
  )
  for (let i = 0; i < calls; i++) {
    wire.send({ jsonrpc: "2.0", method: "notifications/tools/list_changed" })
    assert.isDefined((yield* session.callTool("count")).structuredContent)
  }
  yield* Effect.yieldNow
  return told
})

describe("results that go unchecked", () => {
  it.effect.each<readonly [what: string, schema: unknown, reason: RegExp]>([
    ["a keyword of another type", { minLength: { $data: "1/a" } }, /"minLength" is not a number/],
    ["too many patterns", {
      patternProperties: Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`^x${i}$`, false]))
    }, /too large to be checked/],
    ["a reference to itself", { $ref: "#" }, /into each other/]
  ])("are told once, with the reason: %s", ([, schema, reason]) =>
    Effect.gen(function*() {
      const told = yield* warnings(() => schema, 3)
      assert.lengthOf(told, 1)
      assert.match(told[0] ?? "", /what tool "count" answers goes unchecked against its outputSchema/)
      assert.match(told[0] ?? "", reason)
    }))

  it.effect("are told a hundred times at most, in short lines", () =>
    Effect.gen(function*() {
      const told = yield* warnings((listed) => ({ $ref: `#/${listed}/${"a".repeat(1900)}` }), 150)
      assert.lengthOf(told, 100)
      assert.match(told.at(-1) ?? "", /no more warnings/)
      for (const text of told) assert.isAtMost(text.length, 500)
    }))
})
