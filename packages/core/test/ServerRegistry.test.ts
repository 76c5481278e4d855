import { assert, describe, it } from "@effect/vitest"
import * as McpError from "@universal-mcp/core/McpError"
import { McpSession } from "@universal-mcp/core/McpSession"
import type * as ServerConfig from "@universal-mcp/core/ServerConfig"
import * as ServerRegistry from "@universal-mcp/core/ServerRegistry"
import { SessionFactory } from "@universal-mcp/core/SessionFactory"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import * as servers from "./fixtures/server.ts"
import { connect, text } from "./fixtures/wire.ts"

const config = (name: string): ServerConfig.ServerConfig => ({ name, transport: "stdio", command: "x" })

const refused = (server: string) =>
  new McpError.ConnectionError({
    server,
    transport: "stdio",
    phase: "spawn",
    description: "it is not there",
    stderr: []
  })

const ends = (...names: ReadonlyArray<string>) => names.flatMap((name) => [`closed ${name}`, `gone ${name}`])

/** A registry in its own scope, whose configured servers are in memory; what happens to them is in `events`. */
const setUp = Effect.fnUntraced(function*(options: Readonly<Record<string, servers.Options>> = {}) {
  const events: Array<string> = []
  const scope = yield* Scope.make()
  const factory = SessionFactory.of({ layer: ({ name }) => servers.layer(name, { events, ...options[name] }) })
  const services = yield* Layer.buildWithScope(
    ServerRegistry.layer.pipe(Layer.provide(Layer.succeed(SessionFactory, factory))),
    scope
  )
  const registry = yield* ServerRegistry.ServerRegistry.pipe(Effect.provideContext(services))
  return { events, registry, close: Scope.close(scope, Exit.void) }
})

const five = ["a", "b", "c", "d", "e"]

