/** What servers say on standard error while connecting takes long, on a terminal. */
import { assert, describe, it } from "@effect/vitest"
import * as McpSession from "@universal-mcp/core/McpSession"
import * as Console from "effect/Console"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/testing/TestClock"
import { showStderr } from "../src/internal/connecting.ts"
import { Progress } from "../src/render/Progress.ts"
import { Screen } from "../src/render/Screen.ts"
import { stdio, umcp } from "./support.ts"
import * as TestTerminal from "./terminal.ts"

/** A server that is being connected to, what it says there, and what a person sees. */
const connecting = (json: boolean) =>
  Effect.gen(function*() {
    const terminal = yield* TestTerminal.make
    const printed: Array<string> = []
    const say = yield* Deferred.make<(line: string) => void>()
    const connected = yield* Deferred.make<string>()
    const console = yield* Console.Console
    const connect = Effect.gen(function*() {
      const listener = yield* McpSession.ConnectingStderr
      yield* Deferred.succeed(say, (line) => listener?.("bridge", line))
      return yield* Deferred.await(connected)
    })
    const running = yield* Effect.flatMap(showStderr(json), (show) => show("bridge")(connect)).pipe(
      Effect.provide(Layer.provideMerge(Layer.provideMerge(Progress.layer, Screen.layer), terminal.layer)),
      Effect.provideService(Console.Console, { ...console, error: (line: unknown) => printed.push(String(line)) }),
      Effect.forkChild
    )
    return { printed, say: yield* Deferred.await(say), connected, running }
  })

describe("what a server says on standard error while it is being connected to", () => {
  it.effect("is shown when that takes longer than three seconds, from the beginning", () =>
    Effect.gen(function*() {
      const { connected, printed, running, say } = yield* connecting(false)
      say("Please authorize this client by visiting:")
      say("")
      say("https://auth.example.com/authorize?a=b\u001b[2J")
      yield* TestClock.adjust("2900 millis")
      assert.deepStrictEqual(printed, [])
      yield* TestClock.adjust("200 millis")
      assert.deepStrictEqual(printed.length, 2)
      assert.strictEqual(printed[0], "[bridge] Please authorize this client by visiting:")
      assert.include(printed[1] ?? "", "[bridge] https://auth.example.com/authorize?a=b")
      assert.notInclude(printed[1] ?? "", "\u001b")
      say("Waiting for authorization...")
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(printed[2], "[bridge] Waiting for authorization...")
      yield* Deferred.succeed(connected, "session")
      assert.strictEqual(yield* Fiber.join(running), "session")
      say("too late")
      yield* TestClock.adjust("10 seconds")
      assert.lengthOf(printed, 3)
    }))

  it.effect("is not shown where it is quick, nor with --json", () =>
    Effect.gen(function*() {
      const quick = yield* connecting(false)
      quick.say("starting")
      yield* TestClock.adjust("1 second")
      yield* Deferred.succeed(quick.connected, "session")
      yield* Fiber.join(quick.running)
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual(quick.printed, [])
      const json = yield* connecting(true)
      json.say("starting")
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual(json.printed, [])
      yield* Deferred.succeed(json.connected, "session")
    }))
})

describe("arguments as JSON without --args", () => {
  it.live.each([["{\"message\":\"hi\"}"], ["{\"message\":\"a=b\"}"], [" [1]"], ["@arguments.json"], ["hi"]])(
    "umcp call echo %j: the hint names --args",
    ([word = ""]) =>
      Effect.gen(function*() {
        const { code, stderr } = yield* umcp(["call", "echo", ...stdio, word])
        assert.strictEqual(code, 2)
        assert.match(stderr, /hint: .*--args/)
      })
  )
})
