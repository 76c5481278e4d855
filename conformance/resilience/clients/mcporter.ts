import { spawn } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { folderOf } from "../../published.ts"
import { type Client, type Target, textOf } from "./client.ts"

/** What is used of `mcporter`, which is not installed where this is checked. */
interface Mcporter {
  readonly createRuntime: (options: { readonly servers: ReadonlyArray<ServerDefinition> }) => Promise<Runtime>
}

interface Runtime {
  connect(name: string): Promise<unknown>
  listTools(name: string): Promise<ReadonlyArray<{ readonly name: string }>>
  callTool(name: string, tool: string, options: { readonly args: Readonly<Record<string, unknown>> }): Promise<unknown>
  close(): Promise<void>
}

interface ServerDefinition {
  readonly name: string
  readonly command:
    | { readonly kind: "http"; readonly url: URL }
    | { readonly kind: "stdio"; readonly command: string; readonly args: ReadonlyArray<string>; readonly cwd: string }
}

const { createRuntime }: Mcporter = await import(pathToFileURL(`${folderOf("mcporter")}dist/index.js`).href)

const definition = (name: string, target: Target): ServerDefinition => ({
  name,
  command: "url" in target
    ? { kind: "http", url: new URL(target.url) }
    : { kind: "stdio", command: target.command, args: [...target.args], cwd: process.cwd() }
})

const command = `${folderOf("mcporter")}dist/cli.js`

/** `mcporter list` prints a server when it is known. */
const survey = (targets: Readonly<Record<string, Target>>, enough: number) =>
  new Promise<ReadonlyArray<string>>((resolve) => {
    const folder = mkdtempSync(join(tmpdir(), "mcporter-"))
    const file = join(folder, "mcporter.json")
    writeFileSync(file, JSON.stringify({ mcpServers: targets, imports: [] }))
    const listing = spawn(process.execPath, [command, "--config", file, "list"], {
      stdio: ["ignore", "pipe", "ignore"]
    })
    const names = new Set<string>()
    const done = () => {
      rmSync(folder, { recursive: true, force: true })
      resolve([...names])
    }
    let printed = ""
    listing.stdout.on("data", (chunk) => {
      printed += String(chunk)
      for (const name of Object.keys(targets)) {
        if (new RegExp(`\\b${name}\\b.*\\b\\d+ tools?\\b`).test(printed)) names.add(name)
      }
      if (names.size >= enough) done()
    }).on("close", done)
  })

export const make = (): Client => {
  let runtime: Runtime | undefined
  const use = () => runtime ?? Promise.reject(new Error("not connected"))
  return {
    connect: async (target) => {
      runtime = await createRuntime({ servers: [definition("server", target)] })
      await runtime.connect("server")
    },
    list: async () => (await (await use()).listTools("server")).map(({ name }) => name),
    call: async (tool, args) => textOf(await (await use()).callTool("server", tool, { args: { ...args } })),
    close: async () => (await use()).close(),
    survey
  }
}
