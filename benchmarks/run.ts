/**
 * Ours beside the other clients.
 *
 * - `pnpm bench [--rounds n] [--seed n]` measures everything and writes `docs/benchmarks.md`, its chart, and `guard.json`;
 *   in an hour and more.
 * - `pnpm bench --quick`: in under three minutes, with the SDKs and the floor; prints.
 * - `pnpm bench <word…>`: the workloads with all these words, of the clients that are named or of all; prints.
 * - `pnpm bench --check`: what CI runs. Fails where a ratio is 30 % worse than `guard.json` has it; `--record` writes that.
 * - `pnpm bench <word…> --add`: the same, added to what was measured last; writes the page again. `--page` only writes it.
 *
 * `heap.ts` says who holds the memory of an idle session.
 *
 * Each measurement is a fresh process, in random order inside each round; what is compared is of the same round.
 */
import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { type Arena, open } from "./arena.ts"
import { chart } from "./chart.ts"
import { type ClientName, entryOf, isClientName, order } from "./clients/all.ts"
import * as guard from "./guard.ts"
import { page } from "./page.ts"
import { type Case, plan } from "./plan.ts"
import type { Results } from "./results.ts"
import { shuffle } from "./statistics.ts"
import { summary } from "./summary.ts"

type Pair = readonly [Case, ClientName]

const pathOf = (file: string) => fileURLToPath(new URL(file, import.meta.url))

const seconds = (since: number) => (performance.now() - since) / 1000

interface Limits {
  readonly rounds: number
  readonly seed: number
  /** When it takes as long, that was it: no further round that would not fit, and none to its end. */
  readonly seconds?: number
}

const measure = async (arena: Arena, pairs: ReadonlyArray<Pair>, limits: Limits): Promise<Results> => {
  const results: Results = {}
  const began = performance.now()
  /** What the next round will take, as far as that is known. */
  let next = 0
  for (let round = 0; round < limits.rounds; round++) {
    if (limits.seconds !== undefined && seconds(began) + next > limits.seconds) break
    next = 0
    for (const [one, client] of shuffle(pairs, limits.seed + round)) {
      const rounds = one.rounds ?? limits.rounds
      if (round >= rounds) continue
      if (limits.seconds !== undefined && seconds(began) > limits.seconds) {
        console.error(`no time for ${one.name}, ${client}`)
        continue
      }
      const caseBegan = performance.now()
      const sample = await one.run(client, arena).catch((error: Error) => {
        console.error(`${one.name}, ${client} failed: ${error.message}`)
        return null
      })
      console.error(`${round + 1}/${limits.rounds} ${one.name}, ${client}: ${seconds(caseBegan).toFixed(1)} s`)
      const ofCase = results[one.name] ??= {}
      ofCase[client] = [...ofCase[client] ?? [], sample]
      if (round + 1 < rounds) next += seconds(caseBegan)
    }
  }
  return results
}

