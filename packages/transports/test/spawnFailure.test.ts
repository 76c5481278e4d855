import { assert, describe, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import { hintFrom } from "../src/internal/spawnFailure.ts"

/** What Node says of a program. */
const saidOf = (...args: ReadonlyArray<string>): ReadonlyArray<string> =>
  spawnSync(process.execPath, args, { encoding: "utf8" }).stderr.split("\n")

describe("what to do about a process that has ended", () => {
  const cases: ReadonlyArray<readonly [string, ReadonlyArray<string>, RegExp]> = [
    [
      "npm: no such package",
      [
        "npm error code E404",
        "npm error 404 Not Found - GET https://registry.example.com/nobody",
        "npm error 404",
        "npm error 404  The requested resource 'nobody@latest' could not be found or you do not have permission to access it."
      ],
      /^npm has no package nobody,/
    ],
    [
      "npm 9: no such package",
      ["npm ERR! code E404", "npm ERR! 404  '@a/b@1.2.3' is not in this registry."],
      /^npm has no package @a\/b,/
    ],
    [
      "npm: no such version",
      ["npm error code ETARGET", "npm error notarget No matching version found"],
      /no such version/
    ],
    ["npm: no network", ["npm error code ENOTFOUND"], /registry \(ENOTFOUND\)/],
    ["npx: nothing to run", ["npm error could not determine executable to run"], /no command to run/],
    ["npm: another Node", ["npm error code EBADENGINE"], /another version of Node/],
    ["an unknown module of Node", saidOf("-e", "import('node:of-the-future')"), /another version of Node than v\d+/],
    ["unknown syntax", saidOf("--input-type=module", "-e", "let x = 1 |> f"), /another version of Node than v\d+/],
    [
      "an unknown export",
      saidOf("--input-type=module", "-e", "import { x } from 'node:fs'"),
      /another version of Node/
    ],
    ["an unknown option", saidOf("--of-the-future"), /another version of Node/],
    ["no such file", saidOf("./no/such/file.js"), /^there is no file .*no\/such\/file\.js/],
    ["a module that is not installed", saidOf("-e", "require('left-pad')"), /^its module left-pad is missing/],
    [
      "Python: a module",
      ["Traceback (most recent call last):", "ModuleNotFoundError: No module named 'mcp'"],
      /module mcp/
    ],
    ["a port", ["Error: listen EADDRINUSE: address already in use :::3000"], /has the port 3000 it wants/]
  ]
  for (const [name, stderr, hint] of cases) it(name, () => assert.match(hintFrom(stderr) ?? "nothing", hint))

  it("nothing where the program itself failed", () => {
    assert.isUndefined(hintFrom(saidOf("-e", "JSON.parse('{')")))
    assert.isUndefined(hintFrom(saidOf("-e", "throw new Error('no licence')")))
    assert.isUndefined(hintFrom([]))
  })
})
