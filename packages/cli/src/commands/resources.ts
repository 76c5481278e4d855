/** `umcp resources`: what servers offer to read. */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import * as listing from "../internal/listing.ts"
import { printSurvey } from "../internal/printSurvey.ts"
import * as Registry from "../internal/registry.ts"
import { chooseServers } from "../internal/servers.ts"
import { deadline } from "../internal/timeout.ts"
import { resources as renderResources } from "../render/offers.ts"
import { Screen } from "../render/Screen.ts"

export const resources = Command.make(
  "resources",
  {
    server: Argument.String("server").pipe(
      Argument.withDescription("One server; default: all servers"),
      Argument.optional
    ),
    timeout: deadline
  },
  Effect.fnUntraced(function*({ server, timeout }) {
    const screen = yield* Screen
    yield* printSurvey(yield* chooseServers(server), {
      ask: listing.resources,
      nothing: { resources: [], resourceTemplates: [] }
    }, {
      isEmpty: ({ resourceTemplates, resources }) => resources.length + resourceTemplates.length === 0,
      text: (surveyed) => renderResources(surveyed, screen),
      json: (listed) => ({ ...listed })
    }, timeout)
  })
).pipe(
  Command.withShortDescription("List servers and their resources"),
  Command.withDescription(
    "List servers with their resources and resource templates, each server as soon as it answers. `umcp read` reads one."
  ),
  Command.withExamples([
    { command: "umcp resources", description: "All configured servers" },
    { command: "umcp resources docs --json", description: "One server, as JSON" }
  ]),
  Command.provide(Registry.layer)
)
