import { NodeHttpClient, NodeServices } from "@effect/platform-node"
import { Effect, Layer, ManagedRuntime } from "effect"
import { McpClient, McpProtocol } from "effect/ai"
import { ChildProcess } from "effect/process"
import { args, type Connect, type Target } from "./client.ts"

const common = { name: "bench", version: "1.0.0", protocol: McpProtocol.v2025_11_25 }

const layer = (target: Target) =>
  target.transport === "stdio"
    ? McpClient.layerStdio({ ...common, command: ChildProcess.make(target.command, target.args) }).pipe(
      Layer.provide(NodeServices.layer)
    )
    : McpClient.layerHttp({ ...common, url: target.url }).pipe(Layer.provide(NodeHttpClient.layerUndici))

export const connect: Connect = async (target) => {
  const runtime = ManagedRuntime.make(layer(target))
  const client = await runtime.runPromise(McpClient.McpClient)
  // A tool is called by its description.
  const tools = await runtime.runPromise(client.listTools())
  const toolOf = (name: string) => {
    const tool = tools.find((tool) => tool.name === name)
    return tool === undefined ? Effect.die(new Error(`no tool ${name}`)) : Effect.succeed(tool)
  }
  return {
    call: (name, args = {}) =>
      runtime.runPromise(Effect.flatMap(toolOf(name), (tool) => client.callTool({ tool, arguments: { ...args } }))),
    list: async () => (await runtime.runPromise(client.listTools())).length,
    loop: (meter, inFlight) => {
      const one = Effect.gen(function*() {
        const tool = yield* toolOf("echo")
        let began
        do {
          began = meter.begin()
          yield* client.callTool({ tool, arguments: args })
        } while (meter.end(began))
      })
      return runtime.runPromise(
        Effect.all(Array.from({ length: inFlight }, () => one), { concurrency: "unbounded", discard: true })
      )
    },
    close: () => runtime.dispose()
  }
}
