/** What a call costs the session that it belongs to: its time, its place, and what is known of it. */
import { assert, describe, it } from "@effect/vitest"
import * as McpSession from "@universal-mcp/core/McpSession"
import { failRequest, TransportError } from "@universal-mcp/core/McpTransport"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Path from "effect/Path"
import * as Scope from "effect/Scope"
import { TestClock } from "effect/testing"
import { Rejected } from "../src/McpError.ts"
import * as Roots from "../src/Roots.ts"
import { connect, type Handlers, type Message, modern, text, type Wire, wire } from "./fixtures/wire.ts"

const roots = Roots.layerOf(["."]).pipe(Layer.provide(Path.layer))

const question = { resultType: "input_required", requestState: "one", inputRequests: { a: { method: "roots/list" } } }

const isLater = ({ params }: Message) => params?.["inputResponses"] !== undefined

/** The first answer to a call is a question; what becomes of the second is up to the test. */
const asking = (later: (request: Message, wire: Wire) => void): Handlers => ({
  ...modern,
  "tools/call": (request, to) => isLater(request) ? later(request, to) : to.answer(request, question)
})

describe("the time of a call", () => {
  it.effect("that is over before it begins", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect()
      const error = yield* Effect.flip(session.callTool("work", {}, { timeout: 0 }))
      assert.containSubset(error, { delivery: "not-sent", reason: { _tag: "Timeout", milliseconds: 0 } })
      assert.strictEqual(wire.all("tools/call").length, 0)
    }))

  it.effect("that is over while the server wants to be asked later", () =>
    Effect.gen(function*() {
      const later = { resultType: "input_required", requestState: "later" }
      const { session, wire } = yield* connect({ ...modern, "tools/call": (request, to) => to.answer(request, later) })
      const call = yield* Effect.forkChild(Effect.flip(session.callTool("work", {}, { timeout: "200 millis" })))
      yield* wire.next("tools/call")
      yield* TestClock.adjust("250 millis")
      assert.containSubset(yield* Fiber.join(call), { delivery: "unknown", reason: { _tag: "Timeout" } })
      assert.strictEqual(wire.all("tools/call").length, 1)
    }))

  it.effect("is over also where the transport throws when the server is to be told", () =>
    Effect.gen(function*() {
      const end = yield* wire({ "tools/call": () => {} })
      const send = end.near.send.bind(end.near)
      end.near.send = (message, options) => {
        if ("method" in message && message.method === "notifications/cancelled") throw new Error("broken")
        return send(message, options)
      }
      const session = yield* McpSession.make(Effect.succeed(end.near), {
        name: "hand",
        transport: "in-memory",
        concurrency: 1
      })
      const given = yield* Effect.forkChild(session.callTool("work"), { startImmediately: true })
      yield* Fiber.interrupt(given)
      const late = yield* Effect.forkChild(Effect.flip(session.callTool("work", {}, { timeout: "1 second" })), {
        startImmediately: true
      })
      yield* TestClock.adjust("1 second")
      assert.containSubset(yield* Fiber.join(late), { delivery: "unknown", reason: { _tag: "Timeout" } })
    }))
})

describe("a call of several rounds", () => {
  it.effect("keeps its place until the last", () =>
    Effect.gen(function*() {
      const asked: Array<Message> = []
      const { session, wire } = yield* connect(asking((request) => asked.push(request)), { concurrency: 1 })
      const calls = yield* Effect.forkChild(
        Effect.all([session.callTool("one"), session.callTool("two")], { concurrency: "unbounded" }),
        { startImmediately: true }
      )
      yield* wire.next("tools/call", 2)
      assert.deepStrictEqual(wire.all("tools/call").map(({ params }) => params?.["name"]), ["one", "one"])
      for (let count = 1; count <= 2; count++) {
        while (asked.length < count) yield* Effect.yieldNow
        wire.answer(asked[count - 1] ?? {}, { resultType: "complete", ...text("done") })
      }
      yield* Fiber.join(calls)
      assert.deepStrictEqual(wire.all("tools/call").map(({ params }) => params?.["name"]), ["one", "one", "two", "two"])
    }).pipe(Effect.provide(roots)))

  it.effect("is no success for the circuit breaker before the last", () =>
    Effect.gen(function*() {
      const { session } = yield* connect(asking(() => {}), { circuitBreaker: { failures: 2 } })
      const fail = Effect.gen(function*() {
        const call = yield* Effect.forkChild(Effect.flip(session.callTool("work", {}, { timeout: "1 second" })), {
          startImmediately: true
        })
        yield* TestClock.adjust("1 second")
        assert.containSubset(yield* Fiber.join(call), { reason: { _tag: "Timeout" } })
      })
      yield* fail
      yield* fail
      const refused = yield* Effect.flip(session.callTool("work"))
      assert.containSubset(refused, { delivery: "not-sent", reason: { _tag: "Unavailable" } })
    }).pipe(Effect.provide(roots)))

  it.effect("asks nobody twice because a later one comes too soon for the server", () =>
    Effect.gen(function*() {
      const tooMany = new TransportError({
        phase: "http",
        delivery: "answered",
        reason: new Rejected({ code: 429, status: 429, retryAfter: 1, description: "too many requests" })
      })
      const { session, wire } = yield* connect({
        ...asking((request, { near }) => near.onmessage?.(failRequest(request.id ?? 0, tooMany))),
        "tools/list": (request, to) => to.answer(request, { resultType: "complete", tools: [] })
      }, { reconnect: {} })
      const error = yield* Effect.flip(session.callTool("work", {}, { idempotent: false }))
      assert.containSubset(error, { reason: { _tag: "Rejected", status: 429 } })
      assert.strictEqual(wire.all("tools/call").filter((request) => !isLater(request)).length, 1)
    }).pipe(Effect.provide(roots)))
})

