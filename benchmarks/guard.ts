/**
 * The ratios that CI holds: few, to SDK 2.x, of the client's CPU and memory, because a busy machine moves wall times; and
 * counted in calls, because in a given time a busy machine compiles less.
 */
import { inHost, stdio } from "./arena.ts"
import type { ClientName } from "./clients/all.ts"
import type { Case } from "./plan.ts"
import { ratioOf, type Results } from "./results.ts"

const peer = "sdk2"

const clients: ReadonlyArray<ClientName> = ["ours", peer]

const http = { 1: { calls: 1000 }, 64: { calls: 2000 } }

interface Held extends Case {
  /** Of all of these, less is better. */
  readonly keys: ReadonlyArray<string>
}

export const cases: ReadonlyArray<Held> = [
  {
    name: "calls stdio",
    keys: ["cpu 1", "cpu 64"],
    clients,
    run: (client) =>
      inHost(client, "calls", { inFlight: { 1: { calls: 3000 }, 64: { calls: 10_000 } }, target: stdio() })
  },
  {
    name: "calls http json",
    keys: ["cpu 1", "cpu 64"],
    clients,
    run: (client, { url }) => inHost(client, "calls", { inFlight: http, target: url("json") })
  },
  {
    name: "calls http sse",
    keys: ["cpu 1", "cpu 64"],
    clients,
    run: (client, { url }) => inHost(client, "calls", { inFlight: http, target: url("sse") })
  },
  {
    name: "calls legacy",
    keys: ["cpu 1", "cpu 64"],
    clients,
    run: (client, { url }) => inHost(client, "calls", { inFlight: http, target: url("legacy") })
  },
  {
    name: "payloads stdio",
    keys: ["cpu mb10"],
    clients,
    run: (client) => inHost(client, "payloads", { calls: { mb10: [1, 3] }, target: stdio() })
  },
  {
    name: "memory stdio",
    keys: ["heap"],
    clients,
    run: (client) => inHost(client, "memory", { few: 20, many: 50, target: stdio() })
  },
  {
    name: "memory http",
    keys: ["heap"],
    clients,
    run: (client, { url }) => inHost(client, "memory", { few: 100, many: 300, target: url("json") })
  }
]

/** Ours to the peer's, by workload and figure. */
type Recorded = Readonly<Record<string, Readonly<Record<string, number>>>>

export const record = (results: Results): string => {
  const recorded: Record<string, Record<string, number>> = {}
  for (const { keys, name } of cases) {
    for (const key of keys) {
      const ratio = ratioOf(results, name, peer, key)
      if (Number.isNaN(ratio)) throw new Error(`nothing was measured of ${name}, ${key}`)
      const ofCase = recorded[name] ??= {}
      ofCase[key] = Number(ratio.toPrecision(3))
    }
  }
  return `${JSON.stringify(recorded, null, 2)}\n`
}

export const read = (text: string): Recorded => JSON.parse(text)

interface Compared {
  readonly name: string
  readonly isWorse: boolean
  readonly text: string
}

export const compare = (recorded: Recorded, results: Results): ReadonlyArray<Compared> =>
  Object.entries(recorded).flatMap(([name, keys]) =>
    Object.entries(keys).map(([key, was]) => {
      const is = ratioOf(results, name, peer, key)
      // What was not measured is worse, too.
      const isWorse = !(is <= was * 1.3)
      const text = `${isWorse ? "✗" : "✓"} ${name}, ${key}: ${is.toFixed(3)} of SDK 2.x, recorded ${was.toFixed(3)}`
      return { name, isWorse, text }
    })
  )

/** The rounds of both. */
export const join = (first: Results, second: Results): Results => {
  const joined: Results = { ...first }
  for (const [name, clients] of Object.entries(second)) {
    const ofCase = { ...joined[name] }
    for (const [client, samples] of Object.entries(clients)) {
      const key = client as ClientName
      ofCase[key] = [...ofCase[key] ?? [], ...samples]
    }
    joined[name] = ofCase
  }
  return joined
}
