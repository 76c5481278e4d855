/** `umcp call`: one call of one tool. */
import type { CallEvent } from "@universal-mcp/core/McpSession"
import type { CallToolResult } from "@universal-mcp/core/Protocol"
import * as SafeText from "@universal-mcp/core/SafeText"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as Stdio from "effect/Stdio"
import * as Stream from "effect/Stream"
import { orAsked } from "../internal/elicitation.ts"
import { ExitWith, UsageError } from "../internal/errors.ts"
import { exitCodes, inWords } from "../internal/exitCodes.ts"
import type { JsonObject } from "../internal/jsonSchema.ts"
import * as listing from "../internal/listing.ts"
import { printJson } from "../internal/output.ts"
import { printWarning } from "../internal/printWarning.ts"
import * as Registry from "../internal/registry.ts"
import { root } from "../internal/root.ts"
import { findNamed } from "../internal/servers.ts"
import { print, printError } from "../internal/sink.ts"
import { timeout, withTimeout } from "../internal/timeout.ts"
import { parseJson, parseWord, toArguments } from "../internal/toolArguments.ts"
import { Progress } from "../render/Progress.ts"
import { quoteLine, serverLabel } from "../render/quote.ts"
import { result as renderResult } from "../render/result.ts"
import { Screen } from "../render/Screen.ts"

export const call = Command.make(
  "call",
  {
    target: Argument.String("server.tool").pipe(
      Argument.withDescription("The tool; with --url or --stdio its name alone")
    ),
    words: Argument.String("key=value").pipe(
      Argument.withDescription("An argument, read as the tool's input schema says; key:=json for raw JSON"),
      Argument.variadic()
    ),
    args: Flag.String("args").pipe(
      Flag.withMetavar("JSON|@FILE|-"),
      Flag.withDescription(
        "The arguments as a JSON object, from a file, or from standard input; key=value adds to it and wins"
      ),
      Flag.optional
    ),
    timeout
  },
  Effect.fnUntraced(function*(input) {
    const words = yield* Effect.forEach(input.words, parseWord)
    const options = yield* withTimeout(input.timeout)
    const { config, name: tool } = yield* findNamed(input.target, "tool")
    const json = Option.isNone(input.args) ? {} : yield* readArgs(input.args.value)

    const progress = yield* Progress
    yield* progress.show(SafeText.format`connecting to ${SafeText.line(config.name)}`)
    const session = yield* Registry.connect(config)
    const { listed: tools } = yield* listing.tools(session)
    const args = yield* toArguments({
      server: config.name,
      tool,
      listed: tools.find((one) => one.name === tool),
      json,
      words
    })
    yield* progress.show(SafeText.format`calling ${SafeText.line(tool)}`)
    const events = session.callToolStream(tool, args, options)
    const result = yield* orAsked(lastResult(events, (event) => showEvent(config.name, tool, event))).pipe(
      // Nothing that was answered is lost.
      Effect.tapErrorTag("InvalidStructuredContent", (error) => printResult(error.result))
    )
    const { json: asJson } = yield* root
    yield* printResult(result)
    if (result.isError !== true) return
    const screen = yield* Screen
    if (!asJson) {
      const words = SafeText.line(`tool "${tool}" of "${config.name}" answered with an error`)
      yield* printError(SafeText.format`${screen.err.red(SafeText.format`error:`)} ${words}`)
    }
    return yield* new ExitWith({ code: exitCodes.toolFailed })
  })
).pipe(
  Command.withShortDescription("Call a tool"),
  Command.withDescription(
    `Call a tool and print its result. Numbers are sent with the digits that are typed. ${inWords}`
  ),
  Command.withExamples([
    { command: "umcp call files.read_text_file path=README.md", description: "A tool of a configured server" },
    {
      command: "umcp call echo --stdio \"npx -y @modelcontextprotocol/server-everything\" message=hi",
      description: "A server that is not configured"
    },
    {
      command: "umcp call db.query --args @query.json limit=5",
      description: "Arguments from a file, one of them replaced"
    }
  ]),
  Command.provide(Registry.layer)
)

const printResult = Effect.fnUntraced(function*(result: unknown) {
  const { json } = yield* root
  const progress = yield* Progress
  yield* progress.hide
  yield* progress.printing(json ? printJson(result) : print(renderResult(result)))
})

/** The text of `--args`: JSON itself, `@file`, or `-` for standard input. */
const readArgs = Effect.fnUntraced(function*(given: string): Effect.fn.Return<
  JsonObject,
  UsageError,
  FileSystem.FileSystem | Stdio.Stdio
> {
  if (given === "-") {
    const stdio = yield* Stdio.Stdio
    const text = Stream.mkString(Stream.decodeText(stdio.stdin))
    return yield* parseJson(
      yield* Effect.mapError(
        text,
        (error) => new UsageError({ description: `cannot read standard input: ${error.message}` })
      )
    )
  }
  if (!given.startsWith("@")) return yield* parseJson(given)
  const fs = yield* FileSystem.FileSystem
  const path = given.slice(1)
  return yield* parseJson(
    yield* Effect.mapError(fs.readFileString(path), (error) =>
      new UsageError({
        description: `cannot read ${path}: ${
          error.reason._tag === "NotFound" ? "there is no such file" : error.message
        }`
      }))
  )
})

/** Runs a call to its result, which comes last; `each` sees what comes before. */
export const lastResult = <E, R, E2, R2>(
  events: Stream.Stream<CallEvent, E, R>,
  each: (event: Exclude<CallEvent, { readonly _tag: "Result" }>) => Effect.Effect<void, E2, R2>
): Effect.Effect<CallToolResult, E | E2, R | R2> =>
  Stream.runFoldEffect(
    events,
    (): CallToolResult => ({ content: [] }),
    (last, event) => event._tag === "Result" ? Effect.succeed(event.result) : Effect.as(each(event), last)
  )

const showEvent = Effect.fnUntraced(function*(
  server: string,
  tool: string,
  event: Exclude<CallEvent, { readonly _tag: "Result" }>
) {
  const progress = yield* Progress
  const name = SafeText.line(tool)
  if (event._tag === "Progress") {
    const done = SafeText.line(event.progress)
    const total = event.total === undefined ? SafeText.format`` : SafeText.format` of ${SafeText.line(event.total)}`
    return yield* progress.show(SafeText.format`${name} ${done}${total} ${SafeText.line(event.message)}`)
  }
  if (event._tag === "Task") {
    const { status, statusMessage } = event.task
    return yield* progress.show(SafeText.format`${name} ${SafeText.line(statusMessage ?? status)}`)
  }
  const screen = yield* Screen
  if (!screen.errIsTerminal) return
  if (event._tag === "Lost") {
    const { json } = yield* root
    const message = `${event.count} messages came too fast to be shown`
    return yield* progress.printing(printWarning(screen, json, { server, message }))
  }
  const text = typeof event.data === "string" ? event.data : SafeText.json(event.data)
  const kind = event.logger === undefined ? event.level : `${event.level} ${event.logger}`
  const line = quoteLine(serverLabel(server), `(${kind}) ${text}`, screen.errWidth)
  yield* progress.printing(printError(screen.err.dim(line)))
})
