/** What is said about a module that Node does not find, by Node itself: a wrong path is told from a broken package. */
import { assert, describe, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { hintFrom } from "../src/internal/spawnFailure.ts"

/** The hint for what Node says when it runs `arguments` in a folder with these files. */
const hint = (files: Readonly<Record<string, string>>, ...args: ReadonlyArray<string>): string => {
  const folder = mkdtempSync(join(tmpdir(), "missing-"))
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true })
      writeFileSync(join(folder, name), text)
    }
    const { stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: "utf8" })
    return (hintFrom(stderr.split("\n")) ?? "nothing").replaceAll(/(?:file:\/\/)?\/\S*?missing-\w+/g, "HERE")
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const noFile = (file: string) =>
  `there is no file ${file}: check the arguments and \`cwd\`; a relative path starts where this program runs`

const isBroken = /^the package (\S+) is broken, or its native part was not installed: install the server again/

describe("a path that is wrong", () => {
  it("of the script, whatever it is called", () => {
    for (const name of ["server.js", "dist/index.mjs", "node_modules/srv/dist/index.js"]) {
      assert.strictEqual(hint({}, name), noFile(`HERE/${name}`))
    }
  })

  it("of what is loaded before it", () => {
    assert.strictEqual(hint({ "a.js": "" }, "--require", "./setup.cjs", "a.js"), noFile("./setup.cjs"))
    assert.strictEqual(hint({ "a.js": "" }, "--import", "./setup.mjs", "a.js"), noFile("HERE/setup.mjs"))
  })

  it("for Deno and Bun", () => {
    assert.strictEqual(hintFrom(["error: Module not found \"file:///srv/x.ts\"."]), noFile("file:///srv/x.ts"))
    assert.strictEqual(hintFrom(["error: Module not found \"nope.ts\""]), noFile("nope.ts"))
  })
})

describe("a server that is not complete", () => {
  it("a package is not installed", () => {
    const says = "its module nobodys-module is missing: install the server's dependencies"
    assert.strictEqual(hint({ "a.mjs": "import \"nobodys-module\"" }, "a.mjs"), says)
    assert.strictEqual(hint({ "a.cjs": "require(\"nobodys-module\")" }, "a.cjs"), says)
    assert.strictEqual(hintFrom(["error: Cannot find package \"nobodys-module\" from \"/srv/index.ts\""]), says)
  })

  it("a file of its own is missing", () => {
    const says = (asked: string, by: string) =>
      `${asked}, which ${by} loads, is missing: the server is not complete; build it, or install it again`
    assert.strictEqual(
      hint({ "src/a.mjs": "import \"../dist/tools.js\"" }, "src/a.mjs"),
      says("HERE/dist/tools.js", "HERE/src/a.mjs")
    )
    assert.strictEqual(hint({ "b.cjs": "require(\"./tools\")" }, "b.cjs"), says("./tools", "HERE/b.cjs"))
  })
})

describe("a package that is broken", () => {
  it.each([
    ["an import of its own", "@acme/srv", { "node_modules/@acme/srv/index.mjs": "import \"./lost.js\"" }],
    ["a native part", "keytar", { "node_modules/keytar/index.cjs": "require(\"../build/Release/keytar.node\")" }],
    [
      "an optional dependency for this platform",
      "rollup",
      { "node_modules/rollup/native.cjs": "require(\"@rollup/rollup-linux-x64-gnu\")" }
    ],
    [
      "a package inside a package",
      "inner",
      { "node_modules/outer/node_modules/inner/index.mjs": "import \"./lost.mjs\"" }
    ]
  ])("%s", (_, name, files) => {
    const [file = ""] = Object.keys(files)
    const entry = { "a.mjs": `import ${JSON.stringify(`./${file}`)}` }
    assert.strictEqual(isBroken.exec(hint({ ...files, ...entry }, "a.mjs"))?.[1], name)
  })

  it.each([
    ["sharp", ["Error: Could not load the \"sharp\" module using the linux-x64 runtime"]],
    [
      "better-sqlite3",
      [
        "Error: Could not locate the bindings file. Tried:",
        " → /srv/node_modules/better-sqlite3/build/better_sqlite3.node"
      ]
    ],
    [
      "bcrypt",
      [
        "Error: The module '/srv/node_modules/bcrypt/lib/bcrypt.node'",
        "was compiled against a different Node.js version using"
      ]
    ],
    ["@a/b", ["Error: C:\\srv\\node_modules\\@a\\b\\x.node: invalid ELF header"]]
  ])(
    "a native part that does not load: %s",
    (name, stderr) => assert.strictEqual(isBroken.exec(hintFrom(stderr) ?? "")?.[1], name)
  )

  it("one that it does not fit", () =>
    assert.match(
      hintFrom([
        "SyntaxError: The requested module 'zod' does not provide an export named 'toJSONSchema'",
        "    at ModuleJob._instantiate (node:internal/modules/esm/module_job:220:21)",
        "Node.js v24.21.0"
      ]) ?? "",
      /does not fit a package/
    ))
})
