/** Every ```ts block of the documentation compiles, runs, and gives what its `// => value` lines say. */
import { spawnSync } from "node:child_process"
import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import { pathToFileURL } from "node:url"
import { assert, describe, it } from "vitest"
import * as Blocks from "./docs/blocks.ts"
import { outcomes } from "./docs/check.ts"

const root = new URL("..", import.meta.url).pathname
// Most are written into the examples, because those depend on what a user's program depends on.
const folders = { examples: `${root}examples/build/docs`, cli: `${root}packages/cli/build/docs` }

const blocks = Blocks.collect(root).map((block) => {
  const cli = block.file.startsWith("packages/cli/")
  const name = `${block.file.replaceAll(/\W/g, "_")}_${block.line}.ts`
  return {
    ...block,
    ...Blocks.instrument(block, `${cli ? "../" : ""}../../../test/docs/check.ts`),
    name,
    module: `${cli ? folders.cli : folders.examples}/${name}`
  }
})

for (const folder of Object.values(folders)) {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
}
for (const block of blocks) writeFileSync(block.module, block.text)
writeFileSync(
  `${folders.examples}/tsconfig.json`,
  JSON.stringify({
    extends: "../../../tsconfig.base.json",
    files: blocks.map(({ module }) => module),
    compilerOptions: {
      composite: false,
      declarationMap: false,
      incremental: false,
      noEmit: true,
      noUnusedLocals: false,
      rootDir: "../../..",
      types: ["node"]
    }
  })
)

/** With positions in the pages instead of in the generated modules. */
const inDocs = (output: string): string =>
  blocks.reduce(
    (text, { file, line, name }) =>
      text.replaceAll(new RegExp(`\\S*${name}\\((\\d+),`, "g"), (_, at: string) => `${file}(${line + Number(at)},`),
    output
  )

describe("documentation", () => {
  it("has examples", () => assert.isAbove(blocks.length, 0))

  it("compiles", () => {
    const args = ["-p", folders.examples, "--pretty", "false"]
    const tsc = spawnSync(`${root}node_modules/.bin/tsc`, args, { encoding: "utf8" })
    assert.strictEqual(inDocs(tsc.stdout), "")
    assert.strictEqual(tsc.status, 0, tsc.stderr)
  })

  for (const block of blocks.filter(({ run }) => run)) {
    it(block.id, async () => {
      await import(pathToFileURL(block.module).href)
      const reached = outcomes.get(block.id) ?? []
      for (const { line, problem } of reached) assert.isUndefined(problem, `line ${block.line + line}: ${problem}`)
      assert.deepStrictEqual([...new Set(reached.map(({ line }) => line))].toSorted((a, b) => a - b), block.asserted)
    })
  }
})
