import type { ConnectionError } from "@universal-mcp/core/McpError"
import * as McpSession from "@universal-mcp/core/McpSession"
import type { ServerConfig } from "@universal-mcp/core/ServerConfig"
import * as ServerRegistry from "@universal-mcp/core/ServerRegistry"
import * as NodeTransports from "@universal-mcp/transports/NodeTransports"
import * as StdioTransport from "@universal-mcp/transports/StdioTransport"
import * as StreamableHttpTransport from "@universal-mcp/transports/StreamableHttpTransport"
import { Effect, Layer, ManagedRuntime, Result, Stream } from "effect"
import { type Client, type Target, textOf } from "./client.ts"

const layer = (target: Target) =>
  "url" in target
    ? StreamableHttpTransport.layer({ name: "server", url: target.url }).pipe(Layer.provide(NodeTransports.platform))
    : StdioTransport.layer({ name: "server", ...target }).pipe(Layer.provide(NodeTransports.platform))

const configOf = ([name, target]: readonly [string, Target]): ServerConfig =>
  "url" in target
    ? { name, transport: "streamable-http", url: target.url }
    : { name, transport: "stdio", command: target.command, args: target.args }

const survey = (targets: Readonly<Record<string, Target>>, enough: number) => {
  const runtime = ManagedRuntime.make(ServerRegistry.layer.pipe(Layer.provide(NodeTransports.layer)))
  return runtime.runPromise(Effect.gen(function*() {
    const registry = yield* ServerRegistry.ServerRegistry
    yield* Effect.forkChild(registry.addServers(Object.entries(targets).map(configOf)), { startImmediately: true })
    return yield* registry.listToolsStream().pipe(
      Stream.filterMap(({ result, server }) => Result.map(result, () => server)),
      Stream.take(enough),
      Stream.runCollect
    )
  }))
}

export const make = (): Client => {
  let runtime: ManagedRuntime.ManagedRuntime<McpSession.McpSession, ConnectionError> | undefined
  const use = <A, E>(effect: Effect.Effect<A, E, McpSession.McpSession>) =>
    runtime?.runPromise(effect) ?? Promise.reject(new Error("not connected"))
  return {
    connect: async (target) => {
      runtime = ManagedRuntime.make(layer(target))
      await use(McpSession.McpSession)
    },
    list: async () => (await use(McpSession.McpSession.use((session) => session.listTools))).map(({ name }) => name),
    call: async (tool, args) => textOf(await use(McpSession.McpSession.use((session) => session.callTool(tool, args)))),
    close: async () => runtime?.dispose(),
    survey
  }
}
