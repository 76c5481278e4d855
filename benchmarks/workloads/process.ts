/** Whole processes: from their start to their end, the CPU of that process alone, without the server that it starts. */
import { spawn } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

/** Milliseconds, and MiB. */
export interface Usage {
  readonly wall: number
  readonly cpu: number
  readonly peak: number
  readonly stdout: string
}

const preload = fileURLToPath(new URL("usage.cjs", import.meta.url))

export const published = new URL("published.mjs", import.meta.url).href

export const run = (args: ReadonlyArray<string>): Promise<Usage> =>
  new Promise((resolve, reject) => {
    const folder = mkdtempSync(join(tmpdir(), "bench-"))
    const began = performance.now()
    const child = spawn(process.execPath, args, {
      env: { ...process.env, NODE_OPTIONS: `--require=${preload}`, BENCH_USAGE: folder },
      stdio: ["ignore", "pipe", "pipe"],
      timeout: 60_000,
      killSignal: "SIGKILL"
    })
    let wall = 0
    let stdout = ""
    let stderr = ""
    child.stdout.on("data", (chunk) => stdout += String(chunk))
    child.stderr.on("data", (chunk) => stderr += String(chunk))
    child.on("exit", () => wall = performance.now() - began)
    child.on("close", (code) => {
      if (code !== 0) {
        return reject(new Error(`${args.join(" ").slice(-200)} ended with ${code}: ${stderr.slice(0, 300)}`))
      }
      const { cpu, peak } = JSON.parse(readFileSync(join(folder, String(child.pid)), "utf8"))
      rmSync(folder, { recursive: true, force: true })
      resolve({ wall, cpu: cpu / 1000, peak: peak / 1024, stdout })
    })
  })
