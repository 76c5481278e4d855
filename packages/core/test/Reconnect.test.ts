/** A session whose connections are lost, in virtual time; on real processes and sockets: transports/test/Recovery.test.ts. */
import { assert, describe, it } from "@effect/vitest"
import { Closed, ConnectionError, Rejected, SessionExpired, Unauthorized } from "@universal-mcp/core/McpError"
import * as McpSession from "@universal-mcp/core/McpSession"
import { failRequest, TransportError } from "@universal-mcp/core/McpTransport"
import * as NegotiationCache from "@universal-mcp/core/NegotiationCache"
import * as Roots from "@universal-mcp/core/Roots"
import { Deferred, Effect, Fiber, Layer, Path, Queue, Stream } from "effect"
import { TestClock } from "effect/testing"
import { discovered, type Handlers, initialized, modern, text, type Wire, wire } from "./fixtures/wire.ts"

interface Servers {
  /** Every wire that was opened, oldest first. */
  readonly wires: ReadonlyArray<Wire>
  /** From now on it cannot be connected to. */
  readonly stop: (error?: ConnectionError) => void
  readonly start: () => void
  /** How often it was tried. */
  readonly attempts: () => number
  readonly session: McpSession.McpSession["Service"]
  /** Ends the connection, as a crash of the server would. */
  readonly crash: Effect.Effect<void>
}

const refusedToConnect = new ConnectionError({
  server: "hand",
  transport: "in-memory",
  phase: "connect",
  description: "connection refused",
  stderr: []
})

const crashed = new TransportError({
  phase: "negotiate",
  delivery: "unknown",
  reason: new Closed({ description: "the server process ended", exitCode: 3, stderr: ["ouch"] })
})

const badGateway = new TransportError({
  phase: "http",
  delivery: "unknown",
  status: 502,
  reason: new Rejected({ code: 502, status: 502, description: "HTTP 502" })
})

const connect = Effect.fnUntraced(function*(handlers: Handlers, options: Partial<McpSession.Options> = {}) {
  const wires: Array<Wire> = []
  let stopped: ConnectionError | undefined
  let attempts = 0
  const acquire = Effect.suspend(() => {
    attempts++
    if (stopped !== undefined) return Effect.fail(stopped)
    return Effect.map(wire(handlers), (end) => {
      wires.push(end)
      return end.near
    })
  })
  const session = yield* McpSession.make(acquire, { name: "hand", transport: "in-memory", ...options })
  const servers: Servers = {
    wires,
    stop: (error = refusedToConnect) => {
      stopped = error
    },
    start: () => {
      stopped = undefined
    },
    attempts: () => attempts,
    session,
    crash: Effect.suspend(() => {
      const end = wires.at(-1)
      if (end === undefined) return Effect.void
      Object.assign(end.near, { lost: crashed })
      return Effect.promise(() => end.far.close())
    })
  }
  return servers
}, Effect.provideService(NegotiationCache.NegotiationCache, NegotiationCache.make()))

const states = (session: McpSession.McpSession["Service"]) =>
  Effect.gen(function*() {
    const seen = yield* Queue.unbounded<McpSession.SessionState>()
    yield* session.state.changes.pipe(
      Stream.runForEach((state) => Queue.offer(seen, state)),
      Effect.forkScoped({ startImmediately: true })
    )
    const until = (tag: McpSession.SessionState["_tag"], circuit?: string): Effect.Effect<McpSession.SessionState> =>
      Effect.flatMap(Queue.take(seen), (state) =>
        state._tag === tag && (circuit === undefined || "circuit" in state && state.circuit === circuit)
          ? Effect.succeed(state)
          : until(tag, circuit))
    return { all: Queue.takeAll(seen), until }
  })

const answering: Handlers = {
  "tools/call": (request, wire) => wire.answer(request, text(`${request.params?.["name"]}`)),
  "resources/read": (request, wire) => wire.answer(request, { contents: [{ uri: "a:b", text: "read" }] }),
  "ping": (request, wire) => wire.answer(request, {})
}

const tools = (...list: ReadonlyArray<object>): Handlers => ({
  "tools/list": (request, wire) => wire.answer(request, { tools: list })
})

const tool = (name: string, annotations?: object) => ({ name, inputSchema: { type: "object" }, annotations })

