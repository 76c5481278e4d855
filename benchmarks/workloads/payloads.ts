/** Results of 1 kB, 1 MB and 10 MB, one call after the other. */
import type { Connect, Target } from "../clients/client.ts"
import { cpuSince, lengthOf, type Sample } from "./sample.ts"

export interface Options {
  readonly target: Target
  /** Tool by tool: how often it is called to warm up, and how often then. */
  readonly calls: Readonly<Record<string, readonly [number, number]>>
}

export const measure = async (connect: Connect, { calls, target }: Options): Promise<Sample> => {
  const connection = await connect(target)
  const sample: Record<string, number> = {}
  for (const [tool, [warmUp, count]] of Object.entries(calls)) {
    for (let call = 0; call < warmUp; call++) await connection.call(tool)
    const cpu = process.cpuUsage()
    const began = performance.now()
    let last: unknown
    for (let call = 0; call < count; call++) last = await connection.call(tool)
    sample[`wall ${tool}`] = (performance.now() - began) / count
    sample[`cpu ${tool}`] = cpuSince(cpu) / 1000 / count
    if (lengthOf(last) < sizes[tool]!) throw new Error(`${tool} is too short`)
  }
  // In KiB.
  sample["peak"] = process.resourceUsage().maxRSS / 1024
  await connection.close()
  return sample
}

const sizes: Readonly<Record<string, number>> = { kb1: 850, mb1: 999_000, mb10: 9_990_000 }
