import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import { connect, type Handlers, initialized, type Message, modern, type Wire } from "./fixtures/wire.ts"

const resources: Handlers = {
  initialize: (request, to) => to.answer(request, { ...initialized, capabilities: { resources: { subscribe: true } } })
}

const acknowledge = (request: Message, to: Wire, honored: unknown = request.params?.["notifications"]) =>
  to.send({
    jsonrpc: "2.0",
    method: "notifications/subscriptions/acknowledged",
    params: { _meta: { "io.modelcontextprotocol/subscriptionId": request.id }, notifications: honored }
  })

const updated = (to: Wire, uri: string, subscription?: Message) =>
  to.send({
    jsonrpc: "2.0",
    method: "notifications/resources/updated",
    params: {
      uri,
      ...(subscription === undefined
        ? {}
        : { _meta: { "io.modelcontextprotocol/subscriptionId": subscription.id } })
    }
  })

/** Reads a stream into a queue, in a fiber of its own. */
const reading = Effect.fnUntraced(function*<A, E>(stream: Stream.Stream<A, E>) {
  const read = yield* Queue.unbounded<A>()
  const fiber = yield* stream.pipe(
    Stream.runForEach((value) => Queue.offer(read, value)),
    Effect.forkChild({ startImmediately: true })
  )
  return { next: Queue.take(read), rest: Queue.clear(read), fiber }
})

const ok: Handlers[string] = (request, to) => to.answer(request, {})

describe("subscribe, up to revision 2025-11-25", () => {
  const handlers: Handlers = { ...resources, "resources/subscribe": ok, "resources/unsubscribe": ok }

  it.effect("tells of the resource and of those within, however the server writes the URI, and of no other", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect(handlers)
      const { fiber, next } = yield* reading(session.subscribe("http://Host/dir"))
      yield* wire.next("resources/subscribe")
      for (const uri of ["http://host/dir2", "http://host/dir", "x", "http://host/dir/a", "http://Host/dir#b"]) {
        updated(wire, uri)
      }
      assert.deepStrictEqual(yield* Effect.all([next, next, next]), [
        { uri: "http://host/dir" },
        { uri: "http://host/dir/a" },
        { uri: "http://Host/dir#b" }
      ])
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(wire.all("resources/unsubscribe")[0]?.params, { uri: "http://Host/dir" })
    }))

  it.effect("readers of one URI share a subscription, until the last leaves; other URIs have their own", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect(handlers)
      const first = yield* reading(session.subscribe("a://1"))
      const second = yield* reading(session.subscribe("a://1"))
      const other = yield* reading(session.subscribe("a://2"))
      yield* wire.next("resources/subscribe", 2)
      yield* Fiber.interrupt(first.fiber)
      updated(wire, "a://1")
      assert.deepStrictEqual(yield* second.next, { uri: "a://1" })
      assert.deepStrictEqual(wire.all("resources/unsubscribe"), [])
      yield* Fiber.interrupt(second.fiber)
      assert.deepStrictEqual(wire.all("resources/unsubscribe").map(({ params }) => params), [{ uri: "a://1" }])
      updated(wire, "a://2")
      assert.deepStrictEqual(yield* other.next, { uri: "a://2" })
      yield* reading(session.subscribe("a://1"))
      yield* wire.next("resources/subscribe", 3)
      assert.deepStrictEqual(wire.all("resources/subscribe").map(({ params }) => params?.["uri"]), [
        "a://1",
        "a://2",
        "a://1"
      ])
    }))

  it.effect("who comes while the last is leaving subscribes after that", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect({ ...handlers, "resources/unsubscribe": () => {} })
      const first = yield* reading(session.subscribe("a://1"))
      yield* wire.next("resources/subscribe")
      const leaving = yield* Effect.forkChild(Fiber.interrupt(first.fiber))
      const unsubscribe = yield* wire.next("resources/unsubscribe")
      const second = yield* reading(session.subscribe("a://1"))
      assert.lengthOf(wire.all("resources/subscribe"), 1)
      wire.answer(unsubscribe, {})
      yield* wire.next("resources/subscribe", 2)
      yield* Fiber.join(leaving)
      updated(wire, "a://1")
      assert.deepStrictEqual(yield* second.next, { uri: "a://1" })
    }))

  it.effect("one that is given up before the server answered is unsubscribed too", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect({ ...handlers, "resources/subscribe": () => {} })
      const { fiber } = yield* reading(session.subscribe("a://1"))
      yield* wire.next("resources/subscribe")
      yield* Fiber.interrupt(fiber)
      assert.lengthOf(wire.all("resources/unsubscribe"), 1)
    }))

  it.effect("leaving does not wait for a server that says nothing", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect({ ...handlers, "resources/unsubscribe": () => {} })
      const { fiber } = yield* reading(session.subscribe("a://1"))
      yield* wire.next("resources/subscribe")
      const leaving = yield* Effect.forkChild(Fiber.interrupt(fiber))
      yield* wire.next("resources/unsubscribe")
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(leaving)
    }))

  it.effect("a refusal fails that reader and not the next; one that does not know the method does not offer it", () =>
    Effect.gen(function*() {
      const codes = [-32602, -32601]
      const { session, wire } = yield* connect({
        ...handlers,
        "resources/subscribe": (request, to) => {
          const code = codes.shift()
          if (code === undefined) to.answer(request, {})
          else to.refuse(request, code, "no")
        }
      })
      const refused = yield* Effect.flip(Stream.runDrain(session.subscribe("a://1")))
      assert.strictEqual(refused.reason._tag, "Rejected")
      const unknown = yield* Effect.flip(Stream.runDrain(session.subscribe("a://1")))
      assert.strictEqual(unknown.reason._tag, "Unsupported")
      assert.lengthOf(wire.all("resources/unsubscribe"), 0)
      const { next } = yield* reading(session.subscribe("a://1"))
      yield* wire.next("resources/subscribe", 3)
      updated(wire, "a://1")
      assert.deepStrictEqual(yield* next, { uri: "a://1" })
    }))

  it.effect("ends when the session has ended, after what was told before", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect(handlers)
      const { fiber, rest } = yield* reading(session.subscribe("a://1"))
      yield* wire.next("resources/subscribe")
      updated(wire, "a://1")
      yield* Effect.promise(() => wire.far.close())
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(yield* rest, [{ uri: "a://1" }])
      const late = yield* Effect.flip(Stream.runDrain(session.subscribe("a://1")))
      assert.strictEqual(late.reason._tag, "Closed")
    }))

  it.effect("a session that closes does not wait for its readers' subscriptions", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const { session, wire } = yield* connect({ ...handlers, "resources/unsubscribe": () => {} }).pipe(
        Scope.provide(scope)
      )
      const { fiber } = yield* reading(session.subscribe("a://1"))
      yield* wire.next("resources/subscribe")
      yield* Scope.close(scope, Exit.void)
      yield* Fiber.join(fiber)
      assert.isTrue(wire.closed)
    }))
})

