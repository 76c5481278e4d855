import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import { Questions } from "../src/internal/questions.ts"
import * as ServerRequests from "../src/internal/serverRequests.ts"
import { Telemetry } from "../src/internal/telemetry.ts"
import * as Waiting from "../src/internal/waiting.ts"
import { inputRequired } from "./fixtures/asking.ts"
import { accept, answering, nameForm, person, urlRequest } from "./fixtures/person.ts"
import { connect, modern, text } from "./fixtures/wire.ts"

describe("Elicitation of the modern era", () => {
  const form = (message: string) => ({ method: "elicitation/create", params: { ...nameForm, message } })

  it.effect("answers all that a result asks for, and echoes the request's state", () =>
    Effect.gen(function*() {
      const { asked, elicit } = yield* person
      const requestState = "eyJ\u0000 state \"quoted\" ✓"
      const { session, wire } = yield* answering(elicit)(connect({
        ...modern,
        "tools/call": (request, to) =>
          to.all("tools/call").length === 1
            ? to.answer(request, inputRequired({ a: form("a"), b: form("b"), c: urlRequest }, requestState))
            : to.answer(request, { resultType: "complete", ...text("done") })
      }))
      assert.strictEqual(session.server.era, "modern")
      const calling = yield* Effect.forkChild(session.callTool("deploy", { env: "prod" }), { startImmediately: true })
      const open = [yield* asked, yield* asked, yield* asked]
      assert.containSubset(open.map(({ request }) => request).find(({ _tag }) => _tag === "Url"), {
        server: "hand",
        message: "sign in",
        url: "https://example.org/x"
      })
      for (const { answer, request } of open.reverse()) {
        yield* answer(
          request.message === "a"
            ? { action: "decline" }
            : { action: "accept", content: { name: request.message } }
        )
      }
      assert.containSubset(yield* Fiber.join(calling), text("done"))
      const { params } = yield* wire.next("tools/call", 2)
      assert.strictEqual(params?.["requestState"], requestState)
      assert.deepStrictEqual(params?.["arguments"], { env: "prod" })
      assert.deepStrictEqual(params?.["inputResponses"], {
        a: { action: "decline" },
        b: { action: "accept", content: { name: "b" } },
        c: { action: "accept" }
      })
    }))

  it.effect("takes as many rounds as the server wants, each with its own state", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* answering(accept({ name: "Ada" }))(connect({
        ...modern,
        "tools/call": (request, to) => {
          const round = to.all("tools/call").length
          if (round === 1) return to.answer(request, inputRequired({ a: form("a") }, "one"))
          if (round === 2) return to.answer(request, inputRequired({ b: form("b") }))
          to.answer(request, { resultType: "complete", ...text("done") })
        }
      }))
      yield* session.callTool("deploy")
      const [first, second, third] = wire.all("tools/call").map(({ params }) => params)
      assert.notProperty(first, "requestState")
      assert.strictEqual(second?.["requestState"], "one")
      assert.notProperty(third, "requestState")
      assert.deepStrictEqual(Object.keys(Object(third?.["inputResponses"])), ["b"])
    }))

  it.effect("is interrupted with the call that needs the answer", () =>
    Effect.gen(function*() {
      const { asked, elicit, interrupted } = yield* person
      const { session } = yield* answering(elicit)(connect({
        ...modern,
        "tools/call": (request, to) => to.answer(request, inputRequired({ a: form("a") }))
      }))
      const calling = yield* Effect.forkChild(session.callTool("deploy"), { startImmediately: true })
      yield* asked
      yield* Fiber.interrupt(calling)
      assert.strictEqual(yield* interrupted, "a")
    }))

  it.effect("is interrupted when the connection is lost, and the call fails with that", () =>
    Effect.gen(function*() {
      const { asked, elicit, interrupted } = yield* person
      const { session, wire } = yield* answering(elicit)(connect({
        ...modern,
        "tools/call": (request, to) => to.answer(request, inputRequired({ a: form("a") }))
      }))
      const calling = yield* Effect.forkChild(Effect.flip(session.callTool("deploy")), { startImmediately: true })
      yield* asked
      yield* Effect.promise(() => wire.far.close())
      assert.strictEqual(yield* interrupted, "a")
      assert.containSubset(yield* Fiber.join(calling), { _tag: "CallError", reason: { _tag: "Closed" } })
    }))

  it.effect("is interrupted when the session closes, and the call fails with that", () =>
    Effect.gen(function*() {
      const { asked, elicit, interrupted } = yield* person
      const scope = yield* Scope.make()
      const { session } = yield* answering(elicit)(connect({
        ...modern,
        "tools/call": (request, to) => to.answer(request, inputRequired({ a: form("a") }))
      })).pipe(Scope.provide(scope))
      const calling = yield* Effect.forkChild(Effect.flip(session.callTool("deploy")), { startImmediately: true })
      yield* asked
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual(yield* interrupted, "a")
      assert.containSubset(yield* Fiber.join(calling), { _tag: "CallError", reason: { _tag: "Closed" } })
    }))

  it.effect("without the service the call fails and says what it needs", () =>
    Effect.gen(function*() {
      const { session } = yield* connect({
        ...modern,
        "tools/call": (request, to) => to.answer(request, inputRequired({ a: form("a") }, "state"))
      })
      const error = yield* Effect.flip(session.callTool("x"))
      assert.strictEqual(
        error.message,
        "tools/call on \"hand\" failed: it needs elicitation/create, which nobody here provides"
      )
      assert.containSubset(error, { delivery: "answered", reason: { _tag: "Unsupported" } })
    }))

  it.effect("is advertised with each request", () =>
    Effect.gen(function*() {
      const { wire } = yield* answering(accept({}))(connect(modern))
      const { params } = yield* wire.next("server/discover")
      assert.containSubset(params, {
        _meta: { "io.modelcontextprotocol/clientCapabilities": { elicitation: { form: {}, url: {} } } }
      })
    }))
})

describe("Elicitation by another way than a request, as tasks have it", () => {
  const requests = Effect.gen(function*() {
    const made = yield* ServerRequests.make(
      "hand",
      yield* Waiting.make,
      new Telemetry({ name: "hand", transport: "in-memory" }),
      new Questions({}, () => {})
    )
    yield* made.afterConnect({ era: "modern", ended: Effect.never, notify: () => Effect.void, warn: () => {} })
    return made
  })

  it.effect("is the same handler, with the same checks", () =>
    Effect.gen(function*() {
      const made = yield* answering(accept({ name: "Ada" }), ["form"])(requests)
      assert.deepStrictEqual(yield* made.answer("elicitation/create", nameForm), {
        action: "accept",
        content: { name: "Ada" }
      })
      const why = yield* Effect.forEach([
        made.answer("elicitation/create", urlRequest.params),
        made.answer("elicitation/create", { ...nameForm, mode: "voice" }),
        made.answer("elicitation/create", undefined),
        made.answer("roots/list", undefined)
      ], Effect.flip)
      assert.deepStrictEqual(why.map(({ message }) => message), [
        "Client does not support url-mode elicitation requests",
        "Client does not support voice-mode elicitation requests",
        "the elicitation request is not valid: it has no message",
        "nobody here answers that"
      ])
    }))
})
