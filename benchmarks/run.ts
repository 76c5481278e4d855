/**
 * Ours beside the other clients: `pnpm bench [--quick] [--rounds n] [--seed n]` measures everything. Each measurement is
 * a fresh process, in random order inside each round. A word chooses workloads and, if it is one's name, clients.
 */
import { type Arena, open } from "./arena.ts"
import { type ClientName, isClientName, names } from "./clients/all.ts"
import { type Case, plan } from "./plan.ts"
import { median, ratio, type Rounds, shuffle } from "./statistics.ts"
import type { Sample } from "./workloads/sample.ts"

type Samples = Map<Case, Map<ClientName, Array<Sample | undefined>>>

const round = async (arena: Arena, pairs: ReadonlyArray<readonly [Case, ClientName]>, samples: Samples) => {
  for (const [one, client] of pairs) {
    const began = performance.now()
    const sample = await one.run(client, arena).catch((error: Error) => {
      console.error(`${one.name}, ${client}: ${error.message}`)
      return undefined
    })
    console.error(`  ${one.name}, ${client} (${((performance.now() - began) / 1000).toFixed(1)} s)`)
    const ofCase = samples.get(one) ?? new Map<ClientName, Array<Sample | undefined>>()
    samples.set(one, ofCase)
    ofCase.set(client, [...ofCase.get(client) ?? [], sample])
  }
}

const rounded = (value: number) => String(Number(value.toPrecision(3)))

/** A row a client; in brackets, ours in relation to it. */
const print = (samples: Samples) => {
  for (const [{ name }, clients] of samples) {
    const keys = [...new Set([...clients.values()].flat().flatMap((sample) => Object.keys(sample ?? {})))]
    const rounds = (client: ClientName, key: string): Rounds =>
      (clients.get(client) ?? []).map((sample) => sample?.[key])
    const cell = (client: ClientName, key: string) => {
      const value = median(rounds(client, key).filter((value) => value !== undefined))
      const against = ratio(rounds("ours", key), rounds(client, key))
      if (Number.isNaN(value)) return "–"
      return client === "ours" || Number.isNaN(against) ? rounded(value) : `${rounded(value)} (×${rounded(against)})`
    }
    const lines = [
      [name, ...keys],
      ...names.filter((client) => clients.has(client)).map((client) => [
        client,
        ...keys.map((key) => cell(client, key))
      ])
    ]
    const width = (column: number) => Math.max(...lines.map((line) => line[column]?.length ?? 0))
    console.log(
      `\n${lines.map((line) => line.map((text, column) => text.padEnd(width(column))).join("  ")).join("\n")}`
    )
  }
}

const main = async () => {
  const flags = process.argv.slice(2)
  const number = (name: string, otherwise: number) => {
    const at = flags.indexOf(name)
    return at < 0 ? otherwise : Number(flags.splice(at, 2)[1])
  }
  const quick = flags.includes("--quick")
  const rounds = number("--rounds", quick ? 3 : 5)
  const seed = number("--seed", 1)
  const words = flags.filter((flag) => !flag.startsWith("--"))
  const clients = words.filter(isClientName)
  const ofCases = words.filter((word) => !isClientName(word))
  const pairs = plan(quick)
    .filter(({ name }) => ofCases.every((word) => name.split(" ").includes(word)))
    .flatMap((one) =>
      one.clients.filter((client) => clients.length === 0 || clients.includes(client))
        .map((client) => [one, client] as const)
    )
  const arena = await open()
  const samples: Samples = new Map()
  for (let index = 0; index < rounds; index++) {
    console.error(`round ${index + 1} of ${rounds}`)
    await round(arena, shuffle(pairs, seed + index), samples)
  }
  arena.close()
  print(samples)
}

await main()
