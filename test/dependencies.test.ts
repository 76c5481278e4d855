/** `docs/dependencies.md` lists every dependency with its pin, and nothing else. */
import { globSync, readFileSync } from "node:fs"
import { assert, it } from "vitest"

const root = new URL("..", import.meta.url).pathname
const read = (file: string) => readFileSync(`${root}/${file}`, "utf8")

const catalog = new Map(
  [...read("pnpm-workspace.yaml").matchAll(/^ {2}"?([@\w./-]+)"?: (\S+)$/gm)].map(([, name, pin]) => [name, pin])
)

const dependencies = globSync(
  "{,packages/*/,examples/,conformance/,conformance/published/,benchmarks/,benchmarks/peers/}package.json",
  {
    cwd: root
  }
)
  .flatMap((file) => {
    const { dependencies, devDependencies } = JSON.parse(read(file)) as Record<string, Record<string, string>>
    return Object.entries({ ...dependencies, ...devDependencies })
  })
  .filter(([, range]) => !range.startsWith("workspace:"))
  .map(([name, range]) => `${name} ${range === "catalog:" ? catalog.get(name) : range}`)

const listed = [...read("docs/dependencies.md").matchAll(/^\| `(\S+)` +\| (\S+) +\| \S.* \|$/gm)]
  .map(([, name, pin]) => `${name} ${pin}`)

it("every dependency is listed with its pin", () => {
  assert.deepStrictEqual(listed.toSorted(), [...new Set(dependencies)].toSorted())
})

it("every pin is exact", () => {
  for (const dependency of dependencies) assert.match(dependency, /[ @]\d+(\.\d+)+(-alpha\.\d+)?$/)
})
