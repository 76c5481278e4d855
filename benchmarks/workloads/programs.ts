/**
 * The least program that connects over stdio, calls and closes, one a client: how long its modules take to load, and how
 * large it is in one file. With no arguments it ends when it is loaded.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { gzipSync } from "node:zlib"
import { build } from "rolldown"
import { type ClientName, entryOf } from "../clients/all.ts"
import { published, run } from "./process.ts"
import type { Sample } from "./sample.ts"

const texts: Readonly<Partial<Record<ClientName, string>>> = {
  ours: `
    import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
    import * as McpSession from "@universal-mcp/core/McpSession"
    import * as NodeStdioTransport from "@universal-mcp/transports/NodeStdioTransport"
    import * as StdioTransport from "@universal-mcp/transports/StdioTransport"
    import * as Console from "effect/Console"
    import * as Effect from "effect/Effect"
    import * as Layer from "effect/Layer"
    if (command !== undefined) {
      McpSession.McpSession.use((session) => session.callTool("echo", { message: "hello" })).pipe(
        Effect.flatMap(Console.log),
        Effect.provide(Layer.provide(StdioTransport.layer({ name: "server", command, args }), NodeStdioTransport.platform)),
        NodeRuntime.runMain
      )
    }`,
  sdk1: `
    import { Client } from "@modelcontextprotocol/sdk/client/index.js"
    import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js"
    if (command !== undefined) {
      const client = new Client({ name: "program", version: "1.0.0" })
      await client.connect(new StdioClientTransport({ command, args }))
      console.log(await client.callTool({ name: "echo", arguments: { message: "hello" } }))
      await client.close()
    }`,
  sdk2: `
    import { Client } from "@modelcontextprotocol/client"
    import { StdioClientTransport } from "@modelcontextprotocol/client/stdio"
    if (command !== undefined) {
      const client = new Client({ name: "program", version: "1.0.0" })
      await client.connect(new StdioClientTransport({ command, args }))
      console.log(await client.callTool({ name: "echo", arguments: { message: "hello" } }))
      await client.close()
    }`,
  aiSdk: `
    import { createMCPClient } from "@ai-sdk/mcp"
    import { Experimental_StdioMCPTransport as StdioTransport } from "@ai-sdk/mcp/mcp-stdio"
    if (command !== undefined) {
      const client = await createMCPClient({ transport: new StdioTransport({ command, args }) })
      console.log(await client.callTool({ name: "echo", arguments: { message: "hello" } }))
      await client.close()
    }`,
  mcporter: `
    import { createRuntime } from "mcporter"
    if (command !== undefined) {
      const runtime = await createRuntime({
        servers: [{ name: "server", command: { kind: "stdio", command, args, cwd: process.cwd() } }]
      })
      console.log(await runtime.callTool("server", "echo", { args: { message: "hello" } }))
      await runtime.close()
    }`,
  mastra: `
    import { MCPClient } from "@mastra/mcp"
    if (command !== undefined) {
      const client = new MCPClient({ servers: { server: { command, args } } })
      console.log(await (await client.listTools()).server_echo.execute({ message: "hello" }))
      await client.disconnect()
    }`,
  openai: `
    import { MCPServerStdio } from "@openai/agents"
    if (command !== undefined) {
      const server = new MCPServerStdio({ command, args })
      await server.connect()
      console.log(await server.callTool("echo", { message: "hello" }))
      await server.close()
    }`,
  effect: `
    import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
    import * as NodeServices from "@effect/platform-node/NodeServices"
    import * as McpClient from "effect/ai/McpClient"
    import * as McpProtocol from "effect/ai/McpProtocol"
    import * as ChildProcess from "effect/process/ChildProcess"
    import * as Console from "effect/Console"
    import * as Effect from "effect/Effect"
    import * as Layer from "effect/Layer"
    if (command !== undefined) {
      Effect.gen(function*() {
        const client = yield* McpClient.McpClient
        const tool = (yield* client.listTools()).find(({ name }) => name === "echo")
        yield* Console.log(yield* client.callTool({ tool, arguments: { message: "hello" } }))
      }).pipe(
        Effect.provide(Layer.provide(
          McpClient.layerStdio({
            name: "program",
            version: "1.0.0",
            protocol: McpProtocol.v2025_11_25,
            command: ChildProcess.make(command, args)
          }),
          NodeServices.layer
        )),
        NodeRuntime.runMain
      )
    }`
}

const folder = fileURLToPath(new URL("..", import.meta.url))

/** Beside the packages that it imports. */
export const programOf = (client: ClientName): string => {
  const file = join(
    folder,
    entryOf(client).package?.startsWith("peers/") === true ? "peers" : "",
    "build",
    "programs",
    `${client}.mjs`
  )
  mkdirSync(dirname(file), { recursive: true })
  const text = texts[client] ?? ""
  const imports = text.split("\n").filter((line) => line.startsWith("    import "))
  const rest = text.split("\n").filter((line) => !line.startsWith("    import "))
  writeFileSync(file, [...imports, "const [, , command, ...args] = process.argv", ...rest].join("\n"))
  return file
}

/** Once a run. */
const bundles = new Map<ClientName, Promise<string>>()

const bundleOf = (client: ClientName): Promise<string> => {
  const known = bundles.get(client)
  if (known !== undefined) return known
  const input = programOf(client)
  const dir = join(dirname(input), `${client}-bundle`)
  rmSync(dir, { recursive: true, force: true })
  const made = build({
    input,
    platform: "node",
    logLevel: "silent",
    output: { dir, minify: true, entryFileNames: "[name].mjs", chunkFileNames: "[name]-[hash].mjs" }
  }).then(() => dir)
  bundles.set(client, made)
  return made
}

export const measure = async (client: ClientName, server: ReadonlyArray<string>): Promise<Sample> => {
  const program = programOf(client)
  const flags = client === "ours" ? ["--import", published] : []
  await run([...flags, program])
  const installed = await run([...flags, program])
  const sample = { "cpu installed": installed.cpu, "wall installed": installed.wall }
  const dir = await bundleOf(client)
  const bundle = join(dir, `${client}.mjs`)
  if (!existsSync(bundle)) return sample
  const files = readdirSync(dir).map((file) => readFileSync(join(dir, file)))
  const kilobytes = (sizes: ReadonlyArray<number>) => sizes.reduce((sum, size) => sum + size, 0) / 1000
  const sizes = {
    minified: kilobytes(files.map(({ length }) => length)),
    gzip: kilobytes(files.map((file) => gzipSync(file).length))
  }
  // Not every package stands being bundled.
  const works = await run([bundle, ...server]).then(({ stdout }) => stdout.includes("hello"), () => false)
  if (!works) return { ...sample, ...sizes }
  const bundled = await run([bundle])
  return { ...sample, ...sizes, "cpu bundled": bundled.cpu, "wall bundled": bundled.wall }
}
