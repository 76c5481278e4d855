/** Patterns of schemas: they run in linear time, and what they cost is spent before they do. */
import * as Result from "effect/Result"
import type { RE2JS } from "re2js"
import * as costs from "./schemaCosts.ts"
import { costOf } from "./schemaPatternCost.ts"
import { toRe2 } from "./schemaPatternSyntax.ts"
import { shown } from "./schemaRun.ts"
import type { Work } from "./schemaWork.ts"

export type Engine = typeof RE2JS

export interface Pattern {
  readonly source: string
  readonly matches: (text: string, work: Work) => boolean
}

/** What cannot be compiled, or costs too much, refuses the schema by `reading`; its pattern matches everything. */
export const compile = (engine: Engine, source: string, reading: Work): Pattern => {
  const unused = { source, matches: () => true }
  if (!reading.spend(costOf(source))) return unused
  const translated = toRe2(source)
  if (Result.isFailure(translated)) {
    reading.refuse(translated.failure)
    return unused
  }
  const compiled = Result.try({
    try: () => engine.compile(withoutOnePass(translated.success)),
    catch: (cause) => cause instanceof Error ? cause.message : String(cause)
  })
  if (Result.isSuccess(compiled)) return patternOf(source, compiled.success)
  reading.refuse(shown(compiled.failure))
  return unused
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

const patternOf = (source: string, compiled: RE2JS): Pattern => {
  const size = compiled.programSize()
  const { dfa } = compiled.re2()
  return {
    source,
    matches: (text, work) => {
      const perUnit = text.length < costs.longText ? costs.instructionsPerUnit : costs.instructionsPerUnitOfLong
      if (!work.spend(costs.match + size / 8 + text.length * (1 + size / perUnit))) return false
      const before = dfa.memBudget
      const isMatch = compiled.test(text)
      // How many states a text needs is known afterwards. They are kept until the memory is full.
      const states = before - dfa.memBudget
      return work.spend((states < 0 ? states + dfa.maxMem : states) * costs.stateByte) && isMatch
    }
  }
}

/**
 * The engine makes tables for the captures of anchored patterns that have no two ways to match. To make them takes
 * seconds for some patterns of 8 kB, and captures are not needed. A pattern that begins with a group gets none.
 */
const withoutOnePass = (source: string): string => source.includes("^") ? `(){1}?${source}` : source
