/** Bounds on what one server asks: questions open at a time, and questions in one call. */
import { assert, describe, it } from "@effect/vitest"
import * as Elicitation from "@universal-mcp/core/Elicitation"
import type * as McpSession from "@universal-mcp/core/McpSession"
import * as Roots from "@universal-mcp/core/Roots"
import * as Sampling from "@universal-mcp/core/Sampling"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { ask, inputRequired } from "./fixtures/asking.ts"
import { connect, type Handlers, type Message, modern, text, type Wire } from "./fixtures/wire.ts"

/** Handlers of all three kinds, which do the same, and how many of them run. */
const handlers = (reply: Effect.Effect<unknown> = Effect.never) => {
  const seen = { open: 0, most: 0, begun: 0 }
  const held = Effect.acquireUseRelease(
    Effect.sync(() => {
      seen.begun += 1
      seen.open += 1
      seen.most = Math.max(seen.most, seen.open)
    }),
    () => reply,
    () =>
      Effect.sync(() => {
        seen.open -= 1
      })
  )
  const layer = Layer.mergeAll(
    Layer.succeed(Roots.Roots, { list: Effect.as(held, []), changes: Stream.empty }),
    Layer.succeed(Elicitation.Elicitation, {
      modes: ["form", "url"],
      elicit: () => Effect.as(held, { action: "accept" as const })
    }),
    Layer.succeed(Sampling.Sampling, {
      createMessage: () =>
        Effect.as(held, { model: "small-1", role: "assistant" as const, content: { type: "text" as const, text: "x" } })
    })
  )
  return { seen, layer }
}

const sampling = {
  method: "sampling/createMessage",
  params: { maxTokens: 1e9, messages: [{ role: "user", content: { type: "text", text: "x" } }] }
}
const form = {
  method: "elicitation/create",
  params: { message: "m", requestedSchema: { type: "object", properties: {} } }
}
const url = { method: "elicitation/create", params: { mode: "url", message: "m", url: "https://example.org/a" } }
const roots = { method: "roots/list" }

const questions = [["sampling", sampling], ["forms", form], ["pages", url], ["roots", roots]] as const

/** All in one batch, as if they came in one chunk. */
const flood = (wire: Wire, count: number, question: (index: number) => object) => {
  for (let index = 0; index < count; index++) wire.send({ jsonrpc: "2.0", id: `q${index}`, ...question(index) })
}

const answersIn = (wire: Wire) =>
  wire.received.filter(({ id, method }) => method === undefined && String(id).startsWith("q"))

const errorsIn = (wire: Wire) => answersIn(wire).flatMap(({ error }) => error === undefined ? [] : [error])

const until = (isSo: () => boolean) => Effect.repeat(Effect.yieldNow, { until: isSo })

const warningsOf = (session: McpSession.McpSession["Service"]) =>
  Stream.map(session.warnings, ({ description }) => description)

/** What was kept for the first reader. */
const warningsSoFar = Effect.fnUntraced(function*(session: McpSession.McpSession["Service"]) {
  const heard: Array<string> = []
  const reading = yield* warningsOf(session).pipe(
    Stream.runForEach((warning) => Effect.sync(() => heard.push(warning))),
    Effect.forkChild({ startImmediately: true })
  )
  yield* Effect.yieldNow
  yield* Fiber.interrupt(reading)
  return heard
})

const opened = (count: number) => `busy: ${count} questions are open`

const tooMany = (count: number) => `too many questions in one call: more than ${count}`

/** Puts one question after the other in the call, until one is refused. */
const insisting = (question: { readonly method: string; readonly params?: unknown }, most: number): Handlers => ({
  "tools/call": (request, wire) => {
    let count = 0
    const before = wire.far.onmessage!
    const next = () => wire.send({ jsonrpc: "2.0", id: `q${count++}`, ...question })
    wire.far.onmessage = (message, extra) => {
      before(message, extra)
      const read: Message = JSON.parse(JSON.stringify(message))
      if (read.method !== undefined || !String(read.id).startsWith("q")) return
      if (read.error === undefined && count < most) return queueMicrotask(next)
      wire.far.onmessage = before
      wire.answer(request, text(`${count} asked`))
    }
    next()
  }
})

