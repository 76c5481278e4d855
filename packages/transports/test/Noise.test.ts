/** What a server writes to stdout beside messages is reported once, with how many lines there were and one of them. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import * as StdioTransport from "@universal-mcp/transports/StdioTransport"
import { Effect, Fiber, Stream } from "effect"
import { node } from "./support.ts"

/** `start`, `beforeInitialize`, `beforeCall` and `afterCall` are what it writes then. */
const server = `
const { start = "", beforeInitialize = "", beforeCall = "", afterCall = "", mute } = JSON.parse(process.argv[1])
const send = (message) => process.stdout.write(JSON.stringify({ jsonrpc: "2.0", ...message }) + "\\n")
process.stdout.write(start)
require("readline").createInterface({ input: process.stdin }).on("line", (line) => {
  const { id, method, params } = JSON.parse(line)
  if (method === "initialize") {
    process.stdout.write(beforeInitialize)
    send({ id, result: { protocolVersion: "2025-11-25", capabilities: { tools: {} }, serverInfo: { name: "noisy", version: "1" } } })
  } else if (method === "tools/call") {
    process.stdout.write(beforeCall)
    if (params.name === "die") process.exit(1)
    if (params.name === "hang") return
    send({ id, result: { content: [] } })
    process.stdout.write(afterCall)
  } else if (id !== undefined) send({ id, error: { code: -32601, message: "Method not found" } })
})`

const lines = (count: number, text = "loading plugin") =>
  Array.from({ length: count }, (_, index) => `${text} ${index + 1}\n`).join("")

/** The warnings of a session, in which these tools are called. */
const warnings = (noise: object, ...calls: ReadonlyArray<string>) =>
  Effect.gen(function*() {
    const session = yield* StdioTransport.make({
      name: "noisy",
      command: node,
      args: ["-e", server, JSON.stringify(noise)]
    })
    const seen: Array<string> = []
    const reading = yield* Effect.forkChild(
      Stream.runForEach(session.warnings, ({ description }) => Effect.sync(() => seen.push(description))),
      { startImmediately: true }
    )
    for (const name of calls) yield* Effect.ignore(session.callTool(name, {}, { timeout: "500 millis" }))
    // What was published before it comes before it.
    yield* Effect.ignore(session.callTool("last"))
    yield* Fiber.interrupt(reading)
    return seen
  }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))

describe("lines on stdout that are not messages", () => {
  it.live("a banner of 36 lines is one warning, and later lines are none", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(
        yield* warnings(
          { start: lines(30), beforeInitialize: lines(6), beforeCall: lines(2), afterCall: lines(2) },
          "a",
          "b"
        ),
        ["36 lines on stdout are not messages, such as \"loading plugin 1\""]
      )
    }))

  it.live("a single line", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* warnings({ start: "\n\nready\n" }), [
        "a line on stdout is not a message: \"ready\""
      ])
    }))

  it.live("a log in JSON, of which no line is a message", () =>
    Effect.gen(function*() {
      const log = [{ level: 30, msg: "up" }, { level: "error", error: "no cache" }, ["a", { b: 1 }], { time: 1 }]
      const [one, ...others] = yield* warnings({ start: log.map((line) => `${JSON.stringify(line)}\n`).join("") })
      assert.strictEqual(
        one,
        `4 lines on stdout are not messages, such as ${JSON.stringify("{\"level\":30,\"msg\":\"up\"}")}`
      )
      assert.deepStrictEqual(others, [])
    }))

  it.live("lines that come during a call that is never answered", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* warnings({ beforeCall: "{\n  \"jsonrpc\": \"2.0\"\n}\n" }, "hang"), [
        "3 lines on stdout are not messages, such as \"{\""
      ])
    }))

  it.live("one warning a session, also when the server is started again", () =>
    Effect.gen(function*() {
      const all = yield* warnings({ start: lines(3) }, "die", "a")
      assert.deepStrictEqual(all.filter((warning) => warning.includes("stdout")), [
        "3 lines on stdout are not messages, such as \"loading plugin 1\""
      ])
    }))
})
