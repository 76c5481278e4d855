/** What a check may cost. It is spent before it is done, so that no schema and no value holds up the program. */

export class Work {
  readonly #tooMuch: string
  #left: number
  #refused: string | undefined

  constructor(most: number, tooMuch: string) {
    this.#left = most
    this.#tooMuch = tooMuch
  }

  /** Why there is no verdict. */
  get refused(): string | undefined {
    return this.#refused
  }

  /** Whether that much may be done; a unit is about the time to look at a number. */
  spend(units: number): boolean {
    this.#left -= units
    return this.#left >= 0 || this.refuse(this.#tooMuch)
  }

  /** The first reason counts. From here on nothing is done. */
  refuse(reason: string): false {
    this.#refused ??= reason
    this.#left = -1
    return false
  }
}

/** Deeper values overflow the stack of whatever recurses over them. */
export const maxDepth = 1000
