/**
 * A server that is a process.
 *
 *     node examples/stdio.ts [folder]
 */
import { NodeRuntime } from "@effect/platform-node"
import * as McpSession from "@universal-mcp/core/McpSession"
import * as NodeTransports from "@universal-mcp/transports/NodeTransports"
import * as StdioTransport from "@universal-mcp/transports/StdioTransport"
import { Console, Effect, Layer } from "effect"

const folder = process.argv[2] ?? "."

const Files = StdioTransport.layer({
  name: "files",
  command: "npx",
  args: ["-y", "@modelcontextprotocol/server-filesystem", folder]
})

const program = Effect.gen(function*() {
  const files = yield* McpSession.McpSession
  yield* Console.log(`${files.server.name} ${files.server.version} has ${(yield* files.listTools).length} tools`)

  const result = yield* files.callToolOrFail("list_directory", { path: folder })
  yield* Console.log(result.content)
})

// When the program ends, the server is gone: also on failure, also on Ctrl-C.
program.pipe(
  Effect.provide(Files.pipe(Layer.provide(NodeTransports.platform))),
  NodeRuntime.runMain
)
