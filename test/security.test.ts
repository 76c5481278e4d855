/** `docs/security.md` gives the bounds that are in the code. */
import { readFileSync } from "node:fs"
import { assert, it } from "vitest"

const root = new URL("..", import.meta.url).pathname
const read = (file: string) => readFileSync(`${root}/${file}`, "utf8")

const rows = [
  ...read("docs/security.md").matchAll(/^\| .* \| (`.*`) +\| (`.*`) +\| `((?:core|transports|cli)\/.*)` +\|$/gm)
]
  .map(([, names = "", values = "", file = ""]) => ({ names: unquote(names), values: unquote(values), file }))

function unquote(cell: string): ReadonlyArray<string> {
  return [...cell.matchAll(/`([^`]*)`/g)].map(([, text = ""]) => text)
}

it("finds the rows", () => {
  assert.isAbove(rows.length, 25)
})

it.each(rows)("$names is $values in $file", ({ file, names, values }) => {
  const source = read(`packages/${file.replace("/", "/src/")}`)
  for (const [index, name] of names.entries()) {
    const found = source.matchAll(new RegExp(String.raw`[^#\w]${name}(?:: [\w.]+)? = (\{.*\}|[^,;}\n]+)`, "g"))
    assert.deepStrictEqual(Array.from(found, ([, value = ""]) => value.trim()), [values[index]])
  }
})
