/** Whose time counts while a server's question is open: a machine's does, a person's does not. */
import { assert, describe, it } from "@effect/vitest"
import * as Elicitation from "@universal-mcp/core/Elicitation"
import * as Roots from "@universal-mcp/core/Roots"
import * as Sampling from "@universal-mcp/core/Sampling"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import { ask, inputRequired } from "./fixtures/asking.ts"
import { connect, type Handlers, modern } from "./fixtures/wire.ts"

type CreateMessage = Sampling.Sampling["Service"]["createMessage"]

const params = { maxTokens: 100, messages: [{ role: "user", content: { type: "text", text: "x" } }] }

const form = { message: "m", requestedSchema: { type: "object", properties: {} } }

const written = { model: "small-1", role: "assistant" as const, content: { type: "text" as const, text: "a text" } }

const writing = (createMessage: CreateMessage, timeout?: Sampling.Sampling["Service"]["timeout"]) =>
  Effect.provideService(Sampling.Sampling, { createMessage, timeout })

/** Asks in the call, and never answers it. */
const asking = (method: string, params?: unknown): Handlers => ({
  "tools/call": (_, wire) => wire.send({ jsonrpc: "2.0", id: "q", method, params })
})

const askingModern = (method: string, params?: unknown): Handlers => ({
  ...modern,
  "tools/call": (request, wire) => wire.answer(request, inputRequired({ q: { method, params } }, "state"))
})

const eras = [["legacy", asking], ["modern", askingModern]] as const

/** A call with a time-out of one minute; the question is open when this returns. */
const called = Effect.fnUntraced(function*(handlers: Handlers, isOpen: Deferred.Deferred<void>) {
  const { session } = yield* connect(handlers)
  const call = yield* Effect.forkChild(Effect.flip(session.callTool("t", {}, { timeout: "1 minute" })), {
    startImmediately: true
  })
  yield* Deferred.await(isOpen)
  return call
})

const timedOut = { _tag: "CallError", reason: { _tag: "Timeout", milliseconds: 60_000 } }

const held = Effect.gen(function*() {
  const isOpen = yield* Deferred.make<void>()
  return { isOpen, reply: Effect.andThen(Deferred.succeed(isOpen, undefined), Effect.never) }
})

describe("the time of a call", () => {
  it.effect.each(eras)("runs on while a model writes: %s", ([, handlers]) =>
    Effect.gen(function*() {
      const { isOpen, reply } = yield* held
      const call = yield* called(handlers("sampling/createMessage", params), isOpen).pipe(writing(() => reply))
      yield* TestClock.adjust("59 seconds")
      assert.isUndefined(call.pollUnsafe())
      yield* TestClock.adjust("1 second")
      assert.containSubset(yield* Fiber.join(call), timedOut)
    }).pipe(Effect.scoped))

  it.effect.each(eras)("runs on while roots are listed: %s", ([, handlers]) =>
    Effect.gen(function*() {
      const { isOpen, reply } = yield* held
      const call = yield* called(handlers("roots/list"), isOpen).pipe(
        Effect.provideService(Roots.Roots, { list: reply, changes: Stream.empty })
      )
      yield* TestClock.adjust("1 minute")
      assert.containSubset(yield* Fiber.join(call), timedOut)
    }).pipe(Effect.scoped))

  it.effect.each(eras)("stands still while a person fills in a form: %s", ([, handlers]) =>
    Effect.gen(function*() {
      const { isOpen, reply } = yield* held
      const call = yield* called(handlers("elicitation/create", form), isOpen).pipe(
        Effect.provideService(Elicitation.Elicitation, { modes: ["form"], elicit: () => reply })
      )
      yield* TestClock.adjust("3 days")
      assert.isUndefined(call.pollUnsafe())
      yield* Fiber.interrupt(call)
    }).pipe(Effect.scoped))

  it.effect.each(eras)("stands still while a person approves what a model is to write, and then runs on: %s", ([
    ,
    handlers
  ]) =>
    Effect.gen(function*() {
      const isOpen = yield* Deferred.make<void>()
      const approved = yield* Deferred.make<void>()
      const begun = yield* Deferred.make<void>()
      const call = yield* called(handlers("sampling/createMessage", params), isOpen).pipe(writing(() =>
        Deferred.succeed(isOpen, undefined).pipe(
          Effect.andThen(Sampling.askPerson(Deferred.await(approved))),
          Effect.andThen(Deferred.succeed(begun, undefined)),
          Effect.andThen(Effect.never)
        )
      ))
      yield* TestClock.adjust("3 days")
      assert.isUndefined(call.pollUnsafe())
      yield* Deferred.succeed(approved, undefined)
      yield* Deferred.await(begun)
      yield* TestClock.adjust("59 seconds")
      assert.isUndefined(call.pollUnsafe())
      yield* TestClock.adjust("1 second")
      assert.containSubset(yield* Fiber.join(call), timedOut)
    }).pipe(Effect.scoped))
})

