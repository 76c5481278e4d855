/**
 * Servers known when the program is written, composed as layers.
 *
 *     node examples/static-composition.ts
 */
import { NodeRuntime } from "@effect/platform-node"
import * as ServerRegistry from "@universal-mcp/core/ServerRegistry"
import * as NodeTransports from "@universal-mcp/transports/NodeTransports"
import * as StdioTransport from "@universal-mcp/transports/StdioTransport"
import { Console, Effect, Layer } from "effect"

// They connect side by side and close in the reverse of this order.
const Servers = ServerRegistry.layerOf({
  files: StdioTransport.layer({
    name: "files",
    command: "npx",
    args: ["-y", "@modelcontextprotocol/server-filesystem", "."]
  }),
  everything: StdioTransport.layer({
    name: "everything",
    command: "npx",
    args: ["-y", "@modelcontextprotocol/server-everything"]
  })
})

const program = Effect.gen(function*() {
  const registry = yield* ServerRegistry.ServerRegistry
  const { tools } = yield* registry.listTools()
  for (const [server, offered] of Object.entries(tools)) yield* Console.log(`${server}: ${offered.length} tools`)

  const result = yield* registry.callTool("everything", "echo", { message: "hello" })
  yield* Console.log(result.content)
})

program.pipe(
  Effect.provide(Servers.pipe(Layer.provide(NodeTransports.platform))),
  NodeRuntime.runMain
)
