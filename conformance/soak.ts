/**
 * The soak: `pnpm soak --seconds 60 --seed 1` opens, uses, hurts and closes one server after the other over every
 * transport, some at a time, for so long; then it counts what is left and holds what the client said of each write
 * against what the servers wrote down. The same seed does the same to the same servers; `--life 17` does it to one only.
 */
import { NodeRuntime } from "@effect/platform-node"
import * as NodeTransports from "@universal-mcp/transports/NodeTransports"
import { Clock, Console, Effect } from "effect"
import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import * as Driver from "./soak/driver.ts"
import { audit, live, type Surroundings } from "./soak/life.ts"
import { type Life, plan } from "./soak/plan.ts"

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "60" },
    seed: { type: "string" },
    life: { type: "string" },
    verbose: { type: "boolean", default: false }
  }
})

const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed)

/** How many servers are used at a time. */
const atOnce = 12

setFlagsFromString("--expose-gc")
const collect: unknown = runInNewContext("gc")

const heap = () => {
  if (typeof collect === "function") collect()
  return process.memoryUsage().heapUsed / 2 ** 20
}

const counts = new Map<string, number>()
const bugs = new Array<string>()

const count = (what: string) => void counts.set(what, (counts.get(what) ?? 0) + 1)

const bug = ({ kind, number }: Life, what: string) => {
  bugs.push(`life ${number} (${kind}): ${what}`)
  process.stderr.write(`BUG life ${number} (${kind}): ${what}\n`)
}

const remark = (what: string) => {
  bugs.push(what)
  process.stderr.write(`BUG ${what}\n`)
}

process.on("unhandledRejection", (reason) => remark(`unhandled rejection: ${String(reason)}`))
process.on("uncaughtException", (error) => remark(`uncaught: ${error.stack ?? error.message}`))
process.on("warning", (warning) => warning.name === "ExperimentalWarning" || remark(`warning: ${warning.message}`))

const running = new Map<object, string>()

const resources = () => {
  const counts: Record<string, number> = {}
  for (const resource of process.getActiveResourcesInfo()) counts[resource] = (counts[resource] ?? 0) + 1
  return counts
}

const children = () =>
  spawnSync("ps", ["-A", "-o", "ppid=,pid=,args="], { encoding: "utf8" }).stdout.split("\n")
    .filter((line) => line.trim().startsWith(`${process.pid} `) && !line.includes("ps -A"))

/** The least of the last third, in which is what was not freed, against the least of the first after it got warm. */
const isFlat = (samples: ReadonlyArray<number>): boolean => {
  const third = Math.floor(samples.length / 3)
  const early = samples.slice(Math.ceil(third / 3), third)
  return early.length === 0 || Math.min(...samples.slice(-third)) < Math.min(...early) * 1.05 + 2
}

const soak = Effect.gen(function*() {
  const folder = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "soak-"))),
    (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
  )
  const samples: Array<number> = []
  const lives: Array<Life> = []
  const end = (yield* Clock.currentTimeMillis) + Number(values.seconds) * 1000
  let next = 0
  yield* Effect.scoped(Effect.gen(function*() {
    const farm = yield* Driver.make
    const surroundings: Surroundings = { folder, farm, count, bug, running }
    const one = (number: number) => {
      const life = plan(seed, number)
      lives.push(life)
      return live(life, surroundings)
    }
    if (values.life !== undefined) return yield* one(Number(values.life))
    const isOver = Effect.map(Clock.currentTimeMillis, (now) => now >= end)
    const slot = Effect.suspend(() => one(next++)).pipe(Effect.repeat({ until: () => isOver }))
    yield* Effect.sync(() => samples.push(heap())).pipe(
      Effect.andThen(Effect.sleep("2 seconds")),
      Effect.forever,
      Effect.forkScoped
    )
    yield* Effect.all(Array.from({ length: atOnce }, () => slot), { concurrency: "unbounded", discard: true })
  })).pipe(Effect.provide(NodeTransports.platform))
  for (const life of lives) audit(life, { folder, count, bug, running, farm: { pid: 0, ask: () => Effect.never } })
  if (!isFlat(samples)) remark(`the heap grew: ${samples.map((sample) => sample.toFixed(0)).join(" ")} MB`)
  return samples
})

const program = Effect.gen(function*() {
  yield* Console.log(`soak: seed ${seed}, ${values.seconds} s`)
  // As at the end, where what fired last still counts.
  yield* Effect.sleep("10 millis")
  const before = resources()
  const watchdog = setTimeout(() => {
    for (const what of running.values()) process.stderr.write(`STUCK ${what}\n`)
    process.stderr.write(`FAIL soak: no end, seed ${seed}\n`)
    process.exit(1)
  }, Number(values.seconds) * 1000 + 90_000)
  const samples = yield* Effect.scoped(soak)
  clearTimeout(watchdog)
  // What is closed tells so a little later.
  yield* Effect.sleep("500 millis")
  for (const [name, number] of Object.entries(resources())) {
    if (number > (before[name] ?? 0)) remark(`${number - (before[name] ?? 0)} ${name} are left`)
  }
  const left = children()
  if (left.length > 0) remark(`processes are left: ${left.join("; ")}`)
  const of = (what: string) => counts.get(what) ?? 0
  if (values.verbose) {
    yield* Console.log(`  heap: ${samples.map((sample) => sample.toFixed(0)).join(" ")} MB`)
    for (const what of [...counts.keys()].toSorted()) yield* Console.log(`  ${what}: ${of(what)}`)
  }
  yield* Console.log(
    `${bugs.length === 0 ? "ok" : `FAIL (${bugs.length})`} soak: seed ${seed}, ${of("servers")} servers, ${
      of("operations")
    } ` +
      `operations (${of("results")} results, ${of("errors")} errors, ${of("interrupted")} interrupted), ${
        of("writes")
      } ` +
      `writes, ${of("faults")} faults; heap ${samples[0]?.toFixed(0) ?? "?"} to ${samples.at(-1)?.toFixed(0) ?? "?"} MB`
  )
  process.exitCode = bugs.length === 0 ? 0 : 1
})

NodeRuntime.runMain(program)
