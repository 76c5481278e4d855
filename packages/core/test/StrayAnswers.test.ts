/** Answers that name no request: whose they may be, and that the true answer wins. */
import { assert, describe, it } from "@effect/vitest"
import type { McpSession } from "@universal-mcp/core/McpSession"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import { connect, type Handlers, modern, text, type Wire } from "./fixtures/wire.ts"

const error = (code: number, message = "no") => ({ error: { code, message } })

/** What servers send in answer to a message that has none. */
const strays: ReadonlyArray<Record<string, unknown>> = [
  { id: null, result: {} },
  { result: {} },
  { id: "undefined", result: {} },
  { id: 0, result: {} },
  { id: "", result: {} },
  { id: -1, result: { ok: true } },
  { id: false, result: {} },
  { id: [1], result: {} },
  { id: null, result: null },
  { id: null, result: "ok" },
  { id: null, error: null },
  { id: null, error: "unknown method" },
  { id: null, ...error(-32600, "Invalid Request") },
  { ...error(-32600, "Invalid Request") },
  { id: null, ...error(-32601, "Method not found: notifications/initialized") },
  { id: 0, ...error(-32601, "Method not found") },
  { id: "undefined", ...error(-32602) },
  { id: -1, ...error(-32603) },
  { id: "None", ...error(-32000, "not supported") }
]

/** What can only be the answer of a call, though its id is wrong. */
const telling: ReadonlyArray<Record<string, unknown>> = [
  { id: 4711, result: text("a") },
  { id: "abc", result: text("a") },
  { id: null, result: text("a") },
  { result: { structuredContent: { a: 1 }, content: [] } },
  { id: 4711, ...error(1, "Unknown request tag") },
  { id: null, ...error(-32700, "parse error") }
]

const send = (wire: Wire, message: Record<string, unknown>) => wire.send({ jsonrpc: "2.0", ...message })

const call = (session: McpSession["Service"], name = "a") =>
  Effect.forkChild(session.callTool(name, {}, { timeout: "1 hour" }), { startImmediately: true })

/** The tool is known, so that no list is asked for when its call fails. */
const listing: Handlers = {
  "tools/list": (request, to) => to.answer(request, { tools: [{ name: "a", inputSchema: { type: "object" } }] })
}

/** Longer than the true answer is waited for. */
const long = TestClock.adjust("5 minutes")

/** Waits for its answer for long, and gets it. */
const getsItsOwn = Effect.fnUntraced(function*(
  wire: Wire,
  running: Effect.Success<ReturnType<typeof call>>,
  count = 1
) {
  const request = yield* wire.next("tools/call", count)
  yield* long
  wire.answer(request, text("real"))
  assert.deepStrictEqual<unknown>(yield* Fiber.join(running), text("real"))
})

