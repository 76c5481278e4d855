/** Processes: the one HTTP server of a run, and those that measure. */
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import type { ClientName } from "./clients/all.ts"
import type { Target } from "./clients/client.ts"
import type { Options, Workload } from "./workloads/all.ts"
import type { Sample } from "./workloads/sample.ts"

const pathOf = (file: string) => fileURLToPath(new URL(file, import.meta.url))

export const stdio = (tools = 6): Target => ({
  transport: "stdio",
  command: process.execPath,
  args: [pathOf("servers/stdio.ts"), String(tools)]
})

export interface Arena {
  readonly port: number
  readonly url: (kind: "json" | "sse" | "legacy", tools?: number) => Target
  readonly close: () => void
}

export const open = async (): Promise<Arena> => {
  const server = spawn(process.execPath, [pathOf("servers/http.ts")], { stdio: ["pipe", "pipe", "inherit"] })
  const port = await new Promise<number>((resolve) => server.stdout.once("data", (line) => resolve(Number(line))))
  return {
    port,
    url: (kind, tools = 6) => ({
      transport: kind === "legacy" ? "sse" : "http",
      url: `http://127.0.0.1:${port}/${kind}/${tools}`
    }),
    close: () => server.kill()
  }
}

/** In a process of its own. */
export const inHost = <W extends Workload>(client: ClientName, workload: W, options: Options<W>): Promise<Sample> =>
  new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      ["--expose-gc", "--no-warnings", pathOf("host.ts"), client, workload, JSON.stringify(options)],
      { stdio: ["ignore", "pipe", "pipe"], timeout: 300_000, killSignal: "SIGKILL" }
    )
    let stdout = ""
    let stderr = ""
    child.stdout.on("data", (chunk) => stdout += String(chunk))
    child.stderr.on("data", (chunk) => stderr = `${stderr}${String(chunk)}`.slice(-4000))
    child.on("close", (code, signal) => {
      const line = stdout.trimEnd().split("\n").at(-1)
      if (code === 0 && line?.startsWith("{")) return resolve(JSON.parse(line))
      const said = /^\w*Error.*$/m.exec(stderr)?.[0] ?? stderr.trim().split("\n").at(-1)
      reject(new Error(signal === null ? said : `ended by ${signal}`))
    })
  })
