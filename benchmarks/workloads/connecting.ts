/** Sessions opened side by side, each connected and listed once; the first one of the process by itself. */
import type { Connect, Target } from "../clients/client.ts"
import { cpuSince, type Sample } from "./sample.ts"

export interface Options {
  readonly target: Target
  readonly sessions: ReadonlyArray<number>
}

export const measure = async (connect: Connect, { sessions, target }: Options): Promise<Sample> => {
  const sample: Record<string, number> = {}
  for (const count of [1, ...sessions]) {
    const cpu = process.cpuUsage()
    const began = performance.now()
    const connections = await Promise.all(
      Array.from({ length: count }, async () => {
        const connection = await connect(target)
        if (await connection.list() === 0) throw new Error("no tools")
        return connection
      })
    )
    sample[`wall ${count}`] = performance.now() - began
    sample[`cpu ${count}`] = cpuSince(cpu) / 1000
    await Promise.all(connections.map((connection) => connection.close()))
  }
  return sample
}
