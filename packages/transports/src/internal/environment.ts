/** The environment a server process starts with. */
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

/** Where the inherited part comes from. */
export const Environment = Context.Reference<ConfigProvider.ConfigProvider>(
  "@universal-mcp/transports/StdioTransport/Environment",
  { defaultValue: () => ConfigProvider.fromEnv() }
)

/** What a program needs to find its files and talk to a terminal; nothing that could be a secret. The SDK's own list. */
const posix = ["HOME", "LOGNAME", "PATH", "SHELL", "TERM", "USER"]

const windows = [
  "APPDATA",
  "COMSPEC",
  "HOMEDRIVE",
  "HOMEPATH",
  "LOCALAPPDATA",
  "OS",
  "PATH",
  "PATHEXT",
  "PROCESSOR_ARCHITECTURE",
  "PROGRAMDATA",
  "PROGRAMFILES",
  "SYSTEMDRIVE",
  "SYSTEMROOT",
  "TEMP",
  "TMP",
  "USERNAME",
  "USERPROFILE",
  "WINDIR"
]

export const isWindows = (env: Readonly<Record<string, string>>): boolean => env["OS"] === "Windows_NT"

export const inherited = (provider: ConfigProvider.ConfigProvider): Effect.Effect<Readonly<Record<string, string>>> =>
  Effect.gen(function*() {
    const env: Record<string, string> = {}
    for (const name of new Set([...posix, ...windows])) {
      const value = yield* Config.option(Config.String(name)).parse(provider).pipe(
        Effect.orElseSucceed(() => Option.none())
      )
      if (Option.isSome(value)) env[name] = value.value
    }
    if (isWindows(env)) return env
    return Object.fromEntries(Object.entries(env).filter(([name]) => posix.includes(name)))
  })
