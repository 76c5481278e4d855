/** What a server says before anybody listens is kept, up to a bound in number and in size. */
import { assert, describe, it } from "@effect/vitest"
import type { McpSession } from "@universal-mcp/core/McpSession"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { ask } from "./fixtures/asking.ts"
import { connect, type Wire } from "./fixtures/wire.ts"

const say = (wire: Wire, data: unknown, method = "notifications/message") =>
  wire.send({ jsonrpc: "2.0", method, params: { level: "info", data } })

/** What the first reader gets of what came before it. */
const early = (session: McpSession["Service"], wire: Wire) =>
  Effect.gen(function*() {
    // Its answer says that all before has been heard.
    yield* ask(wire, "ping")
    return yield* session.notifications.pipe(
      Stream.tap(() => Effect.sync(() => say(wire, "last"))),
      Stream.takeUntil(({ params }) => params?.["data"] === "last"),
      Stream.filter(({ params }) => params?.["data"] !== "last"),
      Stream.runCollect
    )
  })

describe("notifications that come before the first reader", () => {
  it.effect("are kept, 64 of them", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect()
      for (let index = 0; index < 5000; index++) say(wire, index)
      assert.strictEqual((yield* early(session, wire)).length, 64)
    }).pipe(Effect.scoped))

  it.effect.each(
    [
      ["a text", (size: number) => "x".repeat(size), "notifications/message"],
      ["many texts", (size: number) => Array.from({ length: size / 10 }, () => "0123456789"), "notifications/message"],
      ["many objects", (size: number) => Array.from({ length: size / 8 }, () => ({})), "notifications/progress"],
      ["a method of its own", (size: number) => ({ text: "x".repeat(size) }), "x/y"]
    ] as const
  )("are not kept where they are large: %s", ([, large, method]) =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect()
      say(wire, "small")
      say(wire, large(2 * 1024 * 1024), method)
      for (let index = 0; index < 10; index++) say(wire, large(300 * 1024), method)
      say(wire, "small too")
      const kept = yield* early(session, wire)
      assert.deepStrictEqual(kept.filter(({ params }) => String(params?.["data"]).startsWith("small")).length, 2)
      assert.isAtMost(kept.length, 5)
    }).pipe(Effect.scoped))
})
