import { defineConfig } from "vitest/config"

const pathOf = (file: string) => new URL(file, import.meta.url).pathname

/** What runs, by the mode: `test` by default, `full` and `long` with `--mode`. Each has what the others have not. */
const tiers: Readonly<Record<string, { readonly include: Array<string>; readonly exclude: Array<string> }>> = {
  test: { include: ["test/**/*.test.ts"], exclude: ["**/*.{full,long}.test.ts"] },
  full: { include: ["test/**/*.{full,property}.test.ts"], exclude: [] },
  long: { include: ["test/**/*.{long,property}.test.ts"], exclude: [] }
}

/** How many inputs each property is tried with. */
const runs: Readonly<Record<string, string>> = { full: "10000", long: "50000" }

const results = process.env["VITEST_RESULTS"]

export default defineConfig(({ mode }) => {
  const tier = tiers[mode] ?? tiers["test"]
  const project = (name: string, root: string, globalSetup: Array<string> = []) => ({
    extends: true as const,
    root,
    test: { name, ...tier, globalSetup }
  })
  return {
    test: {
      globalSetup: [pathOf("test/globalSetup.ts")],
      setupFiles: [pathOf("test/setup.ts")],
      env: runs[mode] === undefined ? {} : { TEST_RUNS: runs[mode] },
      // By default one core is kept free; the tests mostly wait for processes.
      maxWorkers: "100%",
      // `.ci/run` reads the counts from a file.
      reporters: results === undefined ? ["default"] : ["default", ["json", { outputFile: results }]],
      projects: [
        project("core", "packages/core"),
        project("transports", "packages/transports"),
        project("cli", "packages/cli", [pathOf("packages/cli/test/globalSetup.ts")]),
        project("examples", "examples"),
        project("benchmarks", "benchmarks"),
        project("workspace", ".")
      ]
    }
  }
})