describe("a session whose connection was lost", () => {
  it.effect("is made again at once, and the next call works", () =>
    Effect.gen(function*() {
      const { crash, session, wires } = yield* connect(answering)
      const { until } = yield* states(session)
      yield* crash
      const lost = yield* until("Reconnecting")
      assert.deepInclude(lost, { attempt: 1, circuit: "closed" })
      assert.isTrue(lost._tag === "Reconnecting" && lost.error.exitCode === 3)
      yield* until("Ready")
      yield* session.callTool("echo")
      assert.strictEqual(wires.length, 2)
      assert.deepStrictEqual(wires[1]?.received.map(({ method }) => method), [
        "initialize",
        "notifications/initialized",
        "tools/call"
      ])
    }))

  it.effect("is tried again after 250 ms, doubled up to 30 s, for as long as it takes", () =>
    Effect.gen(function*() {
      const servers = yield* connect(answering)
      const { until } = yield* states(servers.session)
      servers.stop()
      yield* servers.crash
      yield* until("Reconnecting")
      yield* TestClock.adjust("10 millis")
      assert.strictEqual(servers.attempts(), 2)
      // 0.25 + 0.5 + 1 + 2 + 4, each 80 to 120 %.
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual(servers.attempts(), 7)
      yield* TestClock.adjust("1 hour")
      assert.isAtLeast(servers.attempts(), 7 + 90)
      assert.isAtMost(servers.attempts(), 7 + 170)
      servers.start()
      yield* TestClock.adjust("36 seconds")
      yield* until("Ready")
      yield* servers.session.callTool("echo")
    }))

  it.effect("calls wait within their own time, which was never sent then", () =>
    Effect.gen(function*() {
      const servers = yield* connect(answering)
      const { until } = yield* states(servers.session)
      servers.stop()
      yield* servers.crash
      yield* until("Reconnecting")
      const patient = yield* Effect.forkChild(servers.session.callTool("echo"), { startImmediately: true })
      const hasty = yield* Effect.forkChild(
        Effect.flip(servers.session.callTool("echo", {}, { timeout: "100 millis" })),
        { startImmediately: true }
      )
      yield* TestClock.adjust("100 millis")
      const timeout = yield* Fiber.join(hasty)
      assert.deepInclude(timeout, { _tag: "CallError", delivery: "not-sent" })
      assert.strictEqual(timeout._tag === "CallError" && timeout.reason._tag, "Timeout")
      servers.start()
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(patient)
    }))

  it.effect("calls fail at once where the caller says so", () =>
    Effect.gen(function*() {
      const servers = yield* connect(answering)
      servers.stop()
      yield* servers.crash
      const error = yield* Effect.flip(servers.session.callTool("echo", {}, { whileReconnecting: "fail" }))
      assert.deepInclude(error, { _tag: "CallError", delivery: "not-sent" })
      assert.match(error.message, /the server process ended \(exit code 3\); it said: ouch/)
    }))

  it.effect("after six attempts in vain calls fail at once, and it is still being tried", () =>
    Effect.gen(function*() {
      const servers = yield* connect(answering)
      const { until } = yield* states(servers.session)
      servers.stop()
      yield* servers.crash
      yield* until("Reconnecting")
      const waiting = yield* Effect.forkChild(Effect.flip(servers.session.callTool("echo")), { startImmediately: true })
      yield* TestClock.adjust("10 seconds")
      yield* until("Reconnecting", "open")
      assert.match((yield* Fiber.join(waiting)).message, /connection refused/)
      assert.match((yield* Effect.flip(servers.session.callTool("echo"))).message, /connection refused/)
      servers.start()
      yield* TestClock.adjust("1 minute")
      yield* until("Ready")
      yield* servers.session.callTool("echo")
    }))

  it.effect("is given up after as many attempts as are configured", () =>
    Effect.gen(function*() {
      const servers = yield* connect(answering, { reconnect: { attempts: 2, delay: "1 second" } })
      const { until } = yield* states(servers.session)
      servers.stop()
      yield* servers.crash
      yield* until("Reconnecting")
      yield* TestClock.adjust("10 seconds")
      const failed = yield* until("Failed")
      assert.isTrue(failed._tag === "Failed" && failed.error.description === "connection refused")
      assert.strictEqual(servers.attempts(), 3)
      assert.match((yield* Effect.flip(servers.session.callTool("echo"))).message, /connection refused/)
    }))

  it.effect("is given up where only the user can mend it", () =>
    Effect.gen(function*() {
      const servers = yield* connect(answering)
      const { until } = yield* states(servers.session)
      servers.stop(
        new ConnectionError({
          server: "hand",
          transport: "in-memory",
          phase: "auth",
          description: "not authorized",
          stderr: []
        })
      )
      yield* servers.crash
      yield* until("Failed")
      assert.strictEqual(servers.attempts(), 2)
    }))

  it.effect("who reads its states slowly misses the oldest, and never the latest", () =>
    Effect.gen(function*() {
      const servers = yield* connect(answering)
      const gate = yield* Deferred.make<void>()
      const seen: Array<McpSession.SessionState> = []
      yield* servers.session.state.changes.pipe(
        Stream.runForEach((state) => Effect.andThen(Deferred.await(gate), Effect.sync(() => seen.push(state)))),
        Effect.forkScoped({ startImmediately: true })
      )
      servers.stop()
      yield* servers.crash
      yield* TestClock.adjust("10 hours")
      assert.isAbove(servers.attempts(), 600)
      yield* Deferred.succeed(gate, undefined)
      yield* TestClock.adjust(1)
      assert.isAtMost(seen.length, 300)
      assert.deepStrictEqual(seen.at(-1), yield* servers.session.state.current)
    }))

  it.effect("stays where only the sign of life is refused for want of credentials", () =>
    Effect.gen(function*() {
      const unauthorized = new TransportError({
        phase: "auth",
        delivery: "not-sent",
        status: 401,
        reason: new Unauthorized({ status: 401 })
      })
      let isIll = true
      const { attempts, session } = yield* connect({
        ...tools(tool("a")),
        "tools/call": (request, end) => {
          if (isIll) end.near.onmessage?.(failRequest(request.id ?? 0, badGateway))
          else end.answer(request, text("well"))
        },
        "ping": (request, end) => {
          isIll = false
          end.near.onmessage?.(failRequest(request.id ?? 0, unauthorized))
        }
      })
      const error = yield* Effect.flip(session.callTool("a", {}, { idempotent: false }))
      assert.include(error.message, "502")
      assert.deepStrictEqual<unknown>(yield* session.callTool("a"), text("well"))
      assert.strictEqual(attempts(), 1)
    }))

  it.effect("is connected to again where its connection ended for want of credentials, which may be there now", () =>
    Effect.gen(function*() {
      const { attempts, session, wires } = yield* connect(answering)
      const { until } = yield* states(session)
      const end = wires[0]
      assert.isDefined(end)
      Object.assign(end.near, { lost: new TransportError({ ...crashed, phase: "auth" }) })
      yield* Effect.promise(() => end.far.close())
      yield* until("Ready")
      yield* session.callTool("echo")
      assert.strictEqual(attempts(), 2)
    }))

  it.effect("is given up where the transport throws: nobody waits for a connection that nobody makes", () =>
    Effect.gen(function*() {
      const { near } = yield* wire(answering)
      let opened = 0
      const session = yield* McpSession.make(
        Effect.suspend(() => opened++ === 0 ? Effect.succeed(near) : Effect.die(new Error("a bug"))),
        { name: "hand", transport: "in-memory" }
      )
      Object.assign(near, { lost: crashed })
      near.onclose?.()
      const error = yield* Effect.flip(session.callTool("echo"))
      assert.match(error.message, /the transport threw/)
      assert.strictEqual((yield* session.state.current)._tag, "Failed")
    }))

  it.effect("is not made with times and numbers that make no sense", () =>
    Effect.gen(function*() {
      const bad: ReadonlyArray<readonly [Partial<McpSession.Options>, RegExp]> = [
        [{ concurrency: 0 }, /concurrency/],
        [{ rateLimit: { limit: 0, window: "1 second" } }, /rateLimit\.limit/],
        [JSON.parse("{\"reconnect\":{\"delay\":\"soon\"}}"), /reconnect/],
        [JSON.parse("{\"requestTimeout\":\"x\"}"), /requestTimeout/]
      ]
      for (const [options, what] of bad) {
        const error = yield* Effect.flip(connect(answering, options))
        assert.strictEqual(error.phase, "config")
        assert.match(error.message, what)
      }
    }))

  it.effect("stays lost where it is not to be made again", () =>
    Effect.gen(function*() {
      const servers = yield* connect(answering, { reconnect: false })
      const { until } = yield* states(servers.session)
      yield* servers.crash
      yield* until("Failed")
      assert.strictEqual(servers.attempts(), 1)
      const error = yield* Effect.flip(servers.session.callTool("echo"))
      assert.deepInclude(error, { delivery: "not-sent" })
    }))

  it.effect("a server that ends soon after each start is not started without pause", () =>
    Effect.gen(function*() {
      const servers = yield* connect({
        ...answering,
        "notifications/initialized": (_, end) => {
          Object.assign(end.near, { lost: crashed })
          void end.far.close()
        }
      })
      yield* TestClock.adjust("1 hour")
      assert.isAtMost(servers.attempts(), 180)
      assert.isAtLeast(servers.attempts(), 90)
    }))

  it.effect("one that has answered calls is made again at once, however short it lived", () =>
    Effect.gen(function*() {
      const servers = yield* connect(answering)
      for (let round = 1; round <= 10; round++) {
        yield* servers.session.callTool("echo")
        assert.strictEqual(servers.attempts(), round)
        yield* servers.crash
      }
    }))

  it.effect("an hour of flapping: every call ends, and nothing piles up", () =>
    Effect.gen(function*() {
      const servers = yield* connect(answering)
      const ended = { ok: 0, failed: 0 }
      for (let round = 0; round < 30; round++) {
        servers.stop()
        yield* servers.crash
        const calls = yield* Effect.forkChild(
          Effect.forEach(
            Array.from({ length: 5 }),
            () => Effect.exit(servers.session.callTool("echo", {}, { timeout: "20 seconds" })),
            { concurrency: "unbounded" }
          ),
          { startImmediately: true }
        )
        yield* TestClock.adjust(round % 2 === 0 ? "3 seconds" : "40 seconds")
        servers.start()
        yield* TestClock.adjust(round % 2 === 0 ? "117 seconds" : "80 seconds")
        for (const exit of yield* Fiber.join(calls)) {
          if (exit._tag === "Success") ended.ok++
          else ended.failed++
        }
      }
      yield* servers.session.callTool("echo")
      assert.deepStrictEqual(ended, { ok: 75, failed: 75 })
      assert.strictEqual(servers.wires.filter(({ closed }) => !closed).length, 1)
    }))

  it.effect("ends with the scope, also while it is being made again; calls that wait are told", () =>
    Effect.gen(function*() {
      const waiting = yield* Effect.scoped(Effect.gen(function*() {
        const servers = yield* connect(answering)
        servers.stop()
        yield* servers.crash
        const call = yield* Effect.forkDetach(Effect.flip(servers.session.callTool("echo")), { startImmediately: true })
        yield* TestClock.adjust("100 millis")
        return { call, servers }
      }))
      const error = yield* Fiber.join(waiting.call)
      assert.match(error.message, /the session is closed/)
      assert.strictEqual((yield* waiting.servers.session.state.current)._tag, "Closed")
      const before = waiting.servers.attempts()
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(waiting.servers.attempts(), before)
    }))
})

