/** The pipes of real processes, on Node's own and on any spawner's streams. */
import { assert, describe, it } from "@effect/vitest"
import * as NodeTransports from "@universal-mcp/transports/NodeTransports"
import * as StdioTransport from "@universal-mcp/transports/StdioTransport"
import { Deferred, Effect, Fiber, Layer, Stream } from "effect"
import * as ChildProcess from "effect/process/ChildProcess"
import * as Spawner from "effect/process/ChildProcessSpawner"
import * as Pipes from "../src/internal/pipes.ts"
import { fixture, node, platforms } from "./support.ts"

/** Opens the pipes of a process, and notes what comes; `over` once all has ended. */
const listen = Effect.fnUntraced(function*(handle: Spawner.ChildProcessHandle) {
  const said = { stdout: "", stderr: "" }
  const waited = new Set<string>(["stdin", "stdout", "stderr", "exit"])
  const over = yield* Deferred.make<Pipes.Ended>()
  const first = yield* Deferred.make<void>()
  let how: Pipes.Ended = {}
  const ended = (what: string) => {
    assert.isTrue(waited.delete(what))
    if (waited.size === 0) Deferred.doneUnsafe(over, Effect.succeed(how))
  }
  const pipes = yield* Pipes.open(handle, {
    onStdout: (chunk) => {
      said.stdout += new TextDecoder().decode(chunk)
      Deferred.doneUnsafe(first, Effect.void)
    },
    onStderr: (chunk) => {
      said.stderr += new TextDecoder().decode(chunk)
    },
    onEnd: ended,
    onExit: (exit) => {
      how = exit
      ended("exit")
    }
  })
  return { pipes, said, over: Deferred.await(over), first: Deferred.await(first) }
})

describe.each(platforms)("pipes %s", (_, platform) => {
  it.layer(platform, { excludeTestServices: true })((it) => {
    it.effect("what is written comes back in order, and every end is told once", () =>
      Effect.gen(function*() {
        const { over, pipes, said } = yield* listen(yield* ChildProcess.make("cat"))
        const words = Array.from({ length: 1000 }, (_, i) => `${i} é\n`)
        words.forEach(pipes.write)
        pipes.end()
        assert.deepStrictEqual(yield* over, { exitCode: 0 })
        assert.deepStrictEqual(said, { stdout: words.join(""), stderr: "" })
        assert.strictEqual(pipes.unread(), 0)
      }))

    it.effect("what is not read is counted, and so is what is read later no more", () =>
      Effect.gen(function*() {
        const handle = yield* ChildProcess.make("sh", ["-c", "echo ready; sleep 1000"])
        const { first, over, pipes } = yield* listen(handle)
        yield* first
        pipes.write("x".repeat(1_000_000))
        pipes.write("y".repeat(1000))
        assert.isAbove(pipes.unread(), 900)
        yield* handle.kill({ killSignal: "SIGKILL" })
        assert.deepStrictEqual(yield* over, { signal: "SIGKILL" })
      }))

    it.effect("a process that has ended before anybody listens has still said all it said", () =>
      Effect.gen(function*() {
        const handle = yield* ChildProcess.make("sh", ["-c", "echo out; echo err >&2; exit 3"])
        assert.strictEqual(yield* handle.exitCode, 3)
        const { over, pipes, said } = yield* listen(handle)
        pipes.end()
        assert.deepStrictEqual(yield* over, { exitCode: 3 })
        assert.deepStrictEqual(said, { stdout: "out\n", stderr: "err\n" })
      }))

    it.effect("a handle that is read as Effect's are gives what they give", () =>
      Effect.gen(function*() {
        const spawn = ChildProcess.make("sh", ["-c", "echo out; echo err >&2"])
        const text = (bytes: Spawner.ChildProcessHandle["all"]) => Stream.mkString(Stream.decodeText(bytes))
        assert.strictEqual(yield* text((yield* spawn).stdout), "out\n")
        assert.strictEqual(yield* text((yield* spawn).stderr), "err\n")
        assert.lengthOf(yield* text((yield* spawn).all), "out\nerr\n".length)
      }))
  })
})

describe("Node's own pipes", () => {
  it.layer(NodeTransports.platform, { excludeTestServices: true })((it) => {
    it.effect("go past the spawner's streams", () =>
      Effect.gen(function*() {
        const handle = yield* ChildProcess.make("cat")
        const { over, pipes, said } = yield* listen(handle)
        const streamed = yield* Effect.forkChild(Stream.runHead(handle.stdout))
        pipes.write("hello\n")
        pipes.end()
        yield* over
        assert.strictEqual(said.stdout, "hello\n")
        assert.isUndefined(streamed.pollUnsafe())
        yield* Fiber.interrupt(streamed)
      }))

    it.effect("are left alone where a spawner around it looks at what passes", () => {
      let seen = ""
      const looking = Layer.effect(
        Spawner.ChildProcessSpawner,
        Effect.map(
          Spawner.ChildProcessSpawner,
          (inner) =>
            Spawner.make((command) =>
              Effect.map(inner.spawn(command), (handle) =>
                Spawner.makeHandle({
                  ...handle,
                  stdout: Stream.tap(handle.stdout, (chunk) =>
                    Effect.sync(() => {
                      seen += new TextDecoder().decode(chunk)
                    }))
                }))
            )
        )
      )
      return StdioTransport.make({ name: "seen", command: node, args: [fixture] }).pipe(
        Effect.flatMap((session) => session.callTool("echo", { message: "hello" })),
        Effect.tap((result) => Effect.sync(() => assert.include(seen, JSON.stringify(result.content)))),
        Effect.provide(looking)
      )
    })

    it.effect("are the right ones of many processes that start at once", () =>
      Effect.forEach(
        Array.from({ length: 10 }, (_, i) => `process ${i}`),
        (word) =>
          Effect.scoped(Effect.gen(function*() {
            const { over, pipes, said } = yield* listen(yield* ChildProcess.make("echo", [word], { cwd: "." }))
            pipes.end()
            yield* over
            assert.strictEqual(said.stdout, `${word}\n`)
          })),
        { concurrency: "unbounded", discard: true }
      ))
  })
})
