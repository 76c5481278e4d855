/**
 * A server object in the same process, for tests: no process, no socket.
 *
 *     node examples/in-memory.ts
 */
import { NodeRuntime } from "@effect/platform-node"
import { McpServer } from "@modelcontextprotocol/server"
import * as McpSession from "@universal-mcp/core/McpSession"
import * as InMemoryTransport from "@universal-mcp/transports/InMemoryTransport"
import { Console, Effect } from "effect"

const server = new McpServer({ name: "dice", version: "1.0.0" })
server.registerTool("roll", { description: "Rolls a die, fairly" }, () => ({ content: [{ type: "text", text: "4" }] }))

const program = Effect.gen(function*() {
  const dice = yield* McpSession.McpSession
  yield* Console.log((yield* dice.listTools).map((tool) => tool.name))
  yield* Console.log((yield* dice.callTool("roll")).content)
})

program.pipe(
  Effect.provide(InMemoryTransport.layer({ name: "dice", server })),
  NodeRuntime.runMain
)
