import { Client } from "@modelcontextprotocol/sdk/client/index.js"
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js"
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js"
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js"
import type { Connect, Target } from "./client.ts"

const transport = (target: Target) =>
  target.transport === "stdio"
    ? new StdioClientTransport({ command: target.command, args: [...target.args] })
    : target.transport === "http"
    ? new StreamableHTTPClientTransport(new URL(target.url))
    : new SSEClientTransport(new URL(target.url))

export const connect: Connect = async (target) => {
  const client = new Client({ name: "bench", version: "1.0.0" })
  await client.connect(transport(target))
  return {
    call: (name, args = {}) => client.callTool({ name, arguments: args }),
    list: async () => {
      let count = 0
      let cursor: string | undefined
      do {
        const page = await client.listTools(cursor === undefined ? {} : { cursor })
        count += page.tools.length
        cursor = page.nextCursor
      } while (cursor !== undefined)
      return count
    },
    callWithProgress: (name, args, on) => client.callTool({ name, arguments: args }, undefined, { onprogress: on }),
    close: () => client.close()
  }
}
