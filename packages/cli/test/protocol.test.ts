import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { configured, errorOf, events, folder, server, stdio, umcp } from "./support.ts"

const dead = { command: process.execPath, args: ["-e", "process.exit(7)"] }

describe("umcp resources", () => {
  it.live("lists resources and templates, aligned; a dead server is one error beside the others", () =>
    Effect.gen(function*() {
      const cwd = yield* configured({ one: server(), dead })
      const { code, stderr, stdout } = yield* umcp(["resources"], { cwd })
      assert.strictEqual(code, 0)
      assert.deepStrictEqual(stdout.split("\n"), [
        "one  fixture 1.2.3 · stdio · 2025-06-18 (legacy) · 2 resources, 1 template",
        "  test://text    text/plain  12 B  A text",
        "  test://binary  image/png         binary",
        "  test://{id}                      any",
        "",
        ""
      ])
      assert.match(stderr, /^error: .*"dead"/)
    }))

  it.live("with --json prints the protocol's lists; one server where one is named", () =>
    Effect.gen(function*() {
      const cwd = yield* configured({ one: server(), dead })
      const { code, stderr, stdout } = yield* umcp(["resources", "one", "--json"], { cwd })
      assert.deepStrictEqual({ code, stderr }, { code: 0, stderr: "" })
      const { servers: [one, ...others] } = JSON.parse(stdout)
      assert.lengthOf(others, 0)
      assert.deepInclude(one, { name: "one", state: "ready", protocolVersion: "2025-06-18", era: "legacy" })
      assert.deepInclude(one.resources[0], { uri: "test://text", title: "A text", size: 12 })
      assert.deepStrictEqual(one.resourceTemplates, [{ uriTemplate: "test://{id}", name: "any" }])
      const unknown = yield* umcp(["resources", "two", "--json"], { cwd })
      assert.deepInclude(errorOf(unknown), { tag: "ServerNotFound", available: ["one", "dead"] })
      assert.strictEqual(unknown.code, 2)
    }))
})

describe("umcp read", () => {
  it.live("prints text as it is, to the byte", () =>
    Effect.gen(function*() {
      const cwd = yield* configured({ one: server() })
      const outcome = yield* umcp(["read", "one", "test://text"], { cwd })
      assert.deepStrictEqual(outcome, { code: 0, stdout: "first\n\u001b[2J", stderr: "" })
      const both = yield* umcp(["read", "test://both", ...stdio])
      assert.deepStrictEqual(both, { code: 0, stdout: "a\nb\n", stderr: "" })
    }))

  it.live("says size and type of a binary resource; --output writes its bytes", () =>
    Effect.gen(function*() {
      const cwd = yield* folder
      const shown = yield* umcp(["read", "test://binary", ...stdio], { cwd })
      assert.strictEqual(shown.code, 0)
      assert.strictEqual(shown.stdout, "[resource test://binary image/png, 3 B]\n")
      const written = yield* umcp(["read", "test://binary", ...stdio, "--output", "x.png"], { cwd })
      assert.deepStrictEqual(written, { code: 0, stdout: "", stderr: "" })
      assert.deepStrictEqual([...readFileSync(join(cwd, "x.png"))], [0, 255, 10])
    }))

  it.live("prints the protocol's result alone with --json", () =>
    Effect.gen(function*() {
      const { stderr, stdout } = yield* umcp(["read", "test://binary", ...stdio, "--json"])
      assert.strictEqual(stderr, "")
      assert.deepStrictEqual(JSON.parse(stdout), {
        contents: [{ uri: "test://binary", mimeType: "image/png", blob: btoa("\0\u00ff\n") }]
      })
    }))

  it.live.each(
    [
      [["one"], "UsageError", "name the resource too"],
      [["test://both", "--output", "x", ...stdio], "UsageError", "has 2"],
      [["test://text", "surplus", ...stdio], "UsageError", "the URI alone"],
      [["test://text", "--output", "x", "--json", ...stdio], "UsageError", "exclude each other"],
      [["test://text", "--output", "/nonexistent/x", ...stdio], "UsageError", "cannot write /nonexistent/x"]
    ] as const
  )("refuses %j", ([args, tag, message]) =>
    Effect.gen(function*() {
      const cwd = yield* configured({ one: server() })
      const json = args.some((arg) => arg === "--json")
      const outcome = yield* umcp(["read", ...args], { cwd })
      assert.strictEqual(outcome.code, 2)
      assert.strictEqual(outcome.stdout, "")
      if (json) assert.strictEqual(errorOf(outcome)["tag"], tag)
      assert.include(outcome.stderr, message)
    }))

  it.live("a resource that does not exist is exit code 5 and what the server said", () =>
    Effect.gen(function*() {
      const outcome = yield* umcp(["read", "test://other", ...stdio, "--json"])
      assert.strictEqual(outcome.code, 5)
      assert.deepInclude(errorOf(outcome), { hint: "see what it has with `umcp resources`" })
      assert.deepInclude(errorOf(outcome), { tag: "CallError", method: "resources/read" })
    }))
})

