/**
 * The suite on a busy machine: `node test/busy.ts [word…]`.
 *
 * Four processes a core compute for ever. Beside them the suite runs once, then its thirty slowest files three times
 * more; what failed is printed, and is the exit code. With words only the files whose path contains one of them run.
 * `--mode full` runs the tests of that mode.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { availableParallelism, tmpdir } from "node:os"
import { join, relative } from "node:path"
import { parseArgs } from "node:util"

const root = new URL("..", import.meta.url).pathname
const { positionals: words, values } = parseArgs({ allowPositionals: true, options: { mode: { type: "string" } } })
const mode = values.mode === undefined ? [] : ["--mode", values.mode]

interface Report {
  readonly testResults: ReadonlyArray<{
    readonly name: string
    readonly startTime: number
    readonly endTime: number
    readonly status: string
    readonly message: string
    readonly assertionResults: ReadonlyArray<{
      readonly fullName: string
      readonly status: string
      readonly failureMessages?: ReadonlyArray<string>
    }>
  }>
}

const main = async () => {
  const folder = mkdtempSync(join(tmpdir(), "busy-"))
  process.on("exit", () => rmSync(folder, { recursive: true }))
  for (let count = 0; count < availableParallelism() * 4; count++) start(["-e", burning], "ignore")
  const first = await run(words, join(folder, "0.json"))
  const slowest = [...first.testResults]
    .sort((a, b) => b.endTime - b.startTime - (a.endTime - a.startTime))
    .slice(0, 30)
    .map(({ name }) => relative(root, name))
  const reports = [first]
  for (const round of [1, 2, 3]) reports.push(await run(slowest, join(folder, `${round}.json`)))
  const failed = reports.flatMap((report, round) => failures(report).map((text) => `run ${round + 1}: ${text}`))
  console.log(failed.length === 0 ? "Nothing failed." : failed.join("\n"))
  process.exit(failed.length === 0 ? 0 : 1)
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

/** Ends with this process, even if that is killed. */
const burning = "const parent = process.ppid; while (process.ppid === parent) for (let i = 0; i < 1e8; i++);"

const children = new Set<ChildProcess>()
process.on("exit", () => children.forEach((child) => child.kill("SIGKILL")))
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(130))

const start = (args: ReadonlyArray<string>, stdio: "ignore" | "inherit", env: Record<string, string> = {}) => {
  const child = spawn(process.execPath, args, { cwd: root, stdio, env: { ...process.env, ...env } })
  children.add(child)
  return child
}

const run = (files: ReadonlyArray<string>, output: string): Promise<Report> =>
  new Promise((resolve, reject) => {
    const vitest = join(root, "node_modules/vitest/vitest.mjs")
    start([vitest, "run", ...mode, ...files], "inherit", { VITEST_RESULTS: output })
      .on("error", reject)
      .on("close", () => resolve(JSON.parse(readFileSync(output, "utf8"))))
  })

const failures = ({ testResults }: Report): ReadonlyArray<string> =>
  testResults.flatMap(({ assertionResults, message, name, status }) => {
    const file = relative(root, name)
    const tests = assertionResults.filter((one) => one.status === "failed")
    if (status === "failed" && tests.length === 0) return [`${file}: ${message}`]
    return tests.map(({ failureMessages, fullName }) => `${file}: ${fullName}: ${failureMessages?.[0]?.split("\n")[0]}`)
  })

await main()
