/** Processes: the one HTTP server of a run, and those that measure. */
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import { build } from "rolldown"
import type { ClientName } from "./clients/all.ts"
import type { Target } from "./clients/client.ts"
import type { Options, Workload } from "./workloads/all.ts"
import { published } from "./workloads/process.ts"
import type { Sample } from "./workloads/sample.ts"

const pathOf = (file: string) => fileURLToPath(new URL(file, import.meta.url))

/** A command. */
export const server = (tools = 6): readonly [string, ...Array<string>] => [
  process.execPath,
  pathOf("build/servers/stdio.mjs"),
  String(tools)
]

export const stdio = (tools = 6): Target => {
  const [command, ...args] = server(tools)
  return { transport: "stdio", command, args }
}

export interface Arena {
  readonly port: number
  readonly url: (kind: "json" | "sse" | "legacy", tools?: number) => Target
  readonly close: () => void
}

export const open = async (): Promise<Arena> => {
  // They start in half the time, which is theirs and nobody else's.
  await build({
    input: [pathOf("servers/stdio.ts"), pathOf("servers/http.ts")],
    platform: "node",
    logLevel: "warn",
    output: { dir: pathOf("build/servers"), entryFileNames: "[name].mjs" }
  })
  const server = spawn(process.execPath, [pathOf("build/servers/http.mjs")], { stdio: ["pipe", "pipe", "inherit"] })
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

/** In a process of its own; `compiled` where it is measured that modules are loaded. */
export const inHost = <W extends Workload>(
  client: ClientName,
  workload: W,
  options: Options<W>,
  compiled = false
): Promise<Sample> =>
  new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      [
        ...compiled ? ["--import", published] : [],
        "--expose-gc",
        "--no-warnings",
        pathOf("host.ts"),
        client,
        workload,
        JSON.stringify(options)
      ],
      { stdio: ["ignore", "pipe", "pipe"], timeout: 600_000, killSignal: "SIGKILL" }
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
