/** Measures the machine once a run, for every time limit of the tests. */
import { measure } from "./yardstick.ts"

export const setup = async () => {
  process.env["TEST_SLOWNESS"] ??= String(await measure())
}