describe("ServerRegistry order", () => {
  it.effect("closes five servers in the reverse of the order in which they were added", () =>
    Effect.gen(function*() {
      const { close, events, registry } = yield* setUp()
      yield* Effect.forEach(five, (name) => registry.addServer(config(name)))
      assert.deepStrictEqual(events.splice(0), five.map((name) => `+${name}`))
      yield* close
      assert.deepStrictEqual(events, ends("e", "d", "c", "b", "a"))
    }))

  it.effect("keeps the order after one in the middle was removed and added again", () =>
    Effect.gen(function*() {
      const { close, events, registry } = yield* setUp()
      yield* Effect.forEach(five, (name) => registry.addServer(config(name)))
      events.length = 0
      yield* registry.removeServer("c")
      assert.deepStrictEqual(events.splice(0), ends("c"))
      yield* registry.addServer(config("c"))
      assert.deepStrictEqual(yield* registry.listServers, ["a", "b", "d", "e", "c"])
      events.length = 0
      yield* close
      assert.deepStrictEqual(events, ends("c", "e", "d", "b", "a"))
    }))

  it.effect("keeps the order after one failed half-way, which leaves nothing", () =>
    Effect.gen(function*() {
      const { close, events, registry } = yield* setUp({ c: { before: Effect.fail(refused("c")) } })
      for (const name of five) yield* Effect.ignore(registry.addServer(config(name)))
      assert.deepStrictEqual(yield* registry.listServers, ["a", "b", "d", "e"])
      yield* close
      assert.deepStrictEqual(events, ["+a", "+b", "gone c", "+d", "+e", ...ends("e", "d", "b", "a")])
    }))

  it.effect("closes what failed half-way at once, and frees its name", () =>
    Effect.gen(function*() {
      const events: Array<string> = []
      let fail = true
      const before = Effect.suspend(() => fail ? Effect.fail(refused("a")) : Effect.void)
      const { registry } = yield* setUp({ a: { events, before } })
      const error = yield* Effect.flip(registry.addServer(config("a")))
      assert.deepStrictEqual(error, refused("a"))
      assert.deepStrictEqual(events.splice(0), ["gone a"])
      fail = false
      yield* registry.addServer(config("a"))
      assert.deepStrictEqual(events, ["+a"])
    }))

  it.effect("closes by the order of adding, not of connecting", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<void>()
      const { close, events, registry } = yield* setUp({ a: { before: Deferred.await(gate) } })
      const adding = yield* Effect.forkChild(registry.addServers([config("a"), config("b")]))
      yield* registry.session("b").pipe(Effect.retry({ while: (error) => error._tag === "ServerNotFound" }))
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.join(adding)
      assert.deepStrictEqual(events.splice(0), ["+b", "+a"])
      yield* close
      assert.deepStrictEqual(events, ends("b", "a"))
    }))

  it.effect("closes in order when the program is interrupted", () =>
    Effect.gen(function*() {
      const events: Array<string> = []
      const up = yield* Deferred.make<void>()
      const factory = SessionFactory.of({ layer: ({ name }) => servers.layer(name, { events }) })
      const program = Effect.gen(function*() {
        const registry = yield* ServerRegistry.ServerRegistry
        yield* Effect.forEach(five, (name) => registry.addServer(config(name)))
        yield* Deferred.succeed(up, undefined)
        return yield* Effect.never
      }).pipe(Effect.provide(ServerRegistry.layer.pipe(Layer.provide(Layer.succeed(SessionFactory, factory)))))
      const running = yield* Effect.forkChild(program)
      yield* Deferred.await(up)
      events.length = 0
      yield* Fiber.interrupt(running)
      assert.deepStrictEqual(events, ends("e", "d", "c", "b", "a"))
    }))

  it.effect("leaves nothing of a server whose adding is interrupted", () =>
    Effect.gen(function*() {
      const reached = yield* Deferred.make<void>()
      const before = Effect.andThen(Deferred.succeed(reached, undefined), Effect.never)
      const { events, registry } = yield* setUp({ a: { before } })
      const adding = yield* Effect.forkChild(registry.addServer(config("a")))
      yield* Deferred.await(reached)
      const waiting = yield* registry.session("a").pipe(Effect.flip, Effect.forkChild({ startImmediately: true }))
      yield* Fiber.interrupt(adding)
      assert.deepStrictEqual(events, ["gone a"])
      assert.deepStrictEqual(yield* registry.listServers, [])
      assert.strictEqual((yield* Fiber.join(waiting))._tag, "ServerNotFound")
    }))

  it.effect.each(["removeServer", "disconnectAll", "the end of the scope"])(
    "%s ends a connecting server first",
    (how) =>
      Effect.gen(function*() {
        const reached = yield* Deferred.make<void>()
        const before = Effect.andThen(Deferred.succeed(reached, undefined), Effect.never)
        const { close, events, registry } = yield* setUp({ a: { before } })
        const adding = yield* registry.addServers([config("a"), config("b")]).pipe(Effect.forkChild)
        yield* Deferred.await(reached)
        yield* registry.session("b").pipe(Effect.retry({ while: (error) => error._tag === "ServerNotFound" }))
        yield* how === "removeServer"
          ? registry.removeServer("a")
          : how === "disconnectAll"
          ? registry.disconnectAll
          : close
        // Nothing of it is left when that returns.
        assert.deepStrictEqual(events, ["+b", ...(how === "removeServer" ? [] : ends("b")), "gone a"])
        const result = yield* Fiber.join(adding)
        assert.deepStrictEqual(result.connected, ["b"])
        assert.deepStrictEqual(result.failed.map(({ error }) => error.message), [
          "no connection to \"a\" (stdio, connect): it was removed while connecting"
        ])
        if (how !== "the end of the scope") {
          assert.deepStrictEqual(yield* registry.listServers, how === "removeServer" ? ["b"] : [])
        }
        const states = yield* Effect.fromOption(yield* Stream.runHead(registry.changes))
        assert.isFalse(states.has("a"))
      }),
    5000
  )

  it.effect("starts nothing after its end", () =>
    Effect.gen(function*() {
      const { close, events, registry } = yield* setUp()
      yield* close
      const error = yield* Effect.flip(registry.addServer(config("a")))
      assert.strictEqual(error._tag, "ConnectionError")
      assert.deepStrictEqual(events, [])
    }))

  it.effect("lets a name be added again while its last connecting ends", () =>
    Effect.gen(function*() {
      const reached = yield* Deferred.make<void>()
      let first = true
      const before = Effect.suspend(() => {
        if (!first) return Effect.void
        first = false
        return Effect.andThen(Deferred.succeed(reached, undefined), Effect.never)
      })
      const { registry } = yield* setUp({ a: { before } })
      const adding = yield* registry.addServer(config("a")).pipe(Effect.flip, Effect.forkChild)
      yield* Deferred.await(reached)
      const removing = yield* Effect.forkChild(registry.removeServer("a"), { startImmediately: true })
      yield* registry.addServer(config("a"))
      yield* Fiber.join(removing)
      yield* Fiber.join(adding)
      assert.deepStrictEqual(yield* registry.listServers, ["a"])
      const states = yield* Effect.fromOption(yield* Stream.runHead(registry.changes))
      assert.strictEqual(states.get("a")?._tag, "Ready")
    }))

  it.effect("closes all and can be used again", () =>
    Effect.gen(function*() {
      const { close, events, registry } = yield* setUp()
      yield* Effect.forEach(five, (name) => registry.addServer(config(name)))
      events.length = 0
      yield* registry.disconnectAll
      assert.deepStrictEqual(events.splice(0), ends("e", "d", "c", "b", "a"))
      assert.deepStrictEqual(yield* registry.listServers, [])
      yield* registry.addServer(config("a"))
      yield* close
      assert.deepStrictEqual(events, ["+a", ...ends("a")])
    }))
})

