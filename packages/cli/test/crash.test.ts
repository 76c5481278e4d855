/** A bug of umcp is reported without the secrets of the configuration. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { McpSession } from "@universal-mcp/core/McpSession"
import { SessionFactory } from "@universal-mcp/core/SessionFactory"
import { ConfigProvider, Console, Effect, Layer, Stdio } from "effect"
import * as UserDirectories from "effect/persistence/UserDirectories"
import * as Cli from "../src/Cli.ts"
import { configured } from "./support.ts"

const secrets = ["q1w2e3r4t5y6", "e3r4-flag-value", "p/a?s#s&w@o=r:d"]

/** Runs `umcp` here, with a bug that says all it knows; gives the exit code and what was printed. */
const crash = Effect.fnUntraced(function*(args: ReadonlyArray<string>) {
  const printed: Array<string> = []
  const print = (...words: ReadonlyArray<unknown>) => void printed.push(words.map(String).join(" "))
  const bug = Layer.succeed(SessionFactory, {
    layer: () =>
      Layer.effect(
        McpSession,
        Effect.die(new Error(`bug with ${secrets.join(" ")} ${encodeURIComponent(secrets.join(" "))}`))
      )
  })
  const code = yield* Cli.run.pipe(
    Effect.provide(Layer.mergeAll(
      bug,
      UserDirectories.layer,
      NodeServices.layer,
      Stdio.layerTest({ args: Effect.succeed(args) })
    )),
    Effect.provideService(Console.Console, { ...globalThis.console, log: print, error: print }),
    Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromUnknown({ A: secrets[0], B: secrets[2] }))
  )
  return { code, printed: printed.join("\n") }
})

describe("the report of a bug", () => {
  const flags = [
    ["--stdio", "server $A $B --token e3r4-flag-value"],
    ["--url", "https://example.com/$A?token=e3r4-flag-value", "-H", "X-Key: $B"]
  ]
  for (const given of flags) {
    it.live(`hides the secrets of ${given[0]}`, () =>
      Effect.gen(function*() {
        const { code, printed } = yield* crash(["list", ...given])
        assert.strictEqual(code, 70)
        assert.include(printed, "umcp has a bug")
        assert.include(printed, "bug with <redacted>")
        for (const secret of secrets) {
          assert.notInclude(printed, secret)
          assert.notInclude(printed, encodeURIComponent(secret))
        }
      }))
  }

  it.live("hides those of a file", () =>
    Effect.gen(function*() {
      const cwd = yield* configured({
        one: { command: "x", args: ["${A}", "--token", "e3r4-flag-value"], env: { K: "${B}" } }
      })
      const { code, printed } = yield* crash(["list", "--config", `${cwd}/mcp.json`])
      assert.strictEqual(code, 70)
      for (const secret of secrets) assert.notInclude(printed, secret)
    }).pipe(Effect.scoped))
})
