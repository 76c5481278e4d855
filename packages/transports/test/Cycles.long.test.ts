/** What one session leaves behind is too little to see; a thousand show it. */
import { assert, describe, it } from "@effect/vitest"
import * as NodeTransports from "@universal-mcp/transports/NodeTransports"
import * as StdioTransport from "@universal-mcp/transports/StdioTransport"
import * as StreamableHttpTransport from "@universal-mcp/transports/StreamableHttpTransport"
import { Effect } from "effect"
import { serve } from "./fixtures/httpServer.ts"
import { alive, fixture, mark, node } from "./support.ts"

/** What keeps a process from ending: sockets, pipes, timers. */
const resources = Effect.sync(() => process.getActiveResourcesInfo().length)

const thousand = <A, E, R>(cycle: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    yield* cycle
    const before = yield* resources
    for (let count = 0; count < 1000; count++) yield* cycle
    assert.isAtMost(yield* resources, before + 2)
  })

describe("a thousand times connect, call, close", () => {
  it.live("over stdio: no process and no handle is left", () =>
    Effect.gen(function*() {
      const word = yield* mark
      const connect = StdioTransport.make({ name: "fixture", command: node, args: [fixture, `--mark=${word}`] })
      yield* thousand(Effect.scoped(Effect.flatMap(connect, (session) => session.callTool("echo"))))
      assert.deepStrictEqual(alive(word), [])
    }).pipe(Effect.scoped, Effect.provide(NodeTransports.platform)))

  it.live("over Streamable HTTP: no connection and no handle is left", () =>
    Effect.gen(function*() {
      const server = yield* serve()
      const connect = StreamableHttpTransport.make({ name: "web", url: server.url })
      yield* thousand(
        connect.pipe(
          Effect.flatMap((session) => session.callTool("echo")),
          Effect.scoped,
          Effect.provide(NodeTransports.platform)
        )
      )
      yield* server.until(() => server.sockets.size === 0)
    }).pipe(Effect.scoped))
})