describe("ServerRegistry names", () => {
  it.effect("connects once when one name is added concurrently", () =>
    Effect.gen(function*() {
      const { events, registry } = yield* setUp()
      const results = yield* Effect.forEach(five, () => Effect.result(registry.addServer(config("a"))), {
        concurrency: "unbounded"
      })
      assert.deepStrictEqual(events, ["+a"])
      assert.strictEqual(results.filter((result) => result._tag === "Success").length, 1)
      for (const result of results) {
        if (result._tag === "Failure") {
          assert.deepStrictEqual(result.failure, new McpError.ServerAlreadyExists({ server: "a" }))
        }
      }
    }))

  it.effect("refuses a name that is taken, and keeps who has it", () =>
    Effect.gen(function*() {
      const { events, registry } = yield* setUp()
      const session = yield* registry.addServer(config("a"))
      const error = yield* Effect.flip(registry.addLayer("a", servers.layer("other", { events })))
      assert.strictEqual(error.message, "there is already a server \"a\"; remove it first or choose another name")
      assert.deepStrictEqual(events, ["+a"])
      assert.strictEqual(yield* registry.session("a"), session)
    }))

  it.effect("checks names", () =>
    Effect.gen(function*() {
      const { events, registry } = yield* setUp()
      for (const name of ["", "a b", "-a", "a\nb", "a".repeat(129)]) {
        for (
          const add of [registry.addServer(config(name)), registry.addLayer(name, servers.layer(name, { events }))]
        ) {
          const error = yield* Effect.flip(add)
          assert.strictEqual(error._tag, "ConfigError")
          assert.strictEqual(error._tag === "ConfigError" && error.path, "name")
        }
      }
      assert.deepStrictEqual(events, [])
    }))

  it.effect("says who is there, and who is near, for an unknown name", () =>
    Effect.gen(function*() {
      const { registry } = yield* setUp()
      const none = yield* Effect.flip(registry.session("a"))
      assert.strictEqual(none.message, "there is no server \"a\"; none is registered")
      yield* Effect.forEach(["weather", "files"], (name) => registry.addServer(config(name)))
      const expected = new McpError.ServerNotFound({
        server: "wether",
        available: ["weather", "files"],
        closest: "weather"
      })
      const errors = yield* Effect.all([
        Effect.flip(registry.session("wether")),
        Effect.flip(registry.removeServer("wether")),
        Effect.flip(registry.listTools("wether")),
        Effect.flip(registry.callTool("wether", "x")),
        Effect.flip(registry.callToolOrFail("wether", "x")),
        Effect.flip(Stream.runDrain(registry.callToolStream("wether", "x"))),
        Effect.flip(registry.serverInfo("wether"))
      ])
      for (const error of errors) assert.deepStrictEqual<unknown>(error, expected)
      assert.strictEqual(
        expected.message,
        "there is no server \"wether\"; available: \"weather\", \"files\"; did you mean \"weather\"?"
      )
    }))

  it.effect.each(
    [
      ["Weather", "weather"],
      ["wheather", "weather"],
      ["git_hub", "github"],
      ["hub", "github"],
      ["b", "db"],
      ["a", undefined],
      ["x", undefined],
      ["zzzzzzzzzz", undefined],
      ["!!", undefined]
    ] as const
  )("says who is near to %s", ([typed, closest]) =>
    Effect.gen(function*() {
      const { registry } = yield* setUp()
      yield* Effect.forEach(["weather", "github", "db", "q"], (name) => registry.addServer(config(name)))
      assert.strictEqual((yield* Effect.flip(registry.session(typed))).closest, closest)
    }))
})

