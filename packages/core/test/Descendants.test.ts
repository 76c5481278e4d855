/** `descendants` in code and in files. */
import { assert, describe, it } from "@effect/vitest"
import * as ConfigFile from "@universal-mcp/core/ConfigFile"
import * as ServerConfig from "@universal-mcp/core/ServerConfig"
import { Effect } from "effect"

const file = (entry: object) => JSON.stringify({ mcpServers: { one: { command: "srv", ...entry } } })

describe("descendants", () => {
  it.effect.each(["none", "group", "all"] as const)("%s is taken from a file", (descendants) =>
    Effect.gen(function*() {
      const [config] = yield* ConfigFile.decode(file({ descendants }))
      assert.deepStrictEqual(config, { name: "one", transport: "stdio", command: "srv", descendants })
    }))

  it.effect("is not there unless it is given", () =>
    Effect.gen(function*() {
      const [config = {}] = yield* ConfigFile.decode(file({}))
      assert.notProperty(config, "descendants")
    }))

  it.effect.each(["some", true, 1, null])(
    "%j is an error that names what is allowed",
    (descendants) =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(ConfigFile.decode(file({ descendants })))
        assert.strictEqual(error.path, "mcpServers.one.descendants")
        assert.match(error.allowed.join(), /none.*group.*all/)
      })
  )

  it.effect("belongs to processes alone", () =>
    Effect.gen(function*() {
      const config = yield* ServerConfig.decode({ name: "web", url: "https://example.com/mcp", descendants: "all" })
      assert.notProperty(config, "descendants")
    }))
})
