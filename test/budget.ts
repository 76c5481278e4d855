/**
 * Holds `pnpm test` to its ten minutes on two quiet cores: `node test/budget.ts <report> <began>` reads Vitest's report,
 * and takes what came between `began` (milliseconds since 1970) and its first test for the set-up. `.ci/run` calls it.
 *
 * The tests of a part take what their files take, side by side on two cores. All is divided by the slowness of the
 * machine, which the global set-up has measured.
 */
import { readFileSync } from "node:fs"
import { relative } from "node:path"

export interface Report {
  readonly startTime: number
  readonly testResults: ReadonlyArray<{ readonly name: string; readonly startTime: number; readonly endTime: number }>
}

export interface Part {
  readonly name: string
  readonly folders: ReadonlyArray<string>
  /** Its share, in seconds. */
  readonly share: number
}

export interface Spent extends Part {
  readonly seconds: number
}

/** The rest of the ten minutes is for what is still to come. */
export const parts: ReadonlyArray<Part> = [
  {
    name: "core, transports, cli and examples",
    folders: ["packages/core/", "packages/transports/", "packages/cli/", "examples/"],
    share: 300
  },
  { name: "types and documentation", folders: ["test/", "benchmarks/"], share: 50 }
]

export const setUpShare = 100

/** What each part took of a quiet machine. Throws where a file belongs to no part. */
export const spentBy = (root: string, report: Report, slowness: number): ReadonlyArray<Spent> => {
  const seconds = new Map(parts.map((part) => [part, 0]))
  for (const { endTime, name, startTime } of report.testResults) {
    const file = relative(root, name)
    const part = parts.find(({ folders }) => folders.some((folder) => file.startsWith(folder)))
    if (part === undefined) throw new Error(`${file} has no share of the ten minutes: give it one in test/budget.ts`)
    seconds.set(part, (seconds.get(part) ?? 0) + (endTime - startTime) / 1000 / cores / slowness)
  }
  return [...seconds].map(([part, seconds]) => ({ ...part, seconds }))
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

const cores = 2

const main = (file: string, began: number) => {
  const report: Report = JSON.parse(readFileSync(file, "utf8"))
  const slowness = Number(readFileSync(`${file}.slowness`, "utf8"))
  const setUp = (report.startTime - began) / 1000 / slowness
  const all = [
    { name: "set-up", share: setUpShare, seconds: setUp },
    ...spentBy(new URL("..", import.meta.url).pathname, report, slowness)
  ]
  for (const { name, seconds, share } of all) {
    console.log(`${seconds > share ? "✗" : "✓"} ${name}: ${Math.round(seconds)} s of ${share} s`)
    if (seconds > share) process.exitCode = 1
  }
  console.log(`on a machine that was ${slowness.toFixed(1)} times as slow as two quiet cores`)
}

if (import.meta.main) main(process.argv[2] ?? "", Number(process.argv[3]))
