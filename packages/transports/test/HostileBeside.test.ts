/** A registry's good servers work beside one that answers anything, over real pipes. */
import { assert, describe, it } from "@effect/vitest"
import type * as ServerConfig from "@universal-mcp/core/ServerConfig"
import * as ServerRegistry from "@universal-mcp/core/ServerRegistry"
import * as NodeTransports from "@universal-mcp/transports/NodeTransports"
import { Effect, Layer } from "effect"
import { fileURLToPath } from "node:url"
import { fixture, node } from "./support.ts"

const Registry = ServerRegistry.layer.pipe(Layer.provide(NodeTransports.layer))

const script = fileURLToPath(new URL("fixtures/deepServer.ts", import.meta.url))

const stdio = (name: string, ...args: ReadonlyArray<string>): ServerConfig.ServerConfig => ({
  name,
  transport: "stdio",
  command: node,
  args
})

const oddities: ReadonlyArray<readonly [oddity: string, connects: boolean]> = [
  ["deep", false],
  ["{\"toString\":null}", true],
  ["[[[{}]]]", true],
  ["null", true],
  ["{\"__proto__\":{\"name\":1}}", true],
  ["\"\\ud800\\u001b[2J\"", true]
]

describe("a registry with a server that is hostile", () => {
  it.live.each(oddities)("adds, lists and calls the others: %s", ([oddity, connects]) =>
    Effect.gen(function*() {
      const registry = yield* ServerRegistry.ServerRegistry
      const added = yield* registry.addServers([
        stdio("first", fixture),
        stdio("bad", script, oddity),
        stdio("last", fixture)
      ])
      const names = added.connected
      assert.includeMembers([...names], ["first", "last"])
      for (const name of ["first", "last"]) {
        assert.isNotEmpty(yield* registry.listTools(name))
        const { content } = yield* registry.callTool(name, "echo", { message: "hi" })
        assert.deepStrictEqual(content, [{ type: "text", text: "hi" }])
      }
      assert.strictEqual(names.includes("bad"), connects)
      if (!connects) return
      assert.isTrue((yield* Effect.exit(registry.callTool("bad", "less than too deep")))._tag === "Success")
    }).pipe(Effect.provide(Registry)))
})
