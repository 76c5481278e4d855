/**
 * The requests that wait for an answer, by their ids. Not a `Map`: one that is added to and deleted from all the time is
 * copied all the time, and the collector takes what the copies hold for old.
 */
export interface InFlight<A> extends Iterable<A> {
  readonly get: (id: number) => A | undefined
  readonly add: (entry: A) => void
  readonly delete: (id: number) => void
  readonly size: () => number
}

export const make = <A extends { readonly id: number }>(): InFlight<A> => {
  const places = Array.from<A | undefined>({ length: count })
  /** Those whose place is taken by one that has been waiting for long. */
  const others = new Map<number, A>()
  let size = 0
  return {
    get: (id) => {
      const entry = places[id & mask]
      return entry?.id === id ? entry : others.get(id)
    },
    add: (entry) => {
      size += 1
      if (places[entry.id & mask] === undefined) places[entry.id & mask] = entry
      else others.set(entry.id, entry)
    },
    delete: (id) => {
      if (places[id & mask]?.id === id) places[id & mask] = undefined
      else if (!others.delete(id)) return
      size -= 1
    },
    size: () => size,
    *[Symbol.iterator]() {
      for (const entry of places) if (entry !== undefined) yield entry
      yield* others.values()
    }
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

/** A power of two, and more than are in flight as a rule. */
const count = 128

const mask = count - 1
