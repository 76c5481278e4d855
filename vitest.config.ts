import { defineConfig } from "vitest/config"

const pathOf = (file: string) => new URL(file, import.meta.url).pathname

const project = (name: string, root: string, globalSetup: Array<string> = []) => ({
  extends: true as const,
  root,
  test: { name, include: ["test/**/*.test.ts"], globalSetup }
})

const results = process.env["VITEST_RESULTS"]

export default defineConfig({
  test: {
    globalSetup: [pathOf("test/globalSetup.ts")],
    // Also sets the time limits.
    setupFiles: [pathOf("test/limits.ts")],
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
})
