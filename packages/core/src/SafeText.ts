/**
 * Text that came from a server or a file, made safe to show: no control of a terminal, nothing that reorders the line,
 * nothing that a person cannot see and a model can read. Such characters are shown as escapes: `\u001b`, `\u{e0041}`.
 *
 * What prints takes `SafeText` and no `string`, so that forgetting to make a text safe does not compile. Only
 * `UnsafeText` makes one without a check.
 *
 * ```ts
 * import * as SafeText from "@universal-mcp/core/SafeText"
 *
 * const description = "Reads\u200b files\u001b[2J"
 * SafeText.format`tool: ${SafeText.line(description)}` // => "tool: Reads\\u200b files\\u001b[2J"
 * SafeText.hidden(description) // => ["\\u200b", "\\u001b"]
 * ```
 *
 * A user interface that escapes HTML by itself, such as React, needs it all the same: bidirectional and invisible
 * characters are no matter of HTML.
 *
 * @since 0.1.0
 */
import * as Brand from "effect/Brand"
import * as Result from "effect/Result"
import * as ExactNumbers from "./ExactNumbers.ts"
import { codes, escape } from "./internal/unseen.ts"

/**
 * A string that is safe to show.
 *
 * @category models
 * @since 0.1.0
 */
export type SafeText = Brand.Branded<string, "@universal-mcp/core/SafeText">

/**
 * A text of many lines: line breaks and tabs stay. What is no text is shown as JSON, `null` and `undefined` as nothing.
 *
 * When to use: for content. A name, a title or a message that stands in a sentence or a table is a `line`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const block = (value: unknown): SafeText => safe(escape(textOf(value).replaceAll("\r\n", "\n"), escapeOf))

/**
 * The same on one line: every run of spaces and line breaks is one space.
 *
 * @category constructors
 * @since 0.1.0
 */
export const line = (value: unknown): SafeText => safe(escape(textOf(value).replaceAll(blanks, " ").trim(), escapeOf))

/**
 * A value as JSON that stays the same JSON: escapes within its strings. `indent` as with `JSON.stringify`. What cannot be
 * written, because it is nested too deeply, is a JSON string that says so.
 *
 * @category constructors
 * @since 0.1.0
 */
export const json = (value: unknown, indent?: number): SafeText => safe(escape(jsonOf(value, indent), escapeUnits))

/**
 * Composes safe texts: the words of the template are your own, the holes are safe texts and numbers. Your own words are
 * taken as they are: control sequences in them, such as those of colours, reach the terminal.
 *
 * @category constructors
 * @since 0.1.0
 */
export const format = (words: TemplateStringsArray, ...parts: ReadonlyArray<SafeText | number>): SafeText =>
  safe(String.raw({ raw: words }, ...parts))

/**
 * @category combinators
 * @since 0.1.0
 */
export const join = (parts: ReadonlyArray<SafeText>, separator: SafeText = empty): SafeText =>
  safe(parts.join(separator))

/**
 * The characters of a text that a person is not shown as they are, as escapes, each once and in the order of the text;
 * empty where a person sees what a model is given. Line breaks and tabs are not among them.
 *
 * When to use: to warn of a tool's description or name before a model gets it.
 *
 * @category predicates
 * @since 0.1.0
 */
export const hidden = (text: string): ReadonlyArray<string> => Array.from(codes(text), escapeOf)

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

const safe = Brand.nominal<SafeText>()

const empty: SafeText = safe("")

// Not one space alone: most blanks are that, and replacing each of them is slow.
const blanks =
  /(?! [^\t-\r \u00a0\u1680\u2000-\u200a\u202f\u205f\u3000])[\t-\r \u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+/g

const escapeOf = (code: number): string => code > 0xffff ? `\\u{${code.toString(16)}}` : unitEscape(code)

/** JSON knows no other. */
const escapeUnits = (code: number): string =>
  code > 0xffff
    ? unitEscape(0xd800 + ((code - 0x10000) >> 10)) + unitEscape(0xdc00 + ((code - 0x10000) & 0x3ff))
    : unitEscape(code)

const unitEscape = (unit: number): string => `\\u${unit.toString(16).padStart(4, "0")}`

const textOf = (value: unknown): string =>
  typeof value === "string" ? value : value === undefined || value === null ? "" : jsonOf(value)

const jsonOf = (value: unknown, indent?: number): string =>
  Result.getOrElse(
    Result.try(() => ExactNumbers.stringify(value, indent) ?? "null"),
    () => "\"something nested too deeply\""
  )
