/**
 * The fuzz: `pnpm fuzz --messages 10000 --seed 1` has servers of every kind say so many hostile messages to the library and
 * to `umcp`. Each case follows from the seed and its number; `--case 17` runs one alone, `--first 12 --messages 20` some. Ends
 * with 1 where there was a defect, a failure that is not declared, exit code 70, an unhandled rejection, or a stall of the event
 * loop longer than `JSON.parse` of a message of the size limit takes.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { watch, yardstick } from "./blocked.ts"
import { type Counts, drive, type Fault, type Options, saidIn, type Surroundings } from "./drive.ts"
import { guard } from "./guard.ts"
import { excerpt } from "./json.ts"
import { type Case, inWords, type Kind } from "./plan.ts"

const { values } = parseArgs({
  options: {
    messages: { type: "string", default: "1000" },
    seed: { type: "string", default: "1" },
    first: { type: "string", default: "0" },
    case: { type: "string" },
    bin: { type: "string", default: fileURLToPath(new URL("../../src/bin.ts", import.meta.url)) },
    verbose: { type: "boolean", default: false }
  }
})

const folder = mkdtempSync(join(tmpdir(), "fuzz-"))
process.on("exit", () => rmSync(folder, { recursive: true, force: true }))

const options: Options = {
  seed: Number(values.seed),
  first: Number(values.case ?? values.first),
  messages: Number(values.messages),
  only: values.case !== undefined,
  bin: values.bin,
  folder
}

const faults: Array<Fault> = []

const onFault = (fault: Fault) => {
  faults.push(fault)
  process.stderr.write(`${describe(fault)}\n`)
}

const describe = ({ case: one, said, what }: Fault): string =>
  [
    `FAULT ${one.kind}, ${inWords(one)}: pnpm fuzz --seed ${one.seed} --case ${one.number}`,
    ...what.split("\n").slice(0, 30).map((line) => `    ${excerpt(line, 500)}`),
    ...said.flatMap(({ changes, method, said }) => [
      `  ${method}: ${changes.map((change) => excerpt(change, 200)).slice(0, 8).join("; ")}`,
      `    ${JSON.stringify(excerpt(said, values.case === undefined ? 600 : 1500))}`
    ]),
    ""
  ].join("\n")

const running = new Map<Kind, Case>()

/** What goes wrong in the program at large is said of every case that is going on. */
const suspectAll = (what: string) => {
  for (const one of running.values()) {
    onFault({
      case: one,
      what: running.size > 1 ? `one of ${running.size}: ${what}` : what,
      said: saidIn(one, options)
    })
  }
  if (running.size === 0) process.stderr.write(`FAULT in no case: ${what}\n`)
  process.exitCode = 1
}

process.on("unhandledRejection", (reason) => {
  suspectAll(`unhandled rejection: ${reason instanceof Error ? reason.stack : String(reason)}`)
})
process.on("uncaughtException", (error) => suspectAll(`uncaught exception: ${error.stack ?? error.message}`))

process.on("warning", (warning) => warning.name === "ExperimentalWarning" || suspectAll(`warning: ${warning.message}`))

/** Cases that went on while the event loop stood still. */
const stalls = new Set<number>()

/** Each of them alone, which tells whose fault it was. */
const runAlone = (limit: number) =>
  Effect.forEach(stalls, (number) =>
    Effect.gen(function*() {
      let stalled = 0
      const watching = watch(limit, (milliseconds) => {
        stalled = Math.max(stalled, milliseconds)
      })
      yield* drive({ ...options, first: number, only: true }, {
        running,
        counts: countsOf(),
        onFault: () => {},
        onDone: (one, said) => {
          if (stalled > 0) onFault({ case: one, what: `the event loop stood still for ${stalled} ms`, said })
        }
      })
      watching.stop()
    }), { discard: true })

const countsOf = (): Counts => ({ messages: 0, cases: 0, outcomes: new Map() })

const children = () =>
  spawnSync("ps", ["-A", "-o", "pid=,stat=,args="], { encoding: "utf8" }).stdout.split("\n")
    .filter((line) => line.includes(folder) && !/^\s*\d+ Z/.test(line))

const program = Effect.gen(function*() {
  const counts = countsOf()
  const surroundings: Surroundings = { running, counts, onFault, onDone: () => {} }
  yield* Console.log(
    `fuzz: seed ${options.seed}, ${
      values.case === undefined ? `${options.messages} messages` : `case ${options.first}`
    }`
  )
  // What is loaded and compiled on first use does not count as a stall.
  const warmUp = { ...options, messages: 100, only: false, first: 1_000_000 }
  yield* drive(warmUp, { ...surroundings, counts: countsOf(), ...(options.only ? { onFault: () => {} } : {}) })
  const limit = yardstick()
  const watching = watch(limit, () => {
    for (const { number } of running.values()) stalls.add(number)
  })
  yield* drive(options, surroundings)
  const longest = watching.longest()
  watching.stop()
  yield* runAlone(limit)
  const left = children()
  if (left.length > 0) suspectAll(`processes are left: ${left.join("; ")}`)
  if (values.verbose) {
    for (const [what, count] of counts.outcomes) yield* Console.log(`  ${what}: ${count}`)
  }
  const isGood = faults.length === 0 && process.exitCode !== 1
  yield* Console.log(
    `${
      isGood ? "ok" : `FAIL (${new Set(faults.map((fault) => fault.case.number)).size})`
    } fuzz: seed ${options.seed}, ` +
      `${counts.messages} hostile messages in ${counts.cases} cases; longest stall ${longest} ms, yardstick ${
        Math.round(limit)
      } ms`
  )
  process.exitCode = isGood ? 0 : 1
})

guard(folder, options.seed)
NodeRuntime.runMain(program)
