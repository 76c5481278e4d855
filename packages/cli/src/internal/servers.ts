/** Which servers a command is about: those of the flags, or those of the configuration. */
import * as ConfigFile from "@universal-mcp/core/ConfigFile"
import { ConfigError, ServerNotFound } from "@universal-mcp/core/McpError"
import * as ServerConfig from "@universal-mcp/core/ServerConfig"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as Path from "effect/Path"
import * as UserDirectories from "effect/persistence/UserDirectories"
import type * as PlatformError from "effect/PlatformError"
import type * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type { Screen } from "../render/Screen.ts"
import { splitCommand } from "./command.ts"
import { ConfigNotFound, UsageError } from "./errors.ts"
import * as headerFlags from "./headerFlags.ts"
import { KnownSecrets } from "./knownSecrets.ts"
import { root, type SharedFlags } from "./root.ts"
import { expand } from "./variables.ts"

export interface Servers {
  readonly configs: ReadonlyArray<ServerConfig.ServerConfig>
  /** The one server of `--url` or `--stdio`: tools are then named alone. */
  readonly only: string | undefined
}

/** The servers that the shared flags choose. */
export const servers = Effect.gen(function*(): Effect.fn.Return<
  Servers,
  UsageError | ConfigNotFound | ConfigError,
  FileSystem.FileSystem | Path.Path | Screen | UserDirectories.UserDirectories | Effect.Services<typeof root>
> {
  const flags = yield* root
  const { stdio, url } = yield* checkFlags(flags)
  const known = yield* KnownSecrets
  if (url !== undefined) {
    const config = yield* fromUrl(url, flags)
    known.add([config])
    return { configs: [config], only: config.name }
  }
  if (stdio !== undefined) {
    const config = yield* fromCommand(stdio)
    known.add([config])
    return { configs: [config], only: config.name }
  }
  return { configs: (yield* fromFile).configs, only: undefined }
})

/** The servers of the configuration file in use, and its path. */
export const fromFile = Effect.gen(function*() {
  const { path, text } = yield* readFile
  const configs = yield* ConfigFile.decode(text, { path })
  const known = yield* KnownSecrets
  known.add(configs)
  return { path, configs }
})

/** The same, each entry judged by itself. */
export const eachFromFile = Effect.gen(function*() {
  const { path, text } = yield* readFile
  const entries = yield* ConfigFile.decodeEach(text, { path })
  const known = yield* KnownSecrets
  known.add(entries.flatMap(({ config }) => Result.isSuccess(config) ? [config.success] : []))
  return { path, entries }
})

const readFile = Effect.gen(function*() {
  const flags = yield* root
  const path = yield* configPath(flags.config)
  const fs = yield* FileSystem.FileSystem
  return { path, text: yield* Effect.mapError(fs.readFileString(path), unreadable(path)) }
})

/** The server whose name is `target`, or begins it before a dot; the longest such name wins. */
export const findServer = (
  { configs, only }: Servers,
  target: string
): Effect.Effect<{ readonly config: ServerConfig.ServerConfig; readonly tool: string | undefined }, ServerNotFound> => {
  const [config] = configs
    .filter(({ name }) => name === only || name === target || target.startsWith(`${name}.`))
    .sort((a, b) => b.name.length - a.name.length)
  if (config === undefined) {
    const [name = target] = target.split(".")
    return Effect.fail(ServerNotFound.among(name, configs.map((one) => one.name)))
  }
  if (only !== undefined) return Effect.succeed({ config, tool: target })
  const tool = target.slice(config.name.length + 1)
  return Effect.succeed({ config, tool: tool === "" ? undefined : tool })
}

/** One of the chosen servers, or all. */
export const chooseServers = Effect.fnUntraced(function*(name: Option.Option<string>) {
  const chosen = yield* servers
  if (Option.isNone(name) || chosen.only !== undefined) return chosen.configs
  const config = chosen.configs.find((one) => one.name === name.value)
  return config === undefined
    ? yield* ServerNotFound.among(name.value, chosen.configs.map((one) => one.name))
    : [config]
})

/** The server and the name after the dot of `<server>.<name>`; the name alone where there is one server only. */
export const findNamed = Effect.fnUntraced(function*(target: string, kind: "tool" | "prompt") {
  const { config, tool: name } = yield* findServer(yield* servers, target)
  return name === undefined
    ? yield* new UsageError({
      description: `"${config.name}" is a server; name the ${kind} too: ${config.name}.<${kind}>`,
      hint: `\`umcp ${kind === "tool" ? "list" : "prompts"} ${config.name}\` shows its ${kind}s`
    })
    : { config, name }
})

