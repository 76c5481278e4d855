/** How a server that we start is reached: its command is found, its process runs. */
import { type ConnectionError, ServerNotFound } from "@universal-mcp/core/McpError"
import * as ServerConfig from "@universal-mcp/core/ServerConfig"
import * as StdioTransport from "@universal-mcp/transports/StdioTransport"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as Path from "effect/Path"
import * as ChildProcessSpawner from "effect/process/ChildProcessSpawner"
import * as Stream from "effect/Stream"
import { type Finding, lastLines } from "./checkup.ts"
import type { Look, Shown, Way } from "./doctor.ts"
import { variable } from "./proxy.ts"

export const make = Effect.fnUntraced(function*(
  config: ServerConfig.StdioServerConfig
): Effect.fn.Return<
  Way,
  never,
  ChildProcessSpawner.ChildProcessSpawner | FileSystem.FileSystem | Path.Path
> {
  const services = yield* Effect.context<FileSystem.FileSystem | Path.Path>()
  const observed = observe(yield* ChildProcessSpawner.ChildProcessSpawner)
  return {
    steps: ["command", "process"],
    probes: [{ step: "command", look: Effect.provideContext(findCommand(config), services) }],
    connect: Effect.provideService(
      StdioTransport.make(config),
      ChildProcessSpawner.ChildProcessSpawner,
      observed.spawner
    ),
    shown: (step) => step === "process" ? observed.shown() : undefined,
    blame: (error, looks) => {
      if (error.phase === "config") return "configuration"
      if (error.phase === "spawn") return looks.get("command")?.isFine === false ? "command" : "process"
      return error.exitCode === undefined && error.signal === undefined ? "negotiation" : "process"
    },
    investigate: (error, step) =>
      step === "command"
        ? Effect.succeed({})
        : Effect.map(withheld(config, error), (missing) => explain(observed.shown(), error, missing))
  }
})

/** What the process has written, and what it may lack. */
const explain = (shown: Shown | undefined, { stderr }: ConnectionError, missing: ReadonlyArray<string>): Finding => {
  const [first] = missing
  const said = lastLines(stderr)
  const hint = first !== undefined
    ? `if the server needs the network, pass it what you have set for that, in \`env\`: "${first}": "\${${first}}"`
    : said.length === 0
    ? shown?.hint
    : undefined
  return {
    evidence: [
      ...shown?.evidence ?? [],
      ...said,
      ...(missing.length === 0 ? [] : [`set here, and not passed to the server: ${missing.join(", ")}`])
    ],
    ...(hint === undefined ? {} : { hint })
  }
}

/** What may be set where the network is not reached without it. */
const forTheNetwork = [
  "HTTP_PROXY",
  "HTTPS_PROXY",
  "NO_PROXY",
  "http_proxy",
  "https_proxy",
  "no_proxy",
  "NODE_USE_ENV_PROXY",
  "NODE_EXTRA_CA_CERTS",
  "SSL_CERT_FILE",
  "REQUESTS_CA_BUNDLE",
  "npm_config_registry",
  "NPM_CONFIG_REGISTRY",
  "UV_INDEX_URL",
  "UV_DEFAULT_INDEX",
  "PIP_INDEX_URL"
]

const networkTrouble = /ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED|ECONNRESET|ENETUNREACH|CERT|certificate|proxy/

/** Commands that get what they run from the network. */
const runners = /(?:^|[/\\])(?:npx|npm|pnpm|pnpx|yarn|bunx?|deno|uvx?|pipx)(?:\.\w+)?$/

/** The variables of that kind that the server did not get, where that may be why it failed. */
const withheld = Effect.fnUntraced(function*(config: ServerConfig.StdioServerConfig, error: ConnectionError) {
  const isSilent = error.exitCode === undefined && error.signal === undefined && error.phase === "negotiate"
  const mayBeLoading = isSilent && runners.test(config.command)
  if (!mayBeLoading && !networkTrouble.test(error.stderr.join("\n"))) return []
  return yield* Effect.filter(
    forTheNetwork.filter((name) => config.env?.[name] === undefined),
    (name) => Effect.map(variable(name), (value) => value !== undefined && value !== "")
  )
})

// ---------------------------------------------------------------------------------------------------------------------
// Process
// ---------------------------------------------------------------------------------------------------------------------

/** A spawner that notes what it starts, and the beginning of what that writes to its stdout. */
const observe = (inner: ChildProcessSpawner.ChildProcessSpawner["Service"]) => {
  let started: { readonly pid: number; readonly milliseconds: number } | undefined
  let written = ""
  const spawner = ChildProcessSpawner.make((command) =>
    Effect.gen(function*() {
      const [took, handle] = yield* Effect.timed(inner.spawn(command))
      started = { pid: handle.pid, milliseconds: Math.round(Duration.toMillis(took)) }
      written = ""
      const decoder = new TextDecoder()
      return ChildProcessSpawner.makeHandle({
        ...handle,
        stdout: Stream.tap(handle.stdout, (chunk) =>
          Effect.sync(() => {
            if (written.length < keptOutput) written += decoder.decode(chunk, { stream: true })
          }))
      })
    })
  )
  const shown = (): Shown | undefined => {
    if (started === undefined) return undefined
    const stray = strayLines(written)
    return {
      milliseconds: started.milliseconds,
      detail: `started (process ${started.pid})`,
      ...(stray.length === 0 ? {} : {
        evidence: stray.map((line) => `stdout: ${line}`),
        hint: "only messages belong on stdout; have the server log to stderr, or start it without what prints that"
      })
    }
  }
  return { spawner, shown }
}

