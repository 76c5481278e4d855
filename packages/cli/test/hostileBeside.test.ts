/** A command over several servers shows the good ones, whatever one of them sends. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { fileURLToPath } from "node:url"
import { configured, umcp } from "./support.ts"

const script = fileURLToPath(new URL("./fixtures/hostileLists.ts", import.meta.url))

const odd = fileURLToPath(new URL("./fixtures/odd.ts", import.meta.url))

const good = { command: process.execPath, args: [odd] }

const runs = [
  ["list", "deep"],
  ["prompts", "deep"],
  ["resources", "toString"],
  ["list --json", "toString"],
  ["resources --json", "wide"],
  ["list", "long"],
  ["servers", "nulls"],
  ["prompts", "proto"]
] as const

describe("a command over several servers", () => {
  it.live.each(runs)(
    "umcp %s shows both good ones beside one whose lists are %s",
    ([command, kind]) =>
      Effect.gen(function*() {
        const bad = { command: process.execPath, args: [script, kind] }
        const cwd = yield* configured({ first: good, bad, last: good })
        const { code, stderr, stdout } = yield* umcp(command.split(" "), { cwd })
        assert.include([0, 5], code, stderr)
        assert.include(stdout, "first")
        assert.include(stdout, "last")
        assert.notMatch(stderr, /has a bug|RangeError|TypeError/)
      })
  )
})

describe("umcp doctor", () => {
  it.live.each(["deep", "toString"])(
    "examines both good servers beside one whose lists are %s",
    (kind) =>
      Effect.gen(function*() {
        const bad = { command: process.execPath, args: [script, kind] }
        const cwd = yield* configured({ first: good, bad, last: good })
        const { code, stdout } = yield* umcp(["doctor", "--json"], { cwd })
        assert.notStrictEqual(code, 70)
        const { servers } = JSON.parse(stdout)
        assert.deepStrictEqual(servers.map((one: { readonly name: string }) => one.name), ["first", "bad", "last"])
        assert.isNotEmpty(servers[2].steps)
      })
  )
})
