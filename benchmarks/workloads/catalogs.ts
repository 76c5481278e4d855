/** Every page of a long list of tools, 100 on a page; each time with a session that does not know them. */
import type { Connect, Target } from "../clients/client.ts"
import { cpuSince, type Sample } from "./sample.ts"

export interface Options {
  readonly targets: Readonly<Record<string, Target>>
  readonly times: number
}

export const measure = async (connect: Connect, { targets, times }: Options): Promise<Sample> => {
  const sample: Record<string, number> = {}
  for (const [tools, target] of Object.entries(targets)) {
    let wall = 0
    let cpu = 0
    // The first time warms up.
    for (let time = 0; time <= times; time++) {
      const before = process.cpuUsage()
      const began = performance.now()
      // Some list while they connect.
      const connection = await connect(target)
      // Some fail above a number of pages.
      const listed = await connection.list().catch(() => 0)
      if (time > 0) {
        wall += performance.now() - began
        cpu += cpuSince(before)
      }
      sample[`listed ${tools}`] = listed
      await connection.close()
    }
    // It is no feat to be done early.
    if (sample[`listed ${tools}`] !== Number(tools)) continue
    sample[`wall ${tools}`] = wall / times
    sample[`cpu ${tools}`] = cpu / 1000 / times
  }
  return sample
}
