import { globSync, readFileSync } from "node:fs"

export interface Block {
  readonly id: string
  readonly file: string
  /** The line of the fence; line 1 of the block is the one after it. */
  readonly line: number
  readonly run: boolean
  readonly lines: ReadonlyArray<string>
}

const sources = ["packages/*/src/**/*.ts", "README.md", "docs/**/*.md", "packages/*/README.md", "examples/**/*.md"]

/** Every ```ts block of the doc comments and the pages. */
export const collect = (root: string): ReadonlyArray<Block> =>
  globSync(sources, { cwd: root, exclude: ["**/node_modules/**"] })
    .toSorted()
    .flatMap((file) => blocksOf(file, readFileSync(`${root}/${file}`, "utf8")))

const blocksOf = (file: string, text: string): ReadonlyArray<Block> => {
  const margin = file.endsWith(".md") ? /^/ : /^\s*\* ?/
  const blocks: Array<Block> = []
  let open: { readonly line: number; readonly info: string; readonly lines: Array<string> } | undefined
  text.split("\n").forEach((raw, index) => {
    const comment = margin.exec(raw)
    const content = comment === null ? "" : raw.slice(comment[0].length)
    const fence = /^\s*```\s*(.*?)\s*$/.exec(content)
    if (fence === null) return open?.lines.push(content)
    if (open === undefined) {
      open = { line: index + 1, info: fence[1] ?? "", lines: [] }
      return
    }
    if (/^(ts|typescript)\b/.test(open.info)) {
      if (open.info !== "ts" && open.info !== "ts no-run") {
        throw new Error(`${file}:${open.line}: unknown kind of block "${open.info}"; known: "ts", "ts no-run"`)
      }
      blocks.push({ id: `${file}:${open.line}`, file, line: open.line, run: open.info === "ts", lines: open.lines })
    }
    open = undefined
  })
  if (open !== undefined) throw new Error(`${file}: a code block is not closed`)
  return blocks
}

const indentation = (line: string): number => line.length - line.trimStart().length

/**
 * The block with every `statement // => value` turned into a check, line by line, so that line numbers stay. The comment
 * may also stand alone below its statement.
 *
 * A statement begins at the nearest line above with the same indentation that does not itself begin with a closing
 * bracket or a dot; this is what the formatter makes of every statement.
 */
export const instrument = (block: Block, checkModule: string) => {
  const lines = [...block.lines]
  const asserted: Array<number> = []
  block.lines.forEach((line, index) => {
    const found = /^(.*?)\s*\/\/ => (.+)$/.exec(line)
    if (found === null) return
    const [, code = "", expected = ""] = found
    asserted.push(index + 1)
    const end = code.trim() === "" ? index - 1 : index
    const last = end === index ? code : block.lines[end] ?? ""
    let start = end
    while (
      start > 0 && (/^\s*([)\]}.]|$)/.test(lines[start] ?? "") || indentation(lines[start] ?? "") > indentation(last))
    ) start--
    const call = `check(${JSON.stringify(block.id)}, ${index + 1}, `
    const declared = /^\s*const (\w+)/.exec(lines[start] ?? "")
    if (declared !== null) {
      lines[end] = `${last}; ${call}${declared[1]}, (${expected}))`
    } else {
      lines[end] = `${last}), (${expected}))`
      lines[start] = (lines[start] ?? "").replace(/^(\s*)/, `$1${call}(`)
    }
  })
  const text = `${lines.join("\n")}\nimport { check } from ${JSON.stringify(checkModule)}\nexport {}\n`
  return { text, asserted }
}
