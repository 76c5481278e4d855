import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { folder, umcp } from "./support.ts"

/** It answers with the text of the arguments as it came. */
const script = fileURLToPath(new URL("../../transports/test/fixtures/echoDigits.ts", import.meta.url))
const stdio = ["--stdio", `'${process.execPath}' '${script}'`]

const echoed = (text: string) => `{"content":[],"structuredContent":${text}}\n`

describe("the digits that are typed", () => {
  it.live.each(
    [
      [["id=-9223372036854775808"], "{\"id\":-9223372036854775808}"],
      [["id=1e400"], "{\"id\":1e400}"],
      [["price=1.10"], "{\"price\":1.10}"],
      [["price=0.1000000000000000055"], "{\"price\":0.1000000000000000055}"],
      [["level=9007199254740993"], "{\"level\":9007199254740993}"],
      [["other:={\"a\":[1.0,{\"b\":20000000000000000001}]}"], "{\"other\":{\"a\":[1.0,{\"b\":20000000000000000001}]}}"],
      [
        ["--args", "{\"id\":7,\"price\":5E-1}", "id=98765432109876543210"],
        "{\"id\":98765432109876543210,\"price\":5E-1}"
      ],
      [["text=12345678901234567890"], "{\"text\":\"12345678901234567890\"}"]
    ] as const
  )("are sent and printed: %j", ([words, text]) =>
    Effect.gen(function*() {
      const outcome = yield* umcp(["call", "echo", ...words, ...stdio, "--json"])
      assert.deepStrictEqual(outcome, { code: 0, stdout: echoed(text), stderr: "" })
    }))

  it.live("are sent from a file and from standard input", () =>
    Effect.gen(function*() {
      const text = "{\"ids\":[9007199254740993,[2.50]],\"deep\":{\"id\":-36028797018963969}}"
      const cwd = yield* folder
      writeFileSync(join(cwd, "args.json"), text)
      const file = yield* umcp(["call", "echo", "--args", "@args.json", ...stdio, "--json"], { cwd })
      assert.strictEqual(file.stdout, echoed(text))
      const input = yield* umcp(["call", "echo", "--args", "-", ...stdio, "--json"], { stdin: text })
      assert.strictEqual(input.stdout, echoed(text))
      const human = yield* umcp(["call", "echo", "--args", "-", ...stdio], { stdin: text })
      assert.include(human.stdout, "9007199254740993")
    }))
})

describe("the digits that a server sends", () => {
  it.live.each(
    [
      [["list"], "\"maximum\":18446744073709551615"],
      [["resources"], "\"size\":10765432100123456789"],
      [["read", "x://y"], "\"size\":10765432100123456789"],
      [["prompts"], "\"weight\":2.50"],
      [["prompt", "p"], "\"revision\":-9007199254740995"],
      [["complete", "p", "a="], "\"total\":1e3"]
    ] as const
  )("are printed by umcp %j --json", ([words, digits]) =>
    Effect.gen(function*() {
      const { code, stderr, stdout } = yield* umcp([...words, ...stdio, "--json"])
      assert.deepStrictEqual({ code, stderr }, { code: 0, stderr: "" })
      assert.include(stdout, digits)
      assert.notInclude(stdout, "warnings")
    }))

  it.live("are printed in its errors", () =>
    Effect.gen(function*() {
      const { code, stderr } = yield* umcp(["call", "echo", "text=refuse", ...stdio, "--json"])
      assert.strictEqual(code, 5)
      assert.include(stderr, "\"at\":1785196800123456789")
    }))
})
