/** Which message is hit by which fault: a function of the seed and of the message's place among its like. */
import type { Direction, Fault, Hit, Options } from "../Faults.ts"

type Kind = Hit["fault"]

export interface Decision extends Hit {
  /** Evenly from 0 to 1, for whatever else is left to chance. */
  readonly chance: number
}

export interface FaultSchedule {
  /** Asked once for each message. */
  readonly next: (
    direction: Direction,
    method: string,
    isPossible: (fault: Kind) => boolean
  ) => Decision | undefined
}

const order: ReadonlyArray<Kind> = ["kill", "cut", "hang", "expire", "drop", "garbage", "duplicate", "delay"]

export const make = (options: Options, server: string): FaultSchedule => {
  const seen = new Map<string, number>()
  const hits = new Map<Kind, number>()

  return {
    next: (direction, method, isPossible) => {
      const like = `${direction} ${method}`
      const count = (seen.get(like) ?? 0) + 1
      seen.set(like, count)
      for (const fault of order) {
        const { probability, times = Number.POSITIVE_INFINITY, ...where } = faultOf(options[fault])
        if (!isPossible(fault) || !isAt(where, direction, method) || (hits.get(fault) ?? 0) >= times) continue
        const chance = random(`${options.seed} ${server} ${fault} ${like} ${count}`)
        if (chance >= probability) continue
        hits.set(fault, (hits.get(fault) ?? 0) + 1)
        return { server, fault, direction, method, count, chance: chance / probability }
      }
      return undefined
    }
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

const faultOf = (fault: number | Fault | undefined): Fault =>
  typeof fault === "object" ? fault : { probability: fault ?? 0 }

const isAt = (where: Pick<Fault, "direction" | "methods">, direction: Direction, method: string): boolean =>
  (where.direction === undefined || where.direction === direction) &&
  (where.methods === undefined || where.methods.includes(method))

/** From 0 to 1, by the text alone: FNV-1a, and the last step of MurmurHash3, which spreads it over all bits. */
const random = (text: string): number => {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  hash = Math.imul(hash ^ hash >>> 16, 0x85ebca6b)
  hash = Math.imul(hash ^ hash >>> 13, 0xc2b2ae35)
  return ((hash ^ hash >>> 16) >>> 0) / 2 ** 32
}
