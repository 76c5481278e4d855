/** Text for people: what servers send is made harmless, numbers get units, long lines are broken. */
import * as ExactNumbers from "@universal-mcp/core/ExactNumbers"
import * as CliOutput from "effect/cli/CliOutput"

// C0 and C1 controls could drive the terminal; the bidirectional ones could make text read as something else.
// oxlint-disable-next-line no-control-regex
const harmful = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g

const escape = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`

/** Text of a server, with every control character but newline and tab shown as an escape. */
export const safe = (text: string): string => text.replaceAll("\r\n", "\n").replace(harmful, escape)

/** The same on one line. */
export const safeLine = (text: string): string => safe(text.replaceAll(/\s+/g, " ").trim())

/**
 * JSON whose control characters are all escaped: what a terminal shows is what it says. Numbers of a server have the
 * digits that came.
 */
export const json = (value: unknown, indent?: number): string =>
  // oxlint-disable-next-line no-control-regex
  (ExactNumbers.stringify(value, indent) ?? "null").replace(/[\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, escape)

/** `4.2 kB` */
export const bytes = (count: number): string => {
  if (count < 1000) return `${count} B`
  const units = ["kB", "MB", "GB"]
  const power = Math.min(Math.floor(Math.log10(count) / 3), units.length)
  return `${(count / 1000 ** power).toFixed(1)} ${units[power - 1]}`
}

export const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`

// ASCII, Latin, dashes, quotes and arrows, without what takes no room.
const narrow = /^[\u0020-\u007e\u00a1-\u00ac\u00ae-\u02ff\u2010-\u2027\u2190-\u21ff]*$/

/** How many terminal cells `text` takes. The segmentation that other text needs takes 10 ms to load. */
export const displayWidth = (text: string): number => {
  // oxlint-disable-next-line no-control-regex
  const shown = text.replaceAll(/\u001b\[[0-9;]*m/g, "")
  return narrow.test(shown) ? shown.length : CliOutput.displayWidth(shown)
}

/** `text`, padded with spaces to `width` terminal cells. */
export const pad = (text: string, width: number): string => text + " ".repeat(Math.max(0, width - displayWidth(text)))

/** `text`, cut to `width` terminal cells. */
export const truncate = (text: string, width: number): string => {
  if (displayWidth(text) <= width) return text
  let kept = ""
  for (const character of text) {
    if (displayWidth(kept + character) > width - 1) break
    kept += character
  }
  return `${kept}…`
}

/**
 * Breaks a line at spaces, each part within `width` and after `indent` and the spaces that the line begins with, all
 * but the first after `hanging` more.
 */
export const wrap = (text: string, width: number, indent: string, hanging = ""): string => {
  const words = text.trimStart()
  const margin = indent + text.slice(0, text.length - words.length)
  const lines: Array<string> = []
  let line = margin
  let empty = true
  for (const word of words.split(" ")) {
    if (!empty && displayWidth(`${line} ${word}`) > width) {
      lines.push(line)
      line = margin + hanging + word
    } else {
      line = empty ? line + word : `${line} ${word}`
    }
    empty = false
  }
  return [...lines, line].join("\n")
}