describe("the time of sampling", () => {
  const asked = (
    timeout?: Sampling.Sampling["Service"]["timeout"],
    createMessage: CreateMessage = () => Effect.never
  ) =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect().pipe(writing(createMessage, timeout))
      const answer = yield* Effect.forkChild(ask(wire, "sampling/createMessage", params), { startImmediately: true })
      yield* Effect.yieldNow
      return { answer, session }
    })

  it.effect("is five minutes, and then the server is refused, with a warning", () =>
    Effect.gen(function*() {
      const { answer, session } = yield* asked()
      yield* TestClock.adjust("299 seconds")
      assert.isUndefined(answer.pollUnsafe())
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* Fiber.join(answer), { error: { code: -32001, message: "no answer within 5m" } })
      const [warning] = yield* session.warnings.pipe(Stream.take(1), Stream.runCollect)
      assert.include(warning?.description, "was ended after 5m")
    }).pipe(Effect.scoped))

  it.effect("is what the service says", () =>
    Effect.gen(function*() {
      const { answer } = yield* asked("10 seconds")
      yield* TestClock.adjust("10 seconds")
      assert.containSubset(yield* Fiber.join(answer), { error: { code: -32001 } })
      const endless = yield* asked("Infinity")
      yield* TestClock.adjust("3 days")
      assert.isUndefined(endless.answer.pollUnsafe())
    }).pipe(Effect.scoped))

  it.effect("does not run while a person is asked, and another's question stops it for nobody else", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect().pipe(
        writing(({ maxTokens }) => maxTokens === 1 ? Sampling.askPerson(Effect.never) : Effect.never, "1 minute")
      )
      const person = yield* Effect.forkChild(ask(wire, "sampling/createMessage", { ...params, maxTokens: 1 }), {
        startImmediately: true
      })
      const machine = yield* Effect.forkChild(ask(wire, "sampling/createMessage", params), { startImmediately: true })
      yield* Effect.yieldNow
      yield* TestClock.adjust("1 minute")
      assert.containSubset(yield* Fiber.join(machine), { error: { code: -32001 } })
      yield* TestClock.adjust("3 days")
      assert.isUndefined(person.pollUnsafe())
      assert.strictEqual(session.name, "hand")
    }).pipe(Effect.scoped))

  it.effect("ends the handler, and makes room for another question", () =>
    Effect.gen(function*() {
      const ended = yield* Deferred.make<void>()
      let count = 0
      const createMessage: CreateMessage = () =>
        ++count === 1
          ? Effect.onInterrupt(Effect.never, () => Deferred.succeed(ended, undefined))
          : Effect.succeed(written)
      const { wire } = yield* connect({}, { questions: { open: 1 } }).pipe(writing(createMessage, "1 minute"))
      const first = yield* Effect.forkChild(ask(wire, "sampling/createMessage", params), { startImmediately: true })
      yield* Effect.yieldNow
      yield* TestClock.adjust("1 minute")
      yield* Fiber.join(first)
      yield* Deferred.await(ended)
      assert.containSubset(yield* ask(wire, "sampling/createMessage", params), { result: { model: "small-1" } })
    }).pipe(Effect.scoped))
})