describe("an answer that names no request", () => {
  it.effect.each(strays)("is not that of the first call: %j", (stray) =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect()
      yield* wire.next("notifications/initialized")
      const running = yield* call(session)
      yield* wire.next("tools/call")
      send(wire, stray)
      yield* getsItsOwn(wire, running)
    }))

  it.effect.each(strays)("is not that of a call after one that timed out: %j", (stray) =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect({ "notifications/initialized": (_, to) => send(to, stray) })
      const first = yield* Effect.forkChild(Effect.flip(session.callTool("a", {}, { timeout: 10 })))
      yield* wire.next("tools/call")
      yield* TestClock.adjust(10)
      yield* Fiber.join(first)
      yield* wire.next("notifications/cancelled")
      const running = yield* call(session)
      yield* wire.next("tools/call", 2)
      send(wire, stray)
      yield* getsItsOwn(wire, running, 2)
    }))

  it.effect.each(strays)(
    "is not that of a call after our answer to the server's ping: %j",
    (stray) =>
      Effect.gen(function*() {
        const { session, wire } = yield* connect({ "notifications/initialized": (_, to) => send(to, stray) })
        const running = yield* call(session)
        yield* wire.next("tools/call")
        send(wire, { id: "p1", method: "ping" })
        while (!wire.received.some(({ id }) => String(id) === "p1")) yield* Effect.yieldNow
        send(wire, stray)
        yield* getsItsOwn(wire, running)
      })
  )

  it.effect("is that of nobody where several calls wait", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect()
      const calls = yield* Effect.forEach(["a", "b"], (name) => call(session, name))
      const requests = [yield* wire.next("tools/call"), yield* wire.next("tools/call", 2)]
      for (const message of [...strays, ...telling]) send(wire, message)
      yield* long
      for (const request of requests) wire.answer(request, text("real"))
      assert.deepStrictEqual<unknown>(yield* Effect.forEach(calls, Fiber.join), [text("real"), text("real")])
    }))

  it.effect.each([...strays, ...telling])(
    "loses against the true answer that follows soon: %j",
    (message) =>
      Effect.gen(function*() {
        const { session, wire } = yield* connect(modern)
        const running = yield* call(session)
        const request = yield* wire.next("tools/call")
        send(wire, message)
        yield* TestClock.adjust("1 second")
        wire.answer(request, { ...text("real"), resultType: "complete" })
        assert.deepStrictEqual<unknown>((yield* Fiber.join(running)).content, text("real").content)
      })
  )

  it.effect.each([...strays, ...telling])(
    "fails the one call of a server that was sent nothing else: %j",
    (message) =>
      Effect.gen(function*() {
        const { session, wire } = yield* connect(modern)
        const running = yield* call(session)
        yield* wire.next("tools/call")
        send(wire, message)
        yield* TestClock.adjust("10 seconds")
        const failure = yield* Effect.flip(Fiber.join(running))
        assert.isTrue(failure._tag === "CallError" && failure.delivery === "answered", failure.message)
        assert.notInclude(failure.message, "\n")
      })
  )

  it.effect.each(telling)(
    "fails the one call that it must be meant for, which need not time out: %j",
    (message) =>
      Effect.gen(function*() {
        const { session, wire } = yield* connect({
          "tools/call": (request, to) =>
            request.params?.["name"] === "a" ? send(to, message) : to.answer(request, text("b"))
        })
        const running = yield* call(session)
        yield* wire.next("tools/call")
        yield* TestClock.adjust("10 seconds")
        const failure = yield* Effect.flip(Fiber.join(running))
        assert.isTrue(failure._tag === "CallError" && failure.delivery === "answered", failure.message)
        assert.deepStrictEqual<unknown>(yield* session.callTool("b"), text("b"))
      })
  )

  it.effect("settles no call however many of them come", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect()
      const running = yield* call(session)
      yield* wire.next("tools/call")
      for (const stray of [...strays, ...strays]) send(wire, stray)
      yield* getsItsOwn(wire, running)
    }))

  it.effect.each([
    ...telling,
    { error: { code: -32700, message: "Parse error" } },
    { id: "a1b2-uuid", ...error(-32602) },
    { id: "notifications/initialized", ...error(-32000) },
    { id: -2, ...error(404) }
  ])("loses against the true answer also where it looks like one: %j", (message) =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect()
      const running = yield* call(session)
      const request = yield* wire.next("tools/call")
      send(wire, message)
      yield* TestClock.adjust("6 seconds")
      wire.answer(request, text("real"))
      assert.deepStrictEqual<unknown>(yield* Fiber.join(running), text("real"))
    }))
})

describe("a line of a log in JSON", () => {
  it.effect.each([{ level: "info", msg: "request" }, { level: "error", error: "disk full" }, { error: null, took: 3 }])(
    "is no answer, though it has the id of the call: %j",
    (line) =>
      Effect.gen(function*() {
        const { session, wire } = yield* connect(modern)
        const running = yield* call(session)
        const { id } = yield* wire.next("tools/call")
        wire.send({ ...line, id })
        wire.send(line)
        yield* getsItsOwn(wire, running)
      })
  )
})