describe("ServerRegistry.addServers", () => {
  it.effect("says who is up, and who failed and why", () =>
    Effect.gen(function*() {
      const { registry } = yield* setUp({ b: { before: Effect.fail(refused("b")) } })
      const result = yield* registry.addServers([
        config("a"),
        config("b"),
        config("c"),
        config("a"),
        config("not a name")
      ])
      assert.deepStrictEqual(result.connected, ["a", "c"])
      assert.deepStrictEqual(result.failed.map(({ error, server }) => [server, error._tag]), [
        ["b", "ConnectionError"],
        ["a", "ServerAlreadyExists"],
        ["not a name", "ConfigError"]
      ])
      assert.deepStrictEqual(yield* registry.listServers, ["a", "c"])
    }))

  it.effect("connects side by side", () =>
    Effect.gen(function*() {
      const { registry } = yield* setUp(
        Object.fromEntries(five.map((name) => [name, { before: Effect.sleep("1 second") }]))
      )
      const adding = yield* Effect.forkChild(registry.addServers(five.map(config)))
      // Each waits for its own second, all of them for the same one.
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual((yield* Fiber.join(adding)).connected, five)
    }))
})

describe("ServerRegistry calls", () => {
  it.effect("lists tools of one and of all", () =>
    Effect.gen(function*() {
      const { registry } = yield* setUp()
      yield* Effect.forEach(["a", "b"], (name) => registry.addServer(config(name)))
      assert.deepStrictEqual((yield* registry.listTools("a")).map((tool) => tool.name), ["add", "fail"])
      const all = yield* registry.listTools()
      assert.deepStrictEqual(Object.entries(all.tools).map(([name, tools]) => [name, tools.length]), [["a", 2], [
        "b",
        2
      ]])
      assert.deepStrictEqual(all.failed, {})
    }))

  it.effect("lists the others when one fails", () =>
    Effect.gen(function*() {
      const { registry } = yield* setUp()
      yield* registry.addServer(config("good"))
      const { session } = yield* connect({
        "tools/list": (request, wire) =>
          wire.send({ jsonrpc: "2.0", id: request.id, error: { code: 1, message: "no" } })
      })
      yield* registry.addLayer("bad", Layer.succeed(McpSession, session))
      const all = yield* registry.listTools()
      assert.deepStrictEqual(Object.keys(all.tools), ["good"])
      assert.deepStrictEqual(Object.entries(all.failed).map(([name, error]) => [name, error.reason._tag]), [[
        "bad",
        "Rejected"
      ]])
    }))

  it.effect("calls tools by server name", () =>
    Effect.gen(function*() {
      const { registry } = yield* setUp()
      yield* registry.addServer(config("calc"))
      const result = yield* registry.callTool("calc", "add", { a: 2, b: 3 })
      assert.deepStrictEqual(result.structuredContent, { sum: 5 })
      assert.isTrue((yield* registry.callTool("calc", "fail", {})).isError)
      assert.strictEqual((yield* Effect.flip(registry.callToolOrFail("calc", "fail", {})))._tag, "ToolFailed")
      assert.strictEqual((yield* Effect.flip(registry.callTool("calc", "ad", {})))._tag, "ToolNotFound")
      const events = yield* Stream.runCollect(registry.callToolStream("calc", "add", { a: 2, b: 3 }))
      assert.deepStrictEqual(events, [{ _tag: "Result", result }])
    }))

  it.effect("waits for a server that is still connecting", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<void>()
      const { registry } = yield* setUp({ calc: { before: Deferred.await(gate) } })
      yield* Effect.forkChild(registry.addServer(config("calc")), { startImmediately: true })
      const call = yield* Effect.forkChild(registry.callTool("calc", "add", { a: 1, b: 1 }), { startImmediately: true })
      yield* Deferred.succeed(gate, undefined)
      assert.deepStrictEqual((yield* Fiber.join(call)).structuredContent, { sum: 2 })
    }))
})