describe("a call that was under way when the connection was lost", () => {
  const dying = (annotations?: object): Handlers => ({
    ...answering,
    ...tools(tool("work", annotations)),
    "tools/call": (request, end) => {
      if (request.params?.["arguments"] === undefined) return end.answer(request, text("done"))
      Object.assign(end.near, { lost: crashed })
      void end.far.close()
    }
  })
  /** Dies on the first server only. */
  const once = (handlers: Handlers): Handlers => {
    let calls = 0
    return {
      ...handlers,
      "tools/call": (request, end) => {
        if (calls++ > 0) return end.answer(request, text("done"))
        handlers["tools/call"]?.(request, end)
      }
    }
  }
  const calls = (wires: ReadonlyArray<Wire>) => wires.flatMap((end) => end.all("tools/call")).length

  it.effect("fails at once if it may have been carried out", () =>
    Effect.gen(function*() {
      const { session, wires } = yield* connect(once(dying()))
      yield* session.listTools
      const error = yield* Effect.flip(session.callTool("work", {}))
      assert.deepInclude(error, { _tag: "CallError", delivery: "unknown" })
      assert.match(error.message, /exit code 3/)
      assert.strictEqual(calls(wires), 1)
    }))

  for (const annotations of [{ readOnlyHint: true }, { idempotentHint: true }]) {
    it.effect(`is sent again if the tool says ${Object.keys(annotations).join()}, listed or not`, () =>
      Effect.gen(function*() {
        for (const isListed of [true, false]) {
          const { session, wires } = yield* connect(once(dying(annotations)))
          if (isListed) yield* session.listTools
          yield* session.callTool("work", {})
          assert.strictEqual(calls(wires), 2)
        }
      }))
  }

  it.effect("is sent again, or not, as the caller says", () =>
    Effect.gen(function*() {
      const allowed = yield* connect(once(dying()))
      yield* allowed.session.callTool("work", {}, { idempotent: true })
      assert.strictEqual(calls(allowed.wires), 2)
      const forbidden = yield* connect(once(dying({ readOnlyHint: true })))
      yield* forbidden.session.listTools
      yield* Effect.flip(forbidden.session.callTool("work", {}, { idempotent: false }))
      assert.strictEqual(calls(forbidden.wires), 1)
    }))

  it.effect("waits for the server to say what its tool is, however long that takes, and says why it never could", () =>
    Effect.gen(function*() {
      const servers = yield* connect(once(dying({ readOnlyHint: true })), { reconnect: { delay: "3 seconds" } })
      servers.stop()
      const call = yield* Effect.forkChild(servers.session.callTool("work", {}))
      yield* TestClock.adjust("1 second")
      servers.start()
      yield* TestClock.adjust("2700 millis")
      yield* Fiber.join(call)

      const gone = yield* connect(once(dying({ readOnlyHint: true })))
      yield* gone.session.listTools
      gone.stop()
      const lost = yield* Effect.forkChild(Effect.flip(gone.session.callTool("work", {})))
      yield* TestClock.adjust("20 seconds")
      const error = yield* Fiber.join(lost)
      assert.deepInclude(error, { delivery: "unknown" })
      assert.match(String(error._tag === "CallError" && error.hint), /could not be sent again: connection refused/)
    }))

  it.effect("is not sent for ever", () =>
    Effect.gen(function*() {
      const { session, wires } = yield* connect(dying({ readOnlyHint: true }))
      yield* session.listTools
      const call = yield* Effect.forkChild(Effect.flip(session.callTool("work", {})))
      yield* TestClock.adjust("30 seconds")
      assert.deepInclude(yield* Fiber.join(call), { delivery: "unknown" })
      assert.strictEqual(calls(wires), 4)
    }))

  it.effect("stays unknown when it was sent once and could not be sent again", () =>
    Effect.gen(function*() {
      const servers = yield* connect({
        ...answering,
        "resources/read": (_, end) => {
          servers.stop()
          Object.assign(end.near, { lost: crashed })
          void end.far.close()
        }
      })
      const call = yield* Effect.forkChild(Effect.flip(servers.session.readResource("a:b")))
      yield* TestClock.adjust("30 seconds")
      const error = yield* Fiber.join(call)
      assert.strictEqual(error.delivery, "unknown")
    }))

  it.effect("of a session that has expired is sent again in any case, over one new session for all callers", () =>
    Effect.gen(function*() {
      let expired = true
      let sessions = 0
      const servers = yield* connect({
        ...answering,
        "tools/call": (request, end) => {
          if (!expired) return end.answer(request, text("done"))
          const error = new TransportError({
            phase: "http",
            delivery: "not-sent",
            reason: new SessionExpired({ description: "HTTP 404" })
          })
          end.near.onmessage?.(failRequest(request.id ?? 0, error))
        },
        "initialize": (request, end) => {
          if (++sessions > 1) expired = false
          end.answer(request, initialized)
        }
      })
      const results = yield* Effect.forEach(
        Array.from({ length: 50 }),
        () => servers.session.callTool("work"),
        { concurrency: "unbounded" }
      )
      assert.strictEqual(results.length, 50)
      assert.strictEqual(servers.wires.length, 2)
      // The connection that was replaced is put away.
      while (servers.wires[0]?.closed === false) yield* Effect.yieldNow
    }))

  it.effect("that was refused because of too many is sent again after the time that the server wants", () =>
    Effect.gen(function*() {
      const tooMany = new TransportError({
        phase: "http",
        delivery: "answered",
        reason: new Rejected({ code: 429, status: 429, description: "HTTP 429", retryAfter: 2000 })
      })
      const { session, wires } = yield* connect({
        "tools/call": (request, end) =>
          end.all("tools/call").length === 1
            ? end.near.onmessage?.(failRequest(request.id ?? 0, tooMany))
            : end.answer(request, text("done"))
      })
      const call = yield* Effect.forkChild(session.callTool("work"), { startImmediately: true })
      yield* TestClock.adjust("1999 millis")
      assert.strictEqual(calls(wires), 1)
      yield* TestClock.adjust("1 millis")
      yield* Fiber.join(call)
      assert.strictEqual(wires.length, 1)
      const hasty = yield* connect({
        ...tools(tool("work")),
        "tools/call": (request, end) => end.near.onmessage?.(failRequest(request.id ?? 0, tooMany))
      })
      const error = yield* Effect.flip(hasty.session.callTool("work", {}, { timeout: "1 second" }))
      assert.isTrue(error._tag === "CallError" && error.reason._tag === "Rejected")
    }))

  const gateway = (retryAfter?: number) =>
    new TransportError({
      phase: "http",
      delivery: "unknown",
      reason: new Rejected({
        code: 503,
        status: 503,
        description: "HTTP 503",
        ...(retryAfter === undefined ? {} : { retryAfter })
      })
    })

  it.effect("behind a gateway that cannot reach the server: the session is asked for a sign of life, and kept", () =>
    Effect.gen(function*() {
      const { session, wires } = yield* connect({
        ...answering,
        "resources/read": (request, end) =>
          end.all("resources/read").length === 1
            ? end.near.onmessage?.(failRequest(request.id ?? 0, gateway()))
            : end.answer(request, { contents: [] })
      })
      const seen = yield* states(session)
      yield* session.readResource("a:b")
      assert.strictEqual(wires.length, 1)
      assert.strictEqual(wires[0]?.all("ping").length, 1)
      assert.deepStrictEqual((yield* seen.all).map(({ _tag }) => _tag), ["Ready"])
      const { session: other, wires: others } = yield* connect({
        ...answering,
        ...tools(tool("work")),
        "tools/call": (request, end) => end.near.onmessage?.(failRequest(request.id ?? 0, gateway()))
      })
      assert.deepInclude(yield* Effect.flip(other.callTool("work")), { delivery: "unknown" })
      assert.strictEqual(calls(others), 1)
    }))

  it.effect("waits as long as the gateway wants, and nobody else does where the server lives", () =>
    Effect.gen(function*() {
      const { session, wires } = yield* connect({
        ...answering,
        "resources/read": (request, end) =>
          end.all("resources/read").length === 1
            ? end.near.onmessage?.(failRequest(request.id ?? 0, gateway(5000)))
            : end.answer(request, { contents: [] })
      })
      const call = yield* Effect.forkChild(session.readResource("a:b"), { startImmediately: true })
      yield* TestClock.adjust("4999 millis")
      assert.strictEqual(wires[0]?.all("ping").length, 1)
      assert.strictEqual(wires[0]?.all("resources/read").length, 1)
      yield* session.callTool("echo")
      yield* TestClock.adjust("1 millis")
      yield* Fiber.join(call)
    }))
})

