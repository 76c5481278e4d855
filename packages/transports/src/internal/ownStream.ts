/** The stream for what the server sends by itself; many servers do not know it, or lose it together with the session. */
import * as Effect from "effect/Effect"
import type * as events from "./events.ts"
import type { HttpSession } from "./httpSession.ts"
import * as lostSession from "./lostSession.ts"
import type { SignOfLife } from "./signOfLife.ts"
import * as status from "./status.ts"

/** Opens a stream with GET. `onOpen` is called when the server gives one. */
export type Get = (...args: [...Parameters<events.Open>, onOpen?: () => void]) => ReturnType<events.Open>

export const make = (get: Get, session: HttpSession, ask: SignOfLife["ask"]): events.Open => {
  let hasListened = false
  const onOpen = () => {
    hasListened = true
  }
  return (lastEventId, read) =>
    Effect.tapError(get(lastEventId, read, onOpen), ({ message, status: refused }) =>
      Effect.sync(() => {
        if (refused === undefined || !session.hasId) return
        const expired = status.expired(message, { status: refused })
        if (refused === 404 && hasListened) return session.lose(expired)
        if (!lostSession.isSaid(message)) return
        ask((sign) => {
          if (sign === "lost") session.lose(expired)
        })
      }))
}
