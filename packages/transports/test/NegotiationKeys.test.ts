/** Servers that differ only in a secret are remembered apart, and no key in the cache shows one. */
import { assert, describe, it } from "@effect/vitest"
import * as NegotiationCache from "@universal-mcp/core/NegotiationCache"
import type * as ServerConfig from "@universal-mcp/core/ServerConfig"
import { SessionFactory } from "@universal-mcp/core/SessionFactory"
import * as NodeTransports from "@universal-mcp/transports/NodeTransports"
import { Effect, Layer, Redacted } from "effect"
import { json, serve } from "./fixtures/httpServer.ts"
import { fixture, node } from "./support.ts"

type Verdicts = ReadonlyMap<string, NegotiationCache.Era>

/** What is remembered after each server was connected to. */
const remembered = (...configs: ReadonlyArray<ServerConfig.ServerConfig>): Effect.Effect<Verdicts> =>
  Effect.gen(function*() {
    const verdicts = new Map<string, NegotiationCache.Era>()
    const factory = yield* SessionFactory
    yield* Effect.forEach(configs, (config) => Effect.scoped(Layer.build(factory.layer(config)))).pipe(
      Effect.provideService(NegotiationCache.NegotiationCache, {
        get: (key) => Effect.sync(() => verdicts.get(key)),
        set: (key, era) => Effect.sync(() => void verdicts.set(key, era)),
        remove: (key) => Effect.sync(() => void verdicts.delete(key))
      })
    )
    return verdicts
  }).pipe(Effect.provide(NodeTransports.layer), Effect.orDie)

const keysOf = (verdicts: Verdicts): ReadonlyArray<string> => [...verdicts.keys()]

const process = (
  secret: string,
  more: Partial<ServerConfig.StdioServerConfig> = {}
): ServerConfig.StdioServerConfig => ({
  name: "one",
  transport: "stdio",
  command: node,
  args: [fixture, Redacted.make(secret)],
  secrets: [Redacted.make(secret)],
  ...more
})

const legacy = serve({
  "server/discover": (exchange) =>
    json(exchange, { jsonrpc: "2.0", id: exchange.message.id, error: { code: -32601, message: "no" } })
})

describe("the key of a server whose configuration has a secret", () => {
  it.live("is another for each host that a variable named", () =>
    Effect.gen(function*() {
      const urls = [yield* legacy, yield* legacy].map(({ url }) => url)
      const verdicts = yield* remembered(...urls.map((url): ServerConfig.ServerConfig => ({
        name: "web",
        transport: "streamable-http",
        url,
        secrets: [Redacted.make(new URL(url).origin)]
      })))
      assert.deepStrictEqual([...verdicts.values()], ["legacy", "legacy"])
      for (const url of urls) assert.notInclude(keysOf(verdicts).join(), new URL(url).host)
    }).pipe(Effect.scoped))

  it.live("is another for each argument that a variable named", () =>
    Effect.gen(function*() {
      const verdicts = yield* remembered(process("q1w2e3r4t5y6"), process("z9x8c7v6b5n4"))
      assert.deepStrictEqual([...verdicts.values()], ["legacy", "legacy"])
      assert.notMatch(keysOf(verdicts).join(), /q1w2|z9x8/)
      assert.include(keysOf(verdicts).join(), "<redacted>")
    }))

  it.live("is the same for the same secret", () =>
    Effect.gen(function*() {
      const verdicts = yield* remembered(process("q1w2e3r4t5y6"), process("q1w2e3r4t5y6"))
      assert.strictEqual(verdicts.size, 1)
    }))

  it.live("does not show a short secret behind a flag, nor one in JSON", () =>
    Effect.gen(function*() {
      const verdicts = yield* remembered(
        process("", { args: [fixture, "--token", "zq7"], secrets: [] }),
        process("", { args: [fixture, "--x", "{\"password\":\"zq7\"}"], secrets: [] })
      )
      assert.strictEqual(verdicts.size, 2)
      assert.notInclude(keysOf(verdicts).join(), "zq7")
    }))

  it.live("is how the server is reached, where there is no secret", () =>
    Effect.gen(function*() {
      const verdicts = yield* remembered(process("", { args: [fixture], secrets: [] }))
      assert.deepStrictEqual(keysOf(verdicts), [JSON.stringify(["stdio", node, [fixture], "."])])
    }))
})
