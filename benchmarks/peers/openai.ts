import type { Connect, Target } from "../clients/client.ts"

/** What is used of `@openai/agents`, which is not installed where this is checked. */
interface Agents {
  readonly MCPServerStdio: new(options: { command: string; args: Array<string> }) => Server
  readonly MCPServerStreamableHttp: new(options: { url: string }) => Server
  readonly MCPServerSSE: new(options: { url: string }) => Server
}

interface Server {
  connect(): Promise<void>
  listTools(): Promise<ReadonlyArray<unknown>>
  callTool(name: string, args: Readonly<Record<string, unknown>>): Promise<unknown>
  close(): Promise<void>
}

const name: string = "@openai/agents"
const agents: Agents = await import(name)

const make = (target: Target) =>
  target.transport === "stdio"
    ? new agents.MCPServerStdio({ command: target.command, args: [...target.args] })
    : target.transport === "http"
    ? new agents.MCPServerStreamableHttp({ url: target.url })
    : new agents.MCPServerSSE({ url: target.url })

export const connect: Connect = async (target) => {
  const server = make(target)
  await server.connect()
  return {
    call: (tool, args = {}) => server.callTool(tool, args),
    list: async () => (await server.listTools()).length,
    close: () => server.close()
  }
}
