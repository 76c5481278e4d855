/** Faults on real processes: what is injected is what happens. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import * as Faults from "@universal-mcp/core/Faults"
import * as McpSession from "@universal-mcp/core/McpSession"
import * as StdioTransport from "@universal-mcp/transports/StdioTransport"
import { Effect, Layer } from "effect"
import { patience } from "../../../test/patience.ts"
import { alive, fixture, mark, node } from "./support.ts"

const once: Faults.Fault = { probability: 1, times: 1, direction: "send", methods: ["tools/call"] }

const behind = (faults: Omit<Faults.Options, "seed">, word: string) =>
  StdioTransport.layer({ name: "fixture", command: node, args: [fixture, `--name=${word}`], gracePeriod: 200 }).pipe(
    Layer.provide(Faults.layer({ seed: 1, ...faults }))
  )

const session = Effect.gen(function*() {
  const { callTool } = yield* McpSession.McpSession
  const first = yield* Effect.result(
    callTool("echo", { message: "one" }, { timeout: patience(5000), idempotent: false })
  )
  const second = yield* callTool("echo", { message: "two" })
  return [first._tag === "Success" ? "answered" : first.failure.message, Object(second.content[0]).text]
})

describe("Faults", () => {
  it.layer(NodeServices.layer, { excludeTestServices: true })((it) => {
    it.effect("kill: the process dies by SIGKILL, and another takes its place", () =>
      Effect.gen(function*() {
        const word = yield* mark
        const [first, second] = yield* session.pipe(Effect.provide(behind({ kill: once }, word)))
        assert.match(String(first), /the server process ended.*SIGKILL/)
        assert.strictEqual(second, "two")
        assert.deepStrictEqual(alive(word), [])
      }))

    it.effect("cut: the connection is made again, and the process that was cut off is not left behind", () =>
      Effect.gen(function*() {
        const word = yield* mark
        const [first, second] = yield* session.pipe(Effect.provide(behind({ cut: once }, word)))
        assert.include(String(first), "the connection was cut (injected)")
        assert.strictEqual(second, "two")
        assert.deepStrictEqual(alive(word), [])
      }))

    it.effect("expire: the session is made again within the call", () =>
      Effect.gen(function*() {
        const word = yield* mark
        const hits: Array<Faults.Hit> = []
        const faults = { expire: { probability: 1, times: 1 }, onFault: (hit: Faults.Hit) => hits.push(hit) }
        const outcome = yield* session.pipe(Effect.provide(behind(faults, word)))
        assert.deepStrictEqual(outcome, ["answered", "two"])
        assert.lengthOf(hits, 1)
        assert.deepStrictEqual(alive(word), [])
      }))
  })
})