describe("ServerRegistry.serverInfo", () => {
  it.effect("shows a server, without its secrets", () =>
    Effect.gen(function*() {
      const { registry } = yield* setUp()
      yield* TestClock.adjust(1234)
      yield* registry.addServer({
        name: "calc",
        transport: "stdio",
        command: "x",
        env: { A: "s3cret", B: Redacted.make("s3cret") }
      })
      yield* TestClock.adjust(1)
      const { server, tools, ...info } = yield* registry.serverInfo("calc")
      assert.deepStrictEqual(info, {
        name: "calc",
        transport: "in-memory",
        config: { name: "calc", transport: "stdio", command: "x", env: { A: "<redacted>", B: "<redacted>" } },
        state: { _tag: "Ready" },
        connectedAt: 1234
      })
      assert.strictEqual(server.version, "1.0.0")
      assert.strictEqual(tools.length, 2)
    }))

  it.effect("has no configuration for a layer, and the last tools of a server that is gone", () =>
    Effect.gen(function*() {
      const { registry } = yield* setUp()
      const { session, wire } = yield* connect({
        "tools/list": (request, to) => to.answer(request, { tools: [{ name: "a", inputSchema: { type: "object" } }] }),
        "tools/call": (request, to) => to.answer(request, text("a"))
      })
      yield* registry.addLayer("hand", Layer.succeed(McpSession, session))
      const before = yield* registry.serverInfo("hand")
      assert.notProperty(before, "config")
      yield* Effect.promise(() => wire.far.close())
      yield* session.state.changes.pipe(Stream.filter((state) => state._tag !== "Ready"), Stream.runHead)
      const after = yield* registry.serverInfo("hand")
      assert.deepStrictEqual(after.tools.map((tool) => tool.name), ["a"])
      assert.notStrictEqual(after.state._tag, "Ready")
    }))
})

describe("ServerRegistry.changes", () => {
  it.effect("follows every server", () =>
    Effect.gen(function*() {
      const { registry } = yield* setUp({ b: { before: Effect.fail(refused("b")) } })
      const until = (text: string) =>
        registry.changes.pipe(
          Stream.map((states) => [...states].map(([name, state]) => `${name} ${state._tag}`).join(", ")),
          Stream.takeUntil((seen) => seen === text),
          Stream.runCollect,
          Effect.forkChild({ startImmediately: true })
        )
      const added = yield* until("a Ready")
      yield* registry.addServer(config("a"))
      assert.deepStrictEqual(yield* Fiber.join(added).pipe(Effect.map((seen) => [...new Set(seen)])), [
        "",
        "a Connecting",
        "a Ready"
      ])
      const failed = yield* until("a Ready, b Failed")
      yield* Effect.ignore(registry.addServer(config("b")))
      assert.deepStrictEqual(yield* Fiber.join(failed).pipe(Effect.map((seen) => [...new Set(seen)])), [
        "a Ready",
        "a Ready, b Connecting",
        "a Ready, b Failed"
      ])
      const removed = yield* until("b Failed")
      yield* registry.removeServer("a")
      yield* Fiber.join(removed)
    }))
})

