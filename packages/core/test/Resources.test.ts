import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Stream } from "effect"
import { TestClock } from "effect/testing"
import { connect, discovered, type Handlers, initialized, modern } from "./fixtures/wire.ts"

const capable: Handlers = {
  initialize: (request, wire) =>
    wire.answer(request, { ...initialized, capabilities: { resources: { subscribe: true } } })
}

const updated = (uri: string) => ({ jsonrpc: "2.0", method: "notifications/resources/updated", params: { uri } })

describe("resources", () => {
  it.effect("lists every page; what is not valid is left out, all else passes through", () =>
    Effect.gen(function*() {
      const first = { uri: "file:///a", name: "a", icons: [{ src: "i.png" }], _meta: { x: 1 }, odd: true }
      const { session } = yield* connect({
        ...capable,
        "resources/list": (request, wire) =>
          wire.answer(
            request,
            request.params?.["cursor"] === undefined
              ? { resources: [first, { name: "no uri" }, null], nextCursor: "2" }
              : { resources: [{ uri: "file:///b" }], nextCursor: null }
          ),
        "resources/templates/list": (request, wire) =>
          wire.answer(request, { resourceTemplates: [{ uriTemplate: "file:///{name}", name: "t" }] })
      })
      const resources: unknown = yield* session.listResources
      assert.deepStrictEqual(resources, [first, { uri: "file:///b" }])
      const templates: unknown = yield* session.listResourceTemplates
      assert.deepStrictEqual(templates, [{ uriTemplate: "file:///{name}", name: "t" }])
      const [remark] = yield* Stream.runCollect(Stream.take(session.warnings, 1))
      assert.strictEqual(remark?.level, "warning")
      assert.match(String(remark?.description), /left out 2 of the resources.*no uri/)
    }))

  it.effect("asks nothing of a server without the capability; one that has it and knows nothing of it costs a remark", () =>
    Effect.gen(function*() {
      const plain = yield* connect()
      assert.deepStrictEqual(yield* plain.session.listResources, [])
      assert.deepStrictEqual(plain.wire.all("resources/list"), [])
      const boastful = yield* connect({
        ...capable,
        "resources/list": (request, wire) => wire.refuse(request, -32601, "Method not found")
      })
      assert.deepStrictEqual(yield* boastful.session.listResources, [])
      const [remark] = yield* Stream.runCollect(Stream.take(boastful.session.warnings, 1))
      assert.match(String(remark?.description), /advertises resources but does not know resources\/list/)
    }))

  it.effect("reads, with the contents as the server gave them, and with _meta", () =>
    Effect.gen(function*() {
      const contents = [{ uri: "a", text: "hi", odd: 1 }, { uri: "b", blob: "AAE=" }]
      const { session, wire } = yield* connect({
        "resources/read": (request, wire) =>
          request.params?.["uri"] === "a"
            ? wire.answer(request, { contents })
            : wire.answer(request, { contents: [{}] })
      })
      const result: unknown = yield* session.readResource("a", { meta: { trace: 1 } })
      assert.deepStrictEqual(result, { contents })
      assert.deepStrictEqual(wire.all("resources/read")[0]?.params, { uri: "a", _meta: { trace: 1 } })
      const error = yield* Effect.flip(session.readResource("b"))
      assert.strictEqual(error.reason._tag, "InvalidResult")
      assert.strictEqual(error.method, "resources/read")
    }))

  it.effect("readers of one resource share a subscription, which ends with the last of them", () =>
    Effect.gen(function*() {
      const answer: Handlers[string] = (request, wire) => wire.answer(request, {})
      const { session, wire } = yield* connect({
        ...capable,
        "resources/subscribe": answer,
        "resources/unsubscribe": answer
      })
      const one = yield* Effect.forkChild(Stream.runCollect(Stream.take(session.subscribe("file:///a"), 1)))
      const two = yield* Effect.forkChild(Stream.runCollect(Stream.take(session.subscribe("file:///a"), 2)))
      yield* wire.next("resources/subscribe")
      yield* Effect.yieldNow.pipe(Effect.repeat({ times: 20 }))
      wire.send(updated("file:///other"))
      wire.send(updated("file:///a"))
      assert.deepStrictEqual(yield* Fiber.join(one), [{ uri: "file:///a" }])
      assert.deepStrictEqual(wire.all("resources/unsubscribe"), [])
      wire.send(updated("file:///a/inside"))
      assert.deepStrictEqual(yield* Fiber.join(two), [{ uri: "file:///a" }, { uri: "file:///a/inside" }])
      yield* wire.next("resources/unsubscribe")
      assert.strictEqual(wire.all("resources/subscribe").length, 1)
    }))

  it.effect("a refused subscription is the stream's failure; the end of the session is its end", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect({
        "resources/subscribe": (request, wire) =>
          request.params?.["uri"] === "no" ? wire.refuse(request, -32602, "no such") : wire.answer(request, {})
      })
      const error = yield* Effect.flip(Stream.runDrain(session.subscribe("no")))
      assert.deepInclude(error.reason, { _tag: "Rejected", description: "no such" })
      const streams = [
        session.subscribe("yes"),
        session.notifications,
        session.warnings,
        session.changes,
        session.stderr,
        session.state.changes
      ]
      const reading = yield* Effect.forkChild(
        Effect.forEach(streams, (stream) => Stream.runDrain<unknown, unknown, never>(stream), {
          concurrency: "unbounded"
        })
      )
      yield* wire.next("resources/subscribe", 2)
      yield* Effect.yieldNow.pipe(Effect.repeat({ times: 50 }))
      yield* Effect.promise(() => wire.far.close())
      yield* Fiber.join(reading)
    }))

  it.effect("modern: asks to be told, again after the answer was dropped, and then tells of a change", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect({
        ...modern,
        "subscriptions/listen": (request, wire) =>
          wire.send({
            jsonrpc: "2.0",
            method: "notifications/subscriptions/acknowledged",
            params: { _meta: { "io.modelcontextprotocol/subscriptionId": request.id } }
          })
      })
      const reading = yield* Effect.forkChild(Stream.runCollect(Stream.take(session.subscribe("file:///a"), 2)))
      const asked = yield* wire.next("subscriptions/listen")
      assert.deepStrictEqual(asked.params?.["notifications"], { resourceSubscriptions: ["file:///a"] })
      wire.send(updated("file:///a"))
      wire.answer(asked, { resultType: "complete" })
      // The answer is on its way; what follows it waits for the clock.
      yield* Effect.yieldNow.pipe(Effect.repeat({ times: 50 }))
      yield* TestClock.adjust("250 millis")
      yield* wire.next("subscriptions/listen", 2)
      assert.deepStrictEqual(yield* Fiber.join(reading), [{ uri: "file:///a" }, { uri: "file:///a" }])
      const cancelled = yield* wire.next("notifications/cancelled")
      assert.strictEqual(cancelled.params?.["requestId"], wire.all("subscriptions/listen")[1]?.id)
    }))
})

