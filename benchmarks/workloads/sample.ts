/** What a measuring process says: numbers by name. */
import type { Connection } from "../clients/client.ts"

export type Sample = Readonly<Record<string, number>>

export interface Cpu {
  readonly user: number
  readonly system: number
}

/** In µs: of all threads, so with compilation and collection. */
export const cpuSince = (before: Cpu): number => {
  const { system, user } = process.cpuUsage(before)
  return system + user
}

/** What the server has used, in µs, and how many requests it has answered. However the client wraps a result. */
export const statsOf = async (connection: Connection): Promise<{ readonly cpu: number; readonly requests: number }> => {
  const found = /cpu=(\d+);requests=(\d+)/.exec(JSON.stringify(await connection.call("stats")))
  return { cpu: Number(found?.[1]), requests: Number(found?.[2]) }
}

/** Every answer is looked at, so that nobody is quick by giving nothing. */
export const lengthOf = (result: unknown): number => JSON.stringify(result).length

/** Only what is reachable. */
export const collect = async (): Promise<void> => {
  for (let time = 0; time < 4; time++) {
    await new Promise((resolve) => setTimeout(resolve, 50))
    globalThis.gc?.()
  }
}
