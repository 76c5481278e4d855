/** What a server tells by itself, however much, neither holds up calls nor grows memory. */
import { assert, describe, it } from "@effect/vitest"
import type * as McpSession from "@universal-mcp/core/McpSession"
import * as NodeTransports from "@universal-mcp/transports/NodeTransports"
import * as StdioTransport from "@universal-mcp/transports/StdioTransport"
import { Deferred, Effect, Fiber, Stream } from "effect"
import { fileURLToPath } from "node:url"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { patience } from "../../../test/patience.ts"
import { node, timed } from "./support.ts"

const flooding = fileURLToPath(new URL("fixtures/floodServer.ts", import.meta.url))
const connect = StdioTransport.make({ name: "flood", command: node, args: [flooding] })

setFlagsFromString("--expose-gc")
const collect: () => void = runInNewContext("gc")

/** What is really held, in bytes. */
const held = Effect.sync(() => {
  collect()
  return process.memoryUsage().heapUsed
})

const mebi = 1024 * 1024

const numberIn = (text: unknown): number => Number(/^(\d+) notifications were lost/.exec(String(text))?.[1])

/** The longest of many calls, in milliseconds. */
const slowestOf = (call: Effect.Effect<unknown, unknown>, times: number) =>
  Effect.forEach(Array.from({ length: times }), () => timed(call)).pipe(
    Effect.map((calls) => Math.max(...calls.map(([milliseconds]) => milliseconds)))
  )

describe("a flood of notifications", () => {
  it.layer(NodeTransports.platform, { excludeTestServices: true })((it) => {
    it.effect.each([
      { rate: 100_000, as: "100,000 a second" },
      { rate: undefined, as: "as many as are taken" }
    ])(
      "$as: calls are answered meanwhile, memory stays, and a slow reader learns what it lost",
      ({ rate }) =>
        Effect.gen(function*() {
          const session = yield* connect
          const first = yield* Deferred.make<void>()
          const goOn = yield* Deferred.make<void>()
          const seen: Array<unknown> = []
          let last = -1
          const slow = yield* session.notifications.pipe(
            Stream.takeUntil(({ params }) => params?.["data"] === last),
            Stream.runForEach(({ params }) =>
              Effect.gen(function*() {
                seen.push(params?.["data"])
                yield* Deferred.succeed(first, undefined)
                yield* Deferred.await(goOn)
              })
            ),
            Effect.forkChild({ startImmediately: true })
          )
          let read = 0
          const plenty = yield* Deferred.make<void>()
          yield* session.notifications.pipe(
            Stream.runForEachArray((chunk) =>
              Effect.suspend(() => {
                read += chunk.length
                return read > 50_000 ? Deferred.succeed(plenty, undefined) : Effect.void
              })
            ),
            Effect.forkChild({ startImmediately: true })
          )
          const before = yield* held
          yield* session.callTool("flood", rate === undefined ? {} : { rate })
          yield* Deferred.await(first)
          const slowest = yield* Effect.all([
            slowestOf(session.callTool("echo"), 40),
            slowestOf(session.callTool("echo"), 40),
            Effect.as(Deferred.await(plenty), 0)
          ], { concurrency: "unbounded" })
          const after = yield* held
          const stopped = yield* session.callTool("stop")
          const sent = Number(Object(stopped.content[0]).text)

          last = sent - 1
          yield* Deferred.succeed(goOn, undefined)
          yield* Fiber.join(slow)
          assert.isBelow(Math.max(...slowest), patience(1000))
          assert.isBelow(after - before, 32 * mebi)
          const [warning] = yield* session.warnings.pipe(Stream.take(1), Stream.runCollect)
          const lost = numberIn(warning?.description)
          assert.isAbove(lost, 0)
          const all = Array.from({ length: sent }, (_, number) => number)
          all.splice(seen.findIndex((number, index) => number !== index), lost)
          assert.deepStrictEqual(seen, all)
        }).pipe(Effect.scoped)
    )

    it.effect("of one call, in a stream that nobody reads: the oldest are lost, and the result is not", () =>
      Effect.gen(function*() {
        const session = yield* connect
        const goOn = yield* Deferred.make<void>()
        const first = yield* Deferred.make<void>()
        const seen: Array<McpSession.CallEvent> = []
        const stream = yield* session.callToolStream("flood", {}, { timeout: patience(20_000) }).pipe(
          Stream.runForEach((event) =>
            Effect.gen(function*() {
              seen.push(event)
              yield* Deferred.succeed(first, undefined)
              yield* Deferred.await(goOn)
            })
          ),
          Effect.forkChild({ startImmediately: true })
        )
        yield* Deferred.await(first)
        const before = yield* held
        // Each is answered between two thousand events and the next.
        for (let count = 0; count < 100; count++) yield* session.callTool("echo")
        const after = yield* held
        const stopped = yield* session.callTool("stop")
        const sent = Number(Object(stopped.content[0]).text)
        // All that was sent before has arrived.
        yield* session.ping
        yield* Deferred.succeed(goOn, undefined)
        yield* Fiber.join(stream)
        assert.isBelow(after - before, 32 * mebi)
        assert.strictEqual(seen.at(-1)?._tag, "Result")
        const lostAt = seen.findIndex(({ _tag }) => _tag === "Lost")
        const event = seen[lostAt]
        const lost = event?._tag === "Lost" ? event.count : 0
        assert.isAbove(lost, 0)
        const all = Array.from({ length: sent }, (_, number) => number)
        all.splice(lostAt, lost)
        assert.deepStrictEqual(seen.flatMap((event) => event._tag === "Progress" ? [event.progress] : []), all)
      }).pipe(Effect.scoped))
  })
})
