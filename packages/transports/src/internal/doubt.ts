/** Answers that sound as if the server had lost the session, and the ping that decides about them. */
import type { JSONRPCMessage, RequestId } from "@modelcontextprotocol/client"
import { failRequest } from "@universal-mcp/core/McpTransport"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as answer from "./answer.ts"
import * as http from "./http.ts"
import * as httpPost from "./httpPost.ts"
import type { HttpSession } from "./httpSession.ts"
import * as lostSession from "./lostSession.ts"
import * as messages from "./messages.ts"
import * as signOfLife from "./signOfLife.ts"
import * as status from "./status.ts"

export interface Options {
  readonly client: http.Http
  readonly session: HttpSession
  readonly shared: answer.Shared
  /** How long the stream of a ping may be silent, in milliseconds. */
  readonly silence: number
  readonly run: (effect: Effect.Effect<void>) => Fiber.Fiber<void, unknown>
}

export const make = ({ client, run, session, shared, silence }: Options): signOfLife.SignOfLife => {
  const life = signOfLife.make(
    (id, body) =>
      Effect.catch(
        http.effect<signOfLife.Sign>((succeed, fail) => {
          const context: answer.Context = {
            ...shared,
            deliver: (message) => messages.answers(message, id) ? succeed(signOf(message)) : session.deliver(message),
            onDoubt: () => succeed("lost"),
            onDone: () => {},
            onFailure: (_, error) => fail(error),
            run: (_, resuming) => void run(resuming)
          }
          return httpPost.send(client, session, { body, id }, {
            read: (response) => answer.read(response, id, context, silence),
            onRefusal: (refusal) => succeed(signOfLife.of(refusal)),
            onFailure: fail
          })
        }),
        () => Effect.succeed<signOfLife.Sign>("none")
      ),
    run
  )
  return {
    // Of a session that is lost, nobody need be asked.
    ask: (onSign) => session.lost?.reason._tag === "SessionExpired" ? onSign("lost") : life.ask(onSign),
    stop: life.stop
  }
}

/** Decides about an answer in HTTP 2xx. `hasBegun`: other messages came before it. */
export const decide = (
  session: HttpSession,
  ask: signOfLife.SignOfLife["ask"],
  id: RequestId,
  message: JSONRPCMessage,
  hasBegun: boolean
): void => {
  if (!session.hasId && session.lost === undefined || session.isHandshake(id)) return session.deliver(message)
  const text = messages.errorText(message) ?? ""
  const delivery = hasBegun || lostSession.mayHaveBegun(text) ? "unknown" : "not-sent"
  session.doubt(id)
  ask((sign) => {
    if (!session.isDoubtful(id)) return
    if (sign === "lost") {
      const expired = status.expired(text, { delivery })
      session.deliver(failRequest(id, expired))
      session.lose(expired)
    } else session.deliver(message)
    session.decided(id)
  })
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

const signOf = (message: JSONRPCMessage): signOfLife.Sign =>
  lostSession.isSaid(messages.errorText(message) ?? "") ? "lost" : "alive"
