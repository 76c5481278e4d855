/** The lint rule that keeps every other way to the terminal closed. */
import { spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "vitest"

const rules = fileURLToPath(new URL("../lint/rules.mjs", import.meta.url))
const oxlint = fileURLToPath(new URL("../node_modules/oxlint/bin/oxlint", import.meta.url))

const ways = {
  "the console of Effect": "import * as Console from \"effect/Console\"\nexport const out = Console.log(\"x\")",
  "the same, loaded on demand": "export const out = import(\"effect/Console\")",
  "the terminal": "import * as Terminal from \"effect/Terminal\"\nexport const out = Terminal.Terminal",
  "stdout": "export const out = (stdio: { stdout: () => void }) => stdio.stdout()",
  "stderr, taken apart": "export const out = ({ stderr }: { stderr: () => void }) => stderr()",
  "a logger": "import * as Logger from \"effect/Logger\"\nexport const out = Logger.consolePretty()",
  "text that is only said to be safe":
    "import * as SafeText from \"@universal-mcp/core/SafeText\"\nexport const out = SafeText.unsafe(\"x\")"
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

  it("but the sink itself may", () => {
    assert.notInclude(lint("packages/cli/src/internal/sink.ts", ways["the console of Effect"]), "house(sink)")
  })
})
