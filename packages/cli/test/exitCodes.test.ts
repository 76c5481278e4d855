import { assert, describe, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import { inWords } from "../src/internal/exitCodes.ts"
import { isSet } from "../src/internal/rawFlags.ts"

it("the README tells the exit codes as the help does", () => {
  const readme = readFileSync(new URL("../../../README.md", import.meta.url), "utf8").replaceAll(/\s+/g, " ")
  assert.include(readme, inWords)
})

describe("a flag that is looked for in the words themselves", () => {
  it.each(
    [
      [["list", "--json"], true],
      [["--json", "list"], true],
      [["list", "--json=true"], true],
      [["list", "--json", "yes"], true],
      [["call", "a.b", "--json", "--", "x=1"], true],
      [["list"], false],
      [["list", "--json=false"], false],
      [["list", "--json", "no"], false],
      [["list", "--no-json"], false],
      [["call", "a.b", "--", "--json"], false],
      [["call", "a.b", "text=--json"], false],
      [["call", "a.b", "--args=--json"], false],
      [["list", "--jsonx"], false]
    ] as const
  )("%j: %s", (words, expected) => {
    assert.strictEqual(isSet(words, "json"), expected)
  })
})