describe("questions that a server has open", () => {
  it.effect.each(questions)(
    "are 16 of %s at most, and the others are refused",
    ([, question]) =>
      Effect.gen(function*() {
        const { layer, seen } = handlers()
        yield* Effect.gen(function*() {
          const { session, wire } = yield* connect()
          flood(wire, 5000, () => question)
          yield* until(() => errorsIn(wire).length === 4984)
          assert.deepInclude(errorsIn(wire)[0], { code: -32000, message: opened(16) })
          assert.deepStrictEqual(seen, { open: 16, most: 16, begun: 16 })
          const [warning] = yield* warningsOf(session).pipe(Stream.take(1), Stream.runCollect)
          assert.include(warning, "more than 16 questions at a time")
        }).pipe(Effect.provide(layer))
      }).pipe(Effect.scoped)
  )

  it.effect("are 16 over all kinds together", () =>
    Effect.gen(function*() {
      const { layer, seen } = handlers()
      yield* Effect.gen(function*() {
        const { wire } = yield* connect()
        const kinds = [sampling, form, roots, url]
        flood(wire, 40, (index) => kinds[index % kinds.length] ?? roots)
        yield* until(() => errorsIn(wire).length === 24)
        assert.strictEqual(seen.most, 16)
      }).pipe(Effect.provide(layer))
    }).pipe(Effect.scoped))

  it.effect("are as many as the option says, with one warning for all that are refused", () =>
    Effect.gen(function*() {
      const { layer, seen } = handlers()
      yield* Effect.gen(function*() {
        const { session, wire } = yield* connect({}, { questions: { open: 2 } })
        flood(wire, 50, () => sampling)
        yield* until(() => errorsIn(wire).length === 48)
        assert.deepInclude(errorsIn(wire)[0], { message: opened(2) })
        assert.strictEqual(seen.most, 2)
        assert.lengthOf(yield* warningsSoFar(session), 1)
      }).pipe(Effect.provide(layer))
    }).pipe(Effect.scoped))

  it.effect("leave room for others as soon as they are answered", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<void>()
      const { layer, seen } = handlers(Deferred.await(gate))
      yield* Effect.gen(function*() {
        const { wire } = yield* connect({}, { questions: { open: 1 } })
        const first = yield* Effect.forkChild(ask(wire, "roots/list"), { startImmediately: true })
        yield* until(() => seen.open === 1)
        assert.strictEqual((yield* ask(wire, "roots/list")).error?.message, opened(1))
        yield* Deferred.succeed(gate, undefined)
        yield* Fiber.join(first)
        assert.deepStrictEqual(yield* ask(wire, "roots/list"), { result: { roots: [] } })
      }).pipe(Effect.provide(layer))
    }).pipe(Effect.scoped))

  it.effect("count until their handler has ended, also where the server has taken them back", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<void>()
      const { layer, seen } = handlers(Effect.uninterruptible(Deferred.await(gate)))
      yield* Effect.gen(function*() {
        const { wire } = yield* connect({}, { questions: { open: 3 } })
        for (let index = 0; index < 20; index++) {
          wire.send({ jsonrpc: "2.0", id: `q${index}`, ...form })
          wire.send({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: `q${index}` } })
          yield* Effect.yieldNow
        }
        yield* until(() => errorsIn(wire).length === 17)
        assert.deepStrictEqual(seen, { open: 3, most: 3, begun: 3 })
        yield* Deferred.succeed(gate, undefined)
        yield* until(() => seen.open === 0)
        assert.isUndefined((yield* ask(wire, "elicitation/create", form.params)).error)
      }).pipe(Effect.provide(layer))
    }).pipe(Effect.scoped))

  it.effect("are no more where all have the same id", () =>
    Effect.gen(function*() {
      const { layer, seen } = handlers()
      yield* Effect.gen(function*() {
        const { wire } = yield* connect()
        for (let index = 0; index < 300; index++) wire.send({ jsonrpc: "2.0", id: "q", ...sampling })
        yield* until(() => wire.received.some(({ error }) => error !== undefined))
        assert.isAtMost(seen.most, 16)
        assert.isAtMost(seen.begun, 100)
      }).pipe(Effect.provide(layer))
    }).pipe(Effect.scoped))

  it.effect("do not include pings and unknown methods, which are answered", () =>
    Effect.gen(function*() {
      const { layer, seen } = handlers()
      yield* Effect.gen(function*() {
        const { wire } = yield* connect()
        flood(wire, 16, () => form)
        yield* until(() => seen.open === 16)
        assert.deepStrictEqual(yield* ask(wire, "ping"), { result: {} })
        assert.strictEqual((yield* ask(wire, "tools/call", { name: "own" })).error?.code, -32601)
      }).pipe(Effect.provide(layer))
    }).pipe(Effect.scoped))

  it.effect("do not include requests with an endless id", () =>
    Effect.gen(function*() {
      const { layer, seen } = handlers(Effect.void)
      yield* Effect.gen(function*() {
        const { session, wire } = yield* connect()
        wire.send({ jsonrpc: "2.0", id: "q".repeat(100_000), ...form })
        const [warning] = yield* warningsOf(session).pipe(Stream.take(1), Stream.runCollect)
        assert.include(warning, "an id of 100000 characters")
        assert.strictEqual(seen.begun, 0)
      }).pipe(Effect.provide(layer))
    }).pipe(Effect.scoped))
})

