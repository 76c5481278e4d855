import { createMCPClient } from "@ai-sdk/mcp"
import { Experimental_StdioMCPTransport as StdioTransport } from "@ai-sdk/mcp/mcp-stdio"
import type { Connect } from "./client.ts"

export const connect: Connect = async (target) => {
  const client = await createMCPClient({
    transport: target.transport === "stdio"
      ? new StdioTransport({ command: target.command, args: [...target.args] })
      : { type: target.transport, url: target.url }
  })
  return {
    call: (name, args = {}) => client.callTool({ name, arguments: args }),
    list: async () => {
      let count = 0
      let cursor: string | undefined
      do {
        const page = await client.listTools(cursor === undefined ? {} : { params: { cursor } })
        count += page.tools.length
        cursor = page.nextCursor
      } while (cursor !== undefined)
      return count
    },
    close: () => client.close()
  }
}
