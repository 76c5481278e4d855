/**
 * Many servers from a configuration file. One that is down takes none of the others along.
 *
 *     cd examples && node registry-from-config.ts [mcp.json]
 */
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import * as ConfigFile from "@universal-mcp/core/ConfigFile"
import * as ServerRegistry from "@universal-mcp/core/ServerRegistry"
import * as NodeTransports from "@universal-mcp/transports/NodeTransports"
import { Console, Effect, FileSystem, Layer } from "effect"

const program = Effect.gen(function*() {
  const path = process.argv[2] ?? "mcp.json"
  const fs = yield* FileSystem.FileSystem
  const configs = yield* ConfigFile.decode(yield* fs.readFileString(path), { path })

  const registry = yield* ServerRegistry.ServerRegistry
  const { connected, failed } = yield* registry.addServers(configs)
  for (const { error } of failed) yield* Console.log(error.message)

  for (const name of connected) {
    const { server, tools, transport } = yield* registry.serverInfo(name)
    yield* Console.log(`${name}: ${server.name} ${server.version} over ${transport}, ${tools.length} tools`)
  }

  const alerts = yield* registry.callTool("weather", "get_alerts", { state: "CA" })
  yield* Console.log(alerts.content)
})

program.pipe(
  Effect.provide(ServerRegistry.layer.pipe(Layer.provide(NodeTransports.layer), Layer.merge(NodeServices.layer))),
  NodeRuntime.runMain
)
