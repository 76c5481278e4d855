/** What the tests of real processes and sockets share. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as NodeTransports from "@universal-mcp/transports/NodeTransports"
import { Clock, Context, Effect, FileSystem, Layer, Schedule } from "effect"
import type { ChildProcessSpawner } from "effect/process/ChildProcessSpawner"
import { TestClock } from "effect/testing"
import { execFileSync } from "node:child_process"
import { randomUUID } from "node:crypto"
import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { fileURLToPath } from "node:url"
import { patience } from "../../../test/patience.ts"

const require = createRequire(import.meta.url)

export const node = process.execPath
export const everything = require.resolve("@modelcontextprotocol/server-everything/dist/index.js")
export const filesystem = require.resolve("@modelcontextprotocol/server-filesystem/dist/index.js")
export const fixture = fileURLToPath(new URL("fixtures/stdioServer.ts", import.meta.url))

/** The ways to the pipes of a process: those of our platform, and the streams of any spawner. */
export const platforms: ReadonlyArray<
  readonly [string, Layer.Layer<ChildProcessSpawner | FileSystem.FileSystem>]
> = [
  ["on Node's own pipes", NodeTransports.platform],
  ["on a spawner's streams", NodeServices.layer]
]

/** A word that no other process has in its command line. */
export const mark = Effect.sync(() => `mark-${randomUUID()}`)

/** The command lines of living processes that contain `word`; zombies are dead. */
export const alive = (word: string): ReadonlyArray<string> =>
  execFileSync("ps", ["-eo", "stat=,args="], { encoding: "utf8" })
    .split("\n")
    .filter((line) => line.includes(word) && !line.startsWith("Z"))

/**
 * The ids of living processes whose command lines contain `word`. Which they are says more than how many: a process that
 * was just forked has the command line of its parent, until it becomes something else.
 */
export const pids = (word: string): ReadonlyArray<number> =>
  execFileSync("ps", ["-eo", "pid=,stat=,args="], { encoding: "utf8" }).split("\n").flatMap((line) => {
    const [, pid, stat = "", args = ""] = /^\s*(\d+)\s+(\S+)\s(.*)$/.exec(line) ?? []
    return pid !== undefined && !stat.startsWith("Z") && args.includes(word) ? [Number(pid)] : []
  })

/** A file to which fixture servers write what happens to them, and a way to read and await it. */
export class Log extends Context.Service<Log, {
  readonly path: string
  readonly lines: () => ReadonlyArray<string>
  readonly until: (line: string) => Effect.Effect<void>
}>()("@universal-mcp/transports/test/support/Log") {
  static readonly layer = Layer.effect(
    Log,
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const path = `${yield* fs.makeTempDirectoryScoped()}/log`
      yield* fs.writeFileString(path, "")
      const lines = () => readFileSync(path, "utf8").split("\n").filter((line) => line !== "")
      const until = (line: string) =>
        Effect.sync(lines).pipe(
          Effect.repeat({ until: (seen) => seen.includes(line), schedule: Schedule.spaced("10 millis") }),
          Effect.timeout(patience(30_000)),
          Effect.orDie,
          Effect.asVoid
        )
      return Log.of({ path, lines, until })
    })
  ).pipe(Layer.provide(NodeServices.layer))
}

/**
 * With a clock that stands still: what waits for any time, waits for ever. What ends all the same goes by events, on a
 * busy machine too.
 */
export const withoutTime = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.provide(effect, TestClock.layer())

/** How long an effect takes, in milliseconds. */
export const timed = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<readonly [number, A], E, R> =>
  Effect.gen(function*() {
    const before = yield* Clock.currentTimeMillis
    const value = yield* effect
    return [(yield* Clock.currentTimeMillis) - before, value]
  })
