/** The value of a variable is a secret; the default that a file writes for it is not, unless its name says so. */
import { assert, describe, it } from "@effect/vitest"
import * as ConfigFile from "@universal-mcp/core/ConfigFile"
import * as ServerConfig from "@universal-mcp/core/ServerConfig"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"

const read = (entry: Readonly<Record<string, unknown>>, variables: Readonly<Record<string, string>>) =>
  ConfigFile.decode(JSON.stringify({ mcpServers: { one: entry } })).pipe(
    Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromUnknown(variables)),
    Effect.flatMap(([config]) => config === undefined ? Effect.die("no server") : Effect.succeed(config))
  )

describe("a default", () => {
  it.effect.each<readonly [Readonly<Record<string, unknown>>, string]>([
    [{ command: "x", args: ["${H0ST:-localhost}"] }, "connect ECONNREFUSED localhost:8123"],
    [
      { command: "x", args: ["--host=${H0ST:-localhost}", "--port", "${P0RT:-8123456}"] },
      "no --host=localhost:8123456"
    ],
    [{ command: "${BIN:-/opt/bin/server}", cwd: "${DIR:-/srv/data}" }, "no /opt/bin/server in /srv/data"],
    [{ url: "http://${H0ST:-localhost}:8123/${PLACE:-tenant}" }, "cannot reach http://localhost:8123/tenant"],
    [{ command: "x", env: { MODE: "${MODE:-production}" } }, "no production settings"]
  ])("is shown in errors: %j", ([entry, text]) =>
    Effect.gen(function*() {
      const config = yield* read(entry, {})
      assert.strictEqual(ServerConfig.redactor(config)?.(text) ?? text, text)
      assert.notInclude(JSON.stringify({ ...ServerConfig.hideSecrets(config), env: {} }), "<redacted>")
    }))

  it.effect("is a secret behind a name that says so", () =>
    Effect.gen(function*() {
      const config = yield* read({ command: "x", args: ["--token", "${T:-q1w2e3r4}"] }, {})
      assert.strictEqual(ServerConfig.redactor(config)?.("got q1w2e3r4"), "got <redacted>")
    }))
})

describe("the value of a variable", () => {
  it.effect.each<readonly [Readonly<Record<string, unknown>>]>([
    [{ command: "x", args: ["${H0ST:-localhost}"] }],
    [{ command: "x", args: ["--host=${H0ST:-localhost}${NONE:-}"] }],
    [{ url: "http://${H0ST:-localhost}:8123/" }]
  ])("is one where there is a default: %j", ([entry]) =>
    Effect.gen(function*() {
      const config = yield* read(entry, { H0ST: "tenant-7x" })
      assert.strictEqual(ServerConfig.redactor(config)?.("no tenant-7x here"), "no <redacted> here")
      assert.notInclude(JSON.stringify(ServerConfig.hideSecrets(config)), "tenant-7x")
    }))

  it.effect.each(["HOME", "USER", "LANG", "PORT", "LC_ALL"])(
    "is none of %s, so that paths in errors can be read",
    (name) =>
      Effect.gen(function*() {
        const entry = { command: "x", args: [`\${${name}}/docs`], env: { PWD: "/srv/data-1" } }
        const config = yield* read(entry, { [name]: "/home/maria-7" })
        assert.strictEqual(ServerConfig.redactor(config)?.("no /home/maria-7/docs") ?? "none", "none")
      })
  )
})
