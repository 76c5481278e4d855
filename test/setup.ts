/** Before each test file: Vitest's own limits, and how many inputs a property is tried with. */
import { vi } from "vitest"
import { patience } from "./patience.ts"

const runs = process.env["TEST_RUNS"]
if (runs !== undefined) {
  const { configureGlobal } = await import("effect/Arbitrary")
  configureGlobal({ check: { runs: Number(runs) } })
}

const limit = patience(runs === undefined ? 60_000 : 3_600_000)
vi.setConfig({ testTimeout: limit, hookTimeout: limit })
