import { assert, describe, it } from "@effect/vitest"
import type { McpServer } from "@modelcontextprotocol/server"
import * as McpSession from "@universal-mcp/core/McpSession"
import * as Roots from "@universal-mcp/core/Roots"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Path from "effect/Path"
import * as Queue from "effect/Queue"
import * as Ref from "effect/Ref"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { ask, inputRequired } from "./fixtures/asking.ts"
import * as servers from "./fixtures/server.ts"
import { connect, modern, text } from "./fixtures/wire.ts"

const work = { uri: "file:///srv/work", name: "work" }

const listChanged = "notifications/roots/list_changed"

/** Roots that the test changes. */
const changing = Effect.gen(function*() {
  const current = yield* Ref.make<ReadonlyArray<Roots.Root>>([work])
  const changes = yield* Queue.unbounded<void>()
  return {
    service: Roots.Roots.of({ list: Ref.get(current), changes: Stream.fromQueue(changes) }),
    set: (roots: ReadonlyArray<Roots.Root>) => Effect.andThen(Ref.set(current, roots), Queue.offer(changes, undefined))
  }
})

describe("Roots", () => {
  it.effect("layerOf gives paths as file URIs, with names", () =>
    Effect.gen(function*() {
      const { changes, list } = yield* Roots.Roots
      assert.deepStrictEqual(yield* list, [
        work,
        { uri: "file:///srv/with%20space%23%25", name: "with space#%" },
        { uri: "file:///" }
      ])
      assert.deepStrictEqual(yield* Stream.runCollect(changes), [])
    }).pipe(
      Effect.provide(
        Roots.layerOf(["/srv/work/", "/srv/x/../with space#%", "/"]).pipe(Layer.provide(Path.layer))
      )
    ))

  it.effect("answers the official SDK's server, which is told of changes", () =>
    Effect.gen(function*() {
      const { service, set } = yield* changing
      let server: McpServer | undefined
      const told = yield* Queue.unbounded<void>()
      const configure = (made: McpServer) => {
        server = made
        made.server.setNotificationHandler(listChanged, () => {
          Queue.offerUnsafe(told, undefined)
        })
      }
      yield* Effect.gen(function*() {
        yield* McpSession.McpSession
        const listed = Effect.promise(() => server!.server.listRoots()).pipe(Effect.map(({ roots }) => roots))
        assert.deepStrictEqual(yield* listed, [work])
        yield* set([])
        yield* Queue.take(told)
        assert.deepStrictEqual(yield* listed, [])
      }).pipe(
        Effect.provide(servers.layer("calc", { configure }).pipe(Layer.provide(Layer.succeed(Roots.Roots, service))))
      )
    }))

  it.effect("are advertised exactly when the service is there", () =>
    Effect.gen(function*() {
      const advertised = Effect.gen(function*() {
        const { wire } = yield* connect()
        return (yield* wire.next("initialize")).params?.["capabilities"]
      })
      assert.deepStrictEqual(yield* advertised, {})
      assert.deepStrictEqual(yield* Effect.provideService(advertised, Roots.Roots, (yield* changing).service), {
        roots: { listChanged: true }
      })
    }))

  it.effect("answer with and without params", () =>
    Effect.gen(function*() {
      const { service } = yield* changing
      const { wire } = yield* connect().pipe(Effect.provideService(Roots.Roots, service))
      assert.deepStrictEqual(yield* ask(wire, "roots/list"), { result: { roots: [work] } })
      assert.deepStrictEqual(yield* ask(wire, "roots/list", { _meta: { a: 1 } }), { result: { roots: [work] } })
      const without = yield* connect()
      assert.strictEqual((yield* ask(without.wire, "roots/list")).error?.code, -32601)
    }))

  it.effect("stop being watched when the connection is lost or the session closes", () =>
    Effect.gen(function*() {
      const watch = Effect.gen(function*() {
        const released = yield* Queue.unbounded<void>()
        const service = Roots.Roots.of({
          list: Effect.succeed([]),
          changes: Stream.never.pipe(Stream.ensuring(Queue.offer(released, undefined)))
        })
        const scope = yield* Scope.make()
        const { wire } = yield* connect().pipe(Effect.provideService(Roots.Roots, service), Scope.provide(scope))
        // An answer comes after the watching began.
        yield* ask(wire, "roots/list")
        return { released: Queue.take(released), wire, scope }
      })
      const lost = yield* watch
      yield* Effect.promise(() => lost.wire.far.close())
      yield* lost.released
      const closed = yield* watch
      yield* Scope.close(closed.scope, Exit.void)
      yield* closed.released
    }))

  it.effect("are given to results of the modern era, which has no notification of changes", () =>
    Effect.gen(function*() {
      const { service, set } = yield* changing
      const { session, wire } = yield* connect({
        ...modern,
        "tools/call": (request, to) =>
          to.all("tools/call").length % 2 === 1
            ? to.answer(request, inputRequired({ r: { method: "roots/list" } }))
            : to.answer(request, { resultType: "complete", ...text("done") })
      }).pipe(Effect.provideService(Roots.Roots, service))
      yield* session.callTool("where")
      assert.deepStrictEqual((yield* wire.next("tools/call", 2)).params?.["inputResponses"], { r: { roots: [work] } })
      yield* set([])
      yield* session.callTool("where")
      assert.deepStrictEqual((yield* wire.next("tools/call", 4)).params?.["inputResponses"], { r: { roots: [] } })
      assert.deepStrictEqual(wire.all(listChanged), [])
    }))
})