describe("a server that answers nothing any more", () => {
  const hung = (isMute: () => boolean): Handlers => ({
    "tools/call": () => {},
    "ping": (request, end) => {
      if (!isMute()) end.answer(request, {})
    }
  })
  const tenTimeouts = (session: McpSession.McpSession["Service"]) =>
    Effect.gen(function*() {
      const calls = yield* Effect.forkChild(
        Effect.forEach(
          Array.from({ length: 10 }),
          () => Effect.flip(session.callTool("work", {}, { timeout: "1 second" })),
          { concurrency: "unbounded" }
        ),
        { startImmediately: true }
      )
      yield* TestClock.adjust("1 second")
      return yield* Fiber.join(calls)
    })

  it.effect("is asked for a sign of life, and connected to again if it gives none", () =>
    Effect.gen(function*() {
      let sessions = 0
      const { session, wires } = yield* connect({
        ...hung(() => sessions === 1),
        "initialize": (request, end) => {
          sessions++
          end.answer(request, initialized)
        }
      })
      yield* tenTimeouts(session)
      yield* TestClock.adjust("5 seconds")
      while (wires.length < 2) yield* Effect.yieldNow
      assert.strictEqual(wires[0]?.all("ping").length, 1)
    }))

  it.effect("and still says that it lives: calls fail at once for a while, then one is let through", () =>
    Effect.gen(function*() {
      const { session, wires } = yield* connect(hung(() => false))
      const { until } = yield* states(session)
      yield* tenTimeouts(session)
      const degraded = yield* until("Degraded", "open")
      assert.isTrue(degraded._tag === "Degraded" && degraded.error.reason._tag === "Timeout")
      yield* TestClock.adjust("100 millis")
      assert.strictEqual(wires.length, 1)
      const error = yield* Effect.flip(session.callTool("work"))
      assert.deepInclude(error, { delivery: "not-sent" })
      assert.isTrue(error._tag === "CallError" && error.reason._tag === "Unavailable")
      yield* TestClock.adjust("5 seconds")
      yield* Effect.forkChild(Effect.flip(session.callTool("work", {}, { timeout: "1 second" })), {
        startImmediately: true
      })
      yield* until("Degraded", "half-open")
      assert.strictEqual(wires[0]?.all("tools/call").length, 11)
    }))
})

