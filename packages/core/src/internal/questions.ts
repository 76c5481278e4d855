/** Bounds on the questions of one server: how many are open at a time, and how many it asks within one call. */
import type { Options } from "../McpSession.ts"

/** Of one call, retries included: how many questions the server has put within it. */
export interface Budget {
  asked: number
}

export class Questions {
  readonly #mostOpen: number
  readonly #mostPerCall: number
  readonly #warn: (description: string) => void
  #open = 0
  #waiting: Set<() => void> | undefined
  #warned: Set<string> | undefined

  constructor({ open = 16, perCall = 100 }: NonNullable<Options["questions"]>, warn: (description: string) => void) {
    this.#mostOpen = open
    this.#mostPerCall = perCall
    this.#warn = warn
  }

  /** Why one more is refused; if nothing is returned, it is open until `leave`. */
  enter(budget: Budget | undefined): string | undefined {
    if (this.#open >= this.#mostOpen) {
      this.#warnOnce(
        `the server asks more than ${this.#mostOpen} questions at a time, and the others are refused; ` +
          "raise `questions.open` if it should"
      )
      return `busy: ${this.#mostOpen} questions are open`
    }
    const refusal = budget && this.charge(budget, 1)
    if (refusal === undefined) this.#open += 1
    return refusal
  }

  leave(): void {
    this.#open -= 1
    const waiting = this.#waiting
    this.#waiting = undefined
    waiting?.forEach((wake) => wake())
  }

  /** Calls back as soon as a question is closed. What this returns takes it back. */
  whenClosed(wake: () => void): () => void {
    const waiting = this.#waiting ??= new Set()
    waiting.add(wake)
    return () => waiting.delete(wake)
  }

  hasRoom(): boolean {
    return this.#open < this.#mostOpen
  }

  /** Why so many more questions are refused in a call. */
  charge(budget: Budget, count: number): string | undefined {
    if (budget.asked + count <= this.#mostPerCall) {
      budget.asked += count
      return undefined
    }
    this.#warnOnce(
      `the server asks more than ${this.#mostPerCall} questions in one call, and the others are refused; ` +
        "raise `questions.perCall` if it should"
    )
    return `too many questions in one call: more than ${this.#mostPerCall}`
  }

  #warnOnce(description: string): void {
    const warned = this.#warned ??= new Set()
    if (warned.has(description)) return
    warned.add(description)
    this.#warn(description)
  }
}
