import { NodeHttpClient, NodeServices } from "@effect/platform-node"
import { type Effect, Layer, ManagedRuntime } from "effect"
import { McpClient, type McpClientError, McpProtocol } from "effect/ai"
import { ChildProcess } from "effect/process"
import { type Client, type Target, textOf } from "./client.ts"

const common = { name: "resilience", version: "1.0.0", protocol: McpProtocol.v2025_11_25 }

const layer = (target: Target) =>
  "url" in target
    ? McpClient.layerHttp({ ...common, url: target.url }).pipe(Layer.provide(NodeHttpClient.layerUndici))
    : McpClient.layerStdio({ ...common, command: ChildProcess.make(target.command, target.args) }).pipe(
      Layer.provide(NodeServices.layer)
    )

export const make = (): Client => {
  let runtime: ManagedRuntime.ManagedRuntime<McpClient.McpClient, McpClientError.McpClientError> | undefined
  const use = <A, E>(effect: Effect.Effect<A, E, McpClient.McpClient>) =>
    runtime?.runPromise(effect) ?? Promise.reject(new Error("not connected"))
  // A tool is called by its description.
  const tools = McpClient.McpClient.use((client) => client.listTools())
  const cached = new Map<string, Effect.Success<typeof tools>[number]>()
  return {
    connect: async (target) => {
      runtime = ManagedRuntime.make(layer(target))
      for (const tool of await use(tools)) cached.set(tool.name, tool)
    },
    list: async () => (await use(tools)).map(({ name }) => name),
    call: async (name, args) => {
      const tool = cached.get(name)
      if (tool === undefined) throw new Error(`no tool ${name}`)
      return textOf(await use(McpClient.McpClient.use((client) => client.callTool({ tool, arguments: { ...args } }))))
    },
    close: async () => runtime?.dispose()
  }
}
