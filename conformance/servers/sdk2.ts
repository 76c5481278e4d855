/** A server on the SDK's 2.x line: `node sdk2.ts stdio | http legacy | modern | dual`, HTTP on `PORT`. */
import {
  type NodeIncomingMessageLike,
  NodeStreamableHTTPServerTransport,
  toNodeHandler
} from "@modelcontextprotocol/node"
import { acceptedContent, createMcpHandler, inputRequired, McpServer } from "@modelcontextprotocol/server"
import { serveStdio, StdioServerTransport } from "@modelcontextprotocol/server/stdio"
import { randomUUID } from "node:crypto"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import * as z from "zod"

const make = () => {
  const server = new McpServer({ name: "sdk2", version: "1.0.0" })
  server.registerTool("echo", { inputSchema: z.object({ message: z.string() }) }, ({ message }) => ({
    content: [{ type: "text", text: message }]
  }))
  // The SDK makes a request of it where the era is legacy.
  server.registerTool("ask", {}, (context) => {
    const content = acceptedContent(context.mcpReq.inputResponses, "who")
    return content === undefined
      ? inputRequired({
        inputRequests: {
          who: inputRequired.elicit({
            message: "Who are you?",
            requestedSchema: { type: "object", properties: { name: { type: "string", default: "nobody" } } }
          })
        }
      })
      : { content: [{ type: "text", text: `accept ${JSON.stringify(content)}` }] }
  })
  return server
}

/** The SDK's type says that a request surely has a method. */
type Incoming = IncomingMessage & NodeIncomingMessageLike

const sessions = new Map<string, NodeStreamableHTTPServerTransport>()

const stateful = async (request: Incoming, response: ServerResponse) => {
  const id = request.headers["mcp-session-id"]
  const known = typeof id === "string" ? sessions.get(id) : undefined
  if (known !== undefined) return await known.handleRequest(request, response)
  const transport = new NodeStreamableHTTPServerTransport({
    sessionIdGenerator: () => randomUUID(),
    onsessioninitialized: (id) => {
      sessions.set(id, transport)
    }
  })
  await make().connect(transport)
  await transport.handleRequest(request, response)
}

const [transport, era] = process.argv.slice(2)

if (transport === "http") {
  const handle = era === "legacy"
    ? stateful
    : toNodeHandler(createMcpHandler(make, { legacy: era === "modern" ? "reject" : "stateless" }))
  createServer((request, response) => {
    handle(request as Incoming, response).catch((error: unknown) => response.writeHead(500).end(String(error)))
  }).listen(Number(process.env["PORT"]), "127.0.0.1")
} else if (era === "legacy") {
  await make().connect(new StdioServerTransport())
} else {
  serveStdio(make, { legacy: era === "modern" ? "reject" : "serve" })
}
