/** A server on `effect/ai`: `node effect.ts stdio | http legacy | dual`, HTTP on `PORT`. */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeStdio from "@effect/platform-node/NodeStdio"
import * as McpProtocol from "effect/ai/McpProtocol"
import * as McpSchema from "effect/ai/McpSchema"
import * as McpServer from "effect/ai/McpServer"
import * as Tool from "effect/ai/Tool"
import * as Toolkit from "effect/ai/Toolkit"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Schema from "effect/Schema"
import { createServer } from "node:http"

const Echo = Tool.make("echo", { parameters: Schema.Struct({ message: Schema.String }), success: Schema.String })

const Ask = Tool.make("ask", { success: Schema.String, dependencies: [McpSchema.McpServerClient] })

const Plain = Toolkit.make(Echo)

const Asking = Toolkit.make(Echo, Ask)

const Who = Schema.Struct({ name: Schema.String })

const message = "Who are you?"

const plain = McpServer.toolkit(Plain).pipe(
  Layer.provide(Plain.toLayer({ echo: ({ message }) => Effect.succeed(message) }))
)

const asking = McpServer.toolkit(Asking).pipe(Layer.provide(Asking.toLayer({
  echo: ({ message }) => Effect.succeed(message),
  ask: () =>
    McpServer.elicit({ message, schema: Who }).pipe(
      Effect.map((answer) => `accept ${JSON.stringify(answer)}`),
      Effect.orDie
    )
})))

/** In the modern era a tool that asks answers with what it needs. */
const inputRequired = Layer.effectDiscard(Effect.gen(function*() {
  const server = yield* McpServer.McpServer
  yield* server.addTool({
    tool: new McpSchema.Tool({ name: "ask", inputSchema: { type: "object" } }),
    annotations: yield* Effect.context<never>(),
    handle: () =>
      McpSchema.McpRequestContext.use(({ inputResponses }) =>
        Effect.succeed(
          inputResponses === undefined
            ? new McpSchema.InputRequired({
              inputRequests: {
                who: {
                  method: "elicitation/create",
                  params: {
                    mode: "form",
                    message,
                    requestedSchema: { type: "object", properties: { name: { type: "string", default: "nobody" } } }
                  }
                }
              }
            })
            : new McpSchema.CallToolResult({
              content: [{ type: "text", text: `accept ${JSON.stringify(inputResponses["who"])}` }]
            })
        )
      )
  })
}))

const about = { name: "effect", version: "1.0.0" }
const legacy = { ...about, protocols: [McpProtocol.v2025_11_25], registrations: asking } as const
const dual = {
  ...about,
  protocols: [McpProtocol.v2025_11_25, McpProtocol.v2026_07_28],
  registrations: Layer.merge(plain, inputRequired)
} as const

const [transport, era] = process.argv.slice(2)

const http = { path: "/mcp", allowSessionTermination: true } as const

const routes = era === "legacy"
  ? McpServer.layerHttp({ ...legacy, ...http })
  : McpServer.layerHttp({ ...dual, ...http })

const listening = Layer.unwrap(Effect.map(
  Effect.promise(() => import("@effect/platform-node/NodeHttpServer")),
  (NodeHttpServer) =>
    HttpRouter.serve(routes, { disableListenLog: true, disableLogger: true }).pipe(
      Layer.provide(
        NodeHttpServer.layerConfig(createServer, { host: Config.succeed("127.0.0.1"), port: Config.Port("PORT") })
      )
    )
))

const stdio = era === "legacy" ? McpServer.layerStdio(legacy) : McpServer.layerStdio(dual)

const server = transport === "http" ? listening : Layer.provide(stdio, NodeStdio.layer)

Layer.launch(Layer.provide(server, Logger.layer([]))).pipe(NodeRuntime.runMain)
