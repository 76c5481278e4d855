/** One hour of virtual time with a server that comes and goes; `docs/resilience.md` refers to it. */
import { assert, describe, it } from "@effect/vitest"
import { Closed, ConnectionError } from "@universal-mcp/core/McpError"
import * as McpSession from "@universal-mcp/core/McpSession"
import { TransportError } from "@universal-mcp/core/McpTransport"
import { Cause, Clock, Effect, Exit, Metric, Random, Ref, Scope, Stream } from "effect"
import { TestClock } from "effect/testing"
import { type Message, text, type Wire, wire } from "./fixtures/wire.ts"

const refused = new ConnectionError({
  server: "flapping",
  transport: "in-memory",
  phase: "connect",
  description: "connection refused",
  stderr: []
})

const crashed = new TransportError({
  phase: "negotiate",
  delivery: "unknown",
  reason: new Closed({ description: "the server process ended", stderr: [] })
})

/** Up for 6 to 20 s, down for up to 5 s: by chance, always the same. */
const flapping = () => {
  const wires: Array<Wire> = []
  const pending: Array<readonly [Message, Wire]> = []
  const executed: Array<string> = []
  let isUp = true
  let flaps = 0
  const acquire = Effect.suspend(() =>
    isUp
      ? Effect.tap(
        wire({
          "tools/call": (request, wire) => {
            executed.push(String(Object(request.params?.["arguments"])["id"]))
            pending.push([request, wire])
          }
        }),
        (end) => Effect.sync(() => wires.push(end))
      ).pipe(Effect.map(({ near }) => near))
      : Effect.fail(refused)
  )
  // Answers take a while, so that the server goes down in the middle of some.
  const answers = Effect.sync(() => {
    for (const [request, wire] of pending.splice(0)) if (!wire.closed) wire.answer(request, text("done"))
  }).pipe(Effect.delay("300 millis"), Effect.forever)
  const between = (low: number, high: number) =>
    Effect.flatMap(Random.nextIntBetween(low, high), (milliseconds) => Effect.sleep(milliseconds))
  const flap = Effect.gen(function*() {
    yield* between(6000, 20_000)
    isUp = false
    flaps++
    const end = wires.at(-1)
    if (end !== undefined && !end.closed) {
      Object.assign(end.near, { lost: crashed })
      yield* Effect.promise(() => end.far.close())
    }
    yield* between(0, 5000)
    isUp = true
  }).pipe(Effect.forever, Random.withSeed("one hour"))
  return { acquire, answers, executed, flap, flaps: () => flaps, wires }
}

/** Lets virtual time go by in small steps, between which everything gets its turn. */
const passing = (milliseconds: number, step: number): Effect.Effect<void> =>
  Effect.andThen(
    TestClock.adjust(step),
    Effect.callback<void>((resume) => {
      setImmediate(() => resume(Effect.void))
    })
  ).pipe(Effect.repeat({ times: milliseconds / step - 1 }), Effect.asVoid)

describe("a server that comes and goes for an hour", () => {
  it.effect("loses no read, repeats no write, and leaves nothing", () =>
    Effect.gen(function*() {
      let fibers = 0
      const scope = yield* Scope.make()
      const server = flapping()
      const session = yield* McpSession.make(server.acquire, { name: "flapping", transport: "in-memory" }).pipe(
        Scope.provide(scope),
        Effect.provideService(Metric.FiberRuntimeMetrics, {
          recordFiberStart: () => fibers++,
          recordFiberEnd: () => fibers--
        })
      )
      const states: Array<string> = []
      yield* session.state.changes.pipe(
        Stream.runForEach(({ _tag }) => Effect.sync(() => states.push(_tag))),
        Effect.forkScoped({ startImmediately: true })
      )
      const reads = yield* Ref.make(0)
      const lost: Array<string> = []
      const claims = new Map<string, string>()
      const read = (id: string) =>
        session.callTool("read", { id }, { idempotent: true }).pipe(
          Effect.flatMap(() => Ref.update(reads, (n) => n + 1)),
          Effect.catchCause((cause) => Effect.sync(() => lost.push(Cause.pretty(cause))))
        )
      const write = (id: string) =>
        session.callTool("write", { id }, { idempotent: false }).pipe(
          Effect.match({
            onFailure: ({ _tag, ...error }) => "delivery" in error ? error.delivery : _tag,
            onSuccess: () => "success"
          }),
          Effect.map((claim) => claims.set(id, claim))
        )
      const caller = (name: string, call: (id: string) => Effect.Effect<unknown>) =>
        Effect.gen(function*() {
          for (let count = 0;; count++) {
            yield* call(`${name}-${count}`)
            yield* Effect.sleep("1 second")
          }
        })
      const started = yield* Clock.currentTimeMillis
      yield* Effect.forEach([server.answers, server.flap], (effect) => Effect.forkScoped(effect))
      yield* Effect.forEach(["r1", "r2", "r3"], (name) => Effect.forkScoped(caller(name, read)))
      yield* Effect.forEach(["w1", "w2"], (name) => Effect.forkScoped(caller(name, write)))

      yield* passing(3_600_000, 500)
      assert.strictEqual((yield* Clock.currentTimeMillis) - started, 3_600_000)

      assert.isAbove(server.flaps(), 200)
      assert.isAbove(yield* Ref.get(reads), 3 * 1500)
      assert.deepStrictEqual(lost, [])
      for (const [id, claim] of claims) {
        const times = server.executed.filter((executed) => executed === id).length
        assert.isAtMost(times, 1, `${id} was executed ${times} times`)
        if (claim === "success") assert.strictEqual(times, 1, id)
        if (claim === "not-sent") assert.strictEqual(times, 0, id)
      }
      assert.isAbove([...claims.values()].filter((claim) => claim === "success").length, 2 * 1500)
      assert.isAbove([...claims.values()].filter((claim) => claim === "unknown").length, 0)
      // One connection for each time that it came back, and none beside it.
      assert.isAtMost(server.wires.length, server.flaps() + 1)
      assert.isAtMost(server.wires.filter(({ closed }) => !closed).length, 1)

      yield* Scope.close(scope, Exit.void)
      yield* passing(1000, 500)
      assert.strictEqual(states.at(-1), "Closed")
      assert.isTrue(server.wires.every(({ closed }) => closed))
      assert.strictEqual(fibers, 0)
    }))
})
