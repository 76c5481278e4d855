/** The requests of one session over Streamable HTTP. */
import type { RequestId } from "@modelcontextprotocol/client"
import type { TransportError } from "@universal-mcp/core/McpTransport"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as answer from "./answer.ts"
import * as doubt from "./doubt.ts"
import * as http from "./http.ts"
import * as httpPost from "./httpPost.ts"
import type { HttpSession } from "./httpSession.ts"
import type { Refusals } from "./refusals.ts"
import * as retryAfter from "./retryAfter.ts"
import type { SignOfLife } from "./signOfLife.ts"

export interface Options {
  readonly client: http.Http
  readonly session: HttpSession
  readonly shared: answer.Shared
  readonly ask: SignOfLife["ask"]
  readonly judge: Refusals["judge"]
  readonly run: (effect: Effect.Effect<void>) => Fiber.Fiber<void, unknown>
  /** How long connecting may still take, in milliseconds. */
  readonly timeLeft: () => number
}

export interface Request {
  readonly id: RequestId
  readonly body: string
  readonly headers: Readonly<Record<string, string>> | undefined
  /** How long its stream may be silent, in milliseconds. */
  readonly silence: number
}

/** Sends a request; what becomes of it is delivered. */
export const make = (options: Options): (request: Request) => void => {
  const { ask, client, judge, run, session, shared, timeLeft } = options
  const answers: answer.Context = {
    ...shared,
    deliver: (message) => {
      if ("error" in message && session.isInitialize(message.id)) session.setId(undefined)
      session.deliver(message)
    },
    onDoubt: (id, message, hasBegun) => doubt.decide(session, ask, id, message, hasBegun),
    onDone: (id) => session.done(id),
    onFailure: (id, error) => session.fail(id, error),
    run: (id, resuming) => {
      const fiber = run(resuming)
      session.add(id, { abort: () => fiber.interruptUnsafe() })
    }
  }

  const send = (request: Request, retries: number) => {
    const { id, silence } = request
    const onFailure = (error: TransportError) => {
      const wait = session.isHandshake(id) ? retryAfter.wait(error, retries, timeLeft()) : undefined
      if (wait === undefined) return session.fail(id, error)
      answers.run(id, Effect.delay(Effect.sync(() => send(request, retries + 1)), wait))
    }
    const exchange = httpPost.send(client, session, request, {
      read: (response) => {
        if (session.isInitialize(id)) session.setId(http.header(response.headers, "mcp-session-id"))
        return answer.read(response, id, answers, silence)
      },
      onRefusal: (refusal) =>
        judge(refusal, (isLost) => {
          if (!session.isOut(id)) return
          if (isLost) return session.fail(id, refusal.expired)
          if (refusal.answer === undefined) return onFailure(refusal.error)
          answers.deliver(refusal.answer)
          session.done(id)
        }),
      onFailure
    })
    session.add(id, exchange)
  }
  return (request) => send(request, 0)
}
