import { assert, describe, it } from "@effect/vitest"
import * as NodeTransports from "@universal-mcp/transports/NodeTransports"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { serve } from "./fixtures/httpServer.ts"

describe("NodeTransports", () => {
  it.effect("leaves stdin alone, which belongs to the program", () =>
    Effect.gen(function*() {
      const before = process.stdin.eventNames().map((name) => [name, process.stdin.listenerCount(name)])
      yield* Layer.build(Layer.fresh(NodeTransports.platform))
      yield* Layer.build(Layer.fresh(NodeTransports.layer))
      const after = process.stdin.eventNames().map((name) => [name, process.stdin.listenerCount(name)])
      assert.deepStrictEqual(after, before)
    }))

  it.live("loads of undici what carries requests, and not its `fetch`, its caches and its sockets", () =>
    Effect.scoped(Effect.gen(function*() {
      const server = yield* serve()
      const program = fileURLToPath(new URL("fixtures/loaded.ts", import.meta.url))
      const { stdout } = yield* Effect.promise(() =>
        promisify(execFile)(process.execPath, ["--no-warnings", program, server.url])
      )
      assert.strictEqual(server.seen("tools/call").length, 1)
      const modules: ReadonlyArray<string> = JSON.parse(stdout)
      assert.include(modules, "lib/dispatcher/agent.js")
      assert.notInclude(modules, "index.js")
      assert.isAtMost(modules.length, 60)
    })))
})
