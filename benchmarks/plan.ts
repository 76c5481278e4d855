/** What is measured, of whom, and how. */
import { type Arena, inHost, server, stdio } from "./arena.ts"
import { type ClientName, names } from "./clients/all.ts"
import * as commands from "./workloads/commands.ts"
import * as programs from "./workloads/programs.ts"
import type { Sample } from "./workloads/sample.ts"

export interface Case {
  /** Its words choose it: `pnpm bench calls stdio`. */
  readonly name: string
  readonly clients: ReadonlyArray<ClientName>
  /** Why others are not among them. */
  readonly without?: string
  /** Default: as many as there are. */
  readonly rounds?: number
  /** Needs our packages compiled. */
  readonly compiled?: boolean
  readonly run: (client: ClientName, arena: Arena) => Promise<Sample>
}

const except = (...without: ReadonlyArray<ClientName>) => names.filter((name) => !without.includes(name))

const noProgress = "the others give no progress to whoever calls"

/** What a quick look goes without. */
const slow = ["payloads http json", "payloads http sse", "connecting http", "catalogs http", "progress http"]

const clis: ReadonlyArray<commands.Cli> = ["ours", "sdk2", "mcporter", "inspector"]

/** `quick`: each for less long, and what needs long not at all. */
export const plan = (quick: boolean): ReadonlyArray<Case> => {
  const time = { milliseconds: quick ? 450 : 1500 }
  const inFlight = { 1: time, 64: time }
  const payloads = quick
    ? { kb1: [300, 300], mb1: [3, 5], mb10: [1, 2] } as const
    : { kb1: [3000, 2000], mb1: [10, 20], mb10: [2, 5] } as const
  const times = quick ? 1 : 3
  /** What takes long, and says the same each time. */
  const once = quick ? { rounds: 1 } : {}
  const cases: ReadonlyArray<Case> = [
    {
      name: "calls stdio",
      clients: names,
      run: (client) => inHost(client, "calls", { inFlight, target: stdio() })
    },
    {
      name: "calls http json",
      clients: names,
      run: (client, { url }) => inHost(client, "calls", { inFlight, target: url("json") })
    },
    {
      name: "calls http sse",
      clients: names,
      run: (client, { url }) => inHost(client, "calls", { inFlight, target: url("sse") })
    },
    {
      name: "calls legacy",
      clients: except("effect", "mastra"),
      without: "effect/ai and @mastra/mcp do not speak HTTP+SSE",
      run: (client, { url }) => inHost(client, "calls", { inFlight, target: url("legacy") })
    },
    {
      name: "payloads stdio",
      clients: names,
      run: (client) => inHost(client, "payloads", { calls: payloads, target: stdio() })
    },
    {
      name: "payloads http json",
      clients: names,
      rounds: 3,
      run: (client, { url }) => inHost(client, "payloads", { calls: payloads, target: url("json") })
    },
    {
      name: "payloads http sse",
      clients: names,
      rounds: 3,
      run: (client, { url }) => inHost(client, "payloads", { calls: payloads, target: url("sse") })
    },
    {
      name: "connecting stdio",
      clients: names,
      rounds: 3,
      compiled: true,
      run: (client) => inHost(client, "connecting", { sessions: quick ? [10] : [10, 50], target: stdio() }, true)
    },
    {
      name: "connecting http",
      clients: names,
      rounds: 3,
      compiled: true,
      run: (client, { url }) => inHost(client, "connecting", { sessions: [200], target: url("json") }, true)
    },
    {
      name: "catalogs stdio",
      clients: names,
      rounds: 3,
      run: (client) => inHost(client, "catalogs", { targets: { 1000: stdio(1000), 10000: stdio(10_000) }, times })
    },
    {
      name: "catalogs http",
      clients: names,
      rounds: 3,
      run: (client, { url }) =>
        inHost(client, "catalogs", { targets: { 1000: url("json", 1000), 10000: url("json", 10_000) }, times })
    },
    {
      name: "progress stdio",
      clients: ["ours", "sdk1", "sdk2", "floor"],
      without: noProgress,
      run: (client) => inHost(client, "progress", { count: 10_000, target: stdio(), times: times + 1 })
    },
    {
      name: "progress http",
      clients: ["ours", "sdk1", "sdk2", "floor"],
      without: noProgress,
      run: (client, { url }) => inHost(client, "progress", { count: 10_000, target: url("sse"), times: times + 1 })
    },
    {
      name: "memory stdio",
      clients: names,
      ...once,
      run: (client) => inHost(client, "memory", { few: 20, many: quick ? 35 : 60, target: stdio() })
    },
    {
      name: "memory http",
      clients: names,
      ...once,
      run: (client, { url }) => inHost(client, "memory", { few: 100, many: quick ? 200 : 400, target: url("json") })
    },
    {
      name: "commands",
      clients: clis,
      compiled: true,
      run: (client) => commands.measure(clis.find((cli) => cli === client) ?? "ours", server())
    }
  ]
  if (quick) return cases.filter(({ name }) => !slow.includes(name))
  return [
    ...cases,
    {
      name: "programs",
      clients: except("floor"),
      compiled: true,
      rounds: 3,
      run: (client) => programs.measure(client, server())
    },
    {
      name: "churn stdio",
      clients: names,
      rounds: 1,
      run: (client) => inHost(client, "churn", { cycles: 1000, target: stdio() })
    },
    {
      name: "churn http",
      clients: names,
      rounds: 1,
      run: (client, { url }) => inHost(client, "churn", { cycles: 1000, target: url("json") })
    }
  ]
}