const checkFlags = (flags: SharedFlags) => {
  const url = Option.getOrUndefined(flags.url)
  const stdio = Option.getOrUndefined(flags.stdio)
  const several = [
    ...(url === undefined ? [] : ["--url"]),
    ...(stdio === undefined ? [] : ["--stdio"]),
    ...(Option.isNone(flags.config) ? [] : ["--config"])
  ]
  if (several.length > 1) {
    return Effect.fail(new UsageError({ description: `${several.join(" and ")} exclude each other: give one of them` }))
  }
  const needsUrl = Option.isSome(flags.transport) ? "--transport" : flags.header.length > 0 ? "--header" : undefined
  if (needsUrl !== undefined && url === undefined) {
    return Effect.fail(
      new UsageError({
        description: `${needsUrl} needs --url`,
        hint: "a configured server has its own in the configuration file"
      })
    )
  }
  return Effect.succeed({ url, stdio })
}

const nameOf = (text: string, otherwise: string): string => {
  const name = text.replaceAll(/[^A-Za-z0-9_@./:-]/g, "-").replace(/^[^A-Za-z0-9_@]+/, "").slice(0, 128)
  return name === "" ? otherwise : name
}

const fromUrl = Effect.fnUntraced(function*(given: string, flags: SharedFlags) {
  const { secrets: inUrl, text: url } = yield* expand(given, "--url")
  const { headers, secrets: inHeaders } = yield* headerFlags.read(flags.header, flags.json)
  const host = URL.parse(url)?.host ?? ""
  return yield* Effect.mapError(
    ServerConfig.decode({
      name: nameOf(ServerConfig.redactor({ secrets: inUrl, url })?.(host) ?? host, "url"),
      url,
      ...(Option.isNone(flags.transport) ? {} : { transport: flags.transport.value }),
      ...(flags.header.length === 0 ? {} : { headers }),
      ...secretsOf([...inUrl, ...inHeaders])
    }),
    // As it was typed, because a variable in it may hold a secret.
    (error) => error.path === "url" && inUrl.length > 0 ? badUrl(error) : error
  )
})

const badUrl = ({ allowed, path }: ConfigError) =>
  new ConfigError({ path, found: "something else, with the variables in --url filled in", allowed })

const secretsOf = (secrets: ReadonlyArray<Redacted.Redacted<string>>) => secrets.length === 0 ? {} : { secrets }

const fromCommand = Effect.fnUntraced(function*(text: string) {
  const path = yield* Path.Path
  const { secrets, words: [command, ...args] } = yield* splitCommand(text)
  const program = path.basename(ServerConfig.redactor({ secrets })?.(command) ?? command)
  return yield* ServerConfig.decode({
    name: nameOf(program, "stdio"),
    transport: "stdio",
    command,
    args,
    ...secretsOf(secrets)
  })
})

const unreadable = (path: string) => (error: PlatformError.PlatformError) =>
  new UsageError({
    description: `cannot read ${path}: ${error.reason._tag === "NotFound" ? "there is no such file" : error.message}`
  })

const fileNames = ["mcp.json", ".mcp.json"]

const shortest =
  `{"mcpServers":{"everything":{"command":"npx","args":["-y","@modelcontextprotocol/server-everything"]}}}`

/** The path of the configuration file: `--config`; else the nearest file upwards from the working directory, then the user's. */
export const configPath = Effect.fnUntraced(function*(given: Option.Option<string>) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  if (Option.isSome(given)) return path.resolve(given.value)
  const exists = (file: string) => Effect.orElseSucceed(fs.exists(file), () => false)
  const here = path.resolve(".")
  for (let folder = here;; folder = path.dirname(folder)) {
    for (const name of fileNames) {
      const file = path.join(folder, name)
      if (yield* exists(file)) return file
    }
    if (folder === path.dirname(folder)) break
  }
  const directories = yield* UserDirectories.UserDirectories
  const user = yield* Effect.option(directories.config("universal-mcp"))
  const userFile = Option.map(user, (folder) => path.join(folder, "mcp.json"))
  if (Option.isSome(userFile) && (yield* exists(userFile.value))) return userFile.value
  return yield* new ConfigNotFound({
    looked: [
      `${fileNames.join(" and ")} in ${here} and every folder above it`,
      ...(Option.isSome(userFile) ? [userFile.value] : [])
    ],
    hint: `write mcp.json: ${shortest} or name a server: --stdio "<command>" or --url <url>`
  })
})
