/** What a pattern takes to compile, told from its text alone. */
import * as costs from "./schemaCosts.ts"

/** In units of `schemaCosts.ts`, and never less than it takes. */
export const costOf = (source: string): number => {
  const isFolded = /\(\?[A-Za-z-]*i/.test(source)
  const outer: Array<number> = []
  let once = costs.pattern + source.length * costs.patternCharacter
  /** Of what stands in the group, and of the last part of it: repetitions multiply these. */
  let group = 0
  let last = 0
  for (let at = 0; at < source.length && once + group < costs.maxReading;) {
    const token = tokenAt(source, at, isFolded)
    at += token.length
    once += token.once
    if (token.kind === "open") {
      outer.push(group)
      group = 0
      last = 0
    } else if (token.kind === "close") {
      last = group + costs.instructions
      group = (outer.pop() ?? 0) + last
    } else if (token.kind === "repeat") {
      group += last * (token.times - 1)
      last *= token.times
    } else if (token.kind === "one") {
      last = costs.instructions + token.ranges * costs.range
      group += last
    }
  }
  return outer.reduce((sum, before) => sum + before, once + group)
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

interface Token {
  /** `flags` is `(?i)` and its like: a repetition behind it is of what stands before it. */
  readonly kind: "open" | "close" | "repeat" | "flags" | "one"
  readonly length: number
  readonly times: number
  /** What it takes however often it is repeated. */
  readonly once: number
  readonly ranges: number
}

const token = (kind: Token["kind"], length = 1, more: Partial<Token> = {}): Token => ({
  kind,
  length,
  times: 1,
  once: 0,
  ranges: 0,
  ...more
})

const tokenAt = (source: string, at: number, isFolded: boolean): Token => {
  switch (source[at]) {
    case "(": {
      const flags = /^\(\?[A-Za-z-]{0,20}\)/.exec(source.slice(at, at + 25))?.[0]
      return flags === undefined ? token("open") : token("flags", flags.length)
    }
    case ")":
      return token("close")
    case "[":
      return bracketAt(source, at, isFolded)
    case "\\":
      return source[at + 1] === "Q" ? quoteAt(source, at) : classAt(source, at) ?? token("one", 2)
    case "{":
      return repetitionAt(source, at)
    default:
      return token("one")
  }
}

const repetitionAt = (source: string, at: number): Token => {
  const [written, least, most] = /^\{(\d{1,9})(?:,(\d{0,9}))?\}/.exec(source.slice(at, at + 25)) ?? []
  return written === undefined
    ? token("one")
    : token("repeat", written.length, { times: Math.max(1, Number(least), Number(most ?? 0)) })
}

/** `\Q…\E`, in which nothing has a meaning. */
const quoteAt = (source: string, at: number): Token => {
  const end = source.indexOf("\\E", at)
  const length = (end === -1 ? source.length : end + 2) - at
  return token("one", length, { once: length * costs.instructions })
}

const classAt = (source: string, at: number): Token | undefined => {
  switch (source[at + 1]) {
    case "p":
    case "P": {
      const end = source[at + 2] === "{" ? source.indexOf("}", at) : at + 2
      const length = (end === -1 ? source.length : end + 1) - at
      return token("one", length, { once: costs.unicodeClass, ranges: costs.unicodeRanges })
    }
    case "d":
    case "D":
    case "s":
    case "S":
    case "w":
    case "W":
      return token("one", 2, { once: costs.perlClass, ranges: 10 })
    default:
      return undefined
  }
}

/** `[…]`, which JavaScript also allows to be empty. */
const bracketAt = (source: string, start: number, isFolded: boolean): Token => {
  let once = costs.perlClass
  let ranges = 1
  let at = start + (source[start + 1] === "^" ? 2 : 1)
  if (source[at] === "]") return token("one", at + 1 - start, { once, ranges })
  while (at < source.length && source[at] !== "]") {
    const inner = source[at] === "\\" ? classAt(source, at) : undefined
    if (inner !== undefined) {
      once += inner.once
      ranges += inner.ranges
      at += inner.length
    } else if (source.startsWith("[:", at) && source.includes(":]", at)) {
      once += costs.perlClass
      ranges += 10
      at = source.indexOf(":]", at) + 2
    } else {
      const low = characterAt(source, at)
      at += low.length
      if (source[at] === "-" && source[at + 1] !== "]") {
        const high = characterAt(source, at + 1)
        at += 1 + high.length
        if (isFolded) once += widthOf(low, high) * costs.foldedCharacter
        ranges += isFolded ? Math.min(widthOf(low, high), foldedRanges) : 1
      } else ranges += isFolded ? 4 : 1
    }
  }
  return token("one", at + 1 - start, { once, ranges })
}

interface Character {
  readonly length: number
  /** Nothing where it is written as an escape. */
  readonly code: number | undefined
}

const characterAt = (source: string, at: number): Character => {
  const escape = /^\\(?:[xu]\{[\dA-Fa-f]*\}|x[\dA-Fa-f]{2}|u[\dA-Fa-f]{4}|c[A-Za-z]|[^])/.exec(
    source.slice(at, at + 20)
  )?.[0]
  if (escape !== undefined) return { length: escape.length, code: undefined }
  const code = source.codePointAt(at) ?? 0
  return { length: code > 0xFFFF ? 2 : 1, code }
}

/** In characters that have cases. */
const widthOf = (low: Character, high: Character): number =>
  low.code === undefined || high.code === undefined
    ? foldedCharacters
    : Math.min(high.code - low.code, foldedCharacters)

/** No character behind these has cases. */
const foldedCharacters = 125_252

/** Of characters that have cases, there are fewer. */
const foldedRanges = 3000
