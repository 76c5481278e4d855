import { assert, describe, it } from "@effect/vitest"
import * as ServerRegistry from "@universal-mcp/core/ServerRegistry"
import * as NodeStdioTransport from "@universal-mcp/transports/NodeStdioTransport"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { fixture, node } from "./support.ts"

const program = fileURLToPath(new URL("fixtures/stdioOnly.ts", import.meta.url))

describe("NodeStdioTransport", () => {
  it.live("is all that a stdio server needs, and loads no HTTP client and no validator", () =>
    Effect.gen(function*() {
      const { stdout } = yield* Effect.promise(() => promisify(execFile)(node, [program, node, fixture]))
      const { loaded, tools }: { loaded: ReadonlyArray<string>; tools: ReadonlyArray<string> } = JSON.parse(stdout)
      assert.include(tools, "echo")
      assert.isTrue(loaded.some((url) => url.endsWith("/NodeStdioTransport.ts")))
      const tooMuch = /\/(undici|re2js|cross-spawn|eventsource-parser|zod)\/|\/(HttpClient|streamableHttp|sse)\.\w+$/
      assert.deepStrictEqual(loaded.filter((url) => tooMuch.test(url)), [])
    }))

  it.live("carries a registry, in which no server has a URL", () =>
    Effect.gen(function*() {
      const registry = yield* ServerRegistry.ServerRegistry
      yield* registry.addServer({ name: "here", transport: "stdio", command: node, args: [fixture] })
      const tools = yield* registry.listTools("here")
      assert.include(tools.map(({ name }) => name), "echo")
      const error = yield* Effect.flip(registry.addServer({ name: "there", url: "http://127.0.0.1:9" }))
      assert.deepInclude(error, { _tag: "ConnectionError", server: "there", phase: "config" })
    }).pipe(Effect.provide(Layer.provide(ServerRegistry.layer, NodeStdioTransport.layer))))
})
