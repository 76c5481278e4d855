/**
 * A number of places, for which flows take turns: within a flow first come, first served.
 *
 * `effect/PartitionedSemaphore` does the same, but costs a call that need not wait more than twice as much, and does not
 * tell how many wait.
 */
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"

export interface FairQueue {
  readonly isFree: () => boolean
  /** A place that is free, to be given back. */
  readonly take: () => boolean
  readonly giveBack: () => void
  /** To be run once. Runs the effect in a place of its own, as soon as there is one; gives it back after what `onExit` has to do, if any. */
  readonly run: <A, E, R>(
    flow: string,
    effect: Effect.Effect<A, E, R>,
    onExit: (exit: Exit.Exit<A, E>) => Effect.Effect<void> | undefined
  ) => Effect.Effect<A, E, R>
  readonly waiting: () => number
}

export const make = (places: number): FairQueue => {
  let taken = 0
  let waiting = 0
  let freed = 0
  let isGiving = false
  const flows = new Map<string, Set<Turn>>()

  const wait = (flow: string, turn: Turn) => {
    waiting += 1
    const turns = flows.get(flow)
    if (turns === undefined) flows.set(flow, new Set([turn]))
    else turns.add(turn)
  }

  const remove = (flow: string, turns: Set<Turn>, turn: Turn) => {
    turns.delete(turn)
    waiting -= 1
    if (turns.size === 0) flows.delete(flow)
  }

  const next = (): Turn | undefined => {
    for (const [flow, turns] of flows) {
      for (const turn of turns) {
        remove(flow, turns, turn)
        // To the end of the line.
        if (flows.delete(flow)) flows.set(flow, turns)
        return turn
      }
    }
    return undefined
  }

  /** Whoever gets a place may give it back before this returns: then the loop goes on, and not the recursion. */
  const giveBack = () => {
    freed += 1
    if (isGiving) return
    isGiving = true
    for (; freed > 0; freed--) {
      const turn = next()
      if (turn === undefined) {
        taken -= 1
      } else {
        turn.hasPlace = true
        turn.wake?.()
      }
    }
    isGiving = false
  }

  const leave = (flow: string, turn: Turn) => {
    if (turn.hasPlace) return giveBack()
    const turns = flows.get(flow)
    if (turns?.has(turn) === true) remove(flow, turns, turn)
  }

  return {
    waiting: () => waiting,
    isFree: () => taken < places,
    take: () => {
      if (taken >= places) return false
      taken += 1
      return true
    },
    giveBack,
    run: (flow, effect, onExit) => {
      const turn: Turn = { hasPlace: false }
      return Effect.onExitPrimitive(
        // Taken in here, so that an interruption cannot come between taking and giving back.
        Effect.suspend(() => {
          if (taken < places) {
            taken += 1
            turn.hasPlace = true
            return effect
          }
          wait(flow, turn)
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
          if (last !== undefined) return Effect.ensuring(last, Effect.sync(() => leave(flow, turn)))
          leave(flow, turn)
          return undefined
        }
      )
    }
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

interface Turn {
  hasPlace: boolean
  wake?: () => void
}
