/** `umcp servers`: how each configured server is reached, and how it is. */
import type { Tool } from "@universal-mcp/core/Protocol"
import * as SafeText from "@universal-mcp/core/SafeText"
import * as ServerConfig from "@universal-mcp/core/ServerConfig"
import * as Command from "effect/cli/Command"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import { printJson } from "../internal/output.ts"
import { showDone } from "../internal/printSurvey.ts"
import * as Registry from "../internal/registry.ts"
import { root } from "../internal/root.ts"
import { servers as chosenServers } from "../internal/servers.ts"
import { print } from "../internal/sink.ts"
import { failIfNone, stateOf, summary, surveyAll, type Surveyed, tools, transportOf } from "../internal/survey.ts"
import { lines } from "../render/failure.ts"
import { Progress } from "../render/Progress.ts"
import { Screen } from "../render/Screen.ts"
import { revision } from "../render/server.ts"
import { table } from "../render/table.ts"
import { target } from "../render/target.ts"
import { indented, plural, truncate, unlines } from "../render/text.ts"

export const servers = Command.make(
  "servers",
  {},
  Effect.fnUntraced(function*() {
    const { json } = yield* root
    const { configs } = yield* chosenServers
    const progress = yield* Progress
    yield* progress.show(SafeText.format`connecting to ${plural(configs.length, "server")}`)
    const all = yield* surveyAll(
      configs,
      tools,
      (_, done) => showDone(done, configs.length)
    )
    if (json) {
      yield* printJson({ servers: all.map(toJson) })
    } else {
      yield* print(all.length === 0 ? SafeText.format`no servers are configured` : yield* toText(all))
    }
    yield* failIfNone(all)
  })
).pipe(
  Command.withShortDescription("Show servers and their state"),
  Command.withDescription(
    "Connect to every server and show its name, transport, state, number of tools, negotiated protocol revision, since when " +
      "it is connected, and its target, with secrets hidden."
  ),
  Command.provide(Registry.layer)
)

const toJson = (surveyed: Surveyed<ReadonlyArray<Tool>>) => ({
  ...summary(surveyed),
  config: ServerConfig.hideSecrets(surveyed.config),
  toolCount: surveyed.listed.length,
  connectedSince: surveyed.connectedAt === undefined
    ? null
    : DateTime.formatIso(DateTime.makeUnsafe(surveyed.connectedAt))
})

const localTime = (milliseconds: number): SafeText.SafeText =>
  SafeText.line(
    DateTime.formatLocal(DateTime.makeUnsafe(milliseconds), { locale: "sv", dateStyle: "short", timeStyle: "medium" })
  )

const toText = Effect.fnUntraced(function*(rows: ReadonlyArray<Surveyed<ReadonlyArray<Tool>>>) {
  const { out, width } = yield* Screen
  const none = SafeText.format`-`
  const heading = ["NAME", "TRANSPORT", "STATE", "TOOLS", "REVISION", "CONNECTED SINCE"].map((title) =>
    out.dim(SafeText.line(title))
  )
  const cells = rows.map((surveyed) => {
    const state = stateOf(surveyed)
    return [
      out.bold(SafeText.line(surveyed.config.name)),
      SafeText.line(transportOf(surveyed)),
      (state === "ready" ? out.green : out.red)(SafeText.line(state)),
      surveyed.session === undefined ? none : SafeText.format`${surveyed.listed.length}`,
      revision(surveyed),
      surveyed.connectedAt === undefined ? none : localTime(surveyed.connectedAt)
    ]
  })
  const [first, ...others] = table([heading, ...cells])
  const below = rows.map((surveyed) => [
    out.dim(SafeText.format`  ${truncate(target(surveyed.config), width - 2)}`),
    ...(surveyed.error === undefined ? [] : [indented(lines(surveyed.error, out, width - 2))])
  ])
  return unlines([first ?? none, ...others.flatMap((line, index) => [line, ...(below[index] ?? [])])])
})
