/** `umcp prompts`: the prompts of servers. */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import * as listing from "../internal/listing.ts"
import { printSurvey } from "../internal/printSurvey.ts"
import * as Registry from "../internal/registry.ts"
import { chooseServers } from "../internal/servers.ts"
import { deadline } from "../internal/timeout.ts"
import { prompts as renderPrompts } from "../render/offers.ts"
import { Screen } from "../render/Screen.ts"

export const prompts = Command.make(
  "prompts",
  {
    server: Argument.String("server").pipe(
      Argument.withDescription("One server; default: all servers"),
      Argument.optional
    ),
    timeout: deadline
  },
  Effect.fnUntraced(function*({ server, timeout }) {
    const screen = yield* Screen
    yield* printSurvey(
      yield* chooseServers(server),
      { ask: listing.prompts, nothing: [] },
      {
        isEmpty: (listed) => listed.length === 0,
        text: (surveyed) => renderPrompts(surveyed, screen),
        json: (listed) => ({ prompts: listed })
      },
      timeout
    )
  })
).pipe(
  Command.withShortDescription("List servers and their prompts"),
  Command.withDescription(
    "List servers with their prompts and the arguments of these, each server as soon as it answers. `umcp prompt` gets one."
  ),
  Command.withExamples([
    { command: "umcp prompts", description: "All configured servers" },
    { command: "umcp prompts docs --json", description: "One server, as JSON" }
  ]),
  Command.provide(Registry.layer)
)
