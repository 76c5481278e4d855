/**
 * A URL alone: Streamable HTTP is tried first, then HTTP+SSE.
 *
 *     node examples/auto.ts http://localhost:3001/mcp
 */
import { NodeRuntime } from "@effect/platform-node"
import * as McpSession from "@universal-mcp/core/McpSession"
import * as AutoTransport from "@universal-mcp/transports/AutoTransport"
import * as NodeTransports from "@universal-mcp/transports/NodeTransports"
import { Console, Effect, Layer } from "effect"

const Everything = AutoTransport.layer({ name: "everything", url: process.argv[2] ?? "http://localhost:3001/mcp" })

const program = Effect.gen(function*() {
  const everything = yield* McpSession.McpSession
  yield* Console.log(`${everything.server.name} over ${everything.transport}, ${everything.server.protocolVersion}`)
})

program.pipe(
  Effect.provide(Everything.pipe(Layer.provide(NodeTransports.platform))),
  NodeRuntime.runMain
)
