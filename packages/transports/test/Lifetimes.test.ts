/** Servers close in the reverse of the order in which they were added: told by the servers themselves. */
import { assert, describe, it } from "@effect/vitest"
import type * as ServerConfig from "@universal-mcp/core/ServerConfig"
import * as ServerRegistry from "@universal-mcp/core/ServerRegistry"
import * as NodeTransports from "@universal-mcp/transports/NodeTransports"
import * as StdioTransport from "@universal-mcp/transports/StdioTransport"
import * as StreamableHttpTransport from "@universal-mcp/transports/StreamableHttpTransport"
import { Deferred, Effect, Fiber, Layer } from "effect"
import { appendFileSync } from "node:fs"
import { patience } from "../../../test/patience.ts"
import * as mcpHttp from "./fixtures/mcpHttp.ts"
import { alive, fixture, Log, mark, node } from "./support.ts"

const Registry = ServerRegistry.layer.pipe(Layer.provide(NodeTransports.layer))

/** Five configurations on three transports, whose servers write `end <name>` into one log. */
const five = Effect.gen(function*() {
  const log = yield* Log
  const word = yield* mark
  const origin = yield* mcpHttp.serve((name) => appendFileSync(log.path, `end ${name}\n`))
  const stdio = (name: string, ...flags: ReadonlyArray<string>): ServerConfig.ServerConfig => ({
    name,
    transport: "stdio",
    command: node,
    args: [fixture, `--name=${name}`, `--log=${log.path}`, `--mark=${word}`, ...flags]
  })
  const configs: ReadonlyArray<ServerConfig.ServerConfig> = [
    { name: "one", transport: "streamable-http", url: `${origin}/mcp/one` },
    // The server of "three" learns of its end from the socket, a little later; "two", closed next, leaves it the time.
    stdio("two", `--leave-after=${patience(200)}`),
    { name: "three", transport: "sse", url: `${origin}/sse/three` },
    stdio("four"),
    { name: "five", transport: "streamable-http", url: `${origin}/mcp/five` }
  ]
  const ends = () => log.lines().filter((line) => line.startsWith("end ")).map((line) => line.slice(4))
  return { configs, ends, word, broken: { ...stdio("broken"), args: [fixture, "--exit-at-start=3", `--mark=${word}`] } }
})

describe("lifetimes over real transports", () => {
  it.layer(Log.layer, { excludeTestServices: true })((it) => {
    it.effect("five servers, one removed in the middle, one failing to start half-way", () =>
      Effect.gen(function*() {
        const log = yield* Log
        const { broken, configs, ends, word } = yield* five
        yield* Effect.gen(function*() {
          const registry = yield* ServerRegistry.ServerRegistry
          for (const config of configs.slice(0, 3)) yield* registry.addServer(config)
          const error = yield* Effect.flip(registry.addServer(broken))
          assert.deepInclude(error, { _tag: "ConnectionError", server: "broken", exitCode: 3 })
          for (const config of configs.slice(3)) yield* registry.addServer(config)
          for (const name of ["one", "two", "three", "four", "five"]) {
            const result = yield* registry.callTool(name, "echo", { message: name })
            assert.deepStrictEqual(result.content, [{ type: "text", text: name }])
          }
          yield* registry.removeServer("three")
          yield* log.until("end three")
          assert.deepStrictEqual(ends(), ["three"])
          assert.deepStrictEqual(yield* registry.listServers, ["one", "two", "four", "five"])
        }).pipe(Effect.provide(Registry))
        assert.deepStrictEqual(ends(), ["three", "five", "four", "two", "one"])
        assert.deepStrictEqual(alive(word), [])
      }).pipe(Effect.provide(Layer.fresh(Log.layer)), Effect.scoped))

    it.effect("servers added side by side close in the order in which they were given, reversed", () =>
      Effect.gen(function*() {
        const { broken, configs, ends, word } = yield* five
        yield* Effect.gen(function*() {
          const registry = yield* ServerRegistry.ServerRegistry
          const added = yield* registry.addServers([...configs.slice(0, 2), broken, ...configs.slice(2)])
          assert.deepStrictEqual(added.connected, ["one", "two", "three", "four", "five"])
          assert.deepStrictEqual(added.failed.map((failure) => failure.server), ["broken"])
          yield* registry.disconnectAll
          assert.deepStrictEqual(ends(), ["five", "four", "three", "two", "one"])
          yield* registry.addServer(configs[0]!)
        }).pipe(Effect.provide(Registry))
        assert.deepStrictEqual(ends().slice(5), ["one"])
        assert.deepStrictEqual(alive(word), [])
      }).pipe(Effect.provide(Layer.fresh(Log.layer)), Effect.scoped))

    it.effect("on interruption", () =>
      Effect.gen(function*() {
        const { configs, ends, word } = yield* five
        const up = yield* Deferred.make<void>()
        const program = yield* Effect.gen(function*() {
          const registry = yield* ServerRegistry.ServerRegistry
          yield* registry.addServers(configs)
          yield* Deferred.succeed(up, undefined)
          return yield* Effect.never
        }).pipe(Effect.provide(Registry), Effect.forkChild)
        yield* Deferred.await(up)
        yield* Fiber.interrupt(program)
        assert.deepStrictEqual(ends(), ["five", "four", "three", "two", "one"])
        assert.deepStrictEqual(alive(word), [])
      }).pipe(Effect.provide(Layer.fresh(Log.layer)), Effect.scoped))

    it.effect("of layers composed with layerOf", () =>
      Effect.gen(function*() {
        const log = yield* Log
        const { ends, word } = yield* five
        const origin = yield* mcpHttp.serve((name) => appendFileSync(log.path, `end ${name}\n`))
        const stdio = (name: string) =>
          StdioTransport.layer({
            name,
            command: node,
            args: [fixture, `--name=${name}`, `--log=${log.path}`, `--mark=${word}`]
          })
        const Servers = ServerRegistry.layerOf({
          first: stdio("first"),
          second: StreamableHttpTransport.layer({ name: "second", url: `${origin}/mcp/second` }),
          third: stdio("third")
        }).pipe(Layer.provide(NodeTransports.platform))
        yield* ServerRegistry.ServerRegistry.use((registry) =>
          registry.callTool("second", "echo", { message: "hello" })
        ).pipe(
          Effect.provide(Servers)
        )
        assert.deepStrictEqual(ends(), ["third", "second", "first"])
        assert.deepStrictEqual(alive(word), [])
      }).pipe(Effect.provide(Layer.fresh(Log.layer)), Effect.scoped))
  })
})
