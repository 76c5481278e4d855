/**
 * What a server may ask of its client: input from the user, folders to work in, an answer of a model.
 *
 *     node examples/server-requests.ts
 */
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import * as Elicitation from "@universal-mcp/core/Elicitation"
import * as Roots from "@universal-mcp/core/Roots"
import * as SafeText from "@universal-mcp/core/SafeText"
import * as Sampling from "@universal-mcp/core/Sampling"
import * as ServerRegistry from "@universal-mcp/core/ServerRegistry"
import * as NodeTransports from "@universal-mcp/transports/NodeTransports"
import { Console, Effect, Layer } from "effect"

const Input = Layer.succeed(Elicitation.Elicitation, {
  modes: ["form"],
  elicit: (request) =>
    Console.log(`${request.server} asks: ${SafeText.line(request.message)}`).pipe(
      Effect.as(
        request._tag === "Form"
          // Nobody is asked here, so the rest of the form gets its defaults.
          ? { action: "accept", content: Elicitation.withDefaults(request.requestedSchema, { name: "Ada" }) }
          : { action: "decline" }
      )
    )
})

// A capability is advertised exactly when its service is there.
const Answers = Layer.mergeAll(Input, Roots.layerOf(["."]), Sampling.layerDeny)

const program = Effect.gen(function*() {
  const registry = yield* ServerRegistry.ServerRegistry
  yield* registry.addServer({
    name: "everything",
    transport: "stdio",
    command: "npx",
    args: ["-y", "@modelcontextprotocol/server-everything"]
  })
  for (const tool of ["get-roots-list", "trigger-elicitation-request"]) {
    const { content } = yield* registry.callTool("everything", tool)
    for (const block of content) if (block.type === "text") yield* Console.log(block.text)
  }
})

const Servers = ServerRegistry.layer.pipe(
  Layer.provide(NodeTransports.layer),
  Layer.provide(Answers),
  Layer.provide(NodeServices.layer)
)

program.pipe(Effect.provide(Servers), NodeRuntime.runMain)