describe("umcp prompts and umcp prompt", () => {
  it.live("lists prompts with their arguments", () =>
    Effect.gen(function*() {
      const { stdout } = yield* umcp(["prompts", ...stdio])
      assert.deepStrictEqual(stdout.split("\n").slice(1), [
        "  greet(who, style?)",
        "    Says hello",
        "    who  Whom",
        "",
        ""
      ])
      const json = yield* umcp(["prompts", ...stdio, "--json"])
      assert.strictEqual(JSON.parse(json.stdout).servers[0].prompts[0].name, "greet")
    }))

  it.live("prints the messages of a prompt, its arguments all text", () =>
    Effect.gen(function*() {
      const cwd = yield* configured({ one: server() })
      const shown = yield* umcp(["prompt", "one.greet", "who=1", "style=a=b"], { cwd })
      assert.deepStrictEqual(shown, {
        code: 0,
        stdout: "A greeting\n\nuser:\nGreet {\"who\":\"1\",\"style\":\"a=b\"}\nassistant:\n[image image/png, 3 B]\n",
        stderr: ""
      })
      const json = yield* umcp(["prompt", "greet", ...stdio, "who=x", "--json"])
      assert.strictEqual(JSON.parse(json.stdout).messages[1].content.mimeType, "image/png")
    }))

  it.live("a server alone, a word that is no argument, a prompt that does not exist", () =>
    Effect.gen(function*() {
      const cwd = yield* configured({ one: server() })
      const alone = yield* umcp(["prompt", "one"], { cwd })
      assert.strictEqual(alone.code, 2)
      assert.match(alone.stderr, /name the prompt too: one\.<prompt>\nhint: `umcp prompts one`/)
      const word = yield* umcp(["prompt", "one.greet", "who"], { cwd })
      assert.strictEqual(word.code, 2)
      assert.match(word.stderr, /"who" is not an argument/)
      const unknown = yield* umcp(["prompt", "one.great", "--json"], { cwd })
      assert.strictEqual(unknown.code, 2)
      assert.deepInclude(errorOf(unknown), {
        tag: "PromptNotFound",
        message: "\"one\" has no prompt \"great\"; did you mean \"greet\"?",
        closest: ["greet"],
        hint: "`umcp prompts one` shows its prompts"
      })
    }))

  it.live("a value is text: := takes text alone", () =>
    Effect.gen(function*() {
      const cwd = yield* configured({ one: server() })
      const text = yield* umcp(["prompt", "one.greet", "who:=\"1\""], { cwd })
      assert.include(text.stdout, "Greet {\"who\":\"1\"}")
      const number = yield* umcp(["prompt", "one.greet", "who:=1"], { cwd })
      assert.deepStrictEqual(number, {
        code: 2,
        stdout: "",
        stderr: "error: \"who:=1\" is not text, and prompts take text\nhint: write who=1\n"
      })
    }))

  it.live("names an argument that is missing, and one that the prompt does not have", () =>
    Effect.gen(function*() {
      const reported = yield* events
      const cwd = yield* configured({ one: { ...server("one"), env: reported.env } })
      const missing = yield* umcp(["prompt", "one.greet", "style=x", "--json"], { cwd })
      assert.strictEqual(missing.code, 2)
      assert.deepInclude(errorOf(missing), {
        tag: "MissingArguments",
        message: "\"greet\" on \"one\" needs the argument \"who\"",
        prompt: "greet",
        missing: ["who"],
        hint: "the prompt is greet(who, style?)"
      })
      const mistyped = yield* umcp(["prompt", "one.greet", "who=x", "stile=y"], { cwd })
      assert.deepStrictEqual(mistyped, {
        code: 2,
        stdout: "",
        stderr: "error: \"greet\" on \"one\" has no argument \"stile\"; did you mean \"style\"?\n" +
          "hint: the prompt is greet(who, style?)\n"
      })
      assert.notInclude(reported.all, "one prompts/get")
    }))
})

