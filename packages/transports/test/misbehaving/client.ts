/**
 * A client in a process of its own, to measure it: `client.ts <subject> <name>` writes the report as JSON.
 * The process ends by itself, if nothing is left in it.
 */
import * as Effect from "effect/Effect"
import type { Case, StdioCase } from "./case.ts"
import { subjects } from "./cases.ts"
import { run } from "./run.ts"

const [subject = "", name] = process.argv.slice(2)

const find = (subject: string, name: string | undefined): Case => {
  const one = subjects[subject]?.find((one) => one.name === name)
  if (one === undefined) throw new Error(`there is no case ${subject} ${name}`)
  return one
}

/** The longest time that the event loop stood still for our sake: what other processes took does not count. */
const watch = () => {
  let blocked = 0
  let at = performance.now()
  let used = process.threadCpuUsage()
  const look = () => {
    const now = performance.now()
    const cpu = process.threadCpuUsage()
    blocked = Math.max(blocked, Math.min(now - at, (cpu.user - used.user + cpu.system - used.system) / 1000))
    at = now
    used = cpu
  }
  const timer = setInterval(look, 5)
  return () => {
    look()
    clearInterval(timer)
    return Math.round(blocked)
  }
}

/** Loads what is loaded on first use, which takes its time once and for all. */
const warmUp: StdioCase = {
  ...find("stdio/results", "a schema of itself") as StdioCase,
  expect: { list: "1 tools", call: "done", ping: "pong" }
}

const program = Effect.gen(function*() {
  if (subject.startsWith("http")) yield* run("http/bodies", find("http/bodies", "well-behaved"))
  else yield* run("stdio/results", warmUp)
  const stop = watch()
  const report = yield* run(subject, find(subject, name), true)
  return { ...report, blocked: stop(), memory: Math.round(process.resourceUsage().maxRSS / 1024) }
})

process.stdout.write(`${JSON.stringify(await Effect.runPromise(program))}\n`)