describe("an answer under an id that is also one of the server's own", () => {
  const answered = (wire: Wire, id: unknown) =>
    (function*() {
      while (!wire.received.some((one) => String(one.id) === String(id) && one.method === undefined)) {
        yield* Effect
          .yieldNow
      }
    })()

  /** The server asks under the id of our call, which waits; and we answer. */
  const asked = Effect.gen(function*() {
    const { session, wire } = yield* connect(listing)
    const running = yield* call(session)
    const request = yield* wire.next("tools/call")
    send(wire, { id: request.id, method: "ping" })
    yield* answered(wire, request.id)
    return { request, running, session, wire }
  })

  it.effect.each([error(-32601, "Method not found: undefined"), error(-32600), { result: {} }])(
    "may be about our answer, so that the call's own answer wins: %j",
    (echo) =>
      Effect.gen(function*() {
        const { request, running, wire } = yield* asked
        send(wire, { id: request.id, ...echo })
        yield* TestClock.adjust("6 seconds")
        wire.answer(request, text("real"))
        assert.deepStrictEqual<unknown>(yield* Fiber.join(running), text("real"))
      })
  )

  it.effect.each([error(-32601, "Unknown tool"), error(-32602, "invalid"), error(-32000, "broken")])(
    "is that of the call where no other comes: %j",
    (refusal) =>
      Effect.gen(function*() {
        const { request, running, wire } = yield* asked
        send(wire, { id: request.id, ...refusal })
        yield* TestClock.adjust("10 seconds")
        assert.include((yield* Effect.flip(Fiber.join(running))).message, refusal.error.message)
      })
  )

  it.effect("is that of each of two calls that wait", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect(listing)
      const calls = [yield* call(session), yield* call(session)]
      const requests = [yield* wire.next("tools/call"), yield* wire.next("tools/call", 2)]
      for (const { id } of requests) {
        send(wire, { id, method: "ping" })
        yield* answered(wire, id)
        send(wire, { id, ...error(-32602, `invalid ${id}`) })
      }
      yield* TestClock.adjust("10 seconds")
      const messages = yield* Effect.forEach(calls, (one) => Effect.map(Effect.flip(Fiber.join(one)), String))
      messages.forEach((message, index) => assert.include(message, `invalid ${requests[index]?.id}`))
    }))

  it.effect("is the true answer at once where it is a result", () =>
    Effect.gen(function*() {
      const { request, running, wire } = yield* asked
      wire.answer(request, text("real"))
      assert.deepStrictEqual<unknown>(yield* Fiber.join(running), text("real"))
    }))

  it.effect.each([error(-32601, "Unknown tool"), error(-32600, "no"), error(-32602, "invalid")])(
    "is that of the call at once where the server had its answer before the call: %j",
    (refusal) =>
      Effect.gen(function*() {
        const { session, wire } = yield* connect(listing)
        for (let id = 0; id < 12; id++) {
          send(wire, { id, method: "ping" })
          yield* answered(wire, id)
        }
        const running = yield* call(session)
        const request = yield* wire.next("tools/call")
        send(wire, { id: request.id, ...refusal })
        assert.include((yield* Effect.flip(Fiber.join(running))).message, refusal.error.message)
      })
  )

  it.effect.each(["p1", -7, 2.5, 2 ** 60])(
    "is not that of the call where the id is not ours: %j",
    (id) =>
      Effect.gen(function*() {
        const { session, wire } = yield* connect(listing)
        const running = yield* call(session)
        yield* wire.next("tools/call")
        send(wire, { id, method: "ping" })
        yield* answered(wire, id)
        send(wire, { id, ...error(-32602) })
        yield* getsItsOwn(wire, running)
      })
  )
})
