import type { Connect } from "../clients/client.ts"

/** What is used of `@ai-sdk/mcp`, which is not installed where this is checked. */
interface AiSdk {
  readonly createMCPClient: (options: { readonly transport: object }) => Promise<MCPClient>
}

interface MCPClient {
  callTool(call: { readonly name: string; readonly arguments: Readonly<Record<string, unknown>> }): Promise<unknown>
  listTools(
    options: { readonly params?: { readonly cursor: string } }
  ): Promise<{ readonly tools: ReadonlyArray<unknown>; readonly nextCursor?: string }>
  close(): Promise<void>
}

interface Stdio {
  readonly Experimental_StdioMCPTransport: new(
    options: { readonly command: string; readonly args: ReadonlyArray<string> }
  ) => object
}

const name: string = "@ai-sdk/mcp"
const { createMCPClient }: AiSdk = await import(name)
const { Experimental_StdioMCPTransport: StdioTransport }: Stdio = await import(`${name}/mcp-stdio`)

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