const shell = (command: string, args: ReadonlyArray<string>, cwd: string) => {
  const { status } = spawnSync(command, args, { cwd, stdio: ["ignore", process.stderr, process.stderr] })
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${status}`)
}

/** What the pairs need besides the workspace. */
const prepare = (pairs: ReadonlyArray<Pair>) => {
  const isMissing = ([, client]: Pair) => {
    const [folder, ...name] = entryOf(client).package?.split("/") ?? []
    return folder === "peers" && !existsSync(pathOf(`peers/node_modules/${name.join("/")}`))
  }
  if (pairs.some(isMissing)) {
    shell("npx", ["-y", "pnpm@12", "install", "--frozen-lockfile"], pathOf("peers"))
  }
  if (pairs.some(([one]) => one.compiled)) shell("npx", ["-y", "pnpm@12", "build"], pathOf(".."))
}

const pairsOf = (cases: ReadonlyArray<Case>, among: (client: ClientName) => boolean): ReadonlyArray<Pair> =>
  cases.flatMap((one) => one.clients.filter(among).map((client) => [one, client] as const))

const whole = async (arena: Arena, without: string | undefined, limits: Limits) => {
  const cases = plan(false).filter(({ name }) => without === undefined || !name.split(" ").includes(without))
  keep(await measure(arena, pairsOf(cases, () => true), limits))
  await record(arena, limits.seed)
}

/** Also for `--add` and `--page`, which begin where this ends. */
const keep = (results: Results) => {
  mkdirSync(pathOf("build"), { recursive: true })
  writeFileSync(pathOf("build/results.json"), JSON.stringify(results))
  write(results)
}

const kept = (): Results => JSON.parse(readFileSync(pathOf("build/results.json"), "utf8"))

const record = async (arena: Arena, seed: number) => {
  const results = await measure(arena, pairsOf(guard.cases, () => true), { rounds: 7, seed })
  writeFileSync(pathOf("guard.json"), guard.record(results))
}

const write = (results: Results) => {
  writeFileSync(pathOf("../docs/benchmarks.md"), page(results))
  writeFileSync(pathOf("../docs/benchmarks.svg"), chart(results))
}

/** Where something looks worse, it is measured again, all rounds together count, and it is said. */
const check = async (arena: Arena, seed: number) => {
  const recorded = guard.read(readFileSync(pathOf("guard.json"), "utf8"))
  const pairs = pairsOf(guard.cases, () => true)
  const first = await measure(arena, pairs, { rounds: 3, seed })
  const suspects = new Set(guard.compare(recorded, first).filter(({ isWorse }) => isWorse).map(({ name }) => name))
  let results = first
  if (suspects.size > 0) {
    console.log(`Once more, with five more rounds: ${[...suspects].join(", ")}`)
    const again = pairs.filter(([{ name }]) => suspects.has(name))
    results = guard.join(first, await measure(arena, again, { rounds: 5, seed: seed + 3 }))
  }
  const compared = guard.compare(recorded, results)
  for (const { text } of compared) console.log(text)
  if (compared.some(({ isWorse }) => isWorse)) process.exitCode = 1
}

const misused = (message: string): never => {
  console.error(message)
  process.exit(2)
}

/** A run takes an hour: what was mistyped is told before it. */
const asked = () => {
  const { positionals: words, values } = parseArgs({
    allowPositionals: true,
    options: {
      add: { type: "boolean" },
      check: { type: "boolean" },
      page: { type: "boolean" },
      quick: { type: "boolean" },
      record: { type: "boolean" },
      rounds: { type: "string" },
      seed: { type: "string" },
      without: { type: "string" }
    }
  })
  const number = (name: "rounds" | "seed") => {
    const value = values[name]
    if (value !== undefined && !/^[1-9]\d*$/.test(value)) misused(`--${name} wants a number, and not ${value}`)
    return value === undefined ? undefined : Number(value)
  }
  const cases = plan(values.quick === true)
  const known = new Set(cases.flatMap(({ name }) => name.split(" ")))
  for (const word of [...words, ...values.without === undefined ? [] : [values.without]]) {
    if (known.has(word) || isClientName(word)) continue
    misused(`"${word}" is neither of a workload (${[...known].join(", ")}) nor a client (${order.join(", ")})`)
  }
  if (values.add === true && words.length === 0) misused("--add wants to know what: name a workload")
  return { ...values, words, cases, rounds: number("rounds"), seed: number("seed") ?? 1 }
}

const main = async () => {
  const { add, cases, check: isCheck, page: isPage, quick, record: isRecord, rounds, seed, without, words } = asked()
  if (isPage) return write(kept())
  const named = words.filter(isClientName)
  const ofCases = words.filter((word) => !isClientName(word))
  const common: ReadonlyArray<ClientName> = ["ours", "sdk1", "sdk2", "floor"]
  const chosen = pairsOf(
    cases.filter(({ name }) => ofCases.every((word) => name.split(" ").includes(word))),
    (client) => named.length > 0 ? named.includes(client) : quick !== true || common.includes(client)
  )
  if (chosen.length === 0) misused(`no workload has all of these words: ${ofCases.join(", ")}`)
  if (isCheck !== true && isRecord !== true) prepare(chosen)
  const arena = await open()
  try {
    if (isCheck) await check(arena, seed)
    else if (isRecord) await record(arena, seed)
    else if (add) keep(guard.join(kept(), await measure(arena, chosen, { rounds: rounds ?? 3, seed })))
    else if (words.length > 0) console.log(summary(await measure(arena, chosen, { rounds: rounds ?? 3, seed })))
    else if (quick) console.log(summary(await measure(arena, chosen, { rounds: rounds ?? 5, seed, seconds: 165 })))
    else await whole(arena, without, { rounds: rounds ?? 5, seed })
  } finally {
    arena.close()
  }
}

await main()
