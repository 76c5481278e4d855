/**
 * What can go wrong is in the types: recover from just what you mean to.
 *
 *     node examples/recovery.ts
 */
import { NodeRuntime } from "@effect/platform-node"
import * as ServerRegistry from "@universal-mcp/core/ServerRegistry"
import * as NodeTransports from "@universal-mcp/transports/NodeTransports"
import { Console, Effect, Layer } from "effect"

const program = Effect.gen(function*() {
  const registry = yield* ServerRegistry.ServerRegistry
  const npx = (name: string, server: string) =>
    registry.addServer({ name, transport: "stdio", command: "npx", args: ["-y", server] })

  // A server that cannot be reached: take another one.
  yield* registry.addServer({ name: "everything", transport: "stdio", command: "no-such-command" }).pipe(
    Effect.catchTag(
      "ConnectionError",
      (error) =>
        Console.log(error.message).pipe(Effect.andThen(npx("everything", "@modelcontextprotocol/server-everything")))
    )
  )

  // A name that is not registered: the error knows which are.
  yield* registry.callTool("everthing", "echo", { message: "hello" }).pipe(
    Effect.catchTag("ServerNotFound", (error) =>
      Console.log(error.message).pipe(
        Effect.andThen(registry.callTool(error.closest ?? "everything", "echo", { message: "hello" }))
      )),
    Effect.flatMap((result) => Console.log(result.content))
  )

  // One reason of a failed call alone: too slow. The server is told to stop.
  yield* registry.callTool("everything", "trigger-long-running-operation", { duration: 60 }, { timeout: "200 millis" })
    .pipe(
      Effect.catchReason("CallError", "Timeout", (reason) => Console.log(`gave up after ${reason.milliseconds} ms`))
    )

  // A tool that answers "it failed" is a result; `callToolOrFail` makes it an error.
  yield* registry.callToolOrFail("everything", "get-sum", { a: "one" }).pipe(
    Effect.catchTag("ToolFailed", (error) => Console.log(error.message))
  )

  // What is left of the errors is here, and nothing else.
  yield* registry.callTool("everything", "ech", {}).pipe(
    Effect.catchTag("ToolNotFound", (error) => Console.log(`${error.tool}? ${error.closest.join(" or ")}!`))
  )
})

program.pipe(
  Effect.provide(ServerRegistry.layer.pipe(Layer.provide(NodeTransports.layer))),
  NodeRuntime.runMain
)
