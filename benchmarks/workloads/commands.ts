/** Command lines from a cold start, on one stdio server: list its tools, and call one. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { run } from "./process.ts"
import type { Sample } from "./sample.ts"

const pathOf = (file: string) => fileURLToPath(new URL(file, import.meta.url))

/** The bundle that is published; before `pnpm build`, the source. */
const umcp =
  [pathOf("../../packages/cli/dist/umcp/bin.js"), pathOf("../../packages/cli/src/bin.ts")].find(existsSync) ?? ""

const mcporter = pathOf("../peers/node_modules/mcporter/dist/cli.js")

const inspector = pathOf("../peers/node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js")

/** As somebody writes it who wants no command line. */
const script = `
import { Client } from "@modelcontextprotocol/client"
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio"
const [, , what, command, ...args] = process.argv
const client = new Client({ name: "script", version: "1.0.0" })
await client.connect(new StdioClientTransport({ command, args }))
console.log(JSON.stringify(
  what === "list" ? await client.listTools() : await client.callTool({ name: "echo", arguments: { message: "hello" } })
))
await client.close()
`

export type Cli = "ours" | "sdk2" | "mcporter" | "inspector"

const commandOf = (cli: Cli, what: "list" | "call", server: readonly [string, ...Array<string>]) => {
  const folder = pathOf("../build/commands")
  mkdirSync(folder, { recursive: true })
  const config = `${folder}/mcp.json`
  const [command, ...args] = server
  writeFileSync(config, JSON.stringify({ mcpServers: { server: { command, args } }, imports: [] }))
  if (cli === "ours" || cli === "mcporter") {
    return [
      cli === "ours" ? umcp : mcporter,
      ...cli === "ours" ? [] : ["--config", config],
      ...what === "list" ? ["list", "server"] : ["call", "server.echo", "message=hello"],
      ...cli === "ours" ? ["--config", config] : []
    ]
  }
  if (cli === "sdk2") {
    writeFileSync(`${folder}/script.mjs`, script)
    return [`${folder}/script.mjs`, what, ...server]
  }
  return [
    inspector,
    "--cli",
    ...server,
    "--method",
    ...what === "list" ? ["tools/list"] : ["tools/call", "--tool-name", "echo", "--tool-arg", "message=hello"]
  ]
}

export const measure = async (cli: Cli, server: readonly [string, ...Array<string>]): Promise<Sample> => {
  const sample: Record<string, number> = {}
  for (const what of ["list", "call"] as const) {
    const command = commandOf(cli, what, server)
    const usage = await run(command)
    if (!usage.stdout.includes(what === "list" ? "echo" : "hello")) throw new Error(`${cli} says ${usage.stdout}`)
    sample[`wall ${what}`] = usage.wall
    sample[`cpu ${what}`] = usage.cpu
    sample[`peak ${what}`] = usage.peak
  }
  return sample
}