describe("subscribe, revision 2026-07-28", () => {
  const listening: Handlers = { ...modern, "subscriptions/listen": (request, to) => acknowledge(request, to) }

  it.effect("listens for as long as somebody reads, and gives each reader its own", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect(listening)
      const first = yield* reading(session.subscribe("a://1"))
      const second = yield* reading(session.subscribe("a://1"))
      const one = yield* wire.next("subscriptions/listen")
      const two = yield* wire.next("subscriptions/listen", 2)
      assert.deepStrictEqual(one.params?.["notifications"], { resourceSubscriptions: ["a://1"] })
      updated(wire, "a://1", one)
      updated(wire, "a://1", two)
      updated(wire, "a://1/2", two)
      assert.strictEqual((yield* first.next).uri, "a://1")
      assert.deepStrictEqual((yield* Effect.all([second.next, second.next])).map(({ uri }) => uri), [
        "a://1",
        "a://1/2"
      ])
      yield* Fiber.interrupt(first.fiber)
      const { params } = yield* wire.next("notifications/cancelled")
      assert.strictEqual(params?.["requestId"], one.id)
      assert.deepStrictEqual(yield* first.rest, [])
      assert.lengthOf(wire.all("notifications/cancelled"), 1)
    }))

  it.effect("knows its own acknowledgement, however late and in what order; a server without one holds up nobody", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect(modern)
      const uris = ["a://1", "a://2", "a://2", "a://3"]
      const readers = yield* Effect.forEach(uris, (uri) => reading(session.subscribe(uri)))
      const requests = yield* Effect.forEach(uris, (_, index) => wire.next("subscriptions/listen", index + 1))
      const [one, two, again, three] = requests
      acknowledge(three!, wire)
      acknowledge(again!, wire)
      yield* TestClock.adjust("1 minute")
      // Late, and that of nobody.
      acknowledge(two!, wire)
      acknowledge({ ...one, id: 4711 }, wire, {})
      acknowledge(one!, wire)
      for (const request of requests) for (const uri of new Set(uris)) updated(wire, uri, request)
      wire.send({ jsonrpc: "2.0", method: "notifications/resources/updated", params: { uri: "a://2" } })
      const heard = yield* Effect.forEach(
        readers,
        ({ next, rest }) => Effect.map(Effect.zip(next, rest), ([first, others]) => [first, ...others].length)
      )
      // Each its own, and the second two what was for everybody.
      assert.deepStrictEqual(heard, [1, 2, 2, 1])
      // Only one of those that read the same has been given up by the server.
      wire.send({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: again!.id } })
      yield* TestClock.adjust("250 millis")
      yield* wire.next("subscriptions/listen", 5)
      assert.lengthOf(wire.all("subscriptions/listen"), 5)
    }))

  it.effect("is refused by the acknowledgement of its own only", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect(modern)
      const refused = yield* reading(session.subscribe("a://1"))
      const { next } = yield* reading(session.subscribe("a://2"))
      const one = yield* wire.next("subscriptions/listen")
      const two = yield* wire.next("subscriptions/listen", 2)
      acknowledge(two, wire)
      acknowledge(one, wire, {})
      assert.strictEqual((yield* Effect.flip(Fiber.join(refused.fiber))).reason._tag, "Unsupported")
      updated(wire, "a://2", two)
      assert.strictEqual((yield* next).uri, "a://2")
    }))

  it.effect("opens again what was dropped, and tells then, because something may have been missed", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect(listening)
      const { next, rest } = yield* reading(session.subscribe("a://1"))
      const drop: ReadonlyArray<(request: Message) => void> = [
        (request) => wire.answer(request, {}),
        (request) => wire.refuse(request, -32603, "restarting"),
        (request) => wire.send({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: request.id } })
      ]
      for (const [index, how] of drop.entries()) {
        const request = yield* wire.next("subscriptions/listen", index + 1)
        assert.deepStrictEqual(yield* rest, [])
        how(request)
        yield* TestClock.adjust(250 * 2 ** index)
        yield* wire.next("subscriptions/listen", index + 2)
        assert.deepStrictEqual(yield* next, { uri: "a://1" })
      }
    }))

  it.effect.each([
    { what: "does not know the method", refuse: true, reason: "Unsupported" },
    { what: "does not honor it", refuse: false, reason: "Unsupported" }
  ])("fails where the server $what", ({ reason, refuse }) =>
    Effect.gen(function*() {
      const { session } = yield* connect({
        ...modern,
        "subscriptions/listen": (request, to) =>
          refuse ? to.refuse(request, -32601, "Method not found") : acknowledge(request, to, {})
      })
      const error = yield* Effect.flip(Stream.runDrain(session.subscribe("a://1")))
      assert.strictEqual(error.reason._tag, reason)
    }))

  it.effect("fails where it cannot be opened at all", () =>
    Effect.gen(function*() {
      const { session } = yield* connect({
        ...modern,
        "subscriptions/listen": (request, to) => to.refuse(request, -32603, "too many")
      })
      const error = yield* Effect.flip(Stream.runDrain(session.subscribe("a://1")))
      assert.strictEqual(error.message, `subscriptions/listen on "hand" failed: too many (code -32603)`)
    }))

  it.effect("ends when the session has ended", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect(listening)
      const { fiber } = yield* reading(session.subscribe("a://1"))
      yield* wire.next("subscriptions/listen")
      yield* Effect.promise(() => wire.far.close())
      yield* Fiber.join(fiber)
    }))
})