describe("umcp complete", () => {
  it.live("completes a prompt's argument, with those already chosen", () =>
    Effect.gen(function*() {
      const cwd = yield* configured({ one: server() })
      const { stdout } = yield* umcp(["complete", "one.greet", "style=f", "who=x"], { cwd })
      const [ref = "", params = ""] = stdout.split("\n")
      assert.deepStrictEqual(JSON.parse(ref), { type: "ref/prompt", name: "greet" })
      assert.deepInclude(JSON.parse(params), {
        argument: { name: "style", value: "f" },
        context: { arguments: { who: "x" } }
      })
    }))

  it.live("completes a variable of a resource template, of a configured server or another", () =>
    Effect.gen(function*() {
      const cwd = yield* configured({ one: server() })
      for (const target of [["one"], stdio]) {
        const { code, stdout } = yield* umcp(
          ["complete", "--template", "test://{id}", ...target, "id=", "--json"],
          { cwd }
        )
        assert.strictEqual(code, 0)
        const { completion } = JSON.parse(stdout)
        assert.deepInclude(completion, { total: 9, hasMore: true })
        assert.deepStrictEqual(JSON.parse(completion.values[0]), { type: "ref/resource", uri: "test://{id}" })
        assert.deepInclude(JSON.parse(completion.values[1]), { argument: { name: "id", value: "" } })
      }
    }))

  it.live("says so where there is no such prompt, argument or variable", () =>
    Effect.gen(function*() {
      const cwd = yield* configured({ one: server() })
      const argument = yield* umcp(["complete", "one.greet", "whom=x", "--json"], { cwd })
      assert.strictEqual(argument.code, 2)
      assert.deepInclude(errorOf(argument), { tag: "UnknownArgument", argument: "whom", closest: ["who"] })
      const chosen = yield* umcp(["complete", "one.greet", "style=x", "whom=x"], { cwd })
      assert.strictEqual(chosen.code, 2)
      assert.match(chosen.stderr, /^error: "greet" on "one" has no argument "whom"; did you mean "who"\?\n/)
      const variable = yield* umcp(["complete", "one", "--template", "test://{id}{?page*,size:3}", "idd=x"], { cwd })
      assert.strictEqual(variable.code, 2)
      assert.strictEqual(
        variable.stderr,
        "error: \"test://{id}{?page*,size:3}\" has no variable \"idd\"; did you mean \"id\"?\n" +
          "hint: it has id, page, size\n"
      )
      for (const name of ["id", "page", "size"]) {
        const known = yield* umcp(["complete", "one", "--template", "test://{id}{?page*,size:3}", `${name}=x`], { cwd })
        assert.deepInclude(known, { code: 0, stderr: "" })
      }
    }))

  it.live("wants an argument", () =>
    Effect.gen(function*() {
      const { code, stderr } = yield* umcp(["complete", "greet", ...stdio])
      assert.strictEqual(code, 2)
      assert.match(stderr, /^error: name the argument to complete\nhint: write argument=prefix/)
    }))
})

describe("a question of a server, without a terminal", () => {
  it.live("fails the call with what was asked, and cancels it", () =>
    Effect.gen(function*() {
      const reported = yield* events
      const cwd = yield* configured({ files: { ...server("files"), env: reported.env } })
      const { code, stderr, stdout } = yield* umcp(["call", "files.ask"], { cwd })
      yield* reported.until("files gone")
      assert.strictEqual(code, 5)
      assert.strictEqual(stdout, "")
      assert.match(
        stderr,
        /^error: "files" asks, and there is no terminal to answer on: files \(process \d+\) asks \(name\?: string\)\nhint: run it on a terminal[^\n]*\n$/
      )
      assert.include(reported.all, "files notifications/cancelled")
    }))

  it.live("is an error of its own with --json, with the URL where there is one", () =>
    Effect.gen(function*() {
      const cwd = yield* configured({ shop: server("shop", "--new") })
      const form = yield* umcp(["call", "shop.ask", "--json"], { cwd })
      assert.strictEqual(form.code, 5)
      assert.deepInclude(errorOf(form), {
        tag: "ElicitationRequired",
        server: "shop",
        mode: "form",
        requestedSchema: { type: "object", properties: { name: { type: "string" } }, required: [] }
      })
      const url = yield* umcp(["call", "shop.askUrl", "--json"], { cwd })
      assert.strictEqual(url.code, 5)
      assert.deepInclude(errorOf(url), {
        tag: "ElicitationRequired",
        server: "shop",
        mode: "url",
        question: "Please pay",
        url: "https://pay.example.com/"
      })
    }))
})

describe("a result that is not what the tool declares", () => {
  it.live("is printed all the same, with an error beside it", () =>
    Effect.gen(function*() {
      const human = yield* umcp(["call", "wrong", ...stdio])
      assert.strictEqual(human.code, 5)
      assert.strictEqual(human.stdout, "one\n")
      assert.match(human.stderr, /^error: tool "wrong" of .* answered something else than it declares/)
      const json = yield* umcp(["call", "wrong", ...stdio, "--json"])
      assert.strictEqual(json.code, 5)
      assert.deepInclude(JSON.parse(json.stdout), { structuredContent: { n: "one" } })
      const error = errorOf(json)
      assert.deepInclude(error, { tag: "InvalidStructuredContent", tool: "wrong" })
      assert.notProperty(error, "result")
    }))
})
