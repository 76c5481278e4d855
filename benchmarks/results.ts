/** What was measured, and the ratios in it. */
import type { ClientName } from "./clients/all.ts"
import { median, ratio, type Rounds } from "./statistics.ts"
import type { Sample } from "./workloads/sample.ts"

/** By case and client, a sample a round; null where it failed. As it is kept in a file. */
export type Results = Record<string, Partial<Record<ClientName, Array<Sample | null>>>>

export const roundsOf = (results: Results, name: string, client: ClientName, key: string): Rounds =>
  (results[name]?.[client] ?? []).map((sample) => sample?.[key])

/** NaN where there is none. */
export const valueOf = (results: Results, name: string, client: ClientName, key: string): number =>
  median(roundsOf(results, name, client, key).filter((value) => value !== undefined))

/** Ours to theirs, or another's. */
export const ratioOf = (
  results: Results,
  name: string,
  client: ClientName,
  key: string,
  of: ClientName = "ours"
): number => ratio(roundsOf(results, name, of, key), roundsOf(results, name, client, key))

/** The best by its median. */
export const bestOf = (
  results: Results,
  name: string,
  key: string,
  isHigherBetter: boolean,
  among: (client: ClientName) => boolean
): ClientName | undefined => {
  let best: ClientName | undefined
  for (const client of clientsOf(results, name).filter(among)) {
    const value = valueOf(results, name, client, key)
    if (Number.isNaN(value)) continue
    const known = best === undefined ? Number.NaN : valueOf(results, name, best, key)
    if (Number.isNaN(known) || (isHigherBetter ? value > known : value < known)) best = client
  }
  return best
}

const isPresent = (entry: readonly [string, unknown]) => entry[1] !== undefined

const clientsOf = (results: Results, name: string): ReadonlyArray<ClientName> =>
  Object.entries(results[name] ?? {}).filter(isPresent).map(([client]) => client as ClientName)