describe("what must not be sent twice", () => {
  it.effect("a call of several rounds, of which only a later one was not sent", () =>
    Effect.gen(function*() {
      let begun = 0
      const { session } = yield* connect({
        ...modern,
        "tools/call": (request, end) => {
          if (request.params?.["inputResponses"] !== undefined) {
            const error = new TransportError({
              phase: "connect",
              delivery: "not-sent",
              reason: new Closed({ description: "connection refused", stderr: [] })
            })
            return end.near.onmessage?.(failRequest(request.id ?? 0, error))
          }
          begun++
          end.answer(request, {
            resultType: "input_required",
            requestState: "one",
            inputRequests: { root: { method: "roots/list", params: {} } }
          })
        }
      }).pipe(Effect.provide(Roots.layerOf(["."]).pipe(Layer.provide(Path.layer))))
      const error = yield* Effect.flip(session.callTool("work", {}, { idempotent: false }))
      assert.deepInclude(error, { method: "tools/call", delivery: "unknown" })
      assert.strictEqual(begun, 1)
    }))

  it.effect("a call that began a task, after which the server was lost", () =>
    Effect.gen(function*() {
      const task = { taskId: "t1", status: "working", createdAt: "", lastUpdatedAt: "", ttl: null, pollInterval: 1000 }
      const servers = yield* connect({
        "initialize": (request, end) =>
          end.answer(request, {
            ...initialized,
            capabilities: { tools: {}, tasks: { requests: { tools: { call: {} } } } }
          }),
        ...tools({ ...tool("work"), execution: { taskSupport: "required" } }),
        "tools/call": (request, end) => end.answer(request, { task })
      }, { reconnect: { attempts: 1 } })
      const call = yield* Effect.forkChild(Effect.flip(servers.session.callTool("work")))
      yield* servers.wires[0]?.next("tools/call") ?? Effect.void
      while (servers.wires[0]?.all("tasks/get").length === 0) {
        yield* TestClock.adjust("1 second")
        yield* Effect.yieldNow
      }
      servers.stop()
      yield* servers.crash
      yield* TestClock.adjust("1 minute")
      const error = yield* Fiber.join(call)
      assert.deepInclude(error, { method: "tools/call", delivery: "unknown" })
      assert.match(String(error._tag === "CallError" && error.hint), /task t1 may still be running/)
    }))

  it.effect("a call that waited for its turn goes to the connection there is by then", () =>
    Effect.gen(function*() {
      const servers = yield* connect({
        ...answering,
        "tools/call": (request, end) => {
          if (request.params?.["name"] === "first" && servers.wires.length === 1) return
          end.answer(request, text("done"))
        }
      }, { concurrency: 1, circuitBreaker: false })
      const first = yield* Effect.forkChild(
        Effect.flip(servers.session.callTool("first", {}, { idempotent: false })),
        { startImmediately: true }
      )
      const second = yield* Effect.forkChild(servers.session.callTool("second"), { startImmediately: true })
      yield* servers.wires[0]?.next("tools/call") ?? Effect.void
      yield* servers.crash
      assert.deepInclude(yield* Fiber.join(first), { delivery: "unknown" })
      yield* Fiber.join(second)
      assert.strictEqual(servers.wires[0]?.all("tools/call").length, 1)
      assert.strictEqual(servers.wires[1]?.all("tools/call").length, 1)
    }))
})