describe("questions in one call", () => {
  it.effect.each(questions)("are 100 of %s at most, one after the other", ([, question]) =>
    Effect.gen(function*() {
      const { layer, seen } = handlers(Effect.void)
      yield* Effect.gen(function*() {
        const { session, wire } = yield* connect(insisting(question, 500))
        assert.deepEqual<object>(yield* session.callTool("t"), text("101 asked"))
        assert.deepStrictEqual(errorsIn(wire), [{ code: -32000, message: tooMany(100) }])
        assert.strictEqual(seen.begun, 100)
        // The next call has a budget of its own.
        assert.deepEqual<object>(yield* session.callTool("t"), text("101 asked"))
      }).pipe(Effect.provide(layer))
    }).pipe(Effect.scoped))

  it.effect("are as many as the option says", () =>
    Effect.gen(function*() {
      const { layer } = handlers(Effect.void)
      const { session } = yield* connect(insisting(form, 500), { questions: { perCall: 7 } }).pipe(
        Effect.provide(layer)
      )
      assert.deepEqual<object>(yield* session.callTool("t"), text("8 asked"))
    }).pipe(Effect.scoped))

  it.effect("count also where the server takes each back", () =>
    Effect.gen(function*() {
      const { layer, seen } = handlers()
      yield* Effect.gen(function*() {
        const { session, wire } = yield* connect({
          "tools/call": (request, to) => {
            const again = (count: number) => {
              if (count === 300) return to.answer(request, text("done"))
              to.send({ jsonrpc: "2.0", id: `q${count}`, ...sampling })
              to.send({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: `q${count}` } })
              setImmediate(() => again(count + 1))
            }
            again(0)
          }
        })
        yield* session.callTool("t")
        assert.isAtMost(seen.begun, 100)
        assert.include(errorsIn(wire).map(({ message }) => message), tooMany(100))
      }).pipe(Effect.provide(layer))
    }).pipe(Effect.scoped))

  it.effect("between calls count for the last, but for lists of roots", () =>
    Effect.gen(function*() {
      const { layer, seen } = handlers(Effect.void)
      yield* Effect.gen(function*() {
        const { session, wire } = yield* connect({ "tools/call": (request, to) => to.answer(request, text("done")) }, {
          questions: { perCall: 3 }
        })
        const asked = (method: string, params?: unknown) =>
          Effect.map(Effect.forEach([1, 2, 3, 4, 5], () => ask(wire, method, params)), (answers) =>
            answers.filter(({ error }) => error === undefined).length)
        assert.strictEqual(yield* asked("sampling/createMessage", sampling.params), 3)
        assert.strictEqual(yield* asked("elicitation/create", form.params), 0)
        assert.strictEqual(yield* asked("roots/list"), 5)
        yield* session.callTool("t")
        assert.strictEqual(yield* asked("elicitation/create", url.params), 3)
        assert.strictEqual(seen.begun, 11)
      }).pipe(Effect.provide(layer))
    }).pipe(Effect.scoped))

  it.effect("count for the call with the fewest: one that has asked much takes nothing from another", () =>
    Effect.gen(function*() {
      const { layer } = handlers(Effect.void)
      yield* Effect.gen(function*() {
        const { session, wire } = yield* connect({}, { questions: { perCall: 3 } })
        const calls = yield* Effect.forEach([1, 2], (count) =>
          Effect.andThen(
            Effect.forkChild(session.callTool("t"), { startImmediately: true }),
            wire.next("tools/call", count)
          ))
        const answers = yield* Effect.forEach(
          Array.from({ length: 8 }),
          () => ask(wire, "elicitation/create", form.params)
        )
        assert.strictEqual(answers.filter(({ error }) => error === undefined).length, 6)
        assert.strictEqual(calls.length, 2)
      }).pipe(Effect.provide(layer))
    }).pipe(Effect.scoped))

  it.effect("include the pages that a refusal asks for", () =>
    Effect.gen(function*() {
      const { layer, seen } = handlers(Effect.void)
      const pages = (count: number) => ({
        elicitations: Array.from({ length: count }, (_, index) => ({ ...url.params, elicitationId: String(index) }))
      })
      const refusing = (count: number): Handlers => ({
        "tools/list": (request, wire) => wire.refuse(request, -32601, "Method not found"),
        "tools/call": (request, wire) =>
          wire.all("tools/call").length === 1
            ? wire.refuse(request, -32042, "first sign in", pages(count))
            : wire.answer(request, text("done"))
      })
      yield* Effect.gen(function*() {
        const { session } = yield* connect(refusing(101))
        assert.containSubset(yield* Effect.flip(session.callTool("t")), { reason: { _tag: "Rejected", code: -32042 } })
        assert.strictEqual(seen.begun, 0)
        const few = yield* connect(refusing(100))
        assert.deepEqual<object>(yield* few.session.callTool("t"), text("done"))
        assert.strictEqual(seen.begun, 100)
      }).pipe(Effect.provide(layer))
    }).pipe(Effect.scoped))
})

