import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { mkdirSync, realpathSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import { join } from "node:path"
import { patience } from "../../../test/patience.ts"
import { configured, errorOf, events, folder, server, start, stdio, umcp } from "./support.ts"

const dead = { command: process.execPath, args: ["-e", "console.error('no licence');process.exit(7)"] }

describe("umcp list", () => {
  it.live("prints a signature per tool; a dead server is one error beside the healthy ones", () =>
    Effect.gen(function*() {
      const cwd = yield* configured({ one: server(), dead, two: server() })
      const { code, stderr, stdout } = yield* umcp(["list"], { cwd })
      assert.strictEqual(code, 0)
      assert.match(
        stdout,
        /^one  fixture 1\.2\.3 · stdio · 2025-06-18 \(legacy\) · 14 tools\n  echo\(message: string\)\n    Says it again\n/m
      )
      assert.match(stdout, /^two  /m)
      assert.include(stdout, "choice?: \"a\" | \"b\" | 3")
      assert.include(stdout, "  structured(): { n: number }")
      assert.match(stderr, /^error: no connection to "dead".*exit code 7.*no licence\nhint: [^\n]+\n$/)
    }))

  it.live("holds nobody up for a mute server: it is named at the deadline, and nothing of it is left", () =>
    Effect.gen(function*() {
      const mute = { command: process.execPath, args: ["-e", "setInterval(() => {}, 1000)"] }
      const timeout = patience(5000)
      const cwd = yield* configured({ mute: { ...mute, timeout: 2 * timeout }, one: { ...server(), timeout } })
      const { code, stderr, stdout } = yield* umcp(["list", "--timeout", `${timeout}ms`], { cwd })
      assert.strictEqual(code, 0)
      assert.match(stdout, /^one  fixture 1\.2\.3/m)
      assert.match(
        stderr,
        /^error: no connection to "mute" \(stdio, negotiate\): it did not answer within [^\n]+\nhint: umcp doctor mute [^\n]+\n$/
      )
    }))

  it.live("with --json prints one document, the error inside", () =>
    Effect.gen(function*() {
      const cwd = yield* configured({ one: server(), dead })
      const { code, stderr, stdout } = yield* umcp(["list", "--json"], { cwd })
      assert.deepStrictEqual({ code, stderr }, { code: 0, stderr: "" })
      const { servers } = JSON.parse(stdout)
      const [one, other] = servers
      assert.deepInclude(one, {
        name: "one",
        transport: "stdio",
        state: "ready",
        protocolVersion: "2025-06-18",
        era: "legacy",
        serverInfo: { name: "fixture", version: "1.2.3" }
      })
      assert.deepStrictEqual(one.tools[0], {
        name: "echo",
        description: "Says it again\n\nAnd more",
        inputSchema: { type: "object", properties: { message: { type: "string" } }, required: ["message"] }
      })
      assert.deepInclude(other, {
        name: "dead",
        state: "failed",
        protocolVersion: null,
        era: null,
        serverInfo: null,
        tools: []
      })
      assert.deepInclude(other.error, { tag: "ConnectionError", exitCode: 7 })
    }))

  it.live("prints each server as it answers", () =>
    Effect.gen(function*() {
      const cwd = yield* configured({ stuck: server("stuck", "--silent"), quick: server() })
      const { child } = yield* start(["list"], { cwd })
      const first = yield* Effect.callback<string>((resume) => {
        child.stdout.once("data", (chunk) => resume(Effect.succeed(String(chunk))))
      })
      assert.match(first, /^quick /)
    }))

  it.live("exits with 4 only if no server answers", () =>
    Effect.gen(function*() {
      const cwd = yield* configured({ dead, dead2: dead })
      const human = yield* umcp(["list"], { cwd })
      assert.deepInclude(human, { code: 4, stdout: "" })
      assert.deepStrictEqual(
        human.stderr.split("\n").flatMap((line) => /^error: no connection to "(\w+)"/.exec(line)?.[1] ?? []).sort(),
        ["dead", "dead2"]
      )
      const json = yield* umcp(["list", "--json"], { cwd })
      assert.strictEqual(json.code, 4)
      assert.deepInclude(errorOf(json), { tag: "ConnectionError", server: "dead" })
      assert.lengthOf(JSON.parse(json.stdout).servers, 2)
    }))

  it.live("shows one tool with its schemas", () =>
    Effect.gen(function*() {
      const cwd = yield* configured({ one: server() })
      const human = yield* umcp(["list", "one.structured"], { cwd })
      assert.match(human.stdout, /^structured\(\): \{ n: number \}\n/)
      assert.include(human.stdout, "Output schema\n  {\n    \"type\": \"object\"")
      const json = yield* umcp(["list", "one.structured", "--json"], { cwd })
      assert.deepStrictEqual(
        JSON.parse(json.stdout).servers[0].tools.map((tool: { readonly name: string }) => tool.name),
        ["structured"]
      )
      const alone = yield* umcp(["list", "structured", ...stdio])
      assert.match(alone.stdout, /^structured\(\)/)
      const unknown = yield* umcp(["list", "one.structurd", "--json"], { cwd })
      assert.strictEqual(unknown.code, 2)
      assert.deepInclude(errorOf(unknown), { tag: "ToolNotFound", closest: ["structured"] })
    }))

  it.live("shows the control characters of a server as escapes", () =>
    Effect.gen(function*() {
      const human = yield* umcp(["list", ...stdio])
      // oxlint-disable-next-line no-control-regex
      assert.notMatch(human.stdout, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/)
      assert.include(human.stdout, "evil\\u001b[2J()\n    \\u001b]0;owned\\u0007 \\u009b31m")
      const json = yield* umcp(["list", ...stdio, "--json"])
      // oxlint-disable-next-line no-control-regex
      assert.notMatch(json.stdout, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/)
    }))

  it.live("stops when the reader of its output is gone, without waiting for other servers", () =>
    Effect.gen(function*() {
      const { env, go, until } = yield* events
      const cwd = yield* configured({
        quick: server(),
        late: { ...server("late", "--late"), env },
        stuck: server("stuck", "--silent")
      })
      const { child, ended } = yield* start(["list"], { cwd })
      yield* Effect.callback<void>((resume) => {
        child.stdout.once("data", () => resume(Effect.void))
      })
      yield* until("late tools/list")
      child.stdout.destroy()
      yield* go
      assert.deepInclude(yield* ended, { code: 0, stderr: "" })
    }))

  it.live("on SIGINT closes the servers in the reverse order", () =>
    Effect.gen(function*() {
      const { all, env, until } = yield* events
      const names = ["one", "two", "three"]
      const cwd = yield* configured(
        Object.fromEntries(names.map((name) => [name, { ...server(name, "--silent"), env }]))
      )
      const { child, ended } = yield* start(["list"], { cwd })
      for (
        let waiting = names;
        waiting.length > 0;
        waiting = names.filter((name) => !all.includes(`${name} tools/list`))
      ) {
        yield* until(`${waiting[0]} tools/list`)
      }
      child.kill("SIGINT")
      assert.deepInclude(yield* ended, { code: 130, stdout: "", stderr: "" })
      yield* until("one gone")
      assert.deepStrictEqual(all.filter((event) => / (ended|gone)$/.test(event)), [
        "three ended",
        "three gone",
        "two ended",
        "two gone",
        "one ended",
        "one gone"
      ])
    }))
})

describe("umcp servers", () => {
  it.live("shows how each server is reached, and hides secrets", () =>
    Effect.gen(function*() {
      const cwd = yield* configured({
        one: { ...server(), env: { TOKEN: "s3cr3t" } },
        dead: { ...dead, env: { TOKEN: "s3cr3t" } }
      })
      const human = yield* umcp(["servers"], { cwd })
      assert.strictEqual(human.code, 0)
      assert.match(human.stdout, /^NAME +TRANSPORT +STATE +TOOLS +REVISION +CONNECTED SINCE\n/)
      assert.match(human.stdout, /^one +stdio +ready +14 +2025-06-18 \(legacy\) +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/m)
      assert.match(human.stdout, /^dead +stdio +failed +- +- +-\n.*\n  error: no connection to "dead"/m)
      const begun = Date.now()
      const json = yield* umcp(["servers", "--json"], { cwd })
      const { servers: [one, other] } = JSON.parse(json.stdout)
      assert.deepInclude(one, { name: "one", state: "ready", toolCount: 14, protocolVersion: "2025-06-18" })
      assert.isAtLeast(Date.parse(one.connectedSince), begun - 1000)
      assert.isAtMost(Date.parse(one.connectedSince), Date.now())
      assert.deepInclude(other, { name: "dead", state: "failed", toolCount: 0, connectedSince: null })
      assert.notInclude(human.stdout + human.stderr + json.stdout + json.stderr, "s3cr3t")
    }))
})

describe("the configuration", () => {
  it.live("is the nearest file upwards, mcp.json before .mcp.json, then the user's", () =>
    Effect.gen(function*() {
      const top = realpathSync(yield* folder)
      const inner = join(top, "a", "b")
      mkdirSync(inner, { recursive: true })
      const home = join(top, "home", "universal-mcp")
      mkdirSync(home, { recursive: true })
      const write = (path: string) => {
        writeFileSync(path, "{\"mcpServers\":{}}")
        return path
      }
      const env = { XDG_CONFIG_HOME: join(top, "home") }
      const inUse = umcp(["config", "path"], { cwd: inner, env })
      const none = yield* umcp(["list", "--json"], { cwd: inner, env })
      assert.strictEqual(none.code, 2)
      const error = errorOf(none)
      assert.deepInclude(error, { tag: "ConfigNotFound" })
      assert.include(String(error["looked"]), inner)
      assert.include(String(error["looked"]), join(home, "mcp.json"))
      assert.include(String(error["hint"]), "{\"mcpServers\":{")
      for (
        const path of [join(home, "mcp.json"), join(top, ".mcp.json"), join(top, "mcp.json"), join(inner, ".mcp.json")]
      ) {
        write(path)
        assert.strictEqual((yield* inUse).stdout, `${path}\n`)
      }
      const given = yield* umcp(["config", "path", "--config", "../mcp.json", "--json"], { cwd: inner, env })
      assert.deepStrictEqual(JSON.parse(given.stdout), { path: join(top, "a", "mcp.json") })
    }))

  it.live("lists servers without connecting, secrets hidden", () =>
    Effect.gen(function*() {
      const cwd = yield* configured({
        web: { url: "https://example.com/mcp?key=s3cr3t", headers: { Authorization: "s3cr3t" } },
        dead
      })
      const human = yield* umcp(["config", "list"], { cwd })
      assert.strictEqual(human.code, 0)
      assert.match(human.stdout, /^web +automatic +https:\/\/example\.com\/mcp\?key=redacted$/m)
      const json = yield* umcp(["config", "list", "--json"], { cwd })
      assert.notInclude(human.stdout + json.stdout, "s3cr3t")
    }))

  it.live("that is wrong is exit code 2, and names the field", () =>
    Effect.gen(function*() {
      const cwd = yield* configured({ files: { transport: "carrier-pigeon", url: "https://example.com" } })
      const outcome = yield* umcp(["list", "--json"], { cwd })
      assert.strictEqual(outcome.code, 2)
      assert.strictEqual(outcome.stdout, "")
      assert.deepInclude(errorOf(outcome), {
        tag: "ConfigError",
        path: "mcpServers.files.transport",
        found: "\"carrier-pigeon\""
      })
    }))
})

describe("umcp", () => {
  it.live("has help and a version", () =>
    Effect.gen(function*() {
      const help = yield* umcp(["--help"])
      assert.deepInclude(help, { code: 0, stderr: "" })
      for (const command of ["list", "call", "servers", "config", "demo"]) {
        assert.match(help.stdout, new RegExp(`^  ${command} `, "m"))
      }
      const version = yield* umcp(["--version"])
      assert.match(version.stdout, /^umcp \d+\.\d+\.\d+\n$/)
    }))

  it.live.each(
    [
      [["list", "--bogus"], /--bogus/],
      [["bogus"], /bogus/],
      [["call"], /server\.tool/],
      [["list", "--url", "http://127.0.0.1:9", "--stdio", "x"], /--url and --stdio exclude each other/],
      [["list", "--header", "A: b"], /--header needs --url/],
      [["list", "--url", "http://127.0.0.1:9", "--header", "nonsense"], /--header must be/],
      [["list", "--url", "http://127.0.0.1:9", "--transport", "pigeon"], /transport/],
      [["list", "--url", "ftp://example.com"], /ftp:\/\/example\.com/]
    ] as const
  )("refuses %j with exit code 2", ([args, pattern]) =>
    Effect.gen(function*() {
      const outcome = yield* umcp([...args, "--json"])
      assert.deepInclude(outcome, { code: 2, stdout: "" })
      assert.match(String(errorOf(outcome)["message"]), pattern)
    }))

  it.live("says an error in one line, and a hint in one more", () =>
    Effect.gen(function*() {
      const { code, stderr, stdout } = yield* umcp(["list", "--bogus"])
      assert.deepStrictEqual({ code, stdout }, { code: 2, stdout: "" })
      assert.match(stderr, /^error: [^\n]*--bogus[^\n]*\nhint: see `umcp list --help`\n$/)
    }))

  it.live("writes no colour to a pipe", () =>
    Effect.gen(function*() {
      const { stderr, stdout } = yield* umcp(["list", ...stdio])
      assert.notInclude(stdout + stderr, "\u001b")
    }))

  it.live("exits with 3 when a server wants authorization, and sends the headers", () =>
    Effect.gen(function*() {
      const seen: Array<string | undefined> = []
      const listener = yield* Effect.acquireRelease(
        Effect.callback<ReturnType<typeof createServer>>((resume) => {
          const listener = createServer((request, response) => {
            seen.push(request.headers["x-key"]?.toString())
            response.writeHead(401, { "www-authenticate": "Bearer" }).end()
          })
          listener.listen(0, "127.0.0.1", () => resume(Effect.succeed(listener)))
        }),
        (listener) => Effect.sync(() => listener.close())
      )
      const address = listener.address()
      const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}/mcp`
      const outcome = yield* umcp([
        "call",
        "x",
        "--url",
        url,
        "--header",
        "X-Key: s3cr3t",
        "--transport",
        "streamable-http",
        "--json"
      ])
      assert.strictEqual(outcome.code, 3)
      assert.deepInclude(errorOf(outcome), { tag: "ConnectionError", phase: "auth", status: 401 })
      assert.strictEqual(seen[0], "s3cr3t")
      assert.notInclude(outcome.stderr, "s3cr3t")
    }))
})
