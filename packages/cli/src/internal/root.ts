/** The root command and the flags that all commands share. */
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import type * as Effect from "effect/Effect"

export const root = Command.make("umcp").pipe(
  Command.withSharedFlags({
    config: Flag.String("config").pipe(
      Flag.withAlias("c"),
      Flag.withMetavar("FILE"),
      Flag.withDescription("Configuration file; default: the nearest mcp.json or .mcp.json upwards, then the user's"),
      Flag.optional
    ),
    url: Flag.String("url").pipe(
      Flag.withMetavar("URL"),
      Flag.withDescription("Use the server at this URL instead of a configured one; $VARIABLE is filled in"),
      Flag.optional
    ),
    header: Flag.String("header").pipe(
      Flag.withAlias("H"),
      Flag.withMetavar("'NAME: VALUE'|@FILE"),
      Flag.withDescription(
        "With --url: send this header, or those of a file, one a line; can be repeated. In single quotes $VARIABLE is " +
          "filled in by umcp, so that no other user sees it in the list of processes; \\$ is a plain $"
      ),
      Flag.atLeast(0)
    ),
    transport: Flag.Literals("transport", ["streamable-http", "sse"]).pipe(
      Flag.withMetavar("TRANSPORT"),
      Flag.withDescription("With --url: the transport; default: Streamable HTTP, then SSE"),
      Flag.optional
    ),
    stdio: Flag.String("stdio").pipe(
      Flag.withMetavar("COMMAND"),
      Flag.withDescription(
        "Use the server that this command starts; split like a shell, run without one; $VARIABLE is filled in"
      ),
      Flag.optional
    ),
    json: Flag.Boolean("json").pipe(
      Flag.withDescription("Print the result as JSON, alone on stdout; an error is one line of JSON on stderr"),
      Flag.withDefault(false)
    ),
    trace: Flag.Boolean("trace").pipe(
      Flag.withDescription("After the command, print what was done and how long it took, as a tree, to stderr"),
      Flag.withDefault(false)
    )
  })
)

/** The shared flags as given. */
export type SharedFlags = Effect.Success<typeof root>
