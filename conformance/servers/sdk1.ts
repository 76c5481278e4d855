/** A server on the SDK's 1.x line: `node sdk1.ts stdio | exits | sse | stateful | stateless`, HTTP on `PORT`. */
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js"
import { SSEServerTransport } from "@modelcontextprotocol/sdk/server/sse.js"
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js"
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js"
import { ElicitResultSchema } from "@modelcontextprotocol/sdk/types.js"
import { randomUUID } from "node:crypto"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import * as z from "zod"

const make = (canAsk: boolean) => {
  const server = new McpServer({ name: "sdk1", version: "1.0.0" })
  server.registerTool("echo", { inputSchema: { message: z.string() } }, ({ message }) => ({
    content: [{ type: "text", text: message }]
  }))
  if (canAsk) {
    server.registerTool("ask", {}, async (extra) => {
      const answer = await extra.sendRequest({
        method: "elicitation/create",
        params: {
          message: "Who are you?",
          requestedSchema: { type: "object", properties: { name: { type: "string", default: "nobody" } } }
        }
      }, ElicitResultSchema)
      return { content: [{ type: "text", text: `${answer.action} ${JSON.stringify(answer.content)}` }] }
    })
  }
  return server
}

const sessions = new Map<string, StreamableHTTPServerTransport>()

const stateful = async (request: IncomingMessage, response: ServerResponse) => {
  const id = request.headers["mcp-session-id"]
  const known = typeof id === "string" ? sessions.get(id) : undefined
  if (known !== undefined) return await known.handleRequest(request, response)
  const transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: () => randomUUID(),
    onsessioninitialized: (id) => {
      sessions.set(id, transport)
    }
  })
  await make(true).connect(transport)
  await transport.handleRequest(request, response)
}

const stateless = async (request: IncomingMessage, response: ServerResponse) => {
  const transport = new StreamableHTTPServerTransport()
  await make(false).connect(transport)
  await transport.handleRequest(request, response)
}

const streams = new Map<string, SSEServerTransport>()

const sse = async (request: IncomingMessage, response: ServerResponse) => {
  const id = new URL(request.url ?? "/", "http://localhost").searchParams.get("sessionId")
  if (request.method === "POST") return await streams.get(id ?? "")?.handlePostMessage(request, response)
  const transport = new SSEServerTransport("/mcp", response)
  streams.set(transport.sessionId, transport)
  await make(true).connect(transport)
}

const serve = (handle: (request: IncomingMessage, response: ServerResponse) => Promise<unknown>) =>
  createServer((request, response) => {
    handle(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)))
  }).listen(Number(process.env["PORT"]), "127.0.0.1")

switch (process.argv[2]) {
  case "sse":
    serve(sse)
    break
  case "stateful":
    serve(stateful)
    break
  case "stateless":
    serve(stateless)
    break
  case "exits":
    // As some servers do with the first message if it is not `initialize`.
    process.stdin.once("data", (lines) => /^.*"initialize"/.test(String(lines)) || process.exit(1))
    await make(true).connect(new StdioServerTransport())
    break
  default:
    await make(true).connect(new StdioServerTransport())
}
