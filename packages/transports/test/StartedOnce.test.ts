/** How often a process is started that ends before there is a session: twice only where our question may have ended it. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import * as NegotiationCache from "@universal-mcp/core/NegotiationCache"
import * as StdioTransport from "@universal-mcp/transports/StdioTransport"
import { Effect, Layer } from "effect"
import { Log, node } from "./support.ts"

const connect = (code: string, log: string) =>
  StdioTransport.make({
    name: "one",
    command: node,
    args: ["-e", `require("fs").appendFileSync(process.env.LOG, "start\\n");${code}`],
    env: { LOG: log }
  }).pipe(Effect.provideService(NegotiationCache.NegotiationCache, NegotiationCache.make()))

/** A server of old, which does with `server/discover` what `probed` says. */
const old = (probed: string) => `
const send = (message) => process.stdout.write(JSON.stringify({ jsonrpc: "2.0", ...message }) + "\\n")
const handlers = {
  initialize: ({ id }) => send({ id, result: { protocolVersion: "2025-06-18", capabilities: {}, serverInfo: { name: "old", version: "1" } } }),
  "notifications/initialized": () => {}
}
require("readline").createInterface({ input: process.stdin }).on("line", (line) => {
  const message = JSON.parse(line)
  const handler = handlers[message.method]
  ${probed}
  handler(message)
})`

describe("a process that ends at once", () => {
  it.live.each([
    ["throws", `throw new Error("DATABASE_URL is not set")`],
    ["misses a module", `require("left-pad-of-nobody")`],
    ["says what is wrong", `console.error("usage: one --token T\\nerror: --token is required"); process.exit(2)`],
    ["rejects later", `setTimeout(() => Promise.reject(new TypeError("fetch failed")), 20)`],
    ["asks for something", `console.error("Set FOO_TOKEN first"); process.exit(1)`],
    ["speaks another language", `console.error("Der Schlüssel fehlt"); process.exit(1)`],
    ["throws what is no error", `throw "no token"`],
    ["says so in words of its own", `console.error("License expired on 2026-01-01"); process.exit(64)`]
  ])("is started once: it %s", ([, code = ""]) =>
    Effect.gen(function*() {
      const log = yield* Log
      const error = yield* Effect.flip(Effect.scoped(connect(code, log.path)))
      assert.isAbove(error.exitCode ?? 0, 0)
      assert.deepStrictEqual(log.lines(), ["start"])
    }).pipe(Effect.provide(Layer.merge(Log.layer, NodeServices.layer))))

  it.live.each([
    ["exits and says nothing", `if (!handler) process.exit(3)`],
    ["exits as if all were well", `if (!handler) process.exit(0)`],
    ["throws where it handles messages", ``],
    [
      "says which message it does not know",
      `if (!handler) { console.error("fatal: expected initialize, got " + message.method); process.exit(1) }`
    ],
    [
      "says something else than what is wrong",
      `if (!handler) { console.error("old server 1.0 on stdio"); process.exit(1) }`
    ],
    ["kills itself", `if (!handler) { console.error("fatal"); process.kill(process.pid, "SIGABRT") }`]
  ])(
    "is started twice, and then works, where our question may have ended it: it %s",
    ([, probed = ""]) =>
      Effect.gen(function*() {
        const log = yield* Log
        const session = yield* connect(old(probed), log.path)
        assert.strictEqual(session.server.protocolVersion, "2025-06-18")
        assert.deepStrictEqual(log.lines(), ["start", "start"])
      }).pipe(Effect.scoped, Effect.provide(Layer.merge(Log.layer, NodeServices.layer)))
  )
})
