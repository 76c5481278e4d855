/** What a pattern takes to compile, told from its text alone. */
import * as costs from "./schemaCosts.ts"

/** In units of `schemaCosts.ts`, and never less than it takes. What is no regular expression only takes its length. */
export const costOf = (source: string): number => {
  const outer: Array<number> = []
  let once = costs.pattern + source.length * costs.patternCharacter
  /** Of what stands in the group, and of the last part of it: repetitions multiply these. */
  let group = 0
  let last = 0
  for (let at = 0; at < source.length && once + group < costs.maxReading;) {
    const token = tokenAt(source, at)
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
    } else {
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
  readonly kind: "open" | "close" | "repeat" | "one"
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

const tokenAt = (source: string, at: number): Token => {
  switch (source[at]) {
    case "(":
      return token("open")
    case ")":
      return token("close")
    case "[":
      return bracketAt(source, at)
    case "\\":
      return classAt(source, at) ?? token("one", 2)
    case "{":
      return repetitionAt(source, at)
    case ".":
      return token("one", 1, { once: costs.perlClass, ranges: 4 })
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
      return token("one", 2, { once: costs.perlClass, ranges: 12 })
    default:
      return undefined
  }
}

const bracketAt = (source: string, start: number): Token => {
  let once = costs.perlClass
  let ranges = 1
  let at = start + 1
  while (at < source.length && source[at] !== "]") {
    const inner = source[at] === "\\" ? classAt(source, at) : undefined
    once += inner?.once ?? 0
    ranges += inner?.ranges ?? 1
    at += inner?.length ?? (source[at] === "\\" ? 2 : 1)
  }
  return token("one", at + 1 - start, { once, ranges })
}
