/** What a session takes that is open and has nothing to do: by what more of them take more. */
import type { Connect, Connection, Target } from "../clients/client.ts"
import { collect, type Sample } from "./sample.ts"

export interface Options {
  readonly target: Target
  readonly few: number
  readonly many: number
}

export const measure = async (connect: Connect, { few, many, target }: Options): Promise<Sample> => {
  const connections: Array<Connection> = []
  const open = async (count: number) => {
    // Not all at once, because then it is the rush that is measured.
    while (connections.length < count) {
      const connection = await connect(target)
      await connection.list()
      await connection.call("echo")
      connections.push(connection)
    }
    await collect()
    const { external, heapUsed, rss } = process.memoryUsage()
    return { heap: (heapUsed + external) / 1024, rss: rss / 1024 }
  }
  const before = await open(few)
  const after = await open(many)
  await Promise.all(connections.map((connection) => connection.close()))
  const each = (key: "heap" | "rss") => (after[key] - before[key]) / (many - few)
  return { heap: each("heap"), rss: each("rss") }
}
