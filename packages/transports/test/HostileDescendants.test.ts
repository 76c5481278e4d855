/**
 * What a hostile server leaves running, and what of it is ended. The other endings are in
 * `HostileDescendants.full.test.ts`; the table in `docs/platforms.md` has a row for each.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import * as StdioTransport from "@universal-mcp/transports/StdioTransport"
import { Effect } from "effect"
import { spawn } from "node:child_process"
import {
  endings,
  isAlive,
  isLeft,
  isThere,
  options,
  startHost,
  suite,
  until,
  word
} from "./fixtures/hostileDescendants.ts"
import { pids } from "./support.ts"

describe.skipIf(process.platform !== "linux")("a hostile server", { concurrent: true }, () => {
  suite(["crashes"])

  for (const kind of ["session", "chain", "reborn"]) {
    it.live(`with \`all\`, leaves a ${kind} and exits with code 0: that ends`, () =>
      Effect.gen(function*() {
        const own = yield* word
        yield* endings["leaves with exit code 0"](own, kind, { descendants: "all" })
        assert.isFalse(isLeft(own, kind))
      }).pipe(Effect.scoped))
  }

  it.live("kills the watchdog and then its host: what it leaves stays", () =>
    Effect.gen(function*() {
      const own = yield* word
      const { child, watchdog } = yield* startHost(options(own, "session"))
      yield* until(() => isThere(own, "session"))
      for (const pid of watchdog()) process.kill(pid, "SIGKILL")
      yield* until(() => !watchdog().some(isAlive))
      child.kill("SIGKILL")
      // The server itself has the end of its input to go by, and what it has started goes on.
      yield* until(() => pids(`--mark=${own}`).length === 0)
      assert.isTrue(isThere(own, "session"))
    }).pipe(Effect.scoped))

  it.live("kills the watchdog and crashes: what it leaves ends, because its host ends it", () =>
    Effect.gen(function*() {
      const own = yield* word
      const { child, watchdog } = yield* startHost(options(own, "session"))
      yield* until(() => isThere(own, "session"))
      for (const pid of watchdog()) process.kill(pid, "SIGKILL")
      yield* until(() => !watchdog().some(isAlive))
      child.stdin.write("kill it\n")
      yield* until(() => !isThere(own, "session"))
      assert.isNull(child.exitCode)
    }).pipe(Effect.scoped))

  /** Another process of the test, which is no descendant of the server. */
  const bystander = (own: string, env: (mark: string) => NodeJS.ProcessEnv) =>
    Effect.gen(function*() {
      const session = yield* StdioTransport.make(options(own, "session"))
      yield* until(() => isThere(own, "session"))
      const { content } = yield* session.callTool("environment", {})
      const seen = JSON.parse(content[0]?.type === "text" ? content[0].text : "")
      const other = yield* Effect.acquireRelease(
        Effect.sync(() =>
          spawn("sh", ["-c", `while :; do sleep 0.2; done # ${own}-bystander`], {
            stdio: "ignore",
            env: { PATH: process.env["PATH"], ...env(seen.env["UNIVERSAL_MCP_WATCHDOG"]) }
          })
        ),
        (child) => Effect.sync(() => child.kill("SIGKILL"))
      )
      yield* until(() => isThere(own, "bystander"))
      yield* Effect.ignore(session.callTool("exit", {}))
      yield* until(() => !isThere(own, "session"))
      return other
    })

  it.live.each<readonly [what: string, env: (mark: string) => NodeJS.ProcessEnv]>([
    ["in the value of another variable", (mark) => ({ NOTES: `saw UNIVERSAL_MCP_WATCHDOG=${mark} there` })],
    ["as the end of another variable's name", (mark) => ({ MY_UNIVERSAL_MCP_WATCHDOG: mark })],
    ["as the beginning of its value", (mark) => ({ UNIVERSAL_MCP_WATCHDOG: `${mark}0` })],
    ["of another server", () => ({ UNIVERSAL_MCP_WATCHDOG: "1.1.100000000" })]
  ])("leaves no mark on others: one that has the text of it %s is not ended", ([, env]) =>
    Effect.gen(function*() {
      const own = yield* word
      yield* bystander(own, env).pipe(
        Effect.tap((other) =>
          Effect.sync(() => assert.deepStrictEqual([other.exitCode, other.signalCode], [null, null]))
        ),
        Effect.scoped
      )
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)))

  it.live("has a process with the mark of another server of ours: that ends with the other, and nothing else", () =>
    Effect.gen(function*() {
      const own = yield* word
      const other = yield* bystander(own, (mark) => ({ UNIVERSAL_MCP_WATCHDOG: mark }))
      yield* until(() => other.signalCode === "SIGTERM")
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)))
})
