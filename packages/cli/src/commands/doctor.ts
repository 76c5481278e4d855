/** `umcp doctor`: each step of connecting, what failed, and what to do about it. */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"

export const doctor = Command.make(
  "doctor",
  {
    server: Argument.String("server").pipe(
      Argument.withDescription("One server, step by step; default: all servers, a line each"),
      Argument.optional
    ),
    timeout: Flag.String("timeout").pipe(
      Flag.withMetavar("DURATION"),
      Flag.withDescription(
        "How long connecting and each request may take, such as 500ms, 30s, 2m; default: what the configuration says"
      ),
      Flag.optional
    )
  },
  (input) =>
    Effect.flatMap(
      Effect.promise(() => import("../internal/checkUpServers.ts")),
      ({ checkUpServers }) => checkUpServers(input)
    )
).pipe(
  Command.withShortDescription("Find out why a server cannot be reached"),
  Command.withDescription(
    "Walk through the steps of connecting: the configuration; the command and its process, or the address, TCP, TLS, HTTP " +
      "and authorization; what is negotiated; the lists; a ping. The first step that fails is shown with what was seen and " +
      "what to do about it. Exit codes: 0 all is well; 2 the configuration is wrong; 3 authorization needed; 4 otherwise."
  ),
  Command.withExamples([
    { command: "umcp doctor", description: "All configured servers" },
    { command: "umcp doctor files", description: "One of them, step by step" },
    { command: "umcp doctor --url https://example.com/mcp", description: "A server that is not configured" }
  ])
)
