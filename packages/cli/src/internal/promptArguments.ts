/** Names of prompts and of their arguments, with help where they are mistyped. */
import { closestNames } from "@universal-mcp/core/McpError"
import type { McpSession } from "@universal-mcp/core/McpSession"
import type { Prompt, PromptArgument } from "@universal-mcp/core/Protocol"
import * as SafeText from "@universal-mcp/core/SafeText"
import * as Effect from "effect/Effect"
import { excerpt } from "../render/text.ts"
import { MissingArguments, PromptNotFound, UnknownArgument } from "./errors.ts"
import { isObject } from "./jsonSchema.ts"
import * as listing from "./listing.ts"
import { isRefusal } from "./requestOf.ts"

/** What the server's list says of a prompt; nothing is checked where it does not have it. */
export const find = Effect.fnUntraced(function*(session: McpSession["Service"], server: string, name: string) {
  const { error, listed } = yield* listing.prompts(session)
  const prompt = listed.find((one) => one.name === name)
  const mayBeThere = prompt !== undefined || listed.length === 0 || error !== undefined
  const args = prompt === undefined ? [] : of(prompt)
  const hint = prompt === undefined ? {} : { hint: `the prompt is ${signature(prompt)}` }
  return {
    /** Fails with the first argument that the prompt does not have, if it declares any. */
    check: Effect.fnUntraced(function*(given: ReadonlyArray<string>) {
      const argument = unknownOf(given, args.map((one) => one.name))
      if (argument !== undefined) return yield* new UnknownArgument({ server, prompt: name, ...argument, ...hint })
    }),
    checkMissing: Effect.fnUntraced(function*(given: ReadonlyArray<string>) {
      const missing = args.filter((one) => one.required === true && !given.includes(one.name)).map((one) => one.name)
      if (missing.length > 0) return yield* new MissingArguments({ server, prompt: name, missing, ...hint })
    }),
    /** Servers refuse a prompt that they do not have in many ways; their list says it in one. */
    orNotFound: <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E | PromptNotFound> =>
      Effect.mapError(effect, (refused) =>
        mayBeThere || !isRefusal(refused) ? refused : new PromptNotFound({
          server,
          prompt: name,
          closest: closestNames(name, listed.map((one) => one.name)),
          hint: `\`umcp prompts ${server}\` shows its prompts`
        }))
  }
})

/** Fails with the first name that is no variable of a URI template (RFC 6570). */
export const checkVariables = Effect.fnUntraced(function*(
  server: string,
  template: string,
  given: ReadonlyArray<string>
) {
  const variables = [...template.matchAll(/\{[+#./;?&]?([^{}]*)\}/g)].flatMap(([, list = ""]) =>
    list.split(",").map((variable) => variable.trim().replace(/(\*|:\d+)$/, ""))
  )
  const argument = unknownOf(given, variables)
  if (argument !== undefined) {
    return yield* new UnknownArgument({ server, template, ...argument, hint: `it has ${variables.join(", ")}` })
  }
})

/** The arguments of a prompt, of which only the name is known to be what the protocol says. */
export const of = ({ arguments: args }: Prompt): ReadonlyArray<PromptArgument> =>
  Array.isArray(args) ? args.filter((one) => isObject(one) && typeof one["name"] === "string") : []

/** Such as `greet(who, style?)`; `paint` is for the name. */
export const signature = (
  prompt: Prompt,
  paint = (name: SafeText.SafeText): SafeText.SafeText => name
): SafeText.SafeText => {
  const names = of(prompt).map(({ name, required }) =>
    required === true ? excerpt(name) : SafeText.format`${excerpt(name)}?`
  )
  return SafeText.format`${paint(excerpt(prompt.name))}(${SafeText.join(names, SafeText.format`, `)})`
}

const unknownOf = (given: ReadonlyArray<string>, known: ReadonlyArray<string>) => {
  const argument = known.length === 0 ? undefined : given.find((name) => !known.includes(name))
  return argument === undefined ? undefined : { argument, closest: closestNames(argument, known) }
}
