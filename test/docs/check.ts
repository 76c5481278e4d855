import { deepStrictEqual } from "node:assert"

export interface Outcome {
  readonly line: number
  readonly problem: string | undefined
}

/** What came of the `// => value` lines that were reached, by block. */
export const outcomes = new Map<string, Array<Outcome>>()

/** Compares at once, because the value may change later; reports later, because a throw could be caught by the block. */
export const check = (block: string, line: number, actual: unknown, expected: unknown): void => {
  let problem: string | undefined
  try {
    deepStrictEqual(actual, expected)
  } catch (error) {
    problem = error instanceof Error ? error.message : String(error)
  }
  const reached = outcomes.get(block) ?? []
  reached.push({ line, problem })
  outcomes.set(block, reached)
}
