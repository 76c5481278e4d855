/** Safe text for people: numbers get units, long lines are broken. All of it takes time in proportion to the text. */
import * as SafeText from "@universal-mcp/core/SafeText"
import { unsafe } from "@universal-mcp/core/UnsafeText"
import * as CliOutput from "effect/cli/CliOutput"

type Text = SafeText.SafeText

/** `4.2 kB` */
export const bytes = (count: number): Text => {
  if (count < 1000) return SafeText.format`${count} B`
  const units = ["kB", "MB", "GB"]
  const power = Math.min(Math.floor(Math.log10(count) / 3), units.length)
  return SafeText.line(`${(count / 1000 ** power).toFixed(1)} ${units[power - 1]}`)
}

/** `1 tool`, `2 tools` */
export const plural = (count: number, noun: string): Text => SafeText.line(`${count} ${noun}${count === 1 ? "" : "s"}`)

/** How many terminal cells `text` takes. The segmentation that other text needs takes 10 ms to load. */
export const displayWidth = (text: string): number => {
  const shown = text.replaceAll(style, "")
  return narrow.test(shown) ? shown.length : CliOutput.displayWidth(shown)
}

/** `text`, padded with spaces to `width` terminal cells, with no more than 100: one wide cell does not widen all others. */
export const pad = (text: Text, width: number): Text =>
  SafeText.format`${text}${spaces(Math.min(width - displayWidth(text), 100))}`

export const spaces = (count: number): Text => unsafe(" ".repeat(Math.max(0, count)))

/** `text`, cut to `width` terminal cells, and not within an escape or a character. */
export const truncate = (text: Text, width: number): Text => {
  let used = 0
  let end = 0
  let kept = 0
  for (const unit of unitsOf(text)) {
    used += displayWidth(unit)
    if (used > width) return SafeText.format`${unsafe(text.slice(0, kept))}…`
    end += unit.length
    if (used < width) kept = end
  }
  return text
}

/** The first characters of what is one text among many, as one line, and how many more there are. */
export const excerpt = (value: unknown, most: number = mostOfOne): Text => beginning(value, most, SafeText.line)

/** The same with its line breaks. */
export const excerptBlock = (value: unknown): Text => beginning(value, mostOfOne, SafeText.block)

/** How much is shown of one text in a list, in characters. */
export const mostOfOne = 20_000

/**
 * Breaks a line at spaces, each part within `width` and after `indent` and the spaces that the line begins with, all
 * but the first after `hanging` more.
 */
export const wrap = (text: Text, width: number, indent: Text = empty, hanging: Text = empty): Text => {
  const words = text.trimStart()
  // Not more than that: a margin stands before each of the lines.
  const own = Math.min(text.length - words.length, Math.max(0, Math.floor(width / 2)))
  const margin = indent + text.slice(0, own)
  const lines: Array<string> = []
  let line = margin
  let used = displayWidth(line)
  let isFirst = true
  for (const word of words.split(" ")) {
    const wordWidth = displayWidth(word)
    if (!isFirst && used + 1 + wordWidth > width) {
      lines.push(line)
      line = margin + hanging + word
      used = displayWidth(margin + hanging) + wordWidth
    } else {
      line += isFirst ? word : ` ${word}`
      used += isFirst ? wordWidth : 1 + wordWidth
    }
    isFirst = false
  }
  return unsafe([...lines, line].join("\n"))
}

/** `text` behind `begin`, which takes `column` cells; further lines begin in that column. */
export const wrapBehind = (begin: Text, text: Text, width: number, column: number): Text =>
  SafeText.format`${begin}${unsafe(wrap(text, width, spaces(column)).slice(column))}`

export const linesOf = (text: Text): ReadonlyArray<Text> => text.split("\n").map((line) => unsafe(line))

export const unlines = (lines: ReadonlyArray<Text>): Text => SafeText.join(lines, SafeText.format`\n`)

/** Each line after two spaces. */
export const indented = (text: Text): Text => unlines(linesOf(text).map((line) => SafeText.format`  ${line}`))

export const trimmed = (text: Text): Text => unsafe(text.trim())

export const trimmedEnd = (text: Text): Text => unsafe(text.trimEnd())

/** What stands before the first blank line. */
export const firstParagraph = (text: Text): Text => unsafe(text.trim().split(/\n\s*\n/, 1)[0] ?? "")

/** Indented JSON; in one line where the indentation would be most of it, as with a value that is nested deeply. */
export const prettyJson = (value: unknown): Text => {
  const compact = SafeText.json(value)
  return indentation(compact) > 10 * compact.length ? compact : SafeText.json(value, 2)
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

const empty = SafeText.format``

/** What is beyond is not looked at. */
const beginning = (value: unknown, most: number, make: (value: unknown) => Text): Text => {
  const text = typeof value === "string" ? value : SafeText.block(value)
  return text.length <= most
    ? make(text)
    : SafeText.format`${make(text.slice(0, most))}… ${text.length - most} more characters`
}

/** The only control sequences in safe text: those of `Style`. */
// oxlint-disable-next-line no-control-regex
const style = /\u001b\[[0-9;]*m/g

// ASCII, Latin, dashes, quotes and arrows, without what takes no room.
const narrow = /^[\u0020-\u007e\u00a1-\u00ac\u00ae-\u02ff\u2010-\u2027\u2190-\u21ff]*$/

/** What must not be cut in two, beside characters: control sequences of a style and the escapes of `SafeText`. */
// oxlint-disable-next-line no-control-regex
const sequence = /(\u001b\[[0-9;]*m|\\u[\da-f]{4}|\\u\{[\da-f]{1,6}\})/

function* unitsOf(text: string): Generator<string> {
  for (const [index, part] of text.split(sequence).entries()) {
    if (index % 2 === 1) yield part
    else if (narrow.test(part)) yield* part
    else for (const { segment } of graphemes(part)) yield segment
  }
}

let segmenter: Intl.Segmenter | undefined

const graphemes = (text: string) => (segmenter ??= new Intl.Segmenter()).segment(text)

/** How many characters longer a JSON text is when it is indented by two. */
const indentation = (json: string): number => {
  let depth = 0
  let sum = 0
  let inText = false
  for (let at = 0; at < json.length; at++) {
    const character = json[at]
    if (character === "\\") at++
    else if (character === "\"") inText = !inText
    else if (inText) continue
    else if (character === "{" || character === "[") sum += 2 * ++depth
    else if (character === "}" || character === "]") sum += 2 * --depth
    else if (character === ",") sum += 2 * depth
  }
  return sum
}
