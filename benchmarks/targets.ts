/** What the project set itself, as ratios of medians: ours to SDK 2.x, and to the best of the other clients. */
import { type ClientName, isPeer } from "./clients/all.ts"
import { bestOf, ratioOf, type Results } from "./results.ts"

interface Target {
  readonly title: string
  readonly name: string
  readonly key: string
  /** At least as much of a rate, at most of a cost. */
  readonly isRate: boolean
  readonly sdk2: number
  readonly best: number
}

const commands = (["wall", "cpu"] as const).flatMap((figure) =>
  (["list", "call"] as const).map((what): Target => ({
    title: `\`umcp ${what}\`, cold, whole process, ${figure === "wall" ? "wall" : "CPU"}`,
    name: "commands",
    key: `${figure} ${what}`,
    isRate: false,
    sdk2: 1,
    best: 0.5
  }))
)

/** What V8 holds, and what the system gives: a client may keep its memory in sockets and buffers. */
const memory = (["heap", "rss"] as const).flatMap((key) =>
  (["stdio", "http"] as const).map((transport): Target => ({
    title: `${key === "heap" ? "heap" : "resident memory"} per idle session, ${
      transport === "http" ? "HTTP" : "stdio"
    }`,
    name: `memory ${transport}`,
    key,
    isRate: false,
    sdk2: 1,
    best: 1
  }))
)

export const targets: ReadonlyArray<Target> = [
  { title: "stdio, 64 in flight, calls/s", name: "calls stdio", key: "rate 64", isRate: true, sdk2: 3, best: 1.5 },
  { title: "stdio, sequential, calls/s", name: "calls stdio", key: "rate 1", isRate: true, sdk2: 2, best: 1 },
  {
    title: "Streamable HTTP (JSON), 64 in flight, calls/s",
    name: "calls http json",
    key: "rate 64",
    isRate: true,
    sdk2: 5,
    best: 3
  },
  {
    title: "Streamable HTTP (JSON), sequential, calls/s",
    name: "calls http json",
    key: "rate 1",
    isRate: true,
    sdk2: 4,
    best: 3
  },
  {
    title: "Streamable HTTP (SSE answers), 64 in flight, calls/s",
    name: "calls http sse",
    key: "rate 64",
    isRate: true,
    sdk2: 5,
    best: 3
  },
  { title: "HTTP+SSE, 64 in flight, calls/s", name: "calls legacy", key: "rate 64", isRate: true, sdk2: 2, best: 1.5 },
  {
    title: "10 MB single-line result over stdio, client CPU",
    name: "payloads stdio",
    key: "cpu mb10",
    isRate: false,
    sdk2: 0.1,
    best: 0.2
  },
  ...memory,
  ...commands
]

export interface Reached {
  readonly target: Target
  readonly sdk2: number
  readonly best: number
  /** The same of the raw floor, which no client can surpass by much. */
  readonly floor: { readonly sdk2: number; readonly best: number }
  readonly bestPeer: ClientName | undefined
}

/** Where the SDK is a script of a user's, not another command line, it is not among the best. */
export const reached = (results: Results): ReadonlyArray<Reached> =>
  targets.map((target) => {
    const { isRate, key, name } = target
    const among = (client: ClientName) => isPeer(client) && !(name === "commands" && client === "sdk2")
    const bestPeer = bestOf(results, name, key, isRate, among)
    const toBest = (of: ClientName) => bestPeer === undefined ? Number.NaN : ratioOf(results, name, bestPeer, key, of)
    return {
      target,
      sdk2: ratioOf(results, name, "sdk2", key),
      best: toBest("ours"),
      floor: { sdk2: ratioOf(results, name, "sdk2", key, "floor"), best: toBest("floor") },
      bestPeer
    }
  })

export const isReached = (ratio: number, wanted: number, isRate: boolean): boolean =>
  isRate ? ratio >= wanted : ratio <= wanted
