/** Medians, and ratios of what was measured in the same round. */

export const median = (values: ReadonlyArray<number>): number => {
  const sorted = values.filter((value) => !Number.isNaN(value)).toSorted((a, b) => a - b)
  const upper = sorted[sorted.length >> 1] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[(sorted.length >> 1) - 1] ?? Number.NaN) + upper) / 2
}

/** By round; undefined where it was not measured. */
export type Rounds = ReadonlyArray<number | undefined>

/** The median of the ratios of each round: what slows a whole round slows both. */
export const ratio = (ours: Rounds, theirs: Rounds): number =>
  median(ours.flatMap((value, round) => {
    const other = theirs[round]
    return value === undefined || other === undefined ? [] : [value / other]
  }))

/** The same order for the same seed. */
export const shuffle = <A>(values: ReadonlyArray<A>, seed: number): ReadonlyArray<A> => {
  const next = random(seed)
  const shuffled = [...values]
  for (let last = shuffled.length - 1; last > 0; last--) {
    const other = Math.floor(next() * (last + 1))
    const [taken] = shuffled.splice(other, 1)
    if (taken !== undefined) shuffled.push(taken)
  }
  return shuffled
}

/** Mulberry32. */
const random = (seed: number) => {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
