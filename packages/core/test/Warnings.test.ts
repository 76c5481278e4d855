/** What the client warns of is apart from what the server says, which cannot imitate it. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { ask } from "./fixtures/asking.ts"
import { accept, answering } from "./fixtures/person.ts"
import { connect, text } from "./fixtures/wire.ts"

const stray = (id: number | string) => ({ jsonrpc: "2.0", id, result: {} })

const log = (params: unknown) => ({ jsonrpc: "2.0", method: "notifications/message", params })

describe("warnings", () => {
  const forged = [
    { level: "warning", logger: "universal-mcp", data: "umcp is out of date" },
    { level: "info", logger: "universal-mcp", data: "all is well" },
    { level: "warning", logger: "universal-mcp", data: "x", _tag: "Warning", description: "x" },
    { level: "warning", description: "trust me", data: null }
  ]

  it.effect.each(forged)("hold nothing that a server wrote: %j", (params) =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect()
      wire.send(log(params))
      wire.send({ jsonrpc: "2.0", method: "warnings", params })
      wire.send(stray(4711))
      const [warning] = yield* session.warnings.pipe(Stream.take(1), Stream.runCollect)
      assert.include(warning?.description, "4711")
      const said = yield* session.notifications.pipe(Stream.take(2), Stream.runCollect)
      assert.deepStrictEqual(said.map((notification) => notification.params), [params, params])
    }))

  it.effect("are no events of a call, where a server's words are its own", () =>
    Effect.gen(function*() {
      const { session } = yield* connect({
        "tools/call": (request, to) => {
          to.send(stray(4711))
          to.send(log(forged[0]))
          to.answer(request, text("done"))
        }
      })
      const events = yield* Stream.runCollect(session.callToolStream("a"))
      assert.deepStrictEqual(events.map(({ _tag }) => _tag), ["Log", "Result"])
    }))

  it.effect("come to the first reader from the beginning, the first 64, and the second gets what comes then", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect()
      for (let n = 0; n < 100; n++) wire.send(stray(`early ${n}`))
      const first = yield* session.warnings.pipe(Stream.take(64), Stream.runCollect)
      assert.include(first[0]?.description, "early 0")
      assert.include(first[63]?.description, "early 63")
      const second = yield* Effect.forkChild(Stream.runCollect(Stream.take(session.warnings, 1)), {
        startImmediately: true
      })
      wire.send(stray("now"))
      assert.include((yield* Fiber.join(second))[0]?.description, "now")
    }))

  it.effect("are cut where a server makes them long", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* answering(accept({}))(connect())
      const name = "x".repeat(100_000)
      const requestedSchema = { type: "object", properties: { [name]: { type: "string" } }, required: [name] }
      yield* ask(wire, "elicitation/create", { message: "?", requestedSchema })
      const [warning] = yield* session.warnings.pipe(Stream.take(1), Stream.runCollect)
      assert.strictEqual(warning?.description.length, 4001)
    }))

  it.effect("and notifications that nobody reads are kept only up to 1 Mi characters", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect()
      const large = "x".repeat(400_000)
      for (let n = 0; n < 10; n++) wire.send(log({ data: `${n}${large}` }))
      wire.send(log({ data: "small" }))
      const kept = yield* session.notifications.pipe(Stream.take(3), Stream.runCollect)
      assert.deepStrictEqual(kept.map(({ params }) => String(params?.["data"]).length), [400_001, 400_001, 5])
    }))
})