describe("changes", () => {
  const changed = (to: Wire, kind: string, subscription?: Message) =>
    to.send({
      jsonrpc: "2.0",
      method: `notifications/${kind}/list_changed`,
      ...(subscription === undefined
        ? {}
        : { params: { _meta: { "io.modelcontextprotocol/subscriptionId": subscription.id } } })
    })

  it.effect("hears what was never advertised, and tells what is unread once", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect()
      const changes = yield* Stream.toPull(session.changes)
      const first = yield* Effect.forkChild(changes, { startImmediately: true })
      changed(wire, "prompts")
      assert.deepStrictEqual(yield* Fiber.join(first), ["prompts"])
      for (const kind of ["tools", "resources", "tools", "roots", "tools", "prompts"]) changed(wire, kind)
      assert.deepStrictEqual(yield* changes, ["tools", "resources", "prompts"])
      const again = yield* Effect.forkChild(changes, { startImmediately: true })
      changed(wire, "tools")
      assert.deepStrictEqual(yield* Fiber.join(again), ["tools"])
      assert.lengthOf(wire.all("subscriptions/listen"), 0)
    }))

  it.effect("revision 2026-07-28: listens for as long as somebody reads, whatever is advertised", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect({
        ...modern,
        "subscriptions/listen": (request, to) => acknowledge(request, to)
      })
      assert.lengthOf(wire.all("subscriptions/listen"), 0)
      const { fiber, next, rest } = yield* reading(session.changes)
      const request = yield* wire.next("subscriptions/listen")
      assert.deepStrictEqual(request.params?.["notifications"], {
        toolsListChanged: true,
        promptsListChanged: true,
        resourcesListChanged: true
      })
      changed(wire, "tools", request)
      assert.strictEqual(yield* next, "tools")
      assert.deepStrictEqual(yield* rest, [])
      yield* Fiber.interrupt(fiber)
      assert.strictEqual((yield* wire.next("notifications/cancelled")).params?.["requestId"], request.id)
    }))

  it.effect("revision 2026-07-28: it does not end with the time of a request", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect({
        ...modern,
        "subscriptions/listen": (request, to) => acknowledge(request, to)
      }, {
        requestTimeout: "1 second"
      })
      const { next } = yield* reading(session.changes)
      const request = yield* wire.next("subscriptions/listen")
      yield* TestClock.adjust("30 days")
      changed(wire, "tools", request)
      assert.strictEqual(yield* next, "tools")
      assert.lengthOf(wire.all("subscriptions/listen"), 1)
    }))

  it.effect("revision 2026-07-28: opens again after 250 ms to 30 s, and tells of the lists that are others then", () =>
    Effect.gen(function*() {
      const list = { resultType: "complete", ttlMs: 0, cacheScope: "private" }
      const { session, wire } = yield* connect({
        ...modern,
        "subscriptions/listen": (request, to) => acknowledge(request, to),
        "prompts/list": (request, to) => to.answer(request, { ...list, prompts: [{ name: "same" }] }),
        "tools/list": (request, to) =>
          to.answer(request, {
            ...list,
            tools: [{ name: `tool-${to.all("tools/list").length}`, inputSchema: { type: "object" } }]
          })
      })
      yield* session.listTools
      yield* session.listPrompts
      const { next, rest } = yield* reading(session.changes)
      for (const [index, delay] of [250, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000].entries()) {
        wire.refuse(yield* wire.next("subscriptions/listen", index + 1), -32603, "restarting")
        yield* TestClock.adjust(delay - 1)
        assert.deepStrictEqual(yield* rest, [])
        assert.lengthOf(wire.all("subscriptions/listen"), index + 1)
        yield* TestClock.adjust(1)
        assert.strictEqual(yield* next, "tools")
        assert.deepStrictEqual(yield* rest, [])
      }
      yield* TestClock.adjust("5 seconds")
      wire.refuse(yield* wire.next("subscriptions/listen", 10), -32603, "restarting")
      yield* TestClock.adjust("250 millis")
      yield* wire.next("subscriptions/listen", 11)
    }))

  it.effect("revision 2026-07-28: goes on trying a server that is not ready yet", () =>
    Effect.gen(function*() {
      let isReady = false
      const { session, wire } = yield* connect({
        ...modern,
        "subscriptions/listen": (request, to) =>
          isReady ? acknowledge(request, to) : to.refuse(request, -32603, "starting")
      })
      const { next, rest } = yield* reading(session.changes)
      yield* wire.next("subscriptions/listen")
      isReady = true
      yield* TestClock.adjust("250 millis")
      const request = yield* wire.next("subscriptions/listen", 2)
      assert.deepStrictEqual(yield* rest, [])
      changed(wire, "prompts", request)
      assert.strictEqual(yield* next, "prompts")
    }))

  it.effect("revision 2026-07-28: a server that does not know it is heard all the same, with one remark", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect({
        ...modern,
        "subscriptions/listen": (request, to) => to.refuse(request, -32601, "Method not found")
      })
      const remarks = yield* reading(session.warnings)
      const first = yield* reading(session.changes)
      const second = yield* reading(session.changes)
      yield* wire.next("subscriptions/listen", 2)
      const remark = yield* remarks.next
      assert.match(remark.description, /does not tell of changes/)
      changed(wire, "tools")
      assert.deepStrictEqual(yield* Effect.all([first.next, second.next]), ["tools", "tools"])
      yield* TestClock.adjust("1 hour")
      assert.lengthOf(wire.all("subscriptions/listen"), 2)
      assert.deepStrictEqual(yield* remarks.rest, [])
    }))
})
