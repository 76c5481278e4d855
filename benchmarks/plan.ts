/** What is measured, of whom, and with which numbers. */
import { type Arena, inHost, stdio } from "./arena.ts"
import { type ClientName, names } from "./clients/all.ts"
import type { Sample } from "./workloads/sample.ts"

export interface Case {
  /** Its words choose it: `pnpm bench stdio calls`. */
  readonly name: string
  readonly clients: ReadonlyArray<ClientName>
  /** Why the others are not among them. */
  readonly without?: string
  readonly run: (client: ClientName, arena: Arena) => Promise<Sample>
}

const except = (...without: ReadonlyArray<ClientName>) => names.filter((name) => !without.includes(name))

const withoutSse = "effect/ai and @mastra/mcp do not speak HTTP+SSE"

export const plan = (quick: boolean): ReadonlyArray<Case> => {
  const times = quick ? { warmUp: 500, milliseconds: 400 } : { warmUp: 1500, milliseconds: 1500 }
  const calls = { ...times, inFlight: [1, 64] }
  const payloads = quick
    ? { kb1: [300, 300], mb1: [3, 5], mb10: [1, 2] } as const
    : { kb1: [3000, 2000], mb1: [10, 20], mb10: [2, 5] } as const
  return [
    {
      name: "calls stdio",
      clients: names,
      run: (client) => inHost(client, "calls", { ...calls, target: stdio() })
    },
    {
      name: "calls http json",
      clients: names,
      run: (client, { url }) => inHost(client, "calls", { ...calls, target: url("json") })
    },
    {
      name: "calls http sse",
      clients: names,
      run: (client, { url }) => inHost(client, "calls", { ...calls, target: url("sse") })
    },
    {
      name: "calls legacy",
      clients: except("effect", "mastra"),
      without: withoutSse,
      run: (client, { url }) => inHost(client, "calls", { ...calls, target: url("legacy") })
    },
    {
      name: "payloads stdio",
      clients: names,
      run: (client) => inHost(client, "payloads", { calls: payloads, target: stdio() })
    },
    {
      name: "payloads http json",
      clients: names,
      run: (client, { url }) => inHost(client, "payloads", { calls: payloads, target: url("json") })
    },
    {
      name: "payloads http sse",
      clients: names,
      run: (client, { url }) => inHost(client, "payloads", { calls: payloads, target: url("sse") })
    },
    {
      name: "connecting stdio",
      clients: names,
      run: (client) => inHost(client, "connecting", { sessions: quick ? [10] : [10, 50], target: stdio() })
    },
    {
      name: "connecting http",
      clients: names,
      run: (client, { url }) => inHost(client, "connecting", { sessions: [200], target: url("json") })
    },
    {
      name: "catalogs stdio",
      clients: names,
      run: (client) =>
        inHost(client, "catalogs", { targets: { 1000: stdio(1000), 10000: stdio(10_000) }, times: quick ? 1 : 3 })
    },
    {
      name: "catalogs http json",
      clients: names,
      run: (client, { url }) =>
        inHost(client, "catalogs", {
          targets: { 1000: url("json", 1000), 10000: url("json", 10_000) },
          times: quick ? 1 : 3
        })
    },
    {
      name: "progress stdio",
      clients: ["ours", "sdk1", "sdk2", "floor"],
      without: "the others give no progress to whoever calls",
      run: (client) => inHost(client, "progress", { count: 10_000, target: stdio(), times: quick ? 2 : 5 })
    },
    {
      name: "progress http sse",
      clients: ["ours", "sdk1", "sdk2", "floor"],
      without: "the others give no progress to whoever calls",
      run: (client, { url }) => inHost(client, "progress", { count: 10_000, target: url("sse"), times: quick ? 2 : 5 })
    },
    {
      name: "memory stdio",
      clients: names,
      run: (client) => inHost(client, "memory", { few: 5, many: quick ? 15 : 25, target: stdio() })
    },
    {
      name: "memory http",
      clients: names,
      run: (client, { url }) => inHost(client, "memory", { few: 20, many: quick ? 70 : 120, target: url("json") })
    }
  ]
}
