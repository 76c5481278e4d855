import type { ConnectionError } from "@universal-mcp/core/McpError"
import * as McpSession from "@universal-mcp/core/McpSession"
import * as NodeTransports from "@universal-mcp/transports/NodeTransports"
import * as SseTransport from "@universal-mcp/transports/SseTransport"
import * as StdioTransport from "@universal-mcp/transports/StdioTransport"
import * as StreamableHttpTransport from "@universal-mcp/transports/StreamableHttpTransport"
import { Context, Effect, Exit, Layer, ManagedRuntime, Scope, Stream } from "effect"
import type { HttpClient } from "effect/http/HttpClient"
import type { ChildProcessSpawner } from "effect/process/ChildProcessSpawner"
import { args, type Connect, type Target } from "./client.ts"

const platform = ManagedRuntime.make(NodeTransports.platform)

const layer = (
  target: Target
): Layer.Layer<McpSession.McpSession, ConnectionError, ChildProcessSpawner | HttpClient> =>
  target.transport === "stdio"
    ? StdioTransport.layer({ name: "server", command: target.command, args: target.args })
    : target.transport === "http"
    ? StreamableHttpTransport.layer({ name: "server", url: target.url })
    : SseTransport.layer({ name: "server", url: target.url })

export const connect: Connect = async (target) => {
  const scope = await platform.runPromise(Scope.make())
  const session = Context.get(
    await platform.runPromise(Layer.buildWithScope(layer(target), scope)),
    McpSession.McpSession
  )
  return {
    call: (tool, args) => platform.runPromise(session.callTool(tool, args)),
    list: async () => (await platform.runPromise(session.listTools)).length,
    callWithProgress: (tool, args, on) =>
      platform.runPromise(Stream.runForEach(session.callToolStream(tool, args), (event) =>
        Effect.sync(() => {
          if (event._tag === "Progress") on()
        }))),
    loop: (meter, inFlight) => {
      const one = Effect.gen(function*() {
        let began
        do {
          began = meter.begin()
          yield* session.callTool("echo", args)
        } while (meter.end(began))
      })
      return platform.runPromise(
        inFlight === 1
          ? one
          : Effect.asVoid(
            Effect.all(Array.from({ length: inFlight }, () => one), { concurrency: "unbounded", discard: true })
          )
      )
    },
    close: () => platform.runPromise(Scope.close(scope, Exit.void))
  }
}
