/** The ratios that CI holds: few, with a wide margin, of CPU and memory of the client alone, because a busy machine moves wall times. */
import type { ClientName } from "./clients/all.ts"
import { type Case, plan } from "./plan.ts"
import { ratioOf, type Results } from "./results.ts"

const held: Readonly<Record<string, ReadonlyArray<string>>> = {
  "calls stdio": ["cpu 1", "cpu 64"],
  "calls http json": ["cpu 1", "cpu 64"],
  "calls http sse": ["cpu 64"],
  "calls legacy": ["cpu 64"],
  "payloads stdio": ["cpu mb10"],
  "memory http": ["heap"]
}

/** Of all of these, less is better. */
const against = ["sdk1", "sdk2"] as const

export const isCompared = (client: ClientName): boolean => client === "ours" || against.some((peer) => peer === client)

export const cases = (): ReadonlyArray<Case> => plan(true).filter(({ name }) => name in held)

/** Ours to theirs, by workload, figure and peer. */
type Recorded = Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, number>>>>>>

export const record = (results: Results): string => {
  const recorded: Recorded = Object.fromEntries(
    Object.entries(held).map(([name, keys]) => [
      name,
      Object.fromEntries(
        keys.map((key) => [
          key,
          Object.fromEntries(
            against.map((peer) => {
              const ratio = ratioOf(results, name, peer, key)
              if (Number.isNaN(ratio)) throw new Error(`nothing was measured of ${name}, ${key}, ${peer}`)
              return [peer, Number(ratio.toPrecision(3))]
            })
          )
        ])
      )
    ])
  )
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
    Object.entries(keys).flatMap(([key, peers]) =>
      against.map((peer) => {
        const was = peers[peer] ?? Number.NaN
        const is = ratioOf(results, name, peer, key)
        // What was not measured is worse, too.
        const isWorse = !(is * 0.7 <= was)
        const text = `${isWorse ? "✗" : "✓"} ${name}, ${key}: ${is.toFixed(3)} of ${peer}, recorded ${was.toFixed(3)}`
        return { name, isWorse, text }
      })
    )
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
