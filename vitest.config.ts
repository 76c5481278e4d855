import { defineConfig } from "vitest/config"

const project = (name: string, root: string, globalSetup: Array<string> = []) => ({
  extends: true as const,
  root,
  test: { name, include: ["test/**/*.test.ts"], globalSetup }
})

const results = process.env["VITEST_RESULTS"]

export default defineConfig({
  test: {
    testTimeout: 30_000,
    // By default one core is kept free; the tests mostly wait for processes.
    maxWorkers: "100%",
    // `.ci/run` reads the counts from a file.
    reporters: results === undefined ? ["default"] : ["default", ["json", { outputFile: results }]],
    projects: [
      project("core", "packages/core"),
      project("transports", "packages/transports"),
      project("cli", "packages/cli", [new URL("packages/cli/test/globalSetup.ts", import.meta.url).pathname]),
      project("examples", "examples"),
      project("benchmarks", "benchmarks"),
      project("workspace", ".")
    ]
  }
})
