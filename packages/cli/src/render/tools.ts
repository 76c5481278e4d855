/** Servers and tools for people. */
import type { Tool } from "@universal-mcp/core/Protocol"
import * as SafeText from "@universal-mcp/core/SafeText"
import type { Surveyed } from "../internal/survey.ts"
import { hiddenCharacters } from "./hiddenCharacters.ts"
import type { Screen } from "./Screen.ts"
import { heading } from "./server.ts"
import { signatureWithin } from "./signature.ts"
import { excerptBlock, firstParagraph, indented, linesOf, plural, prettyJson, trimmed, unlines, wrap } from "./text.ts"

/** A server's heading and a signature per tool, each with the first paragraph of its description. */
export const serverTools = (
  surveyed: Surveyed<ReadonlyArray<Tool>>,
  screen: Screen["Service"]
): SafeText.SafeText => {
  const { listed } = surveyed
  return unlines([
    heading(surveyed, screen, plural(listed.length, "tool")),
    ...listed.map((tool) => toolEntry(tool, screen)),
    SafeText.format``
  ])
}

/** The signature, below it the first paragraph of the description, and what is hidden in all of it. */
export const toolEntry = (tool: Tool, screen: Screen["Service"]): SafeText.SafeText => {
  const { out, width } = screen
  const two = SafeText.format`  `
  const four = SafeText.format`    `
  const paragraph = SafeText.line(firstParagraph(excerptBlock(tool.description)))
  return unlines([
    ...linesOf(signatureWithin(tool, width - 2, out.cyan)).map((line) => wrap(line, width, two, two)),
    ...(paragraph === "" ? [] : [out.dim(wrap(paragraph, width, four))]),
    ...warning(tool, screen).map((line) => wrap(line, width, four, two))
  ])
}

/** Everything the server says of a tool. */
export const toolDetails = (tool: Tool, screen: Screen["Service"]): SafeText.SafeText => {
  const { out, width } = screen
  const section = (title: SafeText.SafeText, value: unknown) =>
    value === undefined ? [] : [unlines([out.bold(title), indented(prettyJson(value))])]
  const described = trimmed(SafeText.block(tool.description))
  return SafeText.join([
    signatureWithin(tool, width, out.cyan),
    ...warning(tool, screen),
    ...(described === "" ? [] : [indented(described)]),
    ...section(SafeText.format`Input schema`, tool.inputSchema),
    ...section(SafeText.format`Output schema`, tool.outputSchema),
    ...section(SafeText.format`Annotations`, tool.annotations)
  ], SafeText.format`\n\n`)
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

const warning = (tool: Tool, { out }: Screen["Service"]): ReadonlyArray<SafeText.SafeText> => {
  const hidden = hiddenCharacters(tool)
  return hidden === undefined ? [] : [SafeText.format`${out.yellow(SafeText.format`warning:`)} ${hidden}`]
}
