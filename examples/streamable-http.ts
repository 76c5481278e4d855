/**
 * A server behind Streamable HTTP, and a call that tells of its progress.
 *
 *     PORT=3001 npx @modelcontextprotocol/server-everything streamableHttp
 *     node examples/streamable-http.ts http://localhost:3001/mcp
 */
import { NodeRuntime } from "@effect/platform-node"
import * as McpSession from "@universal-mcp/core/McpSession"
import * as NodeTransports from "@universal-mcp/transports/NodeTransports"
import * as StreamableHttpTransport from "@universal-mcp/transports/StreamableHttpTransport"
import { Console, Effect, Layer, Redacted, Stream } from "effect"

const Everything = StreamableHttpTransport.layer({
  name: "everything",
  url: process.argv[2] ?? "http://localhost:3001/mcp",
  headers: { Authorization: Redacted.make("Bearer my-token") }
})

const program = Effect.gen(function*() {
  const everything = yield* McpSession.McpSession
  yield* everything.callToolStream("trigger-long-running-operation", { duration: 1, steps: 4 }).pipe(
    Stream.runForEach((event) =>
      event._tag === "Progress"
        ? Console.log(`${event.progress} of ${event.total}`)
        : event._tag === "Result"
        ? Console.log(event.result.content)
        : Effect.void
    )
  )
})

program.pipe(
  Effect.provide(Everything.pipe(Layer.provide(NodeTransports.platform))),
  NodeRuntime.runMain
)
