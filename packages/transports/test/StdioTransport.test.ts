import { assert, describe, it } from "@effect/vitest"
import * as McpSession from "@universal-mcp/core/McpSession"
import * as StdioTransport from "@universal-mcp/transports/StdioTransport"
import { ConfigProvider, Deferred, Effect, Fiber, Layer, Redacted, Stream } from "effect"
import { tmpdir } from "node:os"
import { patience } from "../../../test/patience.ts"
import { everything, filesystem, fixture, Log, node, platforms } from "./support.ts"

const connect = (flags: ReadonlyArray<string> = [], options: Partial<StdioTransport.Options> = {}) =>
  StdioTransport.make({ name: "fixture", command: node, args: [fixture, ...flags], ...options })

const textOf = (result: { readonly content: ReadonlyArray<object> }) => {
  const [first] = result.content
  return first !== undefined && "text" in first ? String(first.text) : ""
}

describe.each(platforms)("StdioTransport %s", (_, platform) => {
  it.layer(Layer.mergeAll(platform, Log.layer), { excludeTestServices: true })((it) => {
    it.effect("server-everything: connects, lists, calls, and tells who it is", () =>
      Effect.gen(function*() {
        const session = yield* McpSession.McpSession
        assert.strictEqual(session.server.name, "mcp-servers/everything")
        assert.strictEqual(session.server.protocolVersion, "2025-11-25")
        assert.strictEqual(session.server.era, "legacy")
        assert.include((yield* session.listTools).map((tool) => tool.name), "echo")
        assert.strictEqual(textOf(yield* session.callTool("echo", { message: "hello" })), "Echo: hello")
        const events = yield* Stream.runCollect(
          session.callToolStream("trigger-long-running-operation", { duration: 0.1, steps: 4 })
        )
        assert.deepStrictEqual(events.map((event) => event._tag), [
          "Progress",
          "Progress",
          "Progress",
          "Progress",
          "Result"
        ])
      }).pipe(Effect.provide(StdioTransport.layer({ name: "everything", command: node, args: [everything] }))))

    it.effect("server-filesystem: reads a folder; what it refuses is a result, or ToolFailed on wish", () =>
      Effect.gen(function*() {
        const session = yield* StdioTransport.make({
          name: "files",
          command: node,
          args: [filesystem, import.meta.dirname]
        })
        assert.include(textOf(yield* session.callTool("list_directory", { path: import.meta.dirname })), "fixtures")
        const refused = yield* session.callTool("read_text_file", { path: "/etc/passwd" })
        assert.isTrue(refused.isError)
        const error = yield* Effect.flip(session.callToolOrFail("read_text_file", { path: "/etc/passwd" }))
        assert.strictEqual(error._tag, "ToolFailed")
        assert.match(error.message, /"read_text_file" of "files".*Access denied/)
      }))

    it.effect("gives the process the documented environment, its cwd and its arguments as they are", () =>
      Effect.gen(function*() {
        const session = yield* connect(["--odd=a b'\"$HOME;|"], {
          cwd: tmpdir(),
          env: { TOKEN: Redacted.make("s3cret"), PLAIN: "yes", HOME: "/elsewhere" }
        })
        const seen = JSON.parse(textOf(yield* session.callTool("environment")))
        assert.strictEqual(seen.cwd, tmpdir())
        assert.deepStrictEqual(seen.args, ["--odd=a b'\"$HOME;|"])
        const { UNIVERSAL_MCP_WATCHDOG: watchdog, ...env } = seen.env
        assert.match(watchdog, /^\d+\.-?\d+\.\d+$/)
        assert.deepStrictEqual(env, {
          PATH: "/bin:/usr/bin",
          USER: "ada",
          HOME: "/elsewhere",
          TOKEN: "s3cret",
          PLAIN: "yes"
        })
      }).pipe(Effect.provideService(
        StdioTransport.Environment,
        ConfigProvider.fromUnknown({ PATH: "/bin:/usr/bin", USER: "ada", HOME: "/home/ada", AWS_SECRET: "no" })
      )))

    it.effect("by default it has our environment as it is now, and not as it was for the first session", () =>
      Effect.gen(function*() {
        yield* connect()
        const before = process.env["TERM"]
        yield* Effect.acquireRelease(
          Effect.sync(() => process.env["TERM"] = "set-later"),
          () => Effect.sync(() => before === undefined ? delete process.env["TERM"] : process.env["TERM"] = before)
        )
        const seen = JSON.parse(textOf(yield* (yield* connect()).callTool("environment")))
        assert.strictEqual(seen.env.TERM, "set-later")
      }))

    it.effect("interrupting a call tells the server, and the session goes on", () =>
      Effect.gen(function*() {
        const log = yield* Log
        const session = yield* connect([`--log=${log.path}`])
        const call = yield* Effect.forkChild(session.callTool("hang"))
        yield* log.until("hanging")
        yield* Fiber.interrupt(call)
        yield* log.until("cancelled what hangs")
        assert.strictEqual(textOf(yield* session.callTool("echo", { message: "still here" })), "still here")
      }))

    it.effect("a call that takes too long is a Timeout, and the server is told", () =>
      Effect.gen(function*() {
        const log = yield* Log
        const session = yield* connect([`--log=${log.path}`])
        const error = yield* Effect.flip(session.callTool("hang", {}, { timeout: "100 millis" }))
        assert.deepInclude(error, { _tag: "CallError", server: "fixture", method: "tools/call", delivery: "unknown" })
        assert.match(error.message, /"fixture".*no answer within 100 ms/)
        yield* log.until("cancelled what hangs")
      }))

    it.effect("10,000 progress notifications in one chunk with their result arrive in order, before it", () =>
      Effect.gen(function*() {
        const session = yield* connect()
        const events = yield* Stream.runCollect(session.callToolStream("progress", { count: 10_000 }))
        assert.deepStrictEqual(
          events.map((event) => event._tag === "Progress" ? event.progress : event._tag),
          [...Array.from({ length: 10_000 }, (_, index) => index + 1), "Result"]
        )
      }))

    it.effect("a 20 MB line takes about four times as long as a 5 MB line, not sixteen times", () =>
      Effect.gen(function*() {
        const session = yield* connect()
        const size = 5_000_000
        // What reading costs this process: the time on the clock would also tell what else the machine does.
        const measure = Effect.fnUntraced(function*(size: number) {
          const before = process.cpuUsage()
          const result = yield* session.callTool("big", { size })
          const { system, user } = process.cpuUsage(before)
          assert.strictEqual(textOf(result).length, size)
          return system + user
        })
        yield* measure(size)
        const times = yield* Effect.replicateEffect(Effect.all([measure(size), measure(4 * size)]), 4)
        const single = Math.min(...times.map(([time]) => time))
        const fourfold = Math.min(...times.map(([, time]) => time))
        assert.isBelow(fourfold / single, 9)
      }))

    it.effect("an answer over the limit fails its own call with TooLarge, whichever way round it is written", () =>
      Effect.gen(function*() {
        const session = yield* connect([], { maxMessageSize: 10_000 })
        for (const idLast of [false, true]) {
          const slow = yield* Effect.forkChild(session.callTool("hang"), { startImmediately: true })
          const error = yield* Effect.flip(session.callTool("big", { size: 1_000_000, idLast }))
          assert.deepInclude(error, { _tag: "CallError", delivery: "answered" })
          assert.match(error.message, /"fixture".*larger than the limit of 10000 bytes/)
          assert.isUndefined(slow.pollUnsafe())
          assert.strictEqual(textOf(yield* session.callTool("echo", { message: "next" })), "next")
          yield* Fiber.interrupt(slow)
        }
      }))

    it.effect("lines on stdout that are no messages are survived and reported", () =>
      Effect.gen(function*() {
        const session = yield* connect(["--banner"])
        const listening = yield* Deferred.make<void>()
        const remarks = yield* session.warnings.pipe(
          Stream.onStart(Deferred.succeed(listening, undefined)),
          Stream.take(1),
          Stream.runCollect,
          Effect.forkChild({ startImmediately: true })
        )
        yield* Deferred.await(listening)
        assert.strictEqual(textOf(yield* session.callTool("garbage")), "after garbage")
        const [banner] = yield* Fiber.join(remarks)
        assert.match(String(banner?.description), /stdout is not a message: "Welcome/)
      }))

    for (const tool of ["neither", "nullError", "bareError", "wrongId"]) {
      it.effect(`an answer that can never be matched or read fails its call at once: ${tool}`, () =>
        Effect.gen(function*() {
          const session = yield* connect()
          const error = yield* Effect.flip(session.callTool(tool, {}, { timeout: patience(20_000) }))
          assert.deepInclude(error, { _tag: "CallError", delivery: "answered" })
          assert.notStrictEqual(error._tag === "CallError" && error.reason._tag, "Timeout")
          assert.strictEqual(textOf(yield* session.callTool("echo", { message: "next" })), "next")
        }))
    }

    it.effect("an error under no id, which may be about a notification, fails no call", () =>
      Effect.gen(function*() {
        const session = yield* connect()
        assert.strictEqual(textOf(yield* session.callTool("strayError")), "the answer")
      }))

    it.effect("a message nested a hundred thousand deep costs the session nothing", () =>
      Effect.gen(function*() {
        const session = yield* connect()
        assert.strictEqual(textOf(yield* session.callTool("nested")), "after nesting")
        const error = yield* Effect.flip(session.callTool("nestedResult"))
        assert.isTrue(error._tag === "CallError" && error.reason._tag === "InvalidResult")
        assert.strictEqual(textOf(yield* session.callTool("echo", { message: "next" })), "next")
      }))

    it.effect("an answer with keys beyond the protocol's is an answer", () =>
      Effect.gen(function*() {
        const session = yield* connect()
        assert.strictEqual(textOf(yield* session.callTool("extraKeys")), "extra")
      }))

    it.effect("standard error is drained whether or not anyone listens, and streamed to who does", () =>
      Effect.gen(function*() {
        const session = yield* connect()
        assert.strictEqual(textOf(yield* session.callTool("stderr", { size: 5_000_000 })), "wrote")
        const line = yield* session.stderr.pipe(
          Stream.filter((line) => line.length < 1000),
          Stream.take(1),
          Stream.runCollect,
          Effect.forkChild({ startImmediately: true })
        )
        yield* session.callTool("stderr", { size: 10 })
        assert.deepStrictEqual(yield* Fiber.join(line), ["eeeeeeeeee"])
      }))

    it.effect("arguments that are not JSON fail before anything is sent", () =>
      Effect.gen(function*() {
        const session = yield* connect()
        const circle: Record<string, unknown> = {}
        circle["itself"] = circle
        const error = yield* Effect.flip(session.callTool("echo", { message: circle }))
        assert.deepInclude(error, { _tag: "CallError", delivery: "not-sent" })
        assert.match(error.message, /arguments are not JSON/)
      }))

    it.effect("nothing is ever written to our stdout", () =>
      Effect.gen(function*() {
        const session = yield* connect()
        const write = process.stdout.write
        const written: Array<unknown> = []
        yield* Effect.acquireRelease(
          Effect.sync(() => {
            process.stdout.write = (chunk: unknown) => written.push(chunk) > 0
          }),
          () =>
            Effect.sync(() => {
              process.stdout.write = write
            })
        )
        yield* session.listTools
        yield* Effect.ignore(session.callTool("garbage"))
        yield* Effect.ignore(session.callTool("nope"))
        assert.deepStrictEqual(written, [])
      }))
  })
})
