/** `umcp prompt`: one prompt, filled in. */
import * as SafeText from "@universal-mcp/core/SafeText"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import { printJson } from "../internal/output.ts"
import * as promptArguments from "../internal/promptArguments.ts"
import * as Registry from "../internal/registry.ts"
import { requestOf } from "../internal/requestOf.ts"
import { root } from "../internal/root.ts"
import { findNamed } from "../internal/servers.ts"
import { print } from "../internal/sink.ts"
import { timeout, withTimeout } from "../internal/timeout.ts"
import { parsePairs } from "../internal/toolArguments.ts"
import { messages } from "../render/offers.ts"
import { Screen } from "../render/Screen.ts"

export const prompt = Command.make(
  "prompt",
  {
    target: Argument.String("server.prompt").pipe(
      Argument.withDescription("The prompt; with --url or --stdio its name alone")
    ),
    words: Argument.String("key=value").pipe(
      Argument.withDescription("An argument of the prompt; always text"),
      Argument.variadic()
    ),
    timeout
  },
  Effect.fnUntraced(function*(input) {
    const args = yield* parsePairs(input.words)
    const options = yield* withTimeout(input.timeout)
    const { config, name } = yield* findNamed(input.target, "prompt")
    const result = yield* requestOf(
      config,
      SafeText.format`getting ${SafeText.line(name)}`,
      "prompts",
      Effect.fnUntraced(function*(session) {
        const listed = yield* promptArguments.find(session, config.name, name)
        yield* listed.check(Object.keys(args))
        yield* listed.checkMissing(Object.keys(args))
        return yield* listed.orNotFound(session.getPrompt(name, args, options))
      })
    )
    const { json } = yield* root
    yield* json ? printJson(result) : print(messages(result, yield* Screen))
  })
).pipe(
  Command.withShortDescription("Get a prompt"),
  Command.withDescription("Get a prompt with its arguments filled in, and print its messages."),
  Command.withExamples([
    { command: "umcp prompt docs.review file=README.md", description: "A prompt of a configured server" },
    {
      command: "umcp prompt simple-prompt --stdio \"npx -y @modelcontextprotocol/server-everything\"",
      description: "A server that is not configured"
    }
  ]),
  Command.provide(Registry.layer)
)
