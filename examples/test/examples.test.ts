import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { everything, processes, run } from "./run.ts"

const succeeds = Effect.fnUntraced(
  function*(program: string, args?: ReadonlyArray<string>, env?: Record<string, string>) {
    const { exitCode, stderr, stdout } = yield* run(program, args, env)
    assert.strictEqual(exitCode, 0, stderr + stdout)
    assert.strictEqual(stderr, "")
    return stdout
  }
)

const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "umcp-example-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true }))
)

describe("examples", () => {
  it.live("stdio", () =>
    Effect.gen(function*() {
      const path = yield* folder
      writeFileSync(join(path, "hello.txt"), "hello")
      const stdout = yield* succeeds("stdio.ts", [path])
      assert.match(stdout, /^secure-filesystem-server \S+ has \d+ tools/)
      assert.include(stdout, "[FILE] hello.txt")
      assert.notInclude(yield* processes, path)
    }))

  it.live("streamable-http", () =>
    Effect.gen(function*() {
      const stdout = yield* succeeds("streamable-http.ts", [`${yield* everything("streamableHttp")}/mcp`])
      assert.match(stdout, /^1 of 4\n2 of 4\n3 of 4\n4 of 4\n.*Long running operation completed/s)
    }))

  it.live("sse", () =>
    Effect.gen(function*() {
      assert.include(yield* succeeds("sse.ts", [`${yield* everything("sse")}/sse`]), "The sum of 2 and 3 is 5.")
    }))

  it.live("auto", () =>
    Effect.gen(function*() {
      const http = yield* succeeds("auto.ts", [`${yield* everything("streamableHttp")}/mcp`])
      assert.strictEqual(http, "mcp-servers/everything over streamable-http, 2025-11-25\n")
      const sse = yield* succeeds("auto.ts", [`${yield* everything("sse")}/sse`])
      assert.strictEqual(sse, "mcp-servers/everything over sse, 2025-11-25\n")
    }))

  it.live("in-memory", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* succeeds("in-memory.ts"), "[ 'roll' ]\n[ { type: 'text', text: '4' } ]\n")
    }))

  it.live("registry-from-config", () =>
    Effect.gen(function*() {
      const path = yield* folder
      const stdout = yield* succeeds("registry-from-config.ts", [], { FOLDER: path, WEATHER_API: "recorded" })
      assert.match(stdout, /^no connection to "nobody" \(streamable-http, connect\): .*\n/)
      assert.match(stdout, /\nfiles: secure-filesystem-server \S+ over stdio, \d+ tools\n/)
      assert.match(stdout, /\nweather: weather 1\.0\.0 over stdio, 2 tools\n/)
      assert.include(stdout, "Wind Advisory")
      assert.notInclude(yield* processes, path)
    }))

  it.live("server-requests", () =>
    Effect.gen(function*() {
      const stdout = yield* succeeds("server-requests.ts")
      assert.match(stdout, /^Current MCP Roots \(1 total\):.*URI: file:\/\/\//s)
      assert.match(stdout, /\neverything asks: .*\n- Name: Ada\n/s)
    }))

  it.live("registry-from-config says what is wrong with a file", () =>
    Effect.gen(function*() {
      const path = join(yield* folder, "mcp.json")
      writeFileSync(path, "{\"mcpServers\": {\"files\": {\"type\": \"htp\"}}}")
      const { exitCode, stderr, stdout } = yield* run("registry-from-config.ts", [path])
      assert.strictEqual(exitCode, 1)
      assert.include(stdout + stderr, `bad configuration in ${path} at mcpServers.files.type: found "htp"`)
    }))

  it.live("static-composition", () =>
    Effect.gen(function*() {
      const stdout = yield* succeeds("static-composition.ts")
      assert.match(stdout, /^files: \d+ tools\neverything: \d+ tools\n/)
      assert.include(stdout, "Echo: hello")
    }))

  it.live("recovery", () =>
    Effect.gen(function*() {
      const lines = (yield* succeeds("recovery.ts")).split("\n")
      assert.match(lines[0] ?? "", /^no connection to "everything" \(stdio, spawn\): .*no-such-command/)
      assert.strictEqual(
        lines[1],
        "there is no server \"everthing\"; available: \"everything\"; did you mean \"everything\"?"
      )
      assert.include(lines[2], "Echo: hello")
      assert.strictEqual(lines[3], "gave up after 200 ms")
      assert.match(lines[4] ?? "", /^tool "get-sum" of "everything" failed: /)
      assert.strictEqual(lines[5], "ech? echo!")
    }))

  it.live("self-healing", () =>
    Effect.gen(function*() {
      const lines = (yield* succeeds("self-healing.ts")).trimEnd().split("\n")
      assert.deepStrictEqual(lines.slice(0, 3), [
        "Ready",
        "Reconnecting: no connection to \"weather\" (stdio, connect): the server process ended (killed by SIGKILL)",
        "Ready"
      ])
      assert.match(lines[3] ?? "", /Wind Advisory/)
    }))
})
