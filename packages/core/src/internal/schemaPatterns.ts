/** Patterns of schemas: they run in linear time, and what they cost is known before. */
import * as Result from "effect/Result"
import type { RE2JS } from "re2js"
import type { Work } from "./schemaWork.ts"

export type Engine = typeof RE2JS

export interface Pattern {
  readonly source: string
  readonly matches: (text: string, work: Work) => boolean
}

export const compile = (engine: Engine, source: string): Result.Result<Pattern, string> =>
  Result.try({
    try: () => {
      const compiled = engine.compile(engine.translateRegExp(source))
      const size = compiled.programSize()
      const start = 20 + size / 8
      return {
        source,
        matches: (text: string, work: Work) => work.spend(start + text.length * (1 + size / 32)) && compiled.test(text)
      }
    },
    catch: (cause) => cause instanceof Error ? cause.message : String(cause)
  })

/** About how many instructions it compiles to. Counted repetitions multiply what stands before them. */
export const sizeOf = (source: string): number => {
  const isCaseInsensitive = /\(\?[a-z]*i/.test(source)
  const outer: Array<number> = []
  let total = 0
  let last = 0
  for (let at = 0; at < source.length;) {
    const { kind, length, times } = tokenAt(source, at)
    const text = source.slice(at, at + length)
    at += length
    if (kind === "open") {
      outer.push(total)
      total = 0
    } else if (kind === "repeat") {
      total += last * (times - 1)
      last *= times
    } else {
      last = kind === "class" ? classSize(text, isCaseInsensitive) : kind === "close" ? total + 2 : 2
      total = kind === "close" ? (outer.pop() ?? 0) + last : total + last
    }
  }
  return outer.reduce((sum, before) => sum + before, total)
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

interface Token {
  readonly kind: "open" | "close" | "class" | "repeat" | "one"
  readonly length: number
  readonly times: number
}

const tokenAt = (source: string, at: number): Token => {
  const token = (kind: Token["kind"], length = 1, times = 1): Token => ({ kind, length, times })
  switch (source[at]) {
    case "(":
      return token("open")
    case ")":
      return token("close")
    case "[":
      return token("class", endOfClass(source, at) - at)
    case "\\":
      return token("one", 2)
    case "{": {
      const [written, least, most] = /^\{(\d{1,9})(?:,(\d{0,9}))?\}/.exec(source.slice(at, at + 25)) ?? []
      return written === undefined
        ? token("one")
        : token("repeat", written.length, Math.max(1, Number(least), Number(most ?? 0)))
    }
    default:
      return token("one")
  }
}

const endOfClass = (source: string, start: number): number => {
  let at = start + 1
  while (at < source.length && (source[at] !== "]" || at === start + 1)) at += source[at] === "\\" ? 2 : 1
  return at + 1
}

/** A class of Unicode is hundreds of ranges, and each letter in a range may have other cases. */
const classSize = (text: string, isCaseInsensitive: boolean): number =>
  2 + text.length / 4 + 50 * (text.split("\\").length - 1) + (isCaseInsensitive ? 500 : 0)
