/** `umcp list`: servers and their tools. */
import { ToolNotFound } from "@universal-mcp/core/McpError"
import type { ServerConfig } from "@universal-mcp/core/ServerConfig"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { printJson } from "../internal/output.ts"
import { printSurvey } from "../internal/printSurvey.ts"
import * as Registry from "../internal/registry.ts"
import { root } from "../internal/root.ts"
import { findServer, servers } from "../internal/servers.ts"
import { print } from "../internal/sink.ts"
import { summary, surveyUntil, tools } from "../internal/survey.ts"
import { deadline, withDeadline } from "../internal/timeout.ts"
import { Screen } from "../render/Screen.ts"
import { serverTools, toolDetails } from "../render/tools.ts"

export const list = Command.make(
  "list",
  {
    target: Argument.String("server[.tool]").pipe(
      Argument.withDescription("One server, or one tool of it with its schemas; default: all servers"),
      Argument.optional
    ),
    timeout: deadline
  },
  Effect.fnUntraced(function*({ target, timeout }) {
    const chosen = yield* servers
    if (Option.isNone(target)) return yield* listServers(chosen.configs, timeout)
    yield* listOne(yield* findServer(chosen, target.value), timeout)
  })
).pipe(
  Command.withShortDescription("List servers and their tools"),
  Command.withDescription(
    "List servers and their tools, each server as soon as it answers. A server that fails, or does not answer in time, is " +
      "reported on stderr and does " +
      "not stop the others; if none answers, the exit code is that of the first failure (4: cannot connect)."
  ),
  Command.withExamples([
    { command: "umcp list", description: "All configured servers" },
    { command: "umcp list files.read_text_file", description: "One tool, with its schemas" },
    {
      command: "umcp list --url https://example.com/mcp --json",
      description: "A server that is not configured, as JSON"
    }
  ]),
  Command.provide(Registry.layer)
)

const listServers = (configs: ReadonlyArray<ServerConfig>, timeout: Option.Option<string>) =>
  Effect.flatMap(Screen, (screen) =>
    printSurvey(configs, tools, {
      isEmpty: (listed) => listed.length === 0,
      text: (surveyed) => serverTools(surveyed, screen),
      json: (listed) => ({ tools: listed })
    }, timeout))

const listOne = Effect.fnUntraced(function*(
  found: Effect.Success<ReturnType<typeof findServer>>,
  timeout: Option.Option<string>
) {
  const { config, tool: name } = found
  if (name === undefined) return yield* listServers([config], timeout)
  const { json } = yield* root
  const screen = yield* Screen
  const surveyed = yield* surveyUntil(config, tools, (yield* withDeadline(timeout)) ?? Duration.infinity)
  const tool = surveyed.listed.find((one) => one.name === name)
  if (json && (surveyed.error !== undefined || tool !== undefined)) {
    yield* printJson({ servers: [{ ...summary(surveyed), tools: tool === undefined ? [] : [tool] }] })
  }
  if (!json && tool !== undefined) yield* print(toolDetails(tool, screen))
  if (surveyed.error !== undefined) return yield* Effect.fail(surveyed.error)
  if (tool === undefined) return yield* ToolNotFound.among(config.name, name, surveyed.listed.map((one) => one.name))
})
