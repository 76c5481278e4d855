/**
 * A server that dies in the middle of a call, and what the session makes of it.
 *
 *     node examples/self-healing.ts
 */
import { NodeRuntime } from "@effect/platform-node"
import * as Faults from "@universal-mcp/core/Faults"
import * as McpSession from "@universal-mcp/core/McpSession"
import * as NodeTransports from "@universal-mcp/transports/NodeTransports"
import * as StdioTransport from "@universal-mcp/transports/StdioTransport"
import { Console, Effect, Layer, Stream } from "effect"

// Kills the server, once, when the first call is on its way: leave it out, and this is a program like any other.
const Accident = Faults.layer({
  seed: 1,
  kill: { probability: 1, methods: ["tools/call"], direction: "send", times: 1 }
})

const Weather = StdioTransport.layer({
  name: "weather",
  command: process.execPath,
  args: [`${import.meta.dirname}/weather/server.ts`],
  reconnect: { delay: "100 millis", maxDelay: "10 seconds" }
}).pipe(Layer.provide([NodeTransports.platform, Accident]))

const program = Effect.gen(function*() {
  const session = yield* McpSession.McpSession
  yield* session.state.changes.pipe(
    Stream.runForEach((state) => Console.log("error" in state ? `${state._tag}: ${state.error.message}` : state._tag)),
    Effect.forkScoped({ startImmediately: true })
  )
  // Nobody knows whether the server has done it, so it is not sent again unless we say that this does no harm.
  const alerts = yield* session.callTool("get_alerts", { state: "CA" }, { idempotent: true })
  for (const block of alerts.content) if (block.type === "text") yield* Console.log(block.text)
})

program.pipe(Effect.scoped, Effect.provide(Weather), NodeRuntime.runMain)
