import { Client, SSEClientTransport, StreamableHTTPClientTransport } from "@modelcontextprotocol/client"
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio"
import type { Connect, Target } from "./client.ts"

const transport = (target: Target) =>
  target.transport === "stdio"
    ? new StdioClientTransport({ command: target.command, args: [...target.args] })
    : target.transport === "http"
    ? new StreamableHTTPClientTransport(new URL(target.url))
    : new SSEClientTransport(new URL(target.url))

export const connect: Connect = async (target) => {
  // By default it fails above 64 pages of tools.
  const client = new Client({ name: "bench", version: "1.0.0" }, { listMaxPages: 0 })
  await client.connect(transport(target))
  return {
    call: (name, args = {}) => client.callTool({ name, arguments: args }),
    list: async () => (await client.listTools()).tools.length,
    callWithProgress: (name, args, on) => client.callTool({ name, arguments: args }, { onprogress: on }),
    close: () => client.close()
  }
}