describe("questions in a result of revision 2026-07-28", () => {
  const many = (question: object, count: number) =>
    inputRequired(Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, question])), "state")

  const asking = (rounds: ReadonlyArray<number>, question: object): Handlers => ({
    ...modern,
    "tools/call": (request, wire) => {
      const count = rounds[wire.all("tools/call").length - 1]
      wire.answer(request, count === undefined ? { resultType: "complete", ...text("done") } : many(question, count))
    }
  })

  it.effect.each(questions)(
    "are 16 of %s open at a time, and the others wait",
    ([, question]) =>
      Effect.gen(function*() {
        const gate = yield* Deferred.make<void>()
        const { layer, seen } = handlers(Deferred.await(gate))
        yield* Effect.gen(function*() {
          const { session } = yield* connect(asking([60], question))
          const call = yield* Effect.forkChild(session.callTool("t"), { startImmediately: true })
          yield* until(() => seen.open === 16)
          yield* Deferred.succeed(gate, undefined)
          assert.deepEqual<object>((yield* Fiber.join(call)).content, text("done").content)
          assert.deepStrictEqual(seen, { open: 0, most: 16, begun: 60 })
        }).pipe(Effect.provide(layer))
      }).pipe(Effect.scoped)
  )

  it.effect.each(
    [
      ["in one result", [100_000], 0],
      ["in several rounds", [60, 41], 60],
      ["in ever more of them", [30, 30, 30, 11], 90]
    ] as const
  )("fail the call beyond 100, %s", ([, rounds, begun]) =>
    Effect.gen(function*() {
      const { layer, seen } = handlers(Effect.void)
      yield* Effect.gen(function*() {
        const { session } = yield* connect(asking(rounds, form))
        assert.containSubset(yield* Effect.flip(session.callTool("t")), {
          _tag: "CallError",
          reason: { _tag: "InvalidResult", description: tooMany(100) }
        })
        assert.strictEqual(seen.begun, begun)
        const [warning] = yield* warningsOf(session).pipe(Stream.take(1), Stream.runCollect)
        assert.include(warning, "more than 100 questions in one call")
      }).pipe(Effect.provide(layer))
    }).pipe(Effect.scoped))

  it.effect("give their place back when the call is interrupted while they wait", () =>
    Effect.gen(function*() {
      const { layer, seen } = handlers()
      yield* Effect.gen(function*() {
        const { session } = yield* connect(asking([60, 60], sampling))
        const call = yield* Effect.forkChild(session.callTool("t"), { startImmediately: true })
        yield* until(() => seen.open === 16)
        yield* Fiber.interrupt(call)
        assert.strictEqual(seen.open, 0)
        const next = yield* Effect.forkChild(session.callTool("t"), { startImmediately: true })
        yield* until(() => seen.open === 16)
        yield* Fiber.interrupt(next)
        assert.strictEqual(seen.most, 16)
      }).pipe(Effect.provide(layer))
    }).pipe(Effect.scoped))

  it.effect("are no requests there: a flood of those gets no answer, and one warning", () =>
    Effect.gen(function*() {
      const { layer, seen } = handlers()
      yield* Effect.gen(function*() {
        const { session, wire } = yield* connect({
          ...modern,
          "tools/call": (request, to) => to.answer(request, text(""))
        })
        flood(wire, 1000, () => sampling)
        assert.lengthOf(yield* warningsSoFar(session), 1)
        assert.strictEqual(seen.begun, 0)
        assert.deepStrictEqual(answersIn(wire), [])
      }).pipe(Effect.provide(layer))
    }).pipe(Effect.scoped))
})
