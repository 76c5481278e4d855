/** Whether the server still knows our session, asked with a ping of our own. */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import type { Refusal } from "./status.ts"

/** `refused`: not even a ping is answered. `none`: nobody can tell. */
export type Sign = "alive" | "lost" | "refused" | "none"

export interface SignOfLife {
  /** Calls back later; those who ask meanwhile share the ping. */
  readonly ask: (onSign: (sign: Sign) => void) => void
  /** Nobody is called back any more. */
  readonly stop: () => void
}

export const make = (
  ping: (id: string, body: string) => Effect.Effect<Sign>,
  run: (effect: Effect.Effect<void>) => Fiber.Fiber<void, unknown>
): SignOfLife => {
  let waiting: Array<(sign: Sign) => void> = []
  let fiber: Fiber.Fiber<void, unknown> | undefined
  let pings = 0

  const settle = (sign: Sign) => {
    fiber = undefined
    const asking = waiting
    waiting = []
    asking.forEach((onSign) => onSign(sign))
  }

  return {
    ask: (onSign) => {
      waiting.push(onSign)
      if (fiber !== undefined) return
      const id = `${prefix}${++pings}`
      const asked = ping(id, JSON.stringify({ jsonrpc: "2.0", id, method: "ping" }))
      fiber = run(
        Effect.andThen(Effect.yieldNow, asked).pipe(
          Effect.timeoutOrElse({ duration: patience, orElse: () => Effect.succeed<Sign>("none") }),
          Effect.onExit((exit) => Effect.sync(() => settle(Exit.isSuccess(exit) ? exit.value : "none"))),
          Effect.asVoid
        )
      )
    },
    stop: () => {
      waiting = []
      fiber?.interruptUnsafe()
    }
  }
}

/** What a refusal of the ping says. It has no arguments that the words could be about. */
export const of = ({ answer, error, session }: Refusal): Sign => {
  if (session !== "known") return "lost"
  if (answer !== undefined) return "alive"
  return error.status === 429 || error.status === 503 ? "none" : "refused"
}

/** Whether a message answers such a ping; the session must not see it. */
export const isAnswerTo = (id: unknown): boolean => typeof id === "string" && id.startsWith(prefix)

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

const prefix = "umcp-ping-"

const patience = "5 seconds"
