/** An error under no id on the stream of a call, in virtual time, on real sockets. */
import { assert, describe, it } from "@effect/vitest"
import * as NodeTransports from "@universal-mcp/transports/NodeTransports"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { event, type Exchange, result, serve, stream } from "./fixtures/httpServer.ts"
import { connect, text } from "./fixtures/httpSupport.ts"

const log = (data: string) =>
  event({ jsonrpc: "2.0", method: "notifications/message", params: { level: "info", data } })

describe("an error under no id on the stream of a call", () => {
  it.effect("waits as long as messages follow: the answer counts", () =>
    Effect.gen(function*() {
      let call: Exchange | undefined
      const server = yield* serve({
        "tools/call": (exchange) => {
          call = exchange
          stream(exchange, event({ jsonrpc: "2.0", id: null, error: { code: -32601, message: "no" } }) + log("0"))
        }
      })
      const session = yield* connect(server.url)
      const said = (data: string) =>
        session.notifications.pipe(Stream.takeUntil(({ params }) => params?.["data"] === data), Stream.runDrain)
      const outcome = yield* Effect.forkChild(session.callTool("echo"))
      yield* said("0")
      for (const data of ["1", "2", "3"]) {
        yield* TestClock.adjust("6 seconds")
        call?.response.write(log(data))
        yield* said(data)
      }
      call?.response.end(event(result(call.message.id, "done")))
      assert.strictEqual(text(yield* Fiber.join(outcome)), "done")
    }).pipe(Effect.scoped, Effect.provide(NodeTransports.platform)))
})
