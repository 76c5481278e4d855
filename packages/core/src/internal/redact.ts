/** Hides known secrets in text: as they are, or encoded as JSON, a URL or Base64. */
import * as Base64 from "effect/encoding/Base64"
import * as Result from "effect/Result"

/** Hides the secrets of one server in a text. */
export type Redact = (text: string) => string

export const hidden = "<redacted>"

/**
 * Nothing where there is nothing to hide. A text is cut at 64 KiB, so that no server can make this take long.
 */
export const redactor = (secrets: Iterable<string>, instead: string = hidden): Redact | undefined => {
  const searched = [...new Set(secrets)].filter(isSearched)
  if (searched.length === 0) return undefined
  // Most sessions never need them.
  let search: Search | undefined
  return (text) => {
    search ??= searchFor(searched)
    const short = text.length > longest ? `${text.slice(0, longest)}…` : text
    const shown = search.literal.reduce((shown, form) => shown.replaceAll(form, instead), short)
    return withoutCut(shown.replaceAll(search.pattern, instead), search.forms, instead)
  }
}

/** The pieces into which a URL breaks a secret that is written into it. */
export const piecesInUrl = (secret: string): ReadonlyArray<string> => [
  secret.replaceAll(/[\t\n\r]/g, ""),
  ...secret.split(/[\t\n\r/\\?#@:&;]/).filter((piece) => piece.length >= wholeFrom)
]

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

/** In characters. */
const longest = 64 * 1024

/** In characters: what is shorter is hidden where it stands by itself, and not within a word or a number. */
const wholeFrom = 8

/** In characters: what is shorter is found in every text. */
const shortest = 4

/** A port, and words that say yes or no, are found in texts that have nothing to do with them. */
const isSearched = (secret: string): boolean =>
  secret.trim().length >= shortest && !/^\s*(?:\d{1,5}|true|false|null|none)\s*$/i.test(secret)

interface Search {
  readonly forms: ReadonlyArray<string>
  /** Those that are too long for a regular expression. */
  readonly literal: ReadonlyArray<string>
  readonly pattern: RegExp
}

/** The longest first, because the first that fits is hidden. */
const searchFor = (secrets: ReadonlyArray<string>): Search => {
  const forms = [...new Set(secrets.flatMap(formsOf))].sort((a, b) => b.length - a.length)
  const short = forms.filter((form) => form.length <= longestInPattern)
  const pattern = Result.getOrUndefined(Result.try(() => new RegExp(short.map(patternOf).join("|") || "(?!)", "gi")))
  return pattern === undefined
    ? { forms, literal: forms, pattern: /(?!)/g }
    : { forms, literal: forms.filter((form) => form.length > longestInPattern), pattern }
}

/** In characters. */
const longestInPattern = 1024

const formsOf = (secret: string): ReadonlyArray<string> => {
  const text = secret.trim()
  const lines = text.split(/[\r\n]+/).map((line) => line.trim())
  const written = [
    text,
    ...(lines.length > 1 ? lines.filter((line) => line.length >= wholeFrom) : []),
    ...inUrl(text),
    ...attempt(() => encodeURI(text)),
    ...attempt(() => new URLSearchParams({ a: text }).toString().slice(2)),
    ...attempt(() => decodeURIComponent(text)),
    Base64.encode(secret).replace(/={1,2}$/, "")
  ]
  // What is in a URL, or in JSON, may be in another.
  return [
    ...written,
    ...written.map((form) => JSON.stringify(form).slice(1, -1)),
    ...written.flatMap((form) => attempt(() => encodeURIComponent(form)))
  ].map((form) => form.trim()).filter(isSearched)
}

/** As a URL writes it, in each of its parts. */
const inUrl = (text: string): ReadonlyArray<string> => {
  const url = new URL("http://host")
  url.username = text
  url.pathname = `/${text}`
  url.search = text
  url.hash = text
  const host = URL.parse(`http://${text}`)?.hostname ?? ""
  return [url.username, url.pathname.slice(1), url.search.slice(1), url.hash.slice(1), host]
}

const attempt = (form: () => string): ReadonlyArray<string> =>
  Result.match(Result.try(form), { onFailure: () => [], onSuccess: (text) => [text] })

/**
 * White space changes where a text becomes one line. A form begins and ends with another character: the search in a long
 * run of blanks would otherwise start at each of them.
 */
const patternOf = (form: string): string => {
  const pattern = form.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, "\\$&").replaceAll(/\s+/g, "\\s+")
  // A letter or digit before it may be the end of an escape in a URL.
  return form.length < wholeFrom
    ? `(?:(?<![A-Za-z0-9])|(?<=%[0-9A-F]{2}))${pattern}(?![A-Za-z0-9])`
    : pattern
}

/** A text that was cut may end within a secret. */
const withoutCut = (text: string, forms: ReadonlyArray<string>, instead: string): string => {
  let end = text.length
  while (end > 0 && cutMarks.has(text[end - 1] ?? "")) end -= 1
  for (const form of forms) {
    const tail = text.slice(Math.max(0, end - form.length), end).toLowerCase()
    const at = form.length > wholeFrom ? beginningOf(form.toLowerCase(), tail) : -1
    if (at !== -1) return text.slice(0, end - tail.length + at) + instead + text.slice(end)
  }
  return text
}

/** Where in a text its end begins that is a beginning of the secret; -1 if there is none. */
const beginningOf = (secret: string, text: string): number => {
  const head = secret.slice(0, wholeFrom)
  let at = text.indexOf(head)
  for (let tries = 0; at !== -1 && tries < mostTries; tries++) {
    if (secret.startsWith(text.slice(at))) return at
    at = text.indexOf(head, at + 1)
  }
  return -1
}

/** A server may repeat the beginning of a secret as often as it likes. */
const mostTries = 100

const cutMarks: ReadonlySet<string> = new Set(["…", "\"", ")", " "])