describe("the circuit breaker", () => {
  it.effect("knows of a failure before the place of the call is another's", () =>
    Effect.gen(function*() {
      const sent = yield* Deferred.make<void>()
      const { session, wire } = yield* connect({ "tools/call": () => Deferred.doneUnsafe(sent, Effect.void) }, {
        concurrency: 1,
        circuitBreaker: { failures: 1 }
      })
      const calls = yield* Effect.forkChild(
        Effect.forEach([1, 2, 3], () => Effect.flip(session.callTool("work", {}, { timeout: "1 second" })), {
          concurrency: "unbounded"
        }),
        { startImmediately: true }
      )
      yield* Deferred.await(sent)
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(calls)
      assert.strictEqual(wire.all("tools/call").length, 1)
    }))
})

describe("calls that wait for a place when all are given up", () => {
  const names = Array.from({ length: 50 }, (_, i) => `work ${i}`)
  const handlers: Handlers = {
    "tools/call": (request, to) => request.params?.["name"] === "last" ? to.answer(request, text("last")) : undefined
  }

  it.effect("are not sent, and their places are there for others", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect(handlers, { concurrency: 4 })
      const all = yield* Effect.forkChild(
        Effect.forEach(names, (name) => session.callTool(name), { concurrency: "unbounded" })
      )
      yield* wire.next("tools/call", 4)
      yield* Fiber.interrupt(all)
      yield* session.callTool("last")
      assert.lengthOf(wire.all("tools/call"), 5)
      assert.lengthOf(wire.all("notifications/cancelled"), 4)
    }))

  it.effect("one by one, in the order in which they were made", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect(handlers, { concurrency: 4 })
      const all = yield* Effect.forEach(names, (name) => Effect.forkChild(session.callTool(name)))
      yield* wire.next("tools/call", 4)
      yield* Fiber.interruptAll(all)
      yield* session.callTool("last")
      assert.lengthOf(wire.all("tools/call"), 5)
    }))

  it.effect("are not sent either when their time is over", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect(handlers, { concurrency: 4, circuitBreaker: false })
      const all = yield* Effect.forkChild(
        Effect.forEach(names, (name) => Effect.flip(session.callTool(name, {}, { timeout: "1 second" })), {
          concurrency: "unbounded"
        })
      )
      yield* wire.next("tools/call", 4)
      yield* TestClock.adjust("1 second")
      const errors = yield* Fiber.join(all)
      const told = errors.map((error) => error._tag === "CallError" ? error.delivery : error._tag)
      assert.deepStrictEqual(told, names.map((_, i) => i < 4 ? "unknown" : "not-sent"))
      yield* session.callTool("last")
      assert.lengthOf(wire.all("tools/call"), 5)
    }))

  it.effect("fail when the session closes in that very moment", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const { session, wire } = yield* Scope.provide(connect(handlers, { concurrency: 1 }), scope)
      const first = yield* Effect.forkChild(session.callTool("first"))
      yield* wire.next("tools/call")
      const second = yield* Effect.forkChild(Effect.flip(session.callTool("second")), { startImmediately: true })
      first.interruptUnsafe()
      yield* Scope.close(scope, Exit.void)
      assert.containSubset(yield* Fiber.join(second), { _tag: "CallError", delivery: "not-sent" })
      assert.lengthOf(wire.all("tools/call"), 1)
    }))
})
