/** Chance from a seed: the same words give the same numbers, in every process. */

export interface Random {
  /** A whole number from 0 up to, and without, the limit. */
  readonly upTo: (limit: number) => number
  readonly chance: (probability: number) => boolean
  readonly oneOf: <A>(items: ReadonlyArray<A>) => A
}

/** Mulberry32, begun with FNV-1a of the words. */
export const random = (...words: ReadonlyArray<string | number>): Random => {
  let state = 0x811c9dc5
  for (const char of words.join("\n")) state = Math.imul(state ^ (char.codePointAt(0) ?? 0), 0x01000193)
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const upTo = (limit: number) => Math.floor(next() * limit)
  return {
    upTo,
    chance: (probability) => next() < probability,
    oneOf: <A>(items: ReadonlyArray<A>) => items[upTo(items.length)] as A
  }
}
