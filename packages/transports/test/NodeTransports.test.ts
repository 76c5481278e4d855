import { assert, describe, it } from "@effect/vitest"
import * as NodeTransports from "@universal-mcp/transports/NodeTransports"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

describe("NodeTransports", () => {
  it.effect("leaves stdin alone, which belongs to the program", () =>
    Effect.gen(function*() {
      const before = process.stdin.eventNames().map((name) => [name, process.stdin.listenerCount(name)])
      yield* Layer.build(Layer.fresh(NodeTransports.platform))
      yield* Layer.build(Layer.fresh(NodeTransports.layer))
      const after = process.stdin.eventNames().map((name) => [name, process.stdin.listenerCount(name)])
      assert.deepStrictEqual(after, before)
    }))
})
