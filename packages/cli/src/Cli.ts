/**
 * `umcp` as an effect: the commands, how their failures are reported, and the exit codes, which `umcp --help` names.
 *
 * @since 0.1.0
 */
import * as ExactNumbers from "@universal-mcp/core/ExactNumbers"
import * as McpSession from "@universal-mcp/core/McpSession"
import * as SafeText from "@universal-mcp/core/SafeText"
import { unsafe } from "@universal-mcp/core/UnsafeText"
import * as Cause from "effect/Cause"
import * as CliConfig from "effect/cli/CliConfig"
import * as CliError from "effect/cli/CliError"
import * as CliOutput from "effect/cli/CliOutput"
import * as Command from "effect/cli/Command"
import * as GlobalFlag from "effect/cli/GlobalFlag"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Stdio from "effect/Stdio"
import { call } from "./commands/call.ts"
import { complete } from "./commands/complete.ts"
import { config } from "./commands/config.ts"
import { demo } from "./commands/demo.ts"
import { doctor } from "./commands/doctor.ts"
import { list } from "./commands/list.ts"
import { prompt } from "./commands/prompt.ts"
import { prompts } from "./commands/prompts.ts"
import { read } from "./commands/read.ts"
import { resources } from "./commands/resources.ts"
import { servers } from "./commands/servers.ts"
import { type ExitWith, UsageError } from "./internal/errors.ts"
import { exitCodes, inWords } from "./internal/exitCodes.ts"
import { OnInterrupt } from "./internal/interrupt.ts"
import * as KnownSecrets from "./internal/knownSecrets.ts"
import { printFailure } from "./internal/output.ts"
import { version } from "./internal/package.ts"
import { isSet } from "./internal/rawFlags.ts"
import { root } from "./internal/root.ts"
import * as Sink from "./internal/sink.ts"
import { observed } from "./internal/telemetry.ts"
import { exitCode, type Failure } from "./render/failure.ts"
import { Progress } from "./render/Progress.ts"
import { Screen } from "./render/Screen.ts"
import { displayWidth, linesOf, spaces, unlines, wrap } from "./render/text.ts"

const command = root.pipe(
  Command.withDescription(
    "A client for any server of the Model Context Protocol. Servers come from a configuration file ({\"mcpServers\": …}), or " +
      `from --url or --stdio. ${inWords}`
  ),
  Command.withExamples([
    { command: "umcp demo", description: "See what it does" },
    { command: "umcp list", description: "The tools of all configured servers" },
    { command: "umcp doctor", description: "What is wrong with those that do not work" },
    { command: "umcp call files.read_text_file path=README.md", description: "Call a tool" },
    {
      command: "umcp list --stdio \"npx -y @modelcontextprotocol/server-everything\"",
      description: "A server that is not configured"
    }
  ]),
  Command.withSubcommands([list, call, resources, read, prompts, prompt, complete, servers, doctor, config, demo])
)

/**
 * Runs the command line that `Stdio` gives, to its exit code. Everything it started is closed when it returns, also
 * when it is interrupted.
 *
 * @category running
 * @since 0.1.0
 */
export const run = Effect.gen(function*() {
  const { args } = yield* Stdio.Stdio
  const given = yield* args
  const json = isSet(given, "json")
  const screen = yield* Screen
  const interrupted = yield* Deferred.make<void>()
  const progress = yield* Progress
  const known = yield* KnownSecrets.make
  const fail = (error: Failure) => Effect.andThen(progress.hide, Effect.as(printFailure(error, json), exitCode(error)))
  return yield* Command.run(command, { version }).pipe(
    Effect.as(exitCodes.done),
    Effect.provideService(ExactNumbers.KeepDigits, true),
    Effect.provideService(KnownSecrets.KnownSecrets, known),
    Effect.provideService(McpSession.ClientInfo, { name: "umcp", version }),
    Effect.provideService(CliConfig.CliConfig, CliConfig.make({ builtIns })),
    Effect.provideService(CliOutput.Presenter, presenter(screen)),
    Effect.provide(screen.errIsTerminal ? Logger.layer([Sink.logger]) : Logger.layer([])),
    Effect.provideService(Logger.LogToStderr, true),
    Effect.catch((error: Failure | ExitWith | CliError.CliError) => {
      switch (error._tag) {
        case "ExitWith":
          return Effect.succeed(error.code)
        case "ShowHelp":
          return error.errors.length === 0 ? Effect.succeed(exitCodes.done) : fail(usageError(error))
        default:
          return isCliError(error) ? fail(new UsageError({ description: error.message })) : fail(error)
      }
    }),
    Effect.catchCause((cause) =>
      Cause.hasDies(cause)
        ? Effect.as(
          Sink.printError(
            SafeText.format`umcp has a bug; please report this:\n${SafeText.block(known.redact(Cause.pretty(cause)))}`
          ),
          exitCodes.bug
        )
        : Effect.failCause(cause)
    ),
    Effect.provideService(OnInterrupt, Effect.andThen(Deferred.succeed(interrupted, undefined), Effect.never)),
    Effect.raceFirst(Effect.as(Deferred.await(interrupted), exitCodes.interrupted)),
    observed(isSet(given, "trace"))
  )
}).pipe(Effect.provide(Layer.provideMerge(Progress.layer, Screen.layer)))

const builtIns = [GlobalFlag.Help, GlobalFlag.Version, GlobalFlag.Completions]

/** Help and version; an invocation that is not valid is reported as every other failure. */
const presenter = (screen: Screen["Service"]): CliOutput.Presenter => {
  const formatter = CliOutput.defaultFormatter({ colors: screen.out.bold(SafeText.format`x`) !== "x" })
  return {
    present: (event) => {
      switch (event._tag) {
        case "Help":
          return Sink.print(wrapHelp(unsafe(formatter.formatHelpDoc(event.helpDoc)), screen.width))
        case "Version":
          return Sink.print(SafeText.line(`${event.name} ${event.version}`))
        case "InvalidInvocation":
          return Effect.void
      }
    }
  }
}

/** Breaks the lines that are too long, below the column in which their text begins. */
const wrapHelp = (help: SafeText.SafeText, width: number): SafeText.SafeText =>
  unlines(
    linesOf(help).map((line) => {
      const [name = "", gap = ""] = /^\s+\S.*?(\s{4,})(?=\S)/.exec(line) ?? []
      return wrap(line, width, spaces(0), spaces(gap === "" ? 0 : displayWidth(name) - 2))
    })
  )

const isCliError = (error: Failure | CliError.CliError): error is CliError.CliError => CliError.isCliError(error)

const usageError = (error: CliError.ShowHelp): UsageError =>
  new UsageError({
    description: error.errors.map(({ message }) => SafeText.line(message)).join("; "),
    hint: `see \`${error.commandPath.join(" ")} --help\``
  })
