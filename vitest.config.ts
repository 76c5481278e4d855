import { defineConfig } from "vitest/config"

const project = (name: string, root: string) => ({
  extends: true as const,
  root,
  test: { name, include: ["test/**/*.test.ts"] }
})

export default defineConfig({
  test: {
    testTimeout: 30_000,
    projects: [
      project("core", "packages/core"),
      project("transports", "packages/transports"),
      project("cli", "packages/cli"),
      project("examples", "examples")
    ]
  }
})
