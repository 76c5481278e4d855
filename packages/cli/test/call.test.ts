import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { configured, errorOf, events, fixture, server, start, stdio, umcp } from "./support.ts"

describe("umcp call", () => {
  it.live("prints the text of a result and exits with 0", () =>
    Effect.gen(function*() {
      const outcome = yield* umcp(["call", "echo", ...stdio, "message=hi there"])
      assert.deepStrictEqual(outcome, { code: 0, stdout: "hi there\n", stderr: "" })
    }))

  it.live("prints the protocol's result alone with --json", () =>
    Effect.gen(function*() {
      const { code, stderr, stdout } = yield* umcp(["call", "echo", ...stdio, "message=hi", "--json"])
      assert.strictEqual(code, 0)
      assert.strictEqual(stderr, "")
      assert.deepStrictEqual(JSON.parse(stdout), { content: [{ type: "text", text: "hi" }] })
    }))

  it.live("reads key=value as the tool's schema says", () =>
    Effect.gen(function*() {
      const given = [
        "number=1.5",
        "integer=3",
        "flag=true",
        "nothing=null",
        "list=[\"x\"]",
        "object={\"a\":1}",
        "choice=3",
        "text=5",
        "textOrNumber=5",
        "maybe=null",
        "point={\"x\":2}",
        "other=7",
        "raw:=7",
        "text2=a=b"
      ]
      const { stdout } = yield* umcp(["call", "types", ...stdio, ...given])
      assert.deepStrictEqual(JSON.parse(stdout), {
        number: 1.5,
        integer: 3,
        flag: true,
        nothing: null,
        list: ["x"],
        object: { a: 1 },
        choice: 3,
        text: "5",
        textOrNumber: "5",
        maybe: null,
        point: { x: 2 },
        other: "7",
        raw: 7,
        text2: "a=b"
      })
    }))

  it.live.each(
    [
      ["number=x", "number", "a number", "\"x\""],
      ["integer=1.5", "integer", "an integer", "\"1.5\""],
      ["flag=yes", "flag", "true or false", "\"yes\""],
      ["list={}", "list", "a JSON array", "\"{}\""],
      ["choice=c", "choice", "\"a\" or \"b\" or 3", "\"c\""],
      ["maybe=x", "maybe", "a number or null", "\"x\""],
      ["raw:={", "raw", "JSON after :=", "\"{\""]
    ] as const
  )(
    "refuses %s with the key, the type wanted and what came",
    ([word, argument, expected, found]) =>
      Effect.gen(function*() {
        const outcome = yield* umcp(["call", "types", ...stdio, word, "--json"])
        assert.strictEqual(outcome.code, 2)
        assert.strictEqual(outcome.stdout, "")
        const error = errorOf(outcome)
        assert.deepInclude(error, { tag: "InvalidArgument", tool: "types", argument, expected, found })
      })
  )

  it.live("names a missing argument before it calls", () =>
    Effect.gen(function*() {
      const { all, env } = yield* events
      const cwd = yield* configured({ one: { ...server("one"), env } })
      const { code, stderr } = yield* umcp(["call", "one.echo"], { cwd })
      assert.strictEqual(code, 2)
      assert.strictEqual(
        stderr,
        "error: \"echo\" on \"one\" needs the argument \"message\"\nhint: the tool is echo(message: string)\n"
      )
      assert.notInclude(all, "one tools/call echo")
    }))

  it.live("simply calls a tool whose schema it cannot read", () =>
    Effect.gen(function*() {
      const { code, stdout } = yield* umcp(["call", "unreadable", ...stdio, "x=1"])
      assert.deepStrictEqual({ code, stdout }, { code: 0, stdout: "{\"x\":\"1\"}\n" })
    }))

  it.live("takes --args as text, from a file and from standard input; key=value wins", () =>
    Effect.gen(function*() {
      const cwd = yield* configured({})
      writeFileSync(join(cwd, "args.json"), "{\"message\":\"from a file\"}")
      const text = yield* umcp(["call", "echo", ...stdio, "--args", "{\"message\":\"as text\"}"])
      const file = yield* umcp(["call", "echo", ...stdio, "--args", "@args.json"], { cwd })
      const stdin = yield* umcp(["call", "echo", ...stdio, "--args", "-"], { stdin: "{\"message\":\"from stdin\"}" })
      const both = yield* umcp(["call", "echo", ...stdio, "--args", "{\"message\":\"as text\"}", "message=as a word"])
      assert.deepStrictEqual(
        [text, file, stdin, both].map(({ stdout }) => stdout),
        ["as text\n", "from a file\n", "from stdin\n", "as a word\n"]
      )
    }))

  it.live.each(
    [
      [["--args", "{"], "--args is not valid JSON"],
      [["--args", "[1]"], "--args must be a JSON object, found [1]"],
      [["--args", "@missing.json"], "cannot read missing.json: there is no such file"],
      [["word"], "\"word\" is not an argument of a tool"],
      [["--timeout", "5"], "--timeout: \"5\" is not a duration"]
    ] as const
  )("refuses %s with exit code 2", ([words, message]) =>
    Effect.gen(function*() {
      const { code, stderr, stdout } = yield* umcp(["call", "echo", ...stdio, ...words])
      assert.strictEqual(code, 2)
      assert.strictEqual(stdout, "")
      assert.strictEqual(stderr.split("\n")[0], `error: ${message}`)
    }))

  it.live("exits with 1 when the tool answers isError", () =>
    Effect.gen(function*() {
      const human = yield* umcp(["call", "fails", ...stdio])
      assert.deepInclude(human, { code: 1, stdout: "it went wrong\n" })
      assert.match(human.stderr, /^error: tool "fails" of "[^"]+" answered with an error\n$/)
      const json = yield* umcp(["call", "fails", ...stdio, "--json"])
      assert.deepInclude(json, { code: 1, stderr: "" })
      assert.strictEqual(JSON.parse(json.stdout).isError, true)
    }))

  it.live("shows structured content without text, and an image in one line", () =>
    Effect.gen(function*() {
      const structured = yield* umcp(["call", "structured", ...stdio])
      assert.strictEqual(structured.stdout, "{\n  \"n\": 1\n}\n")
      const image = yield* umcp(["call", "image", ...stdio])
      assert.strictEqual(image.stdout, "[image image/png, 4.2 kB]\n")
    }))

  it.live("shows the control characters of a server as escapes", () =>
    Effect.gen(function*() {
      const { stdout } = yield* umcp(["call", "evil\u001b[2J", ...stdio])
      assert.strictEqual(stdout, "before\\u001b[2Jafter\\u009b31m\\u202eend\n")
    }))

  it.live("exits with 5 and says so in one line when the server dies during the call", () =>
    Effect.gen(function*() {
      const cwd = yield* configured({ one: server() })
      const { code, stderr, stdout } = yield* umcp(["call", "one.dies"], { cwd })
      assert.strictEqual(code, 5)
      assert.strictEqual(stdout, "")
      const errors = stderr.split("\n").filter((line) => line.startsWith("error: "))
      assert.lengthOf(errors, 1)
      assert.match(errors[0] ?? "", /"one".*exit code 9.*out of memory/)
      const json = yield* umcp(["call", "one.dies", "--json"], { cwd })
      assert.strictEqual(json.stdout, "")
      const error = errorOf(json)
      assert.deepInclude(error, { tag: "CallError", server: "one", method: "tools/call", delivery: "unknown" })
      assert.deepInclude(Object(error["reason"]), { tag: "Closed", exitCode: 9, stderr: ["out of memory"] })
    }))

  it.live("exits with 5 when the call takes longer than --timeout", () =>
    Effect.gen(function*() {
      const outcome = yield* umcp(["call", "slow", ...stdio, "--timeout", "50ms", "--json"])
      assert.strictEqual(outcome.code, 5)
      assert.deepStrictEqual(errorOf(outcome)["reason"], { tag: "Timeout", milliseconds: 50 })
    }))

  it.live("finds the server by the longest name that begins the word", () =>
    Effect.gen(function*() {
      const { all, env } = yield* events
      const cwd = yield* configured({ a: { ...server("short"), env }, "a.b": { ...server("long"), env } })
      const { code } = yield* umcp(["call", "a.b.dotted.name", "message=x"], { cwd })
      assert.strictEqual(code, 0)
      assert.include(all, "long tools/call dotted.name")
      assert.notInclude(all, "short started")
    }))

  it.live("says what was meant by an unknown server, an unknown tool and a server alone", () =>
    Effect.gen(function*() {
      const cwd = yield* configured({ weather: server() })
      const unknown = yield* umcp(["call", "wether.echo", "--json"], { cwd })
      assert.strictEqual(unknown.code, 2)
      assert.deepInclude(errorOf(unknown), {
        tag: "ServerNotFound",
        server: "wether",
        available: ["weather"],
        closest: "weather"
      })
      const tool = yield* umcp(["call", "weather.ecko", "--json"], { cwd })
      assert.strictEqual(tool.code, 2)
      assert.deepInclude(errorOf(tool), { tag: "ToolNotFound", tool: "ecko", closest: ["echo"] })
      const alone = yield* umcp(["call", "weather"], { cwd })
      assert.deepInclude(alone, {
        code: 2,
        stderr:
          "error: \"weather\" is a server; name the tool too: weather.<tool>\nhint: `umcp list weather` shows its tools\n"
      })
    }))

  it.live("exits with 4 when it cannot connect, with what the process said", () =>
    Effect.gen(function*() {
      const cwd = yield* configured({
        dead: { command: process.execPath, args: ["-e", "console.error('no licence');process.exit(7)"] }
      })
      const outcome = yield* umcp(["call", "dead.echo", "--json"], { cwd })
      assert.strictEqual(outcome.code, 4)
      assert.strictEqual(outcome.stdout, "")
      assert.deepInclude(errorOf(outcome), {
        tag: "ConnectionError",
        server: "dead",
        transport: "stdio",
        exitCode: 7,
        stderr: ["no licence"]
      })
    }))

  it.live.each([["SIGINT", 130], ["SIGTERM", 143]] as const)(
    "on %s cancels the call, closes the server and exits with %i",
    ([signal, code]) =>
      Effect.gen(function*() {
        const { all, env, until } = yield* events
        const cwd = yield* configured({ one: { ...server("one"), env } })
        const { child, ended } = yield* start(["call", "one.slow"], { cwd })
        yield* until("one tools/call slow")
        child.kill(signal)
        yield* until("one gone")
        assert.deepStrictEqual(yield* ended, { code, stdout: "", stderr: "" })
        assert.deepStrictEqual(all.slice(all.indexOf("one tools/call slow")), [
          "one tools/call slow",
          "one notifications/cancelled",
          "one ended",
          "one gone"
        ])
      })
  )

  it.live("stops quietly when the reader of its output is gone", () =>
    Effect.gen(function*() {
      const { child, ended } = yield* start(["call", "big", ...stdio])
      yield* Effect.callback<void>((resume) => {
        child.stdout.once("data", () => {
          child.stdout.destroy()
          resume(Effect.void)
        })
      })
      assert.deepInclude(yield* ended, { code: 0, stderr: "" })
    }))

  it.live("writes all of a long result before it exits", () =>
    Effect.gen(function*() {
      const { stdout } = yield* umcp(["call", "big", ...stdio])
      assert.strictEqual(stdout.length, 17 * 300_000 + 1)
    }))

  it.live.each(
    [
      ["a | b", "error: --stdio runs one command without a shell: \"|\" is not possible"],
      ["a > b", "error: --stdio runs one command without a shell: \">\" is not possible"],
      ["a $UMCP_TEST_MISSING", "error: --stdio: there is no environment variable UMCP_TEST_MISSING"],
      [" ", "error: --stdio: the command is empty"]
    ] as const
  )("refuses --stdio %j", ([command, line]) =>
    Effect.gen(function*() {
      const { code, stderr } = yield* umcp(["call", "echo", "--stdio", command])
      assert.strictEqual(code, 2)
      assert.strictEqual(stderr.split("\n")[0], line)
    }))

  it.live("splits --stdio as a shell does", () =>
    Effect.gen(function*() {
      const command =
        `"$NODE" -e 'process.argv[1] === "a b" && process.argv[2] === "c|d" ? import(process.argv[3]) : process.exit(3)' "a b" 'c|d' ${fixture}`
      const { stdout } = yield* umcp(["call", "echo", "--stdio", command, "message=split"], {
        env: { NODE: process.execPath }
      })
      assert.strictEqual(stdout, "split\n")
    }))
})
