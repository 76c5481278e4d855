/** Text of a server on the terminal: every row of it begins with a gutter, a label or spaces, so that it cannot pose as ours. */
import * as SafeText from "@universal-mcp/core/SafeText"
import { unsafe } from "@universal-mcp/core/UnsafeText"
import { displayWidth, excerpt, truncate } from "./text.ts"

export const gutter = SafeText.format`│ `

/** How much is shown of an error, a hint or a warning, in characters. */
export const longestLine = 4000

/** How many rows of one text are shown at first. */
export const mostLines = 8

/** Each at most `width` cells wide, with one blank line where there are more; none for a text without words. */
export const quote = (text: string, width: number): ReadonlyArray<SafeText.SafeText> => {
  const lines = SafeText.block(text.slice(0, mostText)).replaceAll("\t", "    ").split("\n").map((line) =>
    line.trimEnd()
  )
  const first = lines.findIndex((line) => line !== "")
  const squeezed = lines.filter((line, at) => at >= first && (line !== "" || lines[at - 1] !== ""))
  if (squeezed.at(-1) === "") squeezed.pop()
  const more = text.length - mostText
  return first === -1 ? [] : [
    ...squeezed.flatMap((line) => broken(line, width - displayWidth(gutter))),
    ...(more > 0 ? [`… ${more} more characters, which are not shown`] : [])
  ].map((line) => unsafe(gutter + line))
}

/** The name of a server, as it stands in front of its text. */
export const serverLabel = (server: string): SafeText.SafeText =>
  SafeText.format`[${truncate(SafeText.line(server), longestName)}]`

/**
 * A text of a server as one line behind its label; further rows stand behind a gutter. A link is not broken, so that it
 * can be opened.
 */
export const quoteLine = (label: SafeText.SafeText, text: string, width: number): SafeText.SafeText => {
  const line = SafeText.line(text.slice(0, mostText))
  const lines = aroundLinks(`${label} ${line}`, width - displayWidth(gutter))
  const shown = lines.length > mostLines
    ? [...lines.slice(0, mostLines), `… ${lines.length - mostLines} more lines`]
    : lines
  return unsafe(shown.join(`\n${gutter}`))
}

/**
 * One line of ours behind a label such as `error:`. It may quote a server: further rows begin with two spaces, and what
 * is beyond 4000 characters is not shown.
 */
export const labelled = (
  label: SafeText.SafeText,
  text: string,
  width: number,
  style: (label: SafeText.SafeText) => SafeText.SafeText
): SafeText.SafeText => {
  const lines = broken(`${label} ${excerpt(text, longestLine)}`, width - 2).join("\n  ")
  return SafeText.format`${style(label)}${unsafe(lines.slice(label.length))}`
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

const longestName = 40

/** What is looked at of a text, in characters. */
const mostText = 20_000

/** Broken at spaces, and within words that are longer than a line. */
const broken = (line: string, width: number): ReadonlyArray<string> => {
  const lines: Array<string> = []
  let kept = ""
  let cells = 0
  for (const character of line) {
    const size = displayWidth(character)
    if (cells + size > width) {
      const [head, rest] = split(kept)
      lines.push(head)
      kept = rest
      cells = displayWidth(rest)
    }
    kept += character
    cells += size
  }
  return [...lines, kept]
}

const aroundLinks = (line: string, width: number): ReadonlyArray<string> => {
  const parts = line.split(/(https?:\/\/\S+)/)
  if (parts.every((part, at) => at % 2 === 0 || displayWidth(part) <= width)) return broken(line, width)
  return parts.map((part) => part.trim()).filter((part) => part !== "").flatMap((part) =>
    part.startsWith("http") ? [part] : broken(part, width)
  )
}

const split = (line: string): readonly [string, string] => {
  const at = line.lastIndexOf(" ")
  const head = line.slice(0, Math.max(at, 0)).trimEnd()
  return head === "" ? [line, ""] : [head, line.slice(at + 1)]
}
