/** Resources and prompts for people. */
import type { Prompt } from "@universal-mcp/core/Protocol"
import * as SafeText from "@universal-mcp/core/SafeText"
import { isObject } from "../internal/jsonSchema.ts"
import type { Resources } from "../internal/listing.ts"
import * as promptArguments from "../internal/promptArguments.ts"
import type { Surveyed } from "../internal/survey.ts"
import { block } from "./result.ts"
import type { Screen } from "./Screen.ts"
import { heading } from "./server.ts"
import { table } from "./table.ts"
import { bytes, excerpt, plural, unlines, wrap } from "./text.ts"

/** A line per resource, the URI first; a template's URI shows what to fill in. */
export const resources = (surveyed: Surveyed<Resources>, screen: Screen["Service"]): SafeText.SafeText => {
  const { resourceTemplates, resources } = surveyed.listed
  const { out } = screen
  const count = plural(resources.length, "resource")
  const what = resourceTemplates.length === 0
    ? count
    : SafeText.format`${count}, ${plural(resourceTemplates.length, "template")}`
  const rows = [
    ...resources.map((one) => ({ ...one, address: one.uri, size: one.size })),
    ...resourceTemplates.map((one) => ({ ...one, address: one.uriTemplate, size: undefined }))
  ].map((one) => [
    SafeText.format`  ${out.cyan(excerpt(one.address))}`,
    out.dim(excerpt(one.mimeType)),
    out.dim(typeof one.size === "number" ? bytes(one.size) : excerpt(one.size)),
    excerpt(one.title || one.name)
  ])
  const used = rows.length === 0 ? [] : [0, 1, 2, 3].filter((column) => rows.some((row) => row[column] !== ""))
  return unlines([
    heading(surveyed, screen, what),
    ...table(rows.map((row) => used.map((column) => row[column] ?? SafeText.format``))),
    SafeText.format``
  ])
}

/** `name(argument, optional?)` per prompt, with its description and those of its arguments. */
export const prompts = (surveyed: Surveyed<ReadonlyArray<Prompt>>, screen: Screen["Service"]): SafeText.SafeText => {
  const { listed } = surveyed
  const { out, width } = screen
  const four = SafeText.format`    `
  const entries = listed.flatMap((prompt) => {
    const description = excerpt(prompt.description)
    const described = table(
      promptArguments.of(prompt).flatMap((argument) => {
        const about = excerpt(argument.description)
        return about === "" ? [] : [[SafeText.format`${four}${excerpt(argument.name)}`, about]]
      })
    )
    return [
      SafeText.format`  ${promptArguments.signature(prompt, out.cyan)}`,
      ...(description === "" ? [] : [out.dim(wrap(description, width, four))]),
      ...described.map((line) => out.dim(line))
    ]
  })
  return unlines([heading(surveyed, screen, plural(listed.length, "prompt")), ...entries, SafeText.format``])
}

/** A prompt's messages, each below the role that says it; what is no message as it came. */
export const messages = (result: unknown, { out, width }: Screen["Service"]): SafeText.SafeText => {
  const { description, messages } = isObject(result) ? result : {}
  const about = SafeText.line(description)
  return unlines([
    ...(about === "" ? [] : [out.dim(wrap(about, width)), SafeText.format``]),
    ...(Array.isArray(messages) ? messages : []).map((message: unknown) => {
      if (!isObject(message)) return SafeText.json(message)
      const { content, role } = message
      const said = isObject(content) ? block(content) : SafeText.json(content)
      return unlines([out.bold(SafeText.format`${SafeText.line(role)}:`), said])
    })
  ])
}
