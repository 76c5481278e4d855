import { assert, describe, it } from "@effect/vitest"
import * as McpSession from "@universal-mcp/core/McpSession"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { connect, text } from "./fixtures/wire.ts"

const echo = connect({
  "tools/call": (request, to) => to.answer(request, text(String(request.params?.["name"]))),
  "tools/list": (request, to) => to.answer(request, { tools: [{ name: "a", inputSchema: { type: "object" } }] }),
  "ping": (request, to) => to.answer(request, {})
})

describe("McpSession.wrap", () => {
  it.effect("has every member of the session, and those that are replaced", () =>
    Effect.gen(function*() {
      const { session } = yield* echo
      const wrapped = McpSession.wrap(session, { callTool: () => session.callTool("mine") })
      assert.deepStrictEqual<unknown>(yield* wrapped.callTool("a"), text("mine"))
      assert.deepStrictEqual<unknown>(yield* wrapped.callToolOrFail("a"), text("a"))
      assert.deepStrictEqual((yield* wrapped.listTools).map(({ name }) => name), ["a"])
      yield* wrapped.ping
      assert.strictEqual(wrapped.name, session.name)
      assert.deepStrictEqual(wrapped.server, session.server)
      assert.deepStrictEqual(yield* wrapped.state.current, { _tag: "Ready" })
    }))

  it.effect("wraps what is wrapped, the last outermost", () =>
    Effect.gen(function*() {
      const { session } = yield* echo
      const named = (inner: McpSession.McpSession["Service"], word: string) =>
        McpSession.wrap(inner, { callTool: (name, ...others) => inner.callTool(`${name} ${word}`, ...others) })
      const wrapped = named(named(session, "inner"), "outer")
      assert.deepStrictEqual<unknown>(yield* wrapped.callTool("a"), text("a outer inner"))
      assert.isTrue((yield* Stream.runHead(wrapped.state.changes))._tag === "Some")
    }))
})
