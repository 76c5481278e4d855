/** How slow this machine is now, beside two quiet cores of the machine on which the limits of the tests were chosen. */
import { spawn } from "node:child_process"

/** 1 on a quiet machine, and never less. */
export const measure = async (): Promise<number> => Math.max(1, (await work()) / quiet)

/** What most tests do: two processes start at once, and each computes a little; three times. Gives the milliseconds. */
export const work = async (): Promise<number> => {
  const began = performance.now()
  for (let round = 0; round < 3; round++) await Promise.all([compute(), compute()])
  return performance.now() - began
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

/** What `work` takes on two quiet cores. */
const quiet = 400

const script = "let sum = 0; for (let i = 0; i < 2e7; i++) sum = (sum + i) | 0; process.exitCode = sum & 0"

const compute = () =>
  new Promise<void>((resolve, reject) => {
    spawn(process.execPath, ["-e", script], { stdio: "ignore" })
      .on("error", reject)
      .on("close", () => resolve())
  })
