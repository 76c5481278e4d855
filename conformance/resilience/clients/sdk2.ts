import { Client as Sdk, StreamableHTTPClientTransport } from "@modelcontextprotocol/client"
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio"
import { type Client, textOf } from "./client.ts"

export const make = (): Client => {
  const client = new Sdk({ name: "resilience", version: "1.0.0" })
  return {
    connect: (target) =>
      client.connect(
        "url" in target
          ? new StreamableHTTPClientTransport(new URL(target.url))
          : new StdioClientTransport({ command: target.command, args: [...target.args] })
      ),
    list: async () => (await client.listTools()).tools.map(({ name }) => name),
    call: async (name, args) => textOf(await client.callTool({ name, arguments: args })),
    close: () => client.close()
  }
}
