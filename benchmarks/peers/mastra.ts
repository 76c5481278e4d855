import type { Connect } from "../clients/client.ts"

/** What is used of `@mastra/mcp`, which is not installed where this is checked. */
interface Mastra {
  readonly MCPClient: new(options: { id: string; servers: Record<string, Server> }) => MCPClient
}

type Server = { readonly command: string; readonly args: ReadonlyArray<string> } | { readonly url: URL }

interface MCPClient {
  listTools(): Promise<Record<string, { execute(args: Readonly<Record<string, unknown>>): Promise<unknown> }>>
  disconnect(): Promise<void>
}

const name: string = "@mastra/mcp"
const { MCPClient }: Mastra = await import(name)

let made = 0

/** It has no call but that of a listed tool. */
export const connect: Connect = async (target) => {
  const client = new MCPClient({
    id: `bench-${++made}`,
    servers: {
      server: target.transport === "stdio"
        ? { command: target.command, args: target.args }
        : { url: new URL(target.url) }
    }
  })
  const tools = await client.listTools()
  return {
    call: (tool, args = {}) => tools[`server_${tool}`]?.execute(args) ?? Promise.reject(new Error(`no tool ${tool}`)),
    list: async () => Object.keys(await client.listTools()).length,
    close: () => client.disconnect()
  }
}
