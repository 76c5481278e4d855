/** The environment a server process starts with. */
import * as ConfigProvider from "effect/ConfigProvider"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"

/** Where the inherited part comes from. */
export const Environment = Context.Reference<ConfigProvider.ConfigProvider>(
  "@universal-mcp/transports/StdioTransport/Environment",
  { defaultValue: () => ofProcess }
)

/** As it is when it is asked: Effect's own is what it was when it was made, and programs load more of it. */
const ofProcess = ConfigProvider.make((path) => ConfigProvider.fromEnv().load(path))

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

export const inherited = Effect.fnUntraced(
  function*(provider: ConfigProvider.ConfigProvider): Effect.fn.Return<Readonly<Record<string, string>>> {
    // Once for all names: to make it costs more than to ask it.
    const current = provider === ofProcess ? ConfigProvider.fromEnv() : provider
    const { OS } = yield* read(current, ["OS"])
    return yield* read(current, OS === "Windows_NT" ? windows : posix)
  }
)

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

/** From the provider itself: a `Config` decodes and describes what fails, which for each server costs more than all else. */
const read = Effect.fnUntraced(function*(
  provider: ConfigProvider.ConfigProvider,
  names: ReadonlyArray<string>
): Effect.fn.Return<Readonly<Record<string, string>>> {
  const env: Record<string, string> = {}
  for (const name of names) {
    const node = yield* Effect.orElseSucceed(provider.load([name]), () => undefined)
    if (node?.value !== undefined) env[name] = node.value
  }
  return env
})
