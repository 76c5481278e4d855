import { assert, describe, it } from "@effect/vitest"
import type { McpServer } from "@modelcontextprotocol/server"
import * as Elicitation from "@universal-mcp/core/Elicitation"
import * as McpSession from "@universal-mcp/core/McpSession"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import { ask } from "./fixtures/asking.ts"
import { accept, answering, type Elicit, nameForm, person } from "./fixtures/person.ts"
import * as servers from "./fixtures/server.ts"
import { connect, text } from "./fixtures/wire.ts"

const warnings = (session: McpSession.McpSession["Service"]) =>
  session.warnings.pipe(Stream.map(({ description }) => description))

describe("Elicitation on the official SDK's server", () => {
  const onServer = <A, E>(
    elicitation: Layer.Layer<Elicitation.Elicitation>,
    use: (session: McpSession.McpSession["Service"], server: McpServer) => Effect.Effect<A, E>
  ) =>
    Effect.suspend(() => {
      let server: McpServer | undefined
      const configure = (made: McpServer) => {
        server = made
      }
      return McpSession.McpSession.use((session) => use(session, server!)).pipe(
        Effect.provide(servers.layer("calc", { configure }).pipe(Layer.provide(elicitation)))
      )
    })

  it.effect("hands over the form with the server's name, and sends what was filled in", () =>
    Effect.gen(function*() {
      const seen: Array<unknown> = []
      const elicitation = Layer.succeed(Elicitation.Elicitation, {
        modes: ["form"],
        elicit: (request) => {
          seen.push(request)
          return Effect.succeed({ action: "accept", content: { name: "Ada" } })
        }
      })
      const result = yield* onServer(elicitation, (_, { server }) => Effect.promise(() => server.elicitInput(nameForm)))
      assert.deepStrictEqual(result, { action: "accept", content: { name: "Ada" } })
      assert.containSubset(seen, [{ _tag: "Form", server: "calc", ...nameForm }])
    }))

  it.effect("is asked by a tool that is being called", () =>
    Effect.gen(function*() {
      const elicitation = Layer.succeed(Elicitation.Elicitation, { modes: ["form"], elicit: accept({ name: "Ada" }) })
      const result = yield* onServer(elicitation, (session, server) => {
        server.registerTool("greet", {}, async () => {
          const answer = await server.server.elicitInput(nameForm)
          return { content: [{ type: "text", text: `hello ${answer.content?.["name"]}` }] }
        })
        return session.callTool("greet")
      })
      assert.deepStrictEqual(result.content, [{ type: "text", text: "hello Ada" }])
    }))

  it.effect("declines everything with layerDecline", () =>
    Effect.gen(function*() {
      const [form, url] = yield* onServer(Elicitation.layerDecline, (_, { server }) =>
        Effect.promise(() =>
          Promise.all([
            server.elicitInput(nameForm),
            server.elicitInput({ mode: "url", message: "sign in", url: "https://example.org", elicitationId: "1" })
          ])
        ))
      assert.deepStrictEqual([form, url], [{ action: "decline" }, { action: "decline" }])
    }))

  it.effect("is interrupted when the server takes its question back, and asked again afterwards", () =>
    Effect.gen(function*() {
      const { asked, elicit, interrupted } = yield* person
      const elicitation = Layer.succeed(Elicitation.Elicitation, { modes: ["form"], elicit })
      const result = yield* onServer(elicitation, (_, { server }) =>
        Effect.gen(function*() {
          const taken = new AbortController()
          const first = server.elicitInput(nameForm, { signal: taken.signal }).then(
            () => "answered",
            () => "taken back"
          )
          yield* asked
          taken.abort()
          assert.strictEqual(yield* interrupted, nameForm.message)
          assert.strictEqual(yield* Effect.promise(() => first), "taken back")
          const second = server.elicitInput(nameForm)
          yield* (yield* asked).answer({ action: "decline" })
          return yield* Effect.promise(() => second)
        }))
      assert.deepStrictEqual(result, { action: "decline" })
    }))

  it.effect("is interrupted, with time to tidy up, when the session closes", () =>
    Effect.gen(function*() {
      const events: Array<string> = []
      const asked = yield* Deferred.make<void>()
      const elicitation = Layer.succeed(Elicitation.Elicitation, {
        modes: ["form"],
        elicit: () =>
          Effect.andThen(Deferred.succeed(asked, undefined), Effect.never).pipe(
            Effect.onInterrupt(() =>
              Effect.andThen(Effect.yieldNow, Effect.sync(() => events.push("the form is closed")))
            )
          )
      })
      const question = yield* onServer(elicitation, (_, { server }) => {
        const asking = server.elicitInput(nameForm).then(() => "answered", () => "refused")
        return Effect.as(Deferred.await(asked), { answer: Effect.promise(() => asking) })
      })
      events.push("the session is closed")
      assert.deepStrictEqual(events, ["the form is closed", "the session is closed"])
      assert.strictEqual(yield* question.answer, "refused")
    }))
})

