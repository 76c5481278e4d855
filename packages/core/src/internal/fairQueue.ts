/**
 * A number of places, for which flows take turns: within a flow first come, first served.
 *
 * `effect/PartitionedSemaphore` does the same, but costs a call that need not wait more than twice as much, and does not
 * tell how many wait.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"

export class FairQueue {
  readonly #places: number
  #taken = 0
  #waiting = 0
  #freed = 0
  #isGiving = false
  #flows: Map<string, Set<Turn>> | undefined
  readonly #soon: (act: () => void) => void
  #abandoned = 0

  /** `soon` runs what it gets after all else that happens at the same moment. Default: at once. */
  constructor(places: number, soon: (act: () => void) => void = (act) => act()) {
    this.#places = places
    this.#soon = soon
  }

  get waiting(): number {
    return this.#waiting
  }

  get isFree(): boolean {
    return this.#taken < this.#places
  }

  /** A place that is free, to be given back. */
  take(): boolean {
    if (this.#taken >= this.#places) return false
    this.#taken += 1
    return true
  }

  /**
   * Gives back the place of what was given up. Who gives up one call gives up others with it, and those that wait must not
   * be sent in the moment before it is their turn to go.
   */
  abandon(): void {
    this.#abandoned += 1
    if (this.#abandoned > 1) return
    this.#soon(() => {
      for (; this.#abandoned > 0; this.#abandoned--) this.giveBack()
    })
  }

  /** Whoever gets a place may give it back before this returns: then the loop goes on, and not the recursion. */
  giveBack(): void {
    this.#freed += 1
    if (this.#isGiving) return
    this.#isGiving = true
    for (; this.#freed > 0; this.#freed--) {
      const turn = this.#waiting === 0 ? undefined : this.#next()
      if (turn === undefined) {
        this.#taken -= 1
      } else {
        turn.hasPlace = true
        turn.wake?.()
      }
    }
    this.#isGiving = false
  }

  /** To be run once. Runs the effect in a place of its own, as soon as there is one; gives it back after what `onExit` has to do, if any. */
  run<A, E, R>(
    flow: string,
    effect: Effect.Effect<A, E, R>,
    onExit: (exit: Exit.Exit<A, E>) => Effect.Effect<void> | undefined
  ): Effect.Effect<A, E, R> {
    const turn: Turn = { hasPlace: false }
    return Effect.onExitPrimitive(
      // Taken in here, so that an interruption cannot come between taking and giving back.
      Effect.suspend(() => {
        if (this.take()) {
          turn.hasPlace = true
          return effect
        }
        this.#wait(flow, turn)
        return Effect.andThen(
          Effect.callback<void>((resume) => {
            if (turn.hasPlace) resume(Effect.void)
            else turn.wake = () => resume(Effect.void)
          }),
          effect
        )
      }),
      (exit) => {
        const last = onExit(exit)
        const leave = () => this.#leave(flow, turn, Exit.hasInterrupts(exit))
        if (last !== undefined) return Effect.ensuring(last, Effect.sync(leave))
        leave()
        return undefined
      }
    )
  }

  #wait(flow: string, turn: Turn): void {
    this.#waiting += 1
    this.#flows ??= new Map()
    const turns = this.#flows.get(flow)
    if (turns === undefined) this.#flows.set(flow, new Set([turn]))
    else turns.add(turn)
  }

  #remove(flow: string, turns: Set<Turn>, turn: Turn): void {
    turns.delete(turn)
    this.#waiting -= 1
    if (turns.size === 0) this.#flows?.delete(flow)
  }

  #next(): Turn | undefined {
    for (const [flow, turns] of this.#flows ?? []) {
      for (const turn of turns) {
        this.#remove(flow, turns, turn)
        // To the end of the line.
        if (this.#flows?.delete(flow) === true) this.#flows.set(flow, turns)
        return turn
      }
    }
    return undefined
  }

  #leave(flow: string, turn: Turn, isGivenUp: boolean): void {
    if (turn.hasPlace) return isGivenUp ? this.abandon() : this.giveBack()
    const turns = this.#flows?.get(flow)
    if (turns?.has(turn) === true) this.#remove(flow, turns, turn)
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

interface Turn {
  hasPlace: boolean
  wake?: () => void
}
