/** What a server writes to its standard error costs little to read, whatever it is. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { cpuTime } from "../../../test/cpu.ts"
import { hintFrom, hintWhileSilent } from "../src/internal/spawnFailure.ts"

/** Each is repeated to a line of 64 KB. */
const pieces = [
  "a",
  "/",
  "/node_modules",
  "/node_modules/a",
  "\\node_modules\\@",
  "Cannot find module 'a",
  "Cannot find package \"",
  "npm error 404 '@",
  "npm error 404 ",
  "Require stack:",
  "SyntaxError: at node:internal",
  "EADDRINUSE:1",
  "Could not load the \"",
  "node: bad option",
  "https://sign in",
  "waiting for log in "
]

const broken = "No native build was found"

describe("50 lines of 64 KB on stderr", () => {
  it.effect.each(pieces)("of %j", (piece) =>
    Effect.gen(function*() {
      const line = piece.repeat(Math.ceil(65_536 / piece.length))
      const lines = Array.from({ length: 50 }, () => line)
      for (const stderr of [lines, [broken, ...lines], lines.map((line) => `${line}'x"`)]) {
        assert.isBelow(yield* cpuTime(Effect.sync(() => hintFrom(stderr))), 300)
        assert.isBelow(yield* cpuTime(Effect.sync(() => hintWhileSilent(stderr))), 1000)
      }
    }))
})

describe("the package that is broken", () => {
  const says = (path: string) => hintFrom([broken, `    at Object.<anonymous> (${path}:3:9)`]) ?? ""

  it.each([
    ["/srv/node_modules/bcrypt/index.js", "bcrypt"],
    ["C:\\srv\\node_modules\\@img\\sharp\\lib\\a.js", "@img/sharp"],
    ["/srv/node_modules/a/node_modules/@b/c/d.js", "@b/c"]
  ])("is the innermost of %s", (path, name) => {
    assert.include(says(path), `the package ${name} is broken`)
  })

  it("is not named where no path tells", () => assert.include(says("/srv/node_modules.js"), "a package is broken"))
})
