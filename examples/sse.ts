/**
 * A server behind HTTP+SSE, the transport of 2024.
 *
 *     PORT=3001 npx @modelcontextprotocol/server-everything sse
 *     node examples/sse.ts http://localhost:3001/sse
 */
import { NodeRuntime } from "@effect/platform-node"
import * as McpSession from "@universal-mcp/core/McpSession"
import * as NodeTransports from "@universal-mcp/transports/NodeTransports"
import * as SseTransport from "@universal-mcp/transports/SseTransport"
import { Console, Effect, Layer } from "effect"

const Everything = SseTransport.layer({
  name: "everything",
  url: process.argv[2] ?? "http://localhost:3001/sse",
  timeout: "5 seconds", // to connect
  sseReadTimeout: "5 minutes" // of silence, then the stream counts as dead
})

const program = Effect.gen(function*() {
  const everything = yield* McpSession.McpSession
  const result = yield* everything.callToolOrFail("get-sum", { a: 2, b: 3 })
  yield* Console.log(result.content)
})

program.pipe(
  Effect.provide(Everything.pipe(Layer.provide(NodeTransports.platform))),
  NodeRuntime.runMain
)
