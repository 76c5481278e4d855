/** What a check may still cost. Work is spent before it is done, so that no schema and no value holds up the program. */

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

  /** Whether that much may be done, in units of `schemaCosts.ts`. */
  spend(units: number): boolean {
    this.#left -= units
    return this.#left >= 0 || this.refuse(this.#tooMuch)
  }

  /** Only the first reason is kept. Nothing more is done after it. */
  refuse(reason: string): false {
    this.#refused ??= reason
    this.#left = -1
    return false
  }
}
