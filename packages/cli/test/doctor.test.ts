import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { chmodSync, symlinkSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { patience } from "../../../test/patience.ts"
import { diagnose, serversOf, type Step } from "./doctorSupport.ts"
import { configured, errorOf, events, folder, server, start, stdio, umcp } from "./support.ts"

/** A server that is this script. */
const script = (text: string) => ({ command: process.execPath, args: ["-e", text] })

const mute = script("process.stdin.resume()")

const executable = (path: string, text: string) => {
  writeFileSync(path, text)
  chmodSync(path, 0o755)
}

/** A server that answers what `answer` gives for a method. */
const answering = (answer: string) => `
import { createInterface } from "node:readline"
const answer = ${answer}
createInterface({ input: process.stdin }).on("line", (line) => {
  const { id, method } = JSON.parse(line)
  if (id !== undefined) console.log(JSON.stringify({ jsonrpc: "2.0", id, ...answer(method) }))
})
`

const dying = answering(`(method) => {
  if (method === "tools/list") {
    console.error("out of memory")
    process.exit(9)
  }
  return method === "initialize"
    ? { result: { protocolVersion: "2025-06-18", capabilities: { tools: {} }, serverInfo: { name: "d", version: "1" } } }
    : { error: { code: -32601, message: "unknown" } }
}`)

const modern = answering(`(method) => {
  const result = { resultType: "complete", ttlMs: 0, cacheScope: "private" }
  return method === "server/discover"
    ? {
      result: {
        ...result,
        supportedVersions: ["2026-07-28"],
        capabilities: { tools: {} },
        _meta: { "io.modelcontextprotocol/serverInfo": { name: "new", version: "2" } }
      }
    }
    : { result: { ...result, tools: [] } }
}`)

describe("umcp doctor", () => {
  it.live("shows each step of a server that is well", () =>
    Effect.gen(function*() {
      const cwd = yield* configured({ one: server() })
      const { code, stderr, stdout } = yield* umcp(["doctor", "one"], { cwd })
      assert.deepStrictEqual({ code, stderr }, { code: 0, stderr: "" })
      const lines = stdout.trimEnd().split("\n")
      assert.strictEqual(lines[0], "one  stdio")
      const shapes = [
        /^  ✓ configuration +\d+ ms  \S+mcp\.json$/,
        new RegExp(`^  ✓ command +\\d+ ms  ${process.execPath}$`),
        /^  ✓ process +\d+ ms  started \(process \d+\)$/,
        /^  ✓ negotiation +\d+ ms  fixture 1\.2\.3, 2025-06-18 \(legacy\)$/,
        /^  ✓ list +\d+ ms  14 tools, 1 prompt, 2 resources$/,
        /^  ✓ ping +\d+ ms  answered$/
      ]
      shapes.forEach((shape, index) => assert.match(lines[index + 1] ?? "", shape))
      assert.lengthOf(lines, shapes.length + 1)
    }))

  it.live("with --json gives every step, those not reached too", () =>
    Effect.gen(function*() {
      const cwd = yield* configured({ dead: script("console.error('no licence'); process.exit(7)") })
      const { code, failed, outcome, steps } = yield* diagnose(["dead"], { cwd })
      assert.deepInclude(outcome, { stderr: "" })
      assert.strictEqual(code, 4)
      assert.deepStrictEqual(
        steps.map(({ status, step }) => [step, status]),
        [
          ["configuration", "ok"],
          ["command", "ok"],
          ["process", "failed"],
          ["negotiation", "skipped"],
          ["list", "skipped"],
          ["ping", "skipped"]
        ]
      )
      assert.isTrue(steps.every(({ milliseconds }) => Number.isInteger(milliseconds) && milliseconds >= 0))
      assert.deepInclude(failed, { detail: "the server process ended (exit code 7)", evidence: ["stderr: no licence"] })
      assert.deepInclude(failed.error, { tag: "ConnectionError", exitCode: 7, stderr: ["no licence"] })
      assert.deepInclude(serversOf(outcome)[0], { name: "dead", transport: "stdio", ok: false })
    }))

  it.live("prints a step when it is done, not at the end", () =>
    Effect.gen(function*() {
      const cwd = yield* configured({ mute })
      const { child } = yield* start(["doctor", "mute"], { cwd })
      yield* Effect.callback<void>((resume) => {
        child.stdout.on("data", (text: string) => text.includes("✓ command") && resume(Effect.void))
      })
    }))

  it.live("tells of all servers side by side, in a line each and what to do", () =>
    Effect.gen(function*() {
      const cwd = yield* configured({
        well: server(),
        mute: { ...mute, timeout: 1000 },
        unset: { command: "node", env: { KEY: "${NOT_SET_ANYWHERE}" } }
      })
      const { code, stdout } = yield* umcp(["doctor"], { cwd })
      assert.strictEqual(code, 4)
      assert.match(
        stdout,
        /^✓ well +stdio · fixture 1\.2\.3, 2025-06-18 \(legacy\) · 14 tools, 1 prompt, 2 resources · \d+ ms$/m
      )
      assert.match(stdout, /^✗ mute +stdio · negotiation failed: .*1000 ms\n +hint: /m)
      assert.match(
        stdout,
        /^✗ unset +unknown · configuration failed: .*NOT_SET_ANYWHERE.*\n +hint: set NOT_SET_ANYWHERE/m
      )
      assert.match(stdout, /2 of 3 servers failed; `umcp doctor mute` shows every step\n$/)
    }))

  it.live("leaves no process behind, not even of a server that says nothing", () =>
    Effect.gen(function*() {
      const { all, env, until } = yield* events
      const cwd = yield* configured({ one: { ...server("one"), env }, two: { ...server("two", "--silent"), env } })
      const { code } = yield* umcp(["doctor", "--timeout", `${patience(2000)}ms`], { cwd })
      assert.strictEqual(code, 4)
      yield* until("one gone")
      if (!all.includes("two gone")) yield* until("two gone")
    }))

  it.live("a server that lists nothing fails there, within --timeout", () =>
    Effect.gen(function*() {
      const { code, course, failed } = yield* diagnose([
        "--stdio",
        `'${server("x", "--silent").command}' '${server().args[0]}' x --silent`,
        "--timeout",
        `${patience(1000)}ms`
      ])
      assert.deepInclude({ code, course }, { code: 4, course: "command process negotiation list!" })
      assert.include(failed.detail ?? "", "tools/list")
      assert.deepInclude(failed.error, { tag: "CallError" })
    }))

  it.live("names a missing variable, and exits with 2 where only the configuration is wrong", () =>
    Effect.gen(function*() {
      const cwd = yield* configured({ unset: { command: "node", env: { KEY: "${NOT_SET_ANYWHERE}" } }, well: server() })
      const { code, failed } = yield* diagnose(["unset"], { cwd })
      assert.strictEqual(code, 2)
      assert.include(failed.hint ?? "", "NOT_SET_ANYWHERE")
      assert.deepInclude(failed, { step: "configuration" })
      assert.deepInclude(failed.error, { tag: "ConfigError", path: "mcpServers.unset.env.KEY" })
      assert.deepInclude(yield* umcp(["doctor", "well"], { cwd }), { code: 0 })
      const unknown = yield* umcp(["doctor", "wel", "--json"], { cwd })
      assert.strictEqual(unknown.code, 2)
      assert.deepInclude(errorOf(unknown), { tag: "ServerNotFound", closest: "well" })
    }))

  it.live("never prints a secret", () =>
    Effect.gen(function*() {
      const cwd = yield* configured({
        key: { ...script("process.exit(1)"), args: ["-e", "process.exit(1)", "${SECRET}"], env: { KEY: "${SECRET}" } },
        web: {
          url: "http://user:hunter2@127.0.0.1:1/mcp?key=${SECRET}",
          headers: { Authorization: "Bearer ${SECRET}" }
        }
      })
      for (const args of [["key"], ["web"], ["web", "--json"], []]) {
        const { stderr, stdout } = yield* umcp(["doctor", ...args], { cwd, env: { SECRET: "hunter2" } })
        assert.notInclude(stdout + stderr, "hunter2")
      }
    }))
})

describe.skipIf(process.platform === "win32")("umcp doctor, a command", () => {
  it.live("that is on no PATH: where it was looked for, and what is called much the same", () =>
    Effect.gen(function*() {
      const bin = yield* folder
      executable(join(bin, "my-server"), "#!/bin/sh\n")
      const { code, course, evidence, hint } = yield* diagnose(["--stdio", "my-servr"], {
        env: { PATH: `${bin}:/none` }
      })
      assert.deepInclude({ code, course }, { code: 4, course: "command!" })
      assert.deepStrictEqual(evidence.split("\n"), [
        `not in ${bin}`,
        "not in /none",
        `there is ${join(bin, "my-server")}`
      ])
      assert.strictEqual(hint, "did you mean my-server?")
      const npx = yield* diagnose(["--stdio", "npx -y x"], { env: { PATH: bin } })
      assert.include(npx.hint, "install Node.js")
    }))

  it.live("that is not executable, or whose interpreter is missing", () =>
    Effect.gen(function*() {
      const bin = yield* folder
      writeFileSync(join(bin, "plain"), "#!/bin/sh\n")
      const plain = yield* diagnose(["--stdio", join(bin, "plain")])
      assert.strictEqual(plain.course, "command!")
      assert.include(plain.evidence, "is not executable")
      assert.include(plain.hint, "chmod +x")
      executable(join(bin, "orphan"), "#!/no/such/interpreter\n")
      const orphan = yield* diagnose(["--stdio", "orphan"], { env: { PATH: bin } })
      assert.strictEqual(orphan.course, "command!")
      assert.include(orphan.evidence, "/no/such/interpreter")
    }))

  it.live("npx, and the package is missing", () =>
    Effect.gen(function*() {
      const bin = yield* folder
      executable(
        join(bin, "npx"),
        `#!/bin/sh
cat >&2 <<'END'
npm error code E404
npm error 404 Not Found - GET https://registry.example.com/@nobody%2fmcp-server
npm error 404
npm error 404  The requested resource '@nobody/mcp-server@*' could not be found or you do not have permission to access it.
npm error 404
npm error 404 Note that you can also install from a
npm error 404 tarball, folder, http url, or git url.
npm error A complete log of this run can be found in: /home/me/.npm/_logs/debug-0.log
END
exit 1
`
      )
      const { course, evidence, failed, hint } = yield* diagnose(["--stdio", "npx -y @nobody/mcp-server"], {
        env: { PATH: `${bin}:/bin:/usr/bin` }
      })
      assert.strictEqual(course, "command process!")
      assert.match(hint, /^npm has no package @nobody\/mcp-server/)
      assert.include(evidence, "stderr: npm error code E404")
      assert.strictEqual(failed.error?.["exitCode"], 1)
    }))

  it.live("that needs another Node", () =>
    Effect.gen(function*() {
      const path = yield* folder
      const file = join(path, "server.mjs")
      const dependency = join(path, "new.mjs")
      for (const text of ["import 'node:a-module-of-the-future'", "let x = 1 |> f"]) {
        writeFileSync(file, "import './new.mjs'")
        writeFileSync(dependency, text)
        const { course, evidence, hint } = yield* diagnose(["--stdio", `'${process.execPath}' '${file}'`])
        assert.strictEqual(course, "command process!")
        assert.include(hint, `another version of Node than ${process.version}`)
        assert.match(evidence, /ERR_UNKNOWN_BUILTIN_MODULE|SyntaxError/)
      }
      const missing = yield* diagnose(["--stdio", `'${process.execPath}' '${join(path, "none.mjs")}'`])
      assert.include(missing.hint, "there is no file")
    }))

  it.live("that does not get the variables which we have for the network", () =>
    Effect.gen(function*() {
      const env = {
        HTTPS_PROXY: "http://user:hunter2@proxy.example.com",
        NODE_EXTRA_CA_CERTS: "",
        npm_config_registry: "x"
      }
      const bin = yield* folder
      executable(join(bin, "npx"), "#!/bin/sh\nexec cat >&2\n")
      const cwd = yield* configured({
        loading: { command: join(bin, "npx"), timeout: 500, env: { npm_config_registry: "y" } },
        mute: { ...mute, timeout: 500 },
        npm: script("console.error('npm error code ENOTFOUND'); process.exit(1)"),
        dead: script("process.exit(1)")
      })
      for (const name of ["loading", "npm"]) {
        const { evidence, hint, outcome } = yield* diagnose([name], { cwd, env })
        assert.include(evidence, "set here, and not passed to the server: HTTPS_PROXY")
        assert.strictEqual(evidence.includes("npm_config_registry"), name === "npm")
        assert.include(hint, "\"HTTPS_PROXY\": \"${HTTPS_PROXY}\"")
        assert.notInclude(outcome.stdout, "hunter2")
      }
      for (const name of ["mute", "dead"]) {
        assert.notInclude((yield* diagnose([name], { cwd, env })).evidence, "HTTPS_PROXY")
      }
    }))

  it.live("that is found by the PATH of the configuration", () =>
    Effect.gen(function*() {
      const bin = yield* folder
      symlinkSync(process.execPath, join(bin, "my-node"))
      const cwd = yield* configured({
        one: { ...server(), command: "my-node", env: { PATH: `${bin}:${dirname(process.execPath)}` } }
      })
      const { code, steps } = yield* diagnose([], { cwd })
      assert.strictEqual(code, 0)
      assert.deepInclude(steps[1], { step: "command", detail: join(bin, "my-node") })
    }))
})

describe("umcp doctor, a process", () => {
  const commandLine = (text: string) => ["--stdio", `'${process.execPath}' -e "${text}"`]

  it.live("that ends before it is initialized, with what it wrote to stdout", () =>
    Effect.gen(function*() {
      const { course, evidence, hint } = yield* diagnose(commandLine("console.log('Listening on 3000')"))
      assert.strictEqual(course, "command process!")
      assert.include(evidence, "stdout: Listening on 3000")
      assert.include(hint, "stdout")
    }))

  it.live("that says nothing", () =>
    Effect.gen(function*() {
      const { code, course, failed, steps } = yield* diagnose([
        ...commandLine("process.stdin.resume()"),
        "--timeout",
        "1s"
      ])
      assert.deepInclude({ code, course }, { code: 4, course: "command process negotiation!" })
      assert.include(failed.detail ?? "", "within 1000 ms")
      // Its time begins with the process.
      assert.isAtLeast(steps.reduce((sum, { milliseconds }) => sum + milliseconds, 0), 900)
    }))

  it.live("that says nothing but a banner on stdout", () =>
    Effect.gen(function*() {
      const { evidence, hint } = yield* diagnose([
        ...commandLine("console.log('Welcome!'); process.stdin.resume()"),
        "--timeout",
        `${patience(1000)}ms`
      ])
      assert.include(evidence, "stdout: Welcome!")
      assert.include(hint, "log to stderr")
    }))

  it.live("that dies later", () =>
    Effect.gen(function*() {
      const path = yield* folder
      const file = join(path, "server.mjs")
      writeFileSync(file, dying)
      const { course, evidence, failed } = yield* diagnose(["--stdio", `'${process.execPath}' '${file}'`])
      assert.strictEqual(course, "command process negotiation list!")
      assert.include(failed.detail ?? "", "exit code 9")
      assert.strictEqual(evidence, "stderr: out of memory")
    }))

  it.live("of a revision that has no ping", () =>
    Effect.gen(function*() {
      const path = yield* folder
      const file = join(path, "server.mjs")
      writeFileSync(file, modern)
      const { code, steps } = yield* diagnose(["--stdio", `'${process.execPath}' '${file}'`])
      assert.strictEqual(code, 0)
      assert.deepInclude(steps[3], { detail: "new 2, 2026-07-28 (modern)" })
      assert.match(steps[5]?.detail ?? "", /no ping/)
    }))

  it.live("that works, and prints to stdout what is no message", () =>
    Effect.gen(function*() {
      const file = stdio[1]?.split("'")[3] ?? ""
      const text = `console.log('Welcome!'); process.argv.splice(1, 1); import('${file}')`
      const { code, steps } = yield* diagnose(["--stdio", `'${process.execPath}' -e "${text}" x`])
      assert.strictEqual(code, 0)
      const found = steps.find(({ step }: Step) => step === "process")
      assert.deepInclude(found, { status: "ok", evidence: ["stdout: Welcome!"] })
      assert.include(found?.hint ?? "", "log to stderr")
    }))
})
