/** Patterns of JSON Schema are regular expressions of JavaScript, with its flag `u`. The engine reads those of RE2. */
import * as Result from "effect/Result"

/** The pattern in the syntax of RE2; fails where it is none of JavaScript, or has what RE2 cannot say. */
export const toRe2 = (source: string): Result.Result<string, string> => {
  // It is only parsed here, and never run.
  if (Result.isFailure(Result.try(() => new RegExp(source, "u")))) {
    return Result.fail("it has a pattern that is no regular expression of JavaScript")
  }
  let text = ""
  for (let at = 0; at < source.length;) {
    if (/^\(\?[ims-]/.test(source.slice(at, at + 3))) return Result.fail("it has a pattern that changes its flags")
    const part = source[at] === "[" ? bracketAt(source, at) : partAt(source, at)
    text += part.text
    at += part.length
  }
  return Result.succeed(text)
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

interface Part {
  readonly length: number
  /** In the syntax of RE2. */
  readonly text: string
}

const partAt = (source: string, at: number): Part => {
  if (source[at] === ".") return { length: 1, text: "[^\\n\\r\\x{2028}\\x{2029}]" }
  if (source[at] === "(") return groupAt(source, at)
  if (source[at] !== "\\") return { length: 1, text: source[at] ?? "" }
  const next = source[at + 1] ?? ""
  if (next === "s" || next === "S") return { length: 2, text: `[${classAt(source, at)?.text}]` }
  return classAt(source, at) ?? escapeAt(source, at) ?? { length: 2, text: `\\${next}` }
}

/** Names of groups are not needed, and RE2 knows fewer. */
const groupAt = (source: string, at: number): Part => {
  const isNamed = source.startsWith("(?<", at) && source[at + 3] !== "=" && source[at + 3] !== "!"
  return isNamed ? { length: source.indexOf(">", at) + 1 - at, text: "(" } : { length: 1, text: "(" }
}

const bracketAt = (source: string, start: number): Part => {
  const isNot = source[start + 1] === "^"
  let at = start + (isNot ? 2 : 1)
  let inner = ""
  while (source[at] !== "]") {
    const part = classAt(source, at) ?? memberAt(source, at)
    at += part.length
    inner += part.text
    if (source[at] === "-" && source[at + 1] !== "]") {
      inner += "-"
      at++
    }
  }
  const isEmpty = inner === ""
  return { length: at + 1 - start, text: `[${isNot === isEmpty ? "" : "^"}${isEmpty ? all : inner}]` }
}

/** A character in brackets, in which a bracket and a hyphen mean other things to RE2. */
const memberAt = (source: string, at: number): Part => {
  if (source[at] !== "\\") return characterOf(source.codePointAt(at) ?? 0)
  if (source[at + 1] === "b") return { length: 2, text: "\\x{8}" }
  const escape = escapeAt(source, at)
  return escape ?? { length: 2, text: characterOf(source.charCodeAt(at + 1)).text }
}

/** A class, as it is written in brackets. */
const classAt = (source: string, at: number): Part | undefined => {
  if (source[at] !== "\\") return undefined
  const next = source[at + 1] ?? ""
  if (next === "s") return { length: 2, text: space }
  if (next === "S") return { length: 2, text: notSpace }
  if ("dDwW".includes(next)) return { length: 2, text: `\\${next}` }
  return next === "p" || next === "P" ? propertyAt(source, at) : undefined
}

const propertyAt = (source: string, at: number): Part => {
  const end = source.indexOf("}", at)
  const [name = "", value] = source.slice(at + 3, end).split("=")
  const length = end + 1 - at
  const written = value === undefined || /^(?:General_Category|gc|Script|sc)$/.test(name)
    ? value ?? name
    : `${name}=${value}`
  return { length, text: `\\${source[at + 1]}{${categories.get(written) ?? written}}` }
}

/** An escape that is one character. */
const escapeAt = (source: string, at: number): Part | undefined => {
  const text = source.slice(at, at + 12)
  const [pair, high = "", low = ""] = /^\\u([dD][89abAB][\dA-Fa-f]{2})\\u([dD][c-fC-F][\dA-Fa-f]{2})/.exec(text) ?? []
  if (pair !== undefined) {
    const code = String.fromCharCode(Number.parseInt(high, 16), Number.parseInt(low, 16)).codePointAt(0) ?? 0
    return { length: pair.length, text: characterOf(code).text }
  }
  const [hex, digits] = /^\\(?:x([\dA-Fa-f]{2})|u([\dA-Fa-f]{4}))/.exec(text)?.filter((one) => one !== undefined) ?? []
  if (hex !== undefined && digits !== undefined) return { length: hex.length, text: `\\x{${digits}}` }
  if (text.startsWith("\\u{")) {
    const end = source.indexOf("}", at)
    return { length: end + 1 - at, text: characterOf(Number.parseInt(source.slice(at + 3, end), 16)).text }
  }
  if (text.startsWith("\\c")) return { length: 3, text: characterOf(text.charCodeAt(2) % 32).text }
  const code = controls[text[1] ?? ""]
  return code === undefined ? undefined : { length: 2, text: characterOf(code).text }
}

const characterOf = (code: number): Part => ({ length: code > 0xFFFF ? 2 : 1, text: `\\x{${code.toString(16)}}` })

const controls: Readonly<Record<string, number>> = { "0": 0, t: 9, n: 10, v: 11, f: 12, r: 13 }

const all = "\\x{0}-\\x{10FFFF}"

const space = "\\x{9}-\\x{D} \\x{A0}\\x{1680}\\x{2000}-\\x{200A}\\x{2028}\\x{2029}\\x{202F}\\x{205F}\\x{3000}\\x{FEFF}"

const notSpace = "\\x{0}-\\x{8}\\x{E}-\\x{1F}!-\\x{9F}\\x{A1}-\\x{167F}\\x{1681}-\\x{1FFF}\\x{200B}-\\x{2027}"
  + "\\x{202A}-\\x{202E}\\x{2030}-\\x{205E}\\x{2060}-\\x{2FFF}\\x{3001}-\\x{FEFE}\\x{FF00}-\\x{10FFFF}"

/** RE2 knows general categories by their short names. */
const categories: ReadonlyMap<string, string> = new Map(
  Object.entries({
    Letter: "L",
    Cased_Letter: "LC",
    Uppercase_Letter: "Lu",
    Lowercase_Letter: "Ll",
    Titlecase_Letter: "Lt",
    Modifier_Letter: "Lm",
    Other_Letter: "Lo",
    Mark: "M",
    Combining_Mark: "M",
    Nonspacing_Mark: "Mn",
    Spacing_Mark: "Mc",
    Enclosing_Mark: "Me",
    Number: "N",
    Decimal_Number: "Nd",
    digit: "Nd",
    Letter_Number: "Nl",
    Other_Number: "No",
    Punctuation: "P",
    punct: "P",
    Connector_Punctuation: "Pc",
    Dash_Punctuation: "Pd",
    Open_Punctuation: "Ps",
    Close_Punctuation: "Pe",
    Initial_Punctuation: "Pi",
    Final_Punctuation: "Pf",
    Other_Punctuation: "Po",
    Symbol: "S",
    Math_Symbol: "Sm",
    Currency_Symbol: "Sc",
    Modifier_Symbol: "Sk",
    Other_Symbol: "So",
    Separator: "Z",
    Space_Separator: "Zs",
    Line_Separator: "Zl",
    Paragraph_Separator: "Zp",
    Other: "C",
    Control: "Cc",
    cntrl: "Cc",
    Format: "Cf",
    Surrogate: "Cs",
    Private_Use: "Co",
    Unassigned: "Cn"
  })
)