describe("ServerRegistry.layerOf", () => {
  it.effect("connects the layers and closes them in the reverse of the order in which they are written", () =>
    Effect.gen(function*() {
      const events: Array<string> = []
      const slow = { events, before: Effect.yieldNow.pipe(Effect.repeat({ times: 50 })) }
      const layer = ServerRegistry.layerOf({
        a: servers.layer("a", slow),
        b: servers.layer("b", { events }),
        c: servers.layer("c", { events })
      })
      const listed = yield* ServerRegistry.ServerRegistry.use((registry) => registry.listServers).pipe(
        Effect.provide(layer)
      )
      assert.deepStrictEqual(listed, ["a", "b", "c"])
      assert.deepStrictEqual(events.slice(0, 3).sort(), ["+a", "+b", "+c"])
      assert.strictEqual(events[2], "+a")
      assert.deepStrictEqual(events.slice(3), ends("c", "b", "a"))
    }))

  it.effect("closes what it opened when one fails", () =>
    Effect.gen(function*() {
      const events: Array<string> = []
      const up = yield* Deferred.make<void>()
      const layer = ServerRegistry.layerOf({
        a: servers.layer("a", { events, configure: () => Deferred.doneUnsafe(up, Exit.void) }),
        b: servers.layer("b", {
          before: Effect.gen(function*() {
            yield* Deferred.await(up)
            yield* Effect.yieldNow.pipe(Effect.repeat({ until: () => events.includes("+a") }))
            return yield* refused("b")
          })
        })
      })
      const error = yield* Effect.flip(Effect.provide(Effect.void, layer))
      assert.deepStrictEqual<unknown>(error, refused("b"))
      assert.deepStrictEqual(events, ["+a", ...ends("a")])
    }))

  it.effect("checks names", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(
        Effect.provide(Effect.void, ServerRegistry.layerOf({ "a b": servers.layer("a") }))
      )
      assert.strictEqual(error._tag, "ConfigError")
    }))

  it.effect("adds configured servers where there is a factory, and says so where there is none", () =>
    Effect.gen(function*() {
      const add = ServerRegistry.ServerRegistry.use((registry) =>
        Effect.andThen(registry.addServer(config("b")), registry.listServers)
      ).pipe(Effect.provide(ServerRegistry.layerOf({ a: servers.layer("a") })))
      const error = yield* Effect.flip(add)
      assert.isTrue(error._tag === "ConnectionError" && error.phase === "config")
      const factory = SessionFactory.of({ layer: ({ name }) => servers.layer(name) })
      const fresh = ServerRegistry.ServerRegistry.use((registry) =>
        Effect.andThen(registry.addServer(config("b")), registry.listServers)
      ).pipe(
        Effect.provide(ServerRegistry.layerOf({ a: servers.layer("a") })),
        Effect.provideService(SessionFactory, factory)
      )
      assert.deepStrictEqual(yield* fresh, ["a", "b"])
    }))

  describe("many servers", () => {
    it.effect("are listed as they answer; the deadline names who has not: one is slow, one still connecting", () =>
      Effect.gen(function*() {
        const asked = Deferred.makeUnsafe<void>()
        const slow = servers.layer("slow", {
          configure: (server) => {
            server.server.setRequestHandler("tools/list", () => {
              Deferred.doneUnsafe(asked, Exit.void)
              return new Promise(() => {})
            })
          }
        })
        const { registry } = yield* setUp()
        for (let number = 1; number <= 10; number++) yield* registry.addLayer(`s${number}`, servers.layer(`s${number}`))
        yield* registry.addLayer("slow", slow)
        yield* Effect.forkScoped(registry.addLayer("mute", servers.layer("mute", { before: Effect.never })), {
          startImmediately: true
        })
        const ten = Deferred.makeUnsafe<void>()
        let answers = 0
        const listing = yield* registry.listToolsStream({ deadline: "300 millis" }).pipe(
          Stream.tap(() => Effect.sync(() => ++answers === 10 && Deferred.doneUnsafe(ten, Exit.void))),
          Stream.runCollect,
          Effect.forkChild({ startImmediately: true })
        )
        yield* Effect.all([Deferred.await(ten), Deferred.await(asked)])
        yield* TestClock.adjust("300 millis")
        const listed = yield* Fiber.join(listing)
        assert.deepStrictEqual(
          listed.slice(0, 10).map(({ server }) => server).sort(),
          Array.from({ length: 10 }, (_, index) => `s${index + 1}`).sort()
        )
        const late = listed.slice(10).map(({ result, server }) => [
          server,
          Result.isFailure(result) && result.failure.reason._tag,
          Result.isFailure(result) && result.failure.delivery
        ])
        assert.sameDeepMembers(late, [["slow", "Timeout", "unknown"], ["mute", "Timeout", "not-sent"]])
      }))

    it.effect("a layer that interrupts itself was not removed: its interruption is what comes of it", () =>
      Effect.gen(function*() {
        const { registry } = yield* setUp()
        const exit = yield* Effect.exit(
          registry.addLayer("odd", Layer.effect(McpSession, Effect.interrupt))
        )
        assert.isTrue(Exit.hasInterrupts(exit))
        assert.deepStrictEqual(yield* registry.listServers, [])
      }))

    it.effect("one that is removed while it connects says so, a layer too", () =>
      Effect.gen(function*() {
        const { registry } = yield* setUp()
        const adding = yield* Effect.forkChild(
          Effect.flip(registry.addLayer("mute", servers.layer("mute", { before: Effect.never }))),
          { startImmediately: true }
        )
        yield* registry.removeServer("mute")
        const error = yield* Fiber.join(adding)
        assert.match(error.message, /removed while connecting/)
      }))

    it.effect("one that could not be added can be removed, state and all", () =>
      Effect.gen(function*() {
        const { registry } = yield* setUp()
        yield* Effect.flip(registry.addLayer("a", servers.layer("a", { before: Effect.fail(refused("a")) })))
        yield* registry.removeServer("a")
        assert.deepStrictEqual([...(yield* Effect.fromOption(yield* Stream.runHead(registry.changes))).keys()], [])
        assert.strictEqual((yield* Effect.flip(registry.removeServer("a")))._tag, "ServerNotFound")
      }))
  })
})
