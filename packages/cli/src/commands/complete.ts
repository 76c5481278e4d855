/** `umcp complete`: what a server suggests for an argument. */
import type { CompleteRequestParams } from "@universal-mcp/core/Protocol"
import * as SafeText from "@universal-mcp/core/SafeText"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { UsageError } from "../internal/errors.ts"
import { printJson } from "../internal/output.ts"
import * as promptArguments from "../internal/promptArguments.ts"
import * as Registry from "../internal/registry.ts"
import { requestOf } from "../internal/requestOf.ts"
import { root } from "../internal/root.ts"
import { findNamed, findServer, servers } from "../internal/servers.ts"
import { print, printError } from "../internal/sink.ts"
import { timeout, withTimeout } from "../internal/timeout.ts"
import { parsePairs } from "../internal/toolArguments.ts"
import { Screen } from "../render/Screen.ts"
import { unlines } from "../render/text.ts"

export const complete = Command.make(
  "complete",
  {
    target: Argument.String("server.prompt").pipe(
      Argument.withDescription(
        "The prompt, with --template the server; with --url or --stdio its name alone, or nothing"
      )
    ),
    words: Argument.String("argument=prefix").pipe(
      Argument.withDescription(
        "The argument and what is typed of it; then key=value for each argument that is already chosen"
      ),
      Argument.variadic()
    ),
    template: Flag.String("template").pipe(
      Flag.withMetavar("URI-TEMPLATE"),
      Flag.withDescription("Complete a variable of this resource template instead"),
      Flag.optional
    ),
    timeout
  },
  Effect.fnUntraced(function*(input) {
    const options = yield* withTimeout(input.timeout)
    const { config, pairs, ref } = yield* Option.isNone(input.template)
      ? ofPrompt(input.target, input.words)
      : ofTemplate(input.template.value, input.target, input.words)
    const [first, ...chosen] = Object.entries(yield* parsePairs(pairs))
    if (first === undefined) {
      return yield* new UsageError({
        description: "name the argument to complete",
        hint: "write argument=prefix; nothing after = asks for all values"
      })
    }
    const [name, value] = first
    const names = [name, ...chosen.map(([other]) => other)]
    if (ref.type === "ref/resource") yield* promptArguments.checkVariables(config.name, ref.uri, names)
    const result = yield* requestOf(
      config,
      SafeText.format`completing ${SafeText.line(name)}`,
      ref.type === "ref/resource" ? "resources" : "prompts",
      Effect.fnUntraced(function*(session) {
        const completing = session.complete({
          ref,
          argument: { name, value },
          ...(chosen.length === 0 ? {} : { context: { arguments: Object.fromEntries(chosen) } })
        }, options)
        if (ref.type === "ref/resource") return yield* completing
        const listed = yield* promptArguments.find(session, config.name, ref.name)
        yield* listed.check(names)
        return yield* listed.orNotFound(completing)
      })
    )
    const { json } = yield* root
    if (json) return yield* printJson(result)
    const { hasMore, total, values } = result.completion
    if (values.length > 0) yield* print(unlines(values.map(SafeText.line)))
    const { err, errIsTerminal } = yield* Screen
    const all = total === undefined ? SafeText.format`more` : SafeText.format`${SafeText.line(total)} in all`
    if (hasMore === true && errIsTerminal) yield* printError(err.dim(SafeText.format`there are ${all}`))
  })
).pipe(
  Command.withShortDescription("Complete an argument"),
  Command.withDescription(
    "Ask a server for values of an argument of a prompt, or of a variable of a resource template."
  ),
  Command.withExamples([
    { command: "umcp complete docs.review language=py", description: "An argument of a prompt" },
    {
      command: "umcp complete files --template \"file:///{path}\" path=src/",
      description: "A variable of a resource template"
    }
  ]),
  Command.provide(Registry.layer)
)

const ofPrompt = Effect.fnUntraced(function*(target: string, pairs: ReadonlyArray<string>) {
  const { config, name } = yield* findNamed(target, "prompt")
  const ref: CompleteRequestParams["ref"] = { type: "ref/prompt", name }
  return { config, pairs, ref }
})

const ofTemplate = Effect.fnUntraced(function*(uri: string, target: string, words: ReadonlyArray<string>) {
  const chosen = yield* servers
  const { config } = yield* findServer(chosen, target)
  const ref: CompleteRequestParams["ref"] = { type: "ref/resource", uri }
  return { config, pairs: chosen.only === undefined ? words : [target, ...words], ref }
})
