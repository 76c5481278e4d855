/** What is done in one life of a server, from the seed and the number of the life alone. */
import type { HttpFault, HttpKind } from "./farm.ts"

export type Kind = "stdio" | "in-memory" | HttpKind

export type Fault = HttpFault | "kill" | "stop" | "none"

export type Operation =
  | { readonly do: "echo"; readonly size: number; readonly after: number; readonly timeout: number }
  | { readonly do: "write"; readonly before: number; readonly after: number; readonly timeout: number }
  | { readonly do: "interrupt"; readonly before: number; readonly after: number; readonly milliseconds: number }
  | { readonly do: "stream" | "subscribe"; readonly after: number }
  | { readonly do: "tools" | "resources" | "read" | "refuse" | "nothing" | "ping" | "level" | "touch" }

export interface Life {
  readonly number: number
  readonly kind: Kind
  readonly workers: ReadonlyArray<ReadonlyArray<Operation>>
  /** What happens to the server, after how many operations. */
  readonly faults: ReadonlyArray<{ readonly after: number; readonly fault: Fault; readonly count: number }>
  /** The session is given up after so many operations, in the middle of the others. */
  readonly end?: number
  /** Messages are hurt, too, as `Faults` does it with this seed. */
  readonly hurtsMessages?: number
  /** A connection pool of its own, or the one that all share. */
  readonly ownPool: boolean
}

/** Mulberry32. */
const random = (seed: number) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const kinds: ReadonlyArray<Kind> = ["stdio", "stdio", "stateful", "stateful", "stateless", "modern", "sse", "in-memory"]

const faultsOf = (kind: Kind): ReadonlyArray<Fault> =>
  kind === "stdio"
    ? ["kill", "kill", "stop"]
    : kind === "in-memory"
    ? ["none"]
    : ["destroy", "forget", "restart", "restart", "unavailable", "late", "cut", "slow"]

export const plan = (seed: number, number: number): Life => {
  const next = random(Math.imul(seed, 0x9e3779b1) ^ Math.imul(number + 1, 0x85ebca6b))
  const upTo = (limit: number) => Math.floor(next() * limit)
  const oneOf = <A>(items: ReadonlyArray<A>): A => items[upTo(items.length)] as A
  const chance = (probability: number) => next() < probability

  const operation = (): Operation => {
    const pauses = () => chance(0.3) ? upTo(120) : 0
    const timeout = () => chance(0.1) ? 20 + upTo(80) : 4000
    const what = upTo(100)
    if (what < 30) {
      return { do: "echo", size: chance(0.1) ? upTo(200_000) : upTo(100), after: pauses(), timeout: timeout() }
    }
    if (what < 60) return { do: "write", before: pauses(), after: pauses(), timeout: timeout() }
    if (what < 70) return { do: "interrupt", before: upTo(40), after: upTo(40), milliseconds: upTo(60) }
    if (what < 76) return { do: "stream", after: upTo(10) }
    if (what < 80) return { do: "subscribe", after: upTo(100) }
    return { do: oneOf(["tools", "resources", "read", "refuse", "nothing", "ping", "level", "touch"]) }
  }

  const kind = oneOf(kinds)
  const workers = Array.from({ length: 1 + upTo(6) }, () => Array.from({ length: 3 + upTo(12) }, operation))
  const operations = workers.flat().length
  const faults = Array.from({ length: chance(0.4) ? 0 : 1 + upTo(3) }, () => ({
    after: 1 + upTo(operations),
    fault: oneOf(faultsOf(kind)),
    count: 1 + upTo(3)
  }))
  return {
    number,
    kind,
    workers,
    faults,
    ...(chance(0.15) ? { end: upTo(operations) } : {}),
    ownPool: chance(0.5),
    ...(chance(0.3) ? { hurtsMessages: upTo(2 ** 31) } : {})
  }
}
