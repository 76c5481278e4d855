/** Resources and prompts for people. */
import type { GetPromptResult, Prompt } from "@universal-mcp/core/Protocol"
import type { Resources } from "../internal/listing.ts"
import * as promptArguments from "../internal/promptArguments.ts"
import type { Surveyed } from "../internal/survey.ts"
import { block } from "./result.ts"
import type { Screen } from "./Screen.ts"
import { heading } from "./server.ts"
import { table } from "./table.ts"
import { bytes, plural, safeLine, wrap } from "./text.ts"

/** A line per resource, the URI first; a template's URI shows what to fill in. */
export const resources = (surveyed: Surveyed<Resources>, screen: Screen["Service"]): string => {
  const { resourceTemplates, resources } = surveyed.listed
  const what = resourceTemplates.length === 0
    ? plural(resources.length, "resource")
    : `${plural(resources.length, "resource")}, ${plural(resourceTemplates.length, "template")}`
  const rows = [
    ...resources.map((one) => ({ ...one, address: one.uri, size: one.size })),
    ...resourceTemplates.map((one) => ({ ...one, address: one.uriTemplate, size: undefined }))
  ].map((one) => [
    `  ${screen.out.cyan(safeLine(one.address))}`,
    screen.out.dim(string(one.mimeType)),
    screen.out.dim(typeof one.size === "number" ? bytes(one.size) : ""),
    safeLine(string(one.title) || string(one.name))
  ])
  const used = rows.length === 0 ? [] : [0, 1, 2, 3].filter((column) => rows.some((row) => row[column] !== ""))
  return [
    heading(surveyed, screen, what),
    ...table(rows.map((row) => used.map((column) => row[column] ?? ""))),
    ""
  ].join("\n")
}

/** `name(argument, optional?)` per prompt, with its description and those of its arguments. */
export const prompts = (surveyed: Surveyed<ReadonlyArray<Prompt>>, screen: Screen["Service"]): string => {
  const { listed } = surveyed
  const indented = (text: string) => wrap(safeLine(text), screen.width, "    ")
  const entries = listed.flatMap((prompt) => {
    const name = safeLine(prompt.name)
    const described = table(
      promptArguments.of(prompt).filter(({ description }) => string(description) !== "").map((argument) => [
        `    ${safeLine(argument.name)}`,
        safeLine(string(argument.description))
      ])
    )
    return [
      `  ${screen.out.cyan(name)}${promptArguments.signature(prompt).slice(name.length)}`,
      ...(string(prompt.description) === "" ? [] : [screen.out.dim(indented(string(prompt.description)))]),
      ...described.map((line) => screen.out.dim(line))
    ]
  })
  return [heading(surveyed, screen, plural(listed.length, "prompt")), ...entries, ""].join("\n")
}

/** A prompt's messages, each below the role that says it. */
export const messages = (result: GetPromptResult, screen: Screen["Service"]): string => {
  const description = string(result.description)
  return [
    ...(description === "" ? [] : [screen.out.dim(wrap(safeLine(description), screen.width, "")), ""]),
    ...result.messages.map(({ content, role }) => `${screen.out.bold(`${safeLine(role)}:`)}\n${block({ ...content })}`)
  ].join("\n")
}

const string = (value: unknown): string => typeof value === "string" ? value : ""
