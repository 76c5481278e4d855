/** Servers and tools for people. */
import type { Tool } from "@universal-mcp/core/Protocol"
import type { Surveyed } from "../internal/survey.ts"
import type { Screen } from "./Screen.ts"
import { heading } from "./server.ts"
import { signatureWithin } from "./signature.ts"
import { json, plural, safe, safeLine, wrap } from "./text.ts"

/** A server's heading and a signature per tool, each with the first paragraph of its description. */
export const serverTools = (surveyed: Surveyed<ReadonlyArray<Tool>>, screen: Screen["Service"]): string => {
  const { listed } = surveyed
  return [
    heading(surveyed, screen, plural(listed.length, "tool")),
    ...listed.map((tool) => toolEntry(tool, screen)),
    ""
  ].join("\n")
}

/** The signature, and the first paragraph of the description below it. */
export const toolEntry = (tool: Tool, screen: Screen["Service"]): string => {
  const name = safeLine(tool.name)
  const text = screen.out.cyan(name) + signatureWithin(tool, screen.width - 2).slice(name.length)
  const signature = text.split("\n").map((line) => wrap(line, screen.width, "  ", "  ")).join("\n")
  const [paragraph = ""] = description(tool).trim().split(/\n\s*\n/)
  return paragraph === ""
    ? signature
    : `${signature}\n${screen.out.dim(wrap(safeLine(paragraph), screen.width, "    "))}`
}

/** Everything the server says of a tool. */
export const toolDetails = (tool: Tool, screen: Screen["Service"]): string => {
  const name = safeLine(tool.name)
  const section = (title: string, value: unknown) =>
    value === undefined ? [] : [`${screen.out.bold(title)}\n${indented(safe(json(value, 2)), "  ")}`]
  return [
    screen.out.cyan(name) + signatureWithin(tool, screen.width).slice(name.length),
    ...(description(tool).trim() === "" ? [] : [indented(safe(description(tool).trim()), "  ")]),
    ...section("Input schema", tool.inputSchema),
    ...section("Output schema", tool.outputSchema),
    ...section("Annotations", tool.annotations)
  ].join("\n\n")
}

// Only the name and the input schema of a tool are known to be what the protocol says.
const description = (tool: Tool): string => typeof tool.description === "string" ? tool.description : ""

const indented = (text: string, indent: string): string => text.split("\n").map((line) => indent + line).join("\n")
