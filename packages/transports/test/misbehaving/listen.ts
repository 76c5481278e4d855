/** An HTTP case, played on a port of this process. */
import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"
import { event, type Exchange, type Handlers, initializeResult, result, serve } from "../fixtures/httpServer.ts"
import type { HttpCase, SseCase } from "./case.ts"

/** An HTTP+SSE server. */
const old = (handlers: SseCase["sse"]): Handlers => {
  let open: Exchange | undefined
  const say = (text: string) => void open?.response.write(text)
  const answer = (value: (id: unknown) => unknown) => (exchange: Exchange) => {
    exchange.response.writeHead(202).end("Accepted")
    say(event(value(exchange.message.id)))
  }
  const more = handlers(say, () => void open?.response.end())
  return {
    "initialize": answer(initializeResult),
    "tools/list": answer((id) => ({
      jsonrpc: "2.0",
      id,
      result: { tools: [{ name: "echo", inputSchema: { type: "object" } }] }
    })),
    "tools/call": answer((id) => result(id, "done")),
    "ping": answer((id) => ({ jsonrpc: "2.0", id, result: {} })),
    ...more,
    "GET": (exchange, server) => {
      open = exchange
      exchange.response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders()
      if (more["GET"] === undefined) say("event: endpoint\ndata: /messages?session=1\n\n")
      else more["GET"](exchange, server)
    }
  }
}

export const scoped = (one: HttpCase | SseCase) => serve("sse" in one ? old(one.sse) : one.http())

/** For as long as this process lives. */
export const listen = (one: HttpCase | SseCase) => Effect.runPromise(Scope.provide(scoped(one), Scope.makeUnsafe()))