const keptOutput = 16 * 1024

/** What was written to stdout and is no message, as far as it can be told. */
const strayLines = (written: string): ReadonlyArray<string> =>
  written.split("\n").map((line) => line.trim()).filter((line) => line !== "" && !line.startsWith("{"))
    .filter((line) => !line.startsWith("[{")).slice(0, 3).map((line) => line.slice(0, 200))

// ---------------------------------------------------------------------------------------------------------------------
// Command
// ---------------------------------------------------------------------------------------------------------------------

/** Looks for the command where the system will. */
const findCommand = Effect.fnUntraced(function*(config: ServerConfig.StdioServerConfig) {
  const path = yield* Path.Path
  const { command } = config
  const isWindows = (yield* variable("OS")) === "Windows_NT"
  if (/[/\\]/.test(command)) {
    const file = path.resolve(config.cwd ?? ".", command)
    const found = yield* programAt(file, isWindows)
    return found === undefined
      ? absent([`looked for ${file}`])
      : yield* judge(found, isWindows)
  }
  const given = config.env?.["PATH"] ?? (yield* variable("PATH"))
  const folders = given === undefined
    ? []
    : [...new Set(ServerConfig.reveal(given).split(isWindows ? ";" : ":"))].filter((folder) => folder !== "")
  const extensions = isWindows ? ["", ...((yield* variable("PATHEXT")) ?? ".EXE;.CMD;.BAT").split(";")] : [""]
  const rejected: Array<Program> = []
  for (const folder of folders) {
    for (const extension of extensions) {
      const program = yield* programAt(path.resolve(config.cwd ?? ".", folder, command + extension), isWindows)
      if (program?.isExecutable === true) return yield* judge(program, isWindows)
      if (program !== undefined) rejected.push(program)
    }
  }
  const [first] = rejected
  if (first !== undefined) return yield* judge(first, isWindows)
  const similar = yield* similarTo(command, folders)
  return absent(
    [
      ...(folders.length === 0 ? ["PATH is empty"] : folders.map((folder) => `not in ${folder}`)),
      ...(similar === undefined ? [] : [`there is ${similar}`])
    ],
    installation(command) ?? (similar === undefined ? undefined : `did you mean ${path.basename(similar)}?`)
  )
})

const absent = (evidence: ReadonlyArray<string>, hint?: string): Look => ({
  isFine: false,
  evidence,
  ...(hint === undefined ? {} : { hint })
})

interface Program {
  readonly file: string
  readonly isExecutable: boolean
}

const programAt = Effect.fnUntraced(function*(file: string, isWindows: boolean) {
  const fs = yield* FileSystem.FileSystem
  const info = yield* Effect.option(fs.stat(file))
  if (Option.isNone(info) || info.value.type !== "File") return undefined
  return { file, isExecutable: isWindows || (info.value.mode & 0o111) !== 0 }
})

/** A script needs its interpreter. */
const judge = Effect.fnUntraced(function*({ file, isExecutable }: Program, isWindows: boolean) {
  if (!isExecutable) return absent([`${file} is there, and is not executable`])
  const interpreter = isWindows ? undefined : yield* interpreterOf(file)
  const isMissing = interpreter !== undefined && (yield* programAt(interpreter, isWindows)) === undefined
  return isMissing
    ? absent([`${file} asks for ${interpreter} in its first line, which is not there`])
    : { isFine: true, detail: file }
})

const interpreterOf = Effect.fnUntraced(function*(file: string) {
  const fs = yield* FileSystem.FileSystem
  const beginning = yield* Stream.runCollect(fs.stream(file, { bytesToRead: 256 })).pipe(
    Effect.orElseSucceed((): Array<Uint8Array> => [])
  )
  const [, interpreter] = /^#!\s*(\S+)/.exec(new TextDecoder().decode(beginning[0])) ?? []
  return interpreter
})

/** The program in `folders` whose name is most like the one that is missing. */
const similarTo = Effect.fnUntraced(function*(command: string, folders: ReadonlyArray<string>) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const programs = new Map<string, string>()
  for (const folder of folders) {
    for (const name of yield* Effect.orElseSucceed(fs.readDirectory(folder), () => [])) {
      if (!programs.has(name)) programs.set(name, path.join(folder, name))
    }
  }
  const { closest } = ServerNotFound.among(command, [...programs.keys()])
  return closest === undefined ? undefined : programs.get(closest)
})

/** Where the usual ones come from. */
const installation = (command: string): string | undefined => {
  switch (command) {
    case "node":
    case "npm":
    case "npx":
      return `install Node.js (https://nodejs.org), or write the full path of ${command}`
    case "uv":
    case "uvx":
      return `install uv (https://docs.astral.sh/uv), or write the full path of ${command}`
    case "docker":
      return "install Docker (https://docs.docker.com/get-docker), or write its full path"
    default:
      return undefined
  }
}
