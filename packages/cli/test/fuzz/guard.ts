/**
 * Ends a process whose event loop does not go on: a thread beside it says which cases went on, in the files that tell the
 * servers, and kills it.
 */
import { Worker } from "node:worker_threads"
import { patience } from "../../../../test/patience.ts"
import { kinds } from "./plan.ts"

export const guard = (folder: string, seed: number): void => {
  const beats = new Int32Array(new SharedArrayBuffer(4))
  setInterval(() => Atomics.add(beats, 0, 1), 100).unref()
  const limit = patience(30_000)
  new Worker(script, { eval: true, workerData: { beats, folder, kinds, limit, pid: process.pid, seed } }).unref()
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

const script = `
const { existsSync, readFileSync, writeSync } = require("node:fs")
const { join } = require("node:path")
const { beats, folder, kinds, limit, pid, seed } = require("node:worker_threads").workerData
let last = -1
setInterval(() => {
  const now = Atomics.load(beats, 0)
  if (now !== last) return void (last = now)
  writeSync(2, "FAULT the event loop has stood still for " + limit + " ms; one of\\n")
  for (const kind of kinds.filter((kind) => existsSync(join(folder, kind)))) {
    const number = readFileSync(join(folder, kind), "utf8")
    writeSync(2, "  " + kind + ": pnpm fuzz --seed " + seed + " --case " + number + "\\n")
  }
  process.kill(pid, "SIGKILL")
}, limit)
`
