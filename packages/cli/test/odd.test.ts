import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { fileURLToPath } from "node:url"
import { configured, umcp } from "./support.ts"

const script = fileURLToPath(new URL("./fixtures/odd.ts", import.meta.url))

const odd = (...oddities: ReadonlyArray<string>) => ({ command: process.execPath, args: [script, ...oddities] })

describe("what is remarked of a server", () => {
  it.live.each([["list"], ["call", "one.first"], ["prompts"]])(
    "is one line on stderr for all that is on stdout and is no message: umcp %s",
    (args) =>
      Effect.gen(function*() {
        const cwd = yield* configured({ one: odd("junk") })
        const { code, stderr } = yield* umcp(args, { cwd })
        assert.strictEqual(code, 0)
        assert.strictEqual(
          stderr,
          "warning: \"one\": 60 lines on stdout are not messages, such as \"junk 0\"\n"
        )
      })
  )

  it.live("is a line of JSON each with --json; stdout stays the result", () =>
    Effect.gen(function*() {
      const cwd = yield* configured({ one: odd("invalid"), two: odd() })
      const { code, stderr, stdout } = yield* umcp(["list", "--json"], { cwd })
      assert.strictEqual(code, 0)
      assert.deepStrictEqual(JSON.parse(stderr), {
        warning: { server: "one", message: "left out 1 of the tools that are not valid: [{\"name\":\"broken\"}]" }
      })
      assert.lengthOf(JSON.parse(stdout).servers, 2)
    }))
})

describe("a list that never ends", () => {
  it.live.each(
    [
      ["list", "2 tools", "  first(count?: number)\n  pay(count?: number)\n"],
      ["prompts", "1 prompt", "  forecast()\n"],
      ["resources", "1 resource", "  odd://one  one\n"]
    ] as const
  )("is printed as far as it was read, then the error: umcp %s", ([command, count, listed]) =>
    Effect.gen(function*() {
      const cwd = yield* configured({ one: odd("endless") })
      const { code, stderr, stdout } = yield* umcp([command], { cwd })
      assert.strictEqual(code, 5)
      assert.strictEqual(stdout, `one  odd 1.0.0 · stdio · 2025-11-25 (legacy) · ${count} (incomplete)\n${listed}\n`)
      assert.match(
        stderr,
        /^error: [^\n]* on "one" failed: the list never ends: the cursor "again" came again\nhint: what was read before that is printed all the same\n$/
      )
    }))

  it.live("keeps what was read in --json, and its tools can be shown and called", () =>
    Effect.gen(function*() {
      const cwd = yield* configured({ one: odd("endless", "invalid") })
      const json = yield* umcp(["list", "--json"], { cwd })
      assert.strictEqual(json.code, 5)
      const { servers: [one] } = JSON.parse(json.stdout)
      assert.deepStrictEqual(one.tools.map((tool: { readonly name: string }) => tool.name), ["first", "pay"])
      assert.deepInclude(one, { state: "failed" })
      assert.notProperty(one.error.reason, "partial")
      const [warning, error] = json.stderr.trim().split("\n").map((line) => Object.values(JSON.parse(line))[0])
      assert.deepInclude(warning, { server: "one" })
      assert.deepInclude(error, { tag: "CallError", hint: "what was read before that is printed all the same" })
      const shown = yield* umcp(["list", "one.pay"], { cwd })
      assert.strictEqual(shown.code, 5)
      assert.match(shown.stdout, /^pay\(count\?: number\)\n/)
      const called = yield* umcp(["call", "one.first", "count=1"], { cwd })
      assert.deepInclude(called, { code: 0, stdout: "{\"count\":1}\n" })
    }))
})
