/**
 * The requests that wait for an answer, by their ids. Not a `Map`: one that is added to and deleted from all the time is
 * copied all the time, and the collector takes what the copies hold for old.
 */
export class InFlight<A extends { readonly id: number }> implements Iterable<A> {
  #places = Array.from<A | undefined>({ length: fewest })
  /** Those whose place is taken by one that has been waiting for long, once there are many places. */
  #others: Map<number, A> | undefined
  #size = 0

  get size(): number {
    return this.#size
  }

  get(id: number): A | undefined {
    const entry = this.#places[id & this.#places.length - 1]
    return entry?.id === id ? entry : this.#others?.get(id)
  }

  add(entry: A): void {
    const place = entry.id & this.#places.length - 1
    if (this.#places[place] !== undefined) return this.#addToFull(entry)
    this.#places[place] = entry
    this.#size += 1
  }

  delete(id: number): void {
    const place = id & this.#places.length - 1
    if (this.#places[place]?.id === id) this.#places[place] = undefined
    else if (this.#others?.delete(id) !== true) return
    this.#size -= 1
  }

  *[Symbol.iterator](): Generator<A> {
    for (const entry of this.#places) if (entry !== undefined) yield entry
    if (this.#others !== undefined) yield* this.#others.values()
  }

  #addToFull(entry: A): void {
    if (this.#places.length < most) {
      const entries = [...this]
      this.#places = Array.from({ length: this.#places.length * 2 })
      this.#size = 0
      // Those that did not share a place among fewer do not among more.
      for (const other of entries) this.add(other)
      return this.add(entry)
    }
    this.#others ??= new Map()
    this.#others.set(entry.id, entry)
    this.#size += 1
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

/** A power of two; most sessions wait. */
const fewest = 4

/** A power of two, and more than are in flight as a rule. */
const most = 128
