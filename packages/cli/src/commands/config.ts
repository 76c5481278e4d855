/** `umcp config`: which configuration is in use. */
import * as SafeText from "@universal-mcp/core/SafeText"
import * as ServerConfig from "@universal-mcp/core/ServerConfig"
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import { printJson } from "../internal/output.ts"
import { root } from "../internal/root.ts"
import { configPath, fromFile } from "../internal/servers.ts"
import { print } from "../internal/sink.ts"
import { Screen } from "../render/Screen.ts"
import { table } from "../render/table.ts"
import { target } from "../render/target.ts"
import { unlines } from "../render/text.ts"

const path = Command.make(
  "path",
  {},
  Effect.fnUntraced(function*() {
    const { config, json } = yield* root
    const file = yield* configPath(config)
    yield* json ? printJson({ path: file }) : print(SafeText.line(file))
  })
).pipe(Command.withDescription("Print the path of the configuration file in use"))

const list = Command.make(
  "list",
  {},
  Effect.fnUntraced(function*() {
    const { json } = yield* root
    const { configs, path } = yield* fromFile
    if (json) return yield* printJson({ path, servers: configs.map(ServerConfig.hideSecrets) })
    const { out } = yield* Screen
    const rows = configs.map((config) => [
      out.bold(SafeText.line(config.name)),
      SafeText.line(config.transport ?? "automatic"),
      target(config)
    ])
    yield* print(unlines([out.dim(SafeText.line(path)), ...table(rows)]))
  })
).pipe(Command.withDescription("List the configured servers without connecting"))

export const config = Command.make("config").pipe(
  Command.withDescription("Show the configuration"),
  Command.withSubcommands([path, list])
)
