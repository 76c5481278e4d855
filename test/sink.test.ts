/** The lint rule that keeps every other way to the terminal closed. */
import { spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "vitest"

const rules = fileURLToPath(new URL("../lint/rules.mjs", import.meta.url))
const oxlint = fileURLToPath(new URL("../node_modules/oxlint/bin/oxlint", import.meta.url))

const importing = (what: string, use: string) =>
  `import ${what} from "@universal-mcp/core/UnsafeText"\nexport const out = ${use}`

const ways = {
  "the console of Effect": "import * as Console from \"effect/Console\"\nexport const out = Console.log(\"x\")",
  "the same, loaded on demand": "export const out = import(\"effect/Console\")",
  "the terminal": "import * as Terminal from \"effect/Terminal\"\nexport const out = Terminal.Terminal",
  "stdout": "export const out = (stdio: { stdout: () => void }) => stdio.stdout()",
  "stderr, taken apart": "export const out = ({ stderr }: { stderr: () => void }) => stderr()",
  "a logger": "import * as Logger from \"effect/Logger\"\nexport const out = Logger.consolePretty()",
  "stdout, in brackets": "export const out = (stdio: { stdout: () => void }) => stdio[\"stdout\"]()",
  "stdout under another name": "export const out = (stdio: { stdout: () => void }) => [stdio.stdout]",
  "stderr, taken apart under another name": "export const out = ({ stderr: write }: { stderr: () => void }) => write()",
  "a logger under another name": "import * as Log from \"effect/Logger\"\nexport const out = Log.consolePretty()",
  "a logger by itself": "import { consolePretty } from \"effect/Logger\"\nexport const out = consolePretty()",
  "the console, passed on": "export { log } from \"effect/Console\"",
  "all of the console, passed on": "export * from \"effect/Console\"",
  "a module whose name is not known": "export const load = (name: string) => import(name)",
  "a module whose name is put together": "export const out = import(\"effect/Con\" + \"sole\")",
  "the console, between backquotes": "export const out = import(`effect/Console`)",
  "the global object": "export const out = globalThis",
  "a file descriptor": "import { writeSync } from \"node:fs\"\nexport const out = () => writeSync(1, \"x\")",
  "Node's process": "import { stdout as out } from \"node:process\"\nexport { out }",
  "the standard streams of the platform":
    "import * as NodeStdio from \"@effect/platform-node/NodeStdio\"\nexport const out = NodeStdio.layer",
  "a prompt": "import * as Prompt from \"effect/cli/Prompt\"\nexport const out = Prompt.String({ message: \"x\" })",
  "a brand that calls any string safe": "import * as Brand from \"effect/Brand\"\nexport const safe = Brand.nominal()",
  "text that is only said to be safe": importing("* as UnsafeText", "UnsafeText.unsafe(\"x\")"),
  "the same by itself": importing("{ unsafe }", "unsafe(\"x\")"),
  "the same under another name": importing("{ unsafe as safe }", "safe(\"x\")"),
  "the same in brackets": importing("* as Text", "Text[\"unsafe\"](\"x\")"),
  "the same, taken apart": importing("* as Text", "(({ unsafe: safe }) => safe(\"x\"))(Text)"),
  "the same, loaded as needed": "export const out = import(\"@universal-mcp/core/UnsafeText\")",
  "the same, passed on": "export { unsafe as line } from \"@universal-mcp/core/UnsafeText\""
}

/** The problems of a file at this path in a folder of its own. */
const lint = (path: string, text: string): string => {
  const folder = mkdtempSync(join(tmpdir(), "lint-"))
  try {
    const file = join(folder, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
    writeFileSync(
      join(folder, ".oxlintrc.json"),
      JSON.stringify({ jsPlugins: [rules], categories: { correctness: "off" }, rules: { "house/sink": "error" } })
    )
    const { stderr, stdout } = spawnSync(process.execPath, [oxlint, "-c", join(folder, ".oxlintrc.json"), file], {
      cwd: folder,
      encoding: "utf8"
    })
    return stdout + stderr
  } finally {
    rmSync(folder, { recursive: true })
  }
}

describe("only internal/sink.ts writes to the terminal", () => {
  it.each(Object.entries(ways))("not %s", (_, text) => {
    assert.include(lint("packages/cli/src/render/other.ts", text), "house(sink)")
  })

  it("and what an ordinary module does is no problem", () => {
    const text = "import * as SafeText from \"@universal-mcp/core/SafeText\"\nimport { print } from \"./sink.ts\"\n" +
      "export const out = (error: { stderr: string }) => print(SafeText.line(error.stderr))\n" +
      "export const later = import(\"./other.ts\")"
    assert.notInclude(lint("packages/cli/src/internal/other.ts", text), "house(sink)")
  })

  it("but the sink itself may", () => {
    assert.notInclude(lint("packages/cli/src/internal/sink.ts", ways["the console of Effect"]), "house(sink)")
  })
})
