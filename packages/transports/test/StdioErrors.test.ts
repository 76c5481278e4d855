/** Each way a stdio server can fail, provoked for real: the message names the server and the cause. */
import { assert, describe, it } from "@effect/vitest"
import type { ConnectionError } from "@universal-mcp/core/McpError"
import * as StdioTransport from "@universal-mcp/transports/StdioTransport"
import { Effect, FileSystem, Stream } from "effect"
import type { ChildProcessSpawner } from "effect/process/ChildProcessSpawner"
import { patience } from "../../../test/patience.ts"
import { fixture, node, platforms } from "./support.ts"

const failure = (
  options: Partial<StdioTransport.Options>
): Effect.Effect<ConnectionError, unknown, ChildProcessSpawner> =>
  StdioTransport.make({ name: "weather", command: node, ...options }).pipe(Effect.scoped, Effect.flip)

const call = (tool: string, args?: Record<string, unknown>, options?: Partial<StdioTransport.Options>) =>
  StdioTransport.make({ name: "weather", command: node, args: [fixture], requestTimeout: patience(10_000), ...options })
    .pipe(
      Effect.flatMap((session) => Effect.zip(Effect.flip(session.callTool(tool, args)), Effect.succeed(session)))
    )

describe.each(platforms)("what goes wrong over stdio %s", (_, platform) => {
  it.layer(platform, { excludeTestServices: true })((it) => {
    it.effect("a command that is not there", () =>
      Effect.gen(function*() {
        const error = yield* failure({ command: "no-such-command" })
        assert.deepInclude(error, { _tag: "ConnectionError", server: "weather", transport: "stdio", phase: "spawn" })
        assert.match(error.message, /"weather".*"no-such-command" was not found/)
        assert.match(error.hint ?? "", /in none of: .*bin/)
      }))

    it.effect("arguments, which may be secrets, are in no error", () =>
      Effect.gen(function*() {
        const error = yield* failure({ command: "no-such-command", args: ["--key", "s3cret"] })
        assert.notInclude(`${error.message} ${error.hint} ${String(error.cause)} ${JSON.stringify(error)}`, "s3cret")
      }))

    it.effect("a command that may not be executed", () =>
      Effect.gen(function*() {
        const fs = yield* FileSystem.FileSystem
        const file = yield* fs.makeTempFileScoped()
        const error = yield* failure({ command: file })
        assert.strictEqual(error.phase, "spawn")
        assert.match(error.message, /"weather".*may not be executed/)
        assert.match(error.hint ?? "", /chmod/)
      }))

    it.effect("a working directory that is not there", () =>
      Effect.gen(function*() {
        const error = yield* failure({ cwd: "/no/such/folder" })
        assert.strictEqual(error.phase, "spawn")
        assert.match(error.message, /"weather".*working directory "\/no\/such\/folder"/)
      }))

    it.effect("a working directory that is a file", () =>
      Effect.gen(function*() {
        const error = yield* failure({ cwd: fixture })
        assert.strictEqual(error.phase, "spawn")
        assert.match(error.message, /"weather".*working directory/)
      }))

    it.effect("a server that leaves at once: exit code and last words", () =>
      Effect.gen(function*() {
        const error = yield* failure({ args: [fixture, "--exit-at-start=7"] })
        assert.deepInclude(error, { server: "weather", exitCode: 7 })
        assert.deepStrictEqual(error.stderr, ["cannot find my configuration"])
        assert.match(error.message, /"weather".*exit code 7.*cannot find my configuration/)
      }))

    it.effect("silence on initialize", () =>
      Effect.gen(function*() {
        const error = yield* failure({ args: [fixture, "--mute"], timeout: "700 millis" })
        assert.strictEqual(error.phase, "negotiate")
        assert.match(error.message, /"weather".*did not answer initialize within 700 ms/)
      }))

    it.effect("a program that speaks something else", () =>
      Effect.gen(function*() {
        const error = yield* failure({ command: "sh", args: ["-c", "echo usage: weather CITY; exit 2"] })
        assert.deepInclude(error, { exitCode: 2 })
        assert.match(error.message, /"weather".*exit code 2/)
        assert.match(`${error.message} ${error.hint}`, /usage: weather CITY/)
      }))

    it.effect("a server of a revision unknown to us", () =>
      Effect.gen(function*() {
        const unknown = yield* failure({ args: [fixture, "--revision=1999-01-01"] })
        assert.strictEqual(unknown.phase, "negotiate")
        assert.match(`${unknown.message} ${unknown.hint}`, /"weather".*1999-01-01.*2024-10-07 to 2026-07-28/)
      }))

    it.effect("every older revision connects", () =>
      Effect.gen(function*() {
        for (const revision of ["2024-10-07", "2024-11-05", "2025-03-26", "2025-06-18"]) {
          const session = yield* StdioTransport.make({
            name: "old",
            command: node,
            args: [fixture, `--revision=${revision}`]
          })
          assert.strictEqual(session.server.protocolVersion, revision)
          yield* session.callTool("echo", { message: revision })
        }
      }))

    it.effect("an exit during a call: exit code and last words, and the state says why", () =>
      Effect.gen(function*() {
        const [error, session] = yield* call("exit", {}, { reconnect: false })
        assert.deepInclude(error, { _tag: "CallError", server: "weather", method: "tools/call", delivery: "unknown" })
        assert.isTrue(error._tag === "CallError" && error.reason._tag === "Closed")
        assert.match(error.message, /"weather".*exit code 7.*last words/)
        const [state] = yield* session.state.changes.pipe(
          Stream.filter((state) => state._tag === "Failed"),
          Stream.take(1),
          Stream.runCollect
        )
        assert.isTrue(state?._tag === "Failed" && state.error.exitCode === 7)
        const next = yield* Effect.flip(session.callTool("echo"))
        assert.deepInclude(next, { _tag: "CallError", delivery: "not-sent" })
        assert.match(next.message, /exit code 7/)
      }))

    it.effect("a kill during a call: the signal", () =>
      Effect.gen(function*() {
        const [error] = yield* call("kill")
        assert.match(error.message, /"weather".*killed by SIGKILL/)
      }))

    it.effect("standard output closed by a server that lives on", () =>
      Effect.gen(function*() {
        const [error] = yield* call("closeStdout")
        assert.deepInclude(error, { _tag: "CallError", delivery: "unknown" })
        assert.match(error.message, /"weather".*closed its standard output but goes on running/)
      }))

    it.effect("standard input closed by a server that lives on", () =>
      Effect.gen(function*() {
        const session = yield* StdioTransport.make({
          name: "weather",
          command: node,
          args: [fixture, "--linger", "--ignore-eof"],
          gracePeriod: "200 millis"
        })
        yield* session.callTool("closeStdin")
        const error = yield* Effect.flip(session.callTool("echo", {}, { timeout: patience(10_000) }))
        assert.isTrue(error._tag === "CallError" && error.reason._tag === "Closed")
        assert.match(error.message, /"weather".*closed its standard input/)
      }))

    it.effect("a tool that is not in the list, with the nearest name", () =>
      Effect.gen(function*() {
        const [error] = yield* call("ecoh")
        assert.deepInclude(error, { _tag: "ToolNotFound", server: "weather", tool: "ecoh" })
        assert.match(error.message, /"weather" has no tool "ecoh"; did you mean "echo"/)
      }))
  })
})