describe("changes", () => {
  it.effect("are heard also from a server that did not advertise them", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect()
      const reading = yield* Effect.forkChild(Stream.runCollect(Stream.take(session.changes, 3)))
      yield* Effect.yieldNow.pipe(Effect.repeat({ times: 20 }))
      for (const list of ["prompts", "tools", "resources"]) {
        wire.send({ jsonrpc: "2.0", method: `notifications/${list}/list_changed` })
      }
      assert.deepStrictEqual(yield* Fiber.join(reading), ["prompts", "tools", "resources"])
    }))

  it.effect("modern: a server that does not know the question costs a remark, and is still heard", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect({
        ...modern,
        "server/discover": (request, wire) => wire.answer(request, { ...discovered, capabilities: {} }),
        "subscriptions/listen": (request, wire) => wire.refuse(request, -32601, "Method not found")
      })
      const remarks = yield* Effect.forkChild(Stream.runCollect(Stream.take(session.warnings, 1)))
      const reading = yield* Effect.forkChild(Stream.runCollect(Stream.take(session.changes, 1)))
      const [remark] = yield* Fiber.join(remarks)
      assert.match(String(remark?.description), /does not tell of changes: Method not found/)
      wire.send({ jsonrpc: "2.0", method: "notifications/tools/list_changed" })
      assert.deepStrictEqual(yield* Fiber.join(reading), ["tools"])
      assert.strictEqual(wire.all("subscriptions/listen").length, 1)
    }))
})
