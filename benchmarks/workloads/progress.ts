/** One call with 10,000 progress notifications before its answer, the last ones in one chunk with it. */
import type { Connect, Target } from "../clients/client.ts"
import { cpuSince, type Sample } from "./sample.ts"

export interface Options {
  readonly target: Target
  readonly count: number
  readonly times: number
}

export const measure = async (connect: Connect, { count, target, times }: Options): Promise<Sample> => {
  const connection = await connect(target)
  if (connection.callWithProgress === undefined) throw new Error("no progress")
  let wall = 0
  let cpu = 0
  let seen = 0
  for (let time = 0; time <= times; time++) {
    if (time === 1) seen = 0
    const before = process.cpuUsage()
    const began = performance.now()
    await connection.callWithProgress("flood", { count }, () => void seen++)
    if (time === 0) continue
    wall += performance.now() - began
    cpu += cpuSince(before)
  }
  await connection.close()
  return { wall: wall / times, cpu: cpu / 1000 / times, lost: count - seen / times }
}