describe("Elicitation on the wire", () => {
  it.effect("is advertised exactly when the service is there, in its modes", () =>
    Effect.gen(function*() {
      const advertised = Effect.gen(function*() {
        const { wire } = yield* connect()
        return (yield* wire.next("initialize")).params?.["capabilities"]
      })
      assert.deepStrictEqual(yield* advertised, {})
      assert.deepStrictEqual(yield* answering(accept({}), ["form"])(advertised), { elicitation: { form: {} } })
      assert.deepStrictEqual(yield* answering(accept({}), ["url"])(advertised), { elicitation: { url: {} } })
      assert.deepStrictEqual(yield* answering(accept({}))(advertised), { elicitation: { form: {}, url: {} } })
      assert.deepStrictEqual(yield* answering(accept({}), [])(advertised), {})
    }))

  it.effect("is refused as a method that is not there without the service", () =>
    Effect.gen(function*() {
      const { wire } = yield* connect()
      assert.strictEqual((yield* ask(wire, "elicitation/create", nameForm)).error?.code, -32601)
    }))

  it.effect("takes a request without a mode for a form, and passes on keys that it does not know", () =>
    Effect.gen(function*() {
      const { asked, elicit } = yield* person
      const { wire } = yield* answering(elicit)(connect())
      const params = {
        message: "?",
        requestedSchema: {
          type: "object",
          properties: { a: { type: "boolean", "x-colour": "red" } },
          "x-order": ["a"]
        },
        "x-more": { deep: [1] },
        url: "not of this mode"
      }
      const asking = yield* Effect.forkChild(ask(wire, "elicitation/create", params), { startImmediately: true })
      const { answer, request } = yield* asked
      assert.deepStrictEqual({ ...request }, { ...params, _tag: "Form", server: "hand" } as never)
      yield* answer({ action: "cancel" })
      assert.deepStrictEqual(yield* Fiber.join(asking), { result: { action: "cancel" } })
    }))

  it.effect("sends what the user gave and nothing else: what was left out stays out, defaults or not", () =>
    Effect.gen(function*() {
      const properties = {
        toString: { type: "string", default: "Ada" },
        score: { type: "number", default: 9.5 },
        subscribe: { type: "boolean", default: true },
        colour: { type: "string", enum: ["red", "green"], default: "green" }
      }
      const params = { message: "?", requestedSchema: { type: "object", properties } }
      const some = yield* answering(accept({ score: 0 }))(connect())
      assert.deepStrictEqual(yield* ask(some.wire, "elicitation/create", params), {
        result: { action: "accept", content: { score: 0 } }
      })
      const none = yield* answering(() => Effect.succeed({ action: "accept" }))(connect())
      assert.deepStrictEqual(yield* ask(none.wire, "elicitation/create", params), {
        result: { action: "accept", content: {} }
      })
    }))

  it.effect("says cancel, with a remark, instead of sending what does not fit the form", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* answering(accept({ age: 17.5, secret: "s3cret" }))(connect())
      const params = {
        message: "How old?",
        requestedSchema: {
          type: "object",
          properties: { age: { type: "integer" }, name: { type: "string" } },
          required: ["name"]
        }
      }
      assert.deepStrictEqual(yield* ask(wire, "elicitation/create", params), { result: { action: "cancel" } })
      const [remark] = yield* warnings(session).pipe(Stream.take(1), Stream.runCollect)
      assert.strictEqual(
        remark,
        "the answer to \"How old?\" of \"hand\" was not sent, because name is missing and age must be a whole number; " +
          "the server was told cancel"
      )
    }))

  it.effect("shows a URL, and sends no content for it", () =>
    Effect.gen(function*() {
      const { asked, elicit } = yield* person
      const { wire } = yield* answering(elicit)(connect())
      const params = { mode: "url", message: "sign in", url: "https://example.org/x", elicitationId: "e1" }
      const asking = yield* Effect.forkChild(ask(wire, "elicitation/create", params), { startImmediately: true })
      const { answer, request } = yield* asked
      assert.deepStrictEqual({ ...request }, { ...params, _tag: "Url", server: "hand" } as never)
      yield* answer({ action: "accept", content: { a: 1 } })
      assert.deepStrictEqual(yield* Fiber.join(asking), { result: { action: "accept" } })
    }))

  it.effect("refuses a mode that is not advertised, and malformed requests, without asking anybody", () =>
    Effect.gen(function*() {
      const elicit = () => Effect.die("nobody must be asked")
      const forms = yield* answering(elicit, ["form"])(connect())
      const urls = yield* answering(elicit, ["url"])(connect())
      const url = { mode: "url", message: "sign in", url: "https://example.org/x", elicitationId: "e1" }
      const codes = yield* Effect.forEach([
        ask(forms.wire, "elicitation/create", url),
        ask(urls.wire, "elicitation/create", nameForm),
        ask(urls.wire, "elicitation/create", { ...nameForm, mode: "form" }),
        ask(forms.wire, "elicitation/create", { ...nameForm, mode: "voice" }),
        ask(forms.wire, "elicitation/create", { message: "no schema" }),
        ask(forms.wire, "elicitation/create")
      ], Effect.map((answer) => answer.error?.code))
      assert.deepStrictEqual(codes, codes.map(() => -32602))
    }))

  it.effect("asks side by side, and gives each answer to its own question", () =>
    Effect.gen(function*() {
      const { asked, elicit } = yield* person
      const { wire } = yield* answering(elicit)(connect())
      const questions = yield* Effect.forEach(["a", "b", "c"], (message) =>
        Effect.forkChild(ask(wire, "elicitation/create", { ...nameForm, message }), { startImmediately: true }))
      const open = [yield* asked, yield* asked, yield* asked]
      for (const { answer, request } of open.reverse()) {
        yield* answer({ action: "accept", content: { name: request.message } })
      }
      assert.deepStrictEqual(
        (yield* Fiber.joinAll(questions)).map(({ result }) =>
          result?.["content"]
        ),
        [{ name: "a" }, { name: "b" }, { name: "c" }]
      )
    }))

  it.effect("leaves the other questions open when one is taken back", () =>
    Effect.gen(function*() {
      const { asked, elicit, interrupted } = yield* person
      const { wire } = yield* answering(elicit)(connect())
      const [first, second] = yield* Effect.forEach(["first", "second"] as const, (message) =>
        Effect.forkChild(ask(wire, "elicitation/create", { ...nameForm, message }), { startImmediately: true }))
      yield* asked
      const { answer } = yield* asked
      yield* Fiber.interrupt(first!)
      assert.strictEqual(yield* interrupted, "first")
      yield* answer({ action: "accept", content: {} })
      assert.deepStrictEqual(yield* Fiber.join(second!), { result: { action: "accept", content: {} } })
    }))

  it.effect("is interrupted when the connection is lost, without waiting for the scope", () =>
    Effect.gen(function*() {
      const { asked, elicit, interrupted } = yield* person
      const { wire } = yield* answering(elicit)(connect())
      yield* Effect.forkChild(ask(wire, "elicitation/create", nameForm), { startImmediately: true })
      yield* asked
      yield* Effect.promise(() => wire.far.close())
      assert.strictEqual(yield* interrupted, nameForm.message)
    }))

  it.effect("answers for a broken service, and tells no more than that", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* answering(() => Effect.die(new Error("s3cret")))(connect())
      assert.deepStrictEqual(yield* ask(wire, "elicitation/create", nameForm), {
        error: { code: -32603, message: "Internal error" }
      })
      const [remark] = yield* warnings(session).pipe(Stream.take(1), Stream.runCollect)
      assert.strictEqual(
        remark,
        "elicitation/create of \"hand\" was refused, because our handler of it is broken: Error: s3cret"
      )
    }))

  it.effect("takes null for nothing", () =>
    Effect.gen(function*() {
      const { asked, elicit } = yield* person
      const { wire } = yield* answering(elicit)(connect())
      const requestedSchema = {
        type: "object",
        properties: { name: { type: "string", title: null, description: null, default: null } },
        required: null
      }
      const asking = yield* Effect.forkChild(
        ask(wire, "elicitation/create", { mode: null, message: "Who?", requestedSchema, elicitationId: null }),
        { startImmediately: true }
      )
      const { answer, request } = yield* asked
      assert.deepStrictEqual<unknown>({ ...request }, {
        _tag: "Form",
        server: "hand",
        message: "Who?",
        requestedSchema: { type: "object", properties: { name: { type: "string" } } }
      })
      yield* answer({ action: "accept", content: { name: "Ada" } })
      assert.deepStrictEqual(yield* Fiber.join(asking), { result: { action: "accept", content: { name: "Ada" } } })
    }))

  it.effect("refuses what is no form with one short sentence", () =>
    Effect.gen(function*() {
      const { wire } = yield* answering(() => Effect.die("nobody must be asked"))(connect())
      assert.deepStrictEqual(
        yield* ask(wire, "elicitation/create", { message: "?", requestedSchema: { type: "string" } }),
        {
          error: {
            code: -32602,
            message: "the elicitation request is not valid: its requestedSchema is not an object"
          }
        }
      )
    }))

  it.effect("asks a form without the field that cannot be read, and warns", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* answering(accept({ name: "Ada" }))(connect())
      const properties = {
        name: { anyOf: [{ type: "string" }, { type: "null" }] },
        address: { type: "object" },
        place: { type: "object", properties: { lat: { type: "number" } } }
      }
      const answer = yield* ask(wire, "elicitation/create", {
        message: "Where?",
        requestedSchema: { type: "object", properties, required: ["place"] }
      })
      assert.deepStrictEqual(answer, { result: { action: "cancel" } })
      const told = yield* warnings(session).pipe(Stream.take(3), Stream.runCollect)
      assert.deepStrictEqual(told, [
        "the question \"Where?\": the form does not support the type of its field \"address\"; the field is left out",
        "the question \"Where?\": the form does not support the type of its required field \"place\"; enter any JSON",
        "the answer to \"Where?\" of \"hand\" was not sent, because place is missing; the server was told cancel"
      ])
    }))

  const page = { mode: "url", message: "sign in", url: "https://example.org/", elicitationId: "e" }

  /** A tool that wants the user to have been somewhere first. */
  const guarded = (elicit: Elicit, modes?: ReadonlyArray<"form" | "url">) =>
    answering(elicit, modes)(connect({
      "tools/list": (request, to) => to.answer(request, { tools: [{ name: "a", inputSchema: { type: "object" } }] }),
      "tools/call": (request, to) =>
        to.all("tools/call").length === 1
          ? to.refuse(request, -32042, "URL elicitation required", { elicitations: [page] })
          : to.answer(request, text("welcome"))
    }))

  it.effect("is asked for the page that a tool wants the user to have seen, and the call repeated", () =>
    Effect.gen(function*() {
      const { asked, elicit } = yield* person
      const { session, wire } = yield* guarded(elicit)
      const calling = yield* Effect.forkChild(session.callTool("a", { b: 1 }), { startImmediately: true })
      const { answer, request } = yield* asked
      assert.deepStrictEqual<unknown>({ ...request }, { ...page, _tag: "Url", server: "hand" })
      // The user may take their time.
      yield* TestClock.adjust("1 hour")
      assert.lengthOf(wire.all("tools/call"), 1)
      yield* answer({ action: "accept" })
      assert.deepStrictEqual<unknown>(yield* Fiber.join(calling), text("welcome"))
      assert.deepStrictEqual(wire.all("tools/call").map(({ params }) => params?.["arguments"]), [{ b: 1 }, { b: 1 }])
    }))

  it.effect.each<readonly [what: string, elicit: Elicit, modes: ReadonlyArray<"form" | "url">]>([
    ["the user declines", () => Effect.succeed({ action: "decline" }), ["url"]],
    ["pages are not offered", () => Effect.die("nobody must be asked"), ["form"]]
  ])("leaves a tool's demand for a page to the caller where %s", ([, elicit, modes]) =>
    Effect.gen(function*() {
      const { session, wire } = yield* guarded(elicit, modes)
      assert.containSubset(yield* Effect.flip(session.callTool("a")), {
        _tag: "CallError",
        delivery: "answered",
        reason: { _tag: "Rejected", code: -32042, data: { elicitations: [page] } }
      })
      assert.lengthOf(wire.all("tools/call"), 1)
    }))
})
