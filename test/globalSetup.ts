/** Measures the machine once a run, for every time limit of the tests and for `budget.ts`. */
import { mkdirSync, writeFileSync } from "node:fs"
import { dirname } from "node:path"
import { measure } from "./yardstick.ts"

export const setup = async () => {
  // Each project calls this.
  if (process.env["TEST_SLOWNESS"] !== undefined) return
  const slowness = String(await measure())
  process.env["TEST_SLOWNESS"] = slowness
  const results = process.env["VITEST_RESULTS"]
  if (results === undefined) return
  mkdirSync(dirname(results), { recursive: true })
  writeFileSync(`${results}.slowness`, slowness)
}