describe("what a session takes along to its next connection", () => {
  it.effect("the log level", () =>
    Effect.gen(function*() {
      const { crash, session, wires } = yield* connect({
        ...answering,
        "logging/setLevel": (request, end) => end.answer(request, {})
      })
      const { until } = yield* states(session)
      yield* session.setLogLevel("warning")
      yield* crash
      yield* until("Reconnecting")
      yield* until("Ready")
      assert.deepStrictEqual(wires[1]?.all("logging/setLevel").map(({ params }) => params), [{ level: "warning" }])
    }))

  it.effect("subscriptions, whose readers are told that something may have been missed", () =>
    Effect.gen(function*() {
      const { crash, session, wires } = yield* connect({
        ...answering,
        "resources/subscribe": (request, end) => end.answer(request, {}),
        "resources/unsubscribe": (request, end) => end.answer(request, {})
      })
      const updates = yield* Queue.unbounded<unknown>()
      yield* session.subscribe("a:b").pipe(
        Stream.runForEach((update) => Queue.offer(updates, update)),
        Effect.forkScoped({ startImmediately: true })
      )
      yield* wires[0]?.next("resources/subscribe") ?? Effect.void
      yield* Effect.yieldNow
      const { until } = yield* states(session)
      yield* crash
      yield* until("Reconnecting")
      yield* until("Ready")
      assert.deepStrictEqual(yield* Queue.take(updates), { uri: "a:b" })
      assert.strictEqual(wires[1]?.all("resources/subscribe").length, 1)
      const update = { uri: "a:b", title: "changed" }
      wires[1]?.send({ jsonrpc: "2.0", method: "notifications/resources/updated", params: update })
      assert.deepStrictEqual(yield* Queue.take(updates), update)
    }))

  it.effect("its lists: those that were read are read again, and only those that differ are told", () =>
    Effect.gen(function*() {
      let generation = 0
      const servers = yield* connect({
        ...answering,
        "initialize": (request, end) => {
          generation++
          end.answer(request, { ...initialized, capabilities: { tools: {}, prompts: {}, resources: {} } })
        },
        "tools/list": (request, end) => end.answer(request, { tools: [tool(`made-by-${Math.min(generation, 2)}`)] }),
        "prompts/list": (request, end) => end.answer(request, { prompts: [{ name: "same" }] })
      })
      yield* servers.session.listTools
      yield* servers.session.listPrompts
      const changes = yield* Queue.unbounded<McpSession.ListKind>()
      yield* servers.session.changes.pipe(
        Stream.runForEach((kind) => Queue.offer(changes, kind)),
        Effect.forkScoped({ startImmediately: true })
      )
      yield* Effect.yieldNow
      yield* servers.crash
      assert.strictEqual(yield* Queue.take(changes), "tools")
      const { until } = yield* states(servers.session)
      yield* until("Ready")
      yield* servers.crash
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual(servers.wires.length, 3)
      yield* servers.wires[2]?.next("prompts/list") ?? Effect.void
      assert.strictEqual(servers.wires[2]?.all("resources/list").length, 0)
      assert.strictEqual(yield* Queue.size(changes), 0)
    }))

  it.effect("another era, where the server has become another", () =>
    Effect.gen(function*() {
      let isModern = false
      const servers = yield* connect({
        ...answering,
        "server/discover": (request, end) =>
          isModern ? end.answer(request, discovered) : end.refuse(request, -32601, "Method not found"),
        "initialize": (request, end) =>
          isModern ? modern["initialize"]?.(request, end) : end.answer(request, initialized),
        "tools/call": (request, end) => end.answer(request, { ...text("done"), resultType: "complete" })
      })
      assert.strictEqual(servers.session.server.era, "legacy")
      isModern = true
      yield* servers.crash
      yield* servers.session.callTool("echo")
      assert.deepInclude(servers.session.server, { era: "modern", protocolVersion: "2026-07-28" })
    }))
})
