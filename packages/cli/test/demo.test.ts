import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type { ChildProcess } from "node:child_process"
import { execFileSync } from "node:child_process"
import { existsSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { patience } from "../../../test/patience.ts"
import { start } from "./support.ts"

/** All processes below `pid`. */
const descendants = (pid: number | undefined): ReadonlyArray<number> => {
  const rows = execFileSync("ps", ["-eo", "pid=,ppid="], { encoding: "utf8" })
    .trim().split("\n").map((line) => line.trim().split(/\s+/).map(Number))
  const below = (parent: number | undefined): ReadonlyArray<number> =>
    rows.flatMap(([child, of]) => child !== undefined && of === parent ? [child, ...below(child)] : [])
  return below(pid)
}

const isRunning = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** Waits until the tour has printed `text`, and gives all it has printed. */
const printed = (child: ChildProcess, text: string) =>
  Effect.callback<string>((resume) => {
    let all = ""
    child.stdout?.on("data", (chunk) => {
      all += chunk
      if (all.includes(text)) resume(Effect.succeed(all))
    })
  })

describe.skipIf(process.platform === "win32")("umcp demo", () => {
  it.live("walks through everything, in any terminal or none, and leaves nothing behind", () =>
    Effect.gen(function*() {
      const begun = Date.now()
      const { child, ended } = yield* start(["demo"])
      const before = yield* printed(child, "4. Follow progress")
      const processes = descendants(child.pid)
      // Two servers over stdio, each with its watchdog, two over HTTP; `ps` itself is not one of ours.
      assert.lengthOf(processes, 5)
      const { code, stderr, stdout } = yield* ended
      assert.deepStrictEqual({ code, stderr }, { code: 0, stderr: "" })
      assert.isBelow(Date.now() - begun, patience(15_000))
      for (
        const line of [
          /✓ +everything +stdio +2025-11-25/,
          /✓ +events +sse +2025-11-25/,
          /✓ +web +streamable-http +2025-11-25/,
          /✓ +files +stdio +2025-11-25/,
          /✗ +no connection to "nowhere" \(streamable-http, connect\): nothing listens on/,
          /^ +everything +\d+ tools$/m,
          /echo\(message: string\)/,
          /│ Echo: hello/,
          /│ \{"temperature":33,"conditions":"Cloudy","humidity":82\}/,
          /│ \[image image\/png, 4\.0 kB\]/,
          /│ Access denied/,
          /│ 4 of 4\n.*│ Long running operation completed/,
          /env +API_KEY=<redacted>/,
          /ServerNotFound +there is no server "evrything"[^✓]*did\s+you\s+mean\s+"everything"/,
          /added +everything → events → web → files\n +closed +files → web → events → everything\n/
        ]
      ) assert.match(stdout, line)
      // oxlint-disable-next-line no-control-regex
      assert.notMatch(stdout, /[\u001b\r]/)
      assert.deepStrictEqual(processes.filter(isRunning), [])
      const [folder = ""] = /umcp-demo-\w+/.exec(before) ?? []
      assert.notStrictEqual(folder, "")
      assert.isFalse(existsSync(join(tmpdir(), folder)))
    }))

  it.live("leaves no process behind even when it is killed", () =>
    Effect.gen(function*() {
      const { child, ended } = yield* start(["demo"])
      yield* printed(child, "4. Follow progress")
      const processes = descendants(child.pid)
      assert.lengthOf(processes, 5)
      child.kill("SIGKILL")
      yield* ended
      yield* Effect.sync(() => processes.filter(isRunning)).pipe(
        Effect.repeat({ until: (left) => left.length === 0, schedule: Schedule.spaced("50 millis") }),
        Effect.timeout(patience(30_000))
      )
    }))

  it.live("leaves nothing behind either when it is interrupted", () =>
    Effect.gen(function*() {
      const { child, ended } = yield* start(["demo"])
      const before = yield* printed(child, "4. Follow progress")
      const processes = descendants(child.pid)
      assert.lengthOf(processes, 5)
      child.kill("SIGINT")
      const { code, stderr, stdout } = yield* ended
      assert.deepStrictEqual({ code, stderr }, { code: 130, stderr: "" })
      assert.notInclude(stdout, "7. Shut down")
      assert.deepStrictEqual(processes.filter(isRunning), [])
      const [folder = ""] = /umcp-demo-\w+/.exec(before) ?? []
      assert.isFalse(existsSync(join(tmpdir(), folder)))
    }))
})
