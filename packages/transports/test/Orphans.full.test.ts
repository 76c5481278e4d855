/** Servers end with the program that started them, however that ends: seen with `ps`, process by process. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import * as StdioTransport from "@universal-mcp/transports/StdioTransport"
import { Effect, Schedule } from "effect"
import { execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import { text } from "node:stream/consumers"
import { fileURLToPath } from "node:url"
import { patience } from "../../../test/patience.ts"
import { alive, fixture, Log, mark, node, timed } from "./support.ts"

const host = fileURLToPath(new URL("fixtures/host.ts", import.meta.url))

interface Process {
  readonly pid: number
  readonly parent: number
  readonly args: string
}

/** All that live; zombies are dead. */
const processes = (): ReadonlyArray<Process> =>
  execFileSync("ps", ["-eo", "pid=,ppid=,stat=,args="], { encoding: "utf8" }).split("\n").flatMap((line) => {
    const [, pid, parent, stat = "", args = ""] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s(.*)$/.exec(line) ?? []
    return pid === undefined || stat.startsWith("Z") ? [] : [{ pid: Number(pid), parent: Number(parent), args }]
  })

const under = (ancestor: number): ReadonlyArray<Process> => {
  const all = processes()
  const below = (parent: number): ReadonlyArray<Process> =>
    all.filter((child) => child.parent === parent).flatMap((child) => [child, ...below(child.pid)])
  return below(ancestor)
}

const isWatchdog = ({ args }: Process) => args.includes("universal-mcp-watchdog")
const ours = () => under(process.pid).filter(isWatchdog)

const gone = (which: ReadonlyArray<Process>) =>
  Effect.sync(() => processes().filter(({ args, pid }) => which.some((one) => one.pid === pid && one.args === args)))
    .pipe(
      Effect.repeat({ until: (left) => left.length === 0, schedule: Schedule.spaced("20 millis") }),
      Effect.timeout(patience(30_000)),
      Effect.orDie
    )

/** Starts the host, and waits until its session is open; kills it in the end, if it still lives. */
const startHost = Effect.fnUntraced(function*(ending: string, gracePeriod: number, flags: ReadonlyArray<string>) {
  const child = yield* Effect.acquireRelease(
    Effect.sync(() => spawn(node, [host, ending, String(gracePeriod), ...flags], { stdio: ["pipe", "pipe", "pipe"] })),
    (child) => Effect.sync(() => child.kill("SIGKILL"))
  )
  const exited = once(child, "exit")
  const exit = Effect.promise(() => exited)
  const told = text(child.stderr)
  const early = Effect.andThen(exit, Effect.promise(() => told)).pipe(
    Effect.flatMap((stderr) => Effect.die(new Error(`the host ended early: ${stderr}`)))
  )
  yield* Effect.raceFirst(Effect.promise(() => once(child.stdout, "data")), early)
  return { child, exit, pid: child.pid ?? Number.NaN }
})

const stubborn = ["--ignore-eof", "--ignore-term", "--grandchild"]

const ends = (title: string, ending: string, end: NodeJS.Signals | "word", expected: ReadonlyArray<unknown>) =>
  it.live(title, () =>
    Effect.gen(function*() {
      const word = yield* mark
      const { child, exit, pid } = yield* startHost(ending, 300, [...stubborn, `--mark=${word}`])
      const all = under(pid)
      assert.strictEqual(all.filter(isWatchdog).length, 1)
      // The shell, the server, its child, and what that runs.
      const server = all.filter(({ args }) => args.includes(word))
      assert.isAtLeast(server.length, 3)
      const [duration] = yield* timed(Effect.gen(function*() {
        if (end === "word") child.stdin.write("now\n")
        else process.kill(pid, end)
        assert.deepStrictEqual(yield* exit, expected)
        yield* gone(all)
      }))
      assert.deepStrictEqual(alive(word), [])
      // Two grace periods of 300 ms, and what the processes take to end.
      assert.isBelow(duration, patience(8000))
    }).pipe(Effect.scoped))

describe("a program that dies leaves neither server, nor grandchild, nor watchdog", { concurrent: true }, () => {
  ends("SIGKILL", "signal", "SIGKILL", [null, "SIGKILL"])
  ends("SIGTERM, which nobody handles", "signal", "SIGTERM", [null, "SIGTERM"])
  ends("SIGHUP, which nobody handles", "signal", "SIGHUP", [null, "SIGHUP"])
  ends("SIGINT, which nobody handles", "signal", "SIGINT", [null, "SIGINT"])
  ends("an uncaught exception", "throw", "word", [1, null])
  ends("process.exit", "exit", "word", [0, null])
  ends("SIGTERM under runMain", "main", "SIGTERM", [130, null])
  ends("SIGKILL under runMain", "main", "SIGKILL", [null, "SIGKILL"])
  ends("a defect under runMain", "defect", "word", [1, null])
})

describe("the watchdog", () => {
  it.live("gives the server the time to leave by itself", () =>
    Effect.gen(function*() {
      const log = yield* Log
      const flags = ["--leave-after=200", `--log=${log.path}`, "--name=polite"]
      const { pid } = yield* startHost("signal", 20_000, flags)
      const all = under(pid)
      process.kill(pid, "SIGKILL")
      yield* gone(all)
      assert.deepStrictEqual(log.lines(), ["start polite", "initialized polite", "end polite"])
    }).pipe(Effect.scoped, Effect.provide(Log.layer)))

  it.live("is there until the server is gone: the program is killed while it closes", () =>
    Effect.gen(function*() {
      const log = yield* Log
      const word = yield* mark
      const flags = [...stubborn, `--mark=${word}`, `--log=${log.path}`, "--name=stubborn"]
      const { pid } = yield* startHost("main", 1000, flags)
      const all = under(pid)
      process.kill(pid, "SIGTERM")
      yield* log.until("SIGTERM stubborn")
      process.kill(pid, "SIGKILL")
      yield* gone(all)
      assert.deepStrictEqual(alive(word), [])
    }).pipe(Effect.scoped, Effect.provide(Log.layer)))

  it.live.skipIf(process.platform !== "linux")(
    "finds a server that it was not yet told of when the program died",
    () =>
      Effect.gen(function*() {
        const log = yield* Log
        const word = yield* mark
        const flags = [...stubborn, `--mark=${word}`, `--log=${log.path}`, "--name=early"]
        const { pid } = yield* startHost("early", 300, flags)
        yield* log.until("start early")
        const all = under(pid)
        assert.isAtLeast(all.filter(({ args }) => args.includes(word)).length, 3)
        process.kill(pid, "SIGKILL")
        yield* gone(all)
        assert.deepStrictEqual(alive(word), [])
      }).pipe(Effect.scoped, Effect.provide(Log.layer))
  )

  it.live("is no reason for a program to stay", () =>
    Effect.gen(function*() {
      const { exit, pid } = yield* startHost("idle", 1000, [])
      assert.deepStrictEqual(yield* exit, [0, null])
      assert.deepStrictEqual(under(pid), [])
    }).pipe(Effect.scoped))

  it.live("ends with its session", () =>
    Effect.gen(function*() {
      const word = yield* mark
      yield* Effect.scoped(Effect.gen(function*() {
        yield* StdioTransport.make({ name: "one", command: node, args: [fixture, `--mark=${word}`] })
        assert.strictEqual(ours().length, 1)
      }))
      assert.deepStrictEqual(ours(), [])
      assert.deepStrictEqual(alive(word), [])
    }).pipe(Effect.provide(NodeServices.layer)))

  it.live("is one for all servers of a program, and leaves none of them", () =>
    Effect.gen(function*() {
      const word = yield* mark
      const { pid } = yield* startHost("several", 300, [...stubborn, `--mark=${word}`])
      const all = under(pid)
      assert.strictEqual(all.filter(isWatchdog).length, 1)
      // Three servers of those that the test above counts for one.
      assert.isAtLeast(all.filter(({ args }) => args.includes(word)).length, 9)
      process.kill(pid, "SIGKILL")
      yield* gone(all)
      assert.deepStrictEqual(alive(word), [])
    }).pipe(Effect.scoped))

  it.live("is there for later servers when somebody has killed it, and ends with the last of them", () =>
    Effect.gen(function*() {
      const connect = StdioTransport.make({ name: "one of them", command: node, args: [fixture] })
      yield* Effect.scoped(Effect.gen(function*() {
        yield* connect
        yield* Effect.scoped(connect)
        const [first, ...others] = ours()
        assert.isDefined(first)
        assert.deepStrictEqual(others, [])
        process.kill(first.pid, "SIGKILL")
        yield* gone([first])
        yield* connect
        yield* connect
        assert.strictEqual(ours().length, 1)
      }))
      assert.deepStrictEqual(ours(), [])
    }).pipe(Effect.provide(NodeServices.layer)))

  it.live("what a server leaves behind when it dies is ended while the session goes on", () =>
    Effect.gen(function*() {
      const word = yield* mark
      const args = [fixture, "--grandchild", `--mark=${word}`]
      const session = yield* StdioTransport.make({ name: "dies", command: node, args, gracePeriod: "200 millis" })
      const before = under(process.pid).filter((one) => one.args.includes(word) || isWatchdog(one))
      assert.isAtLeast(before.length, 3)
      yield* Effect.ignore(session.callTool("kill", {}))
      yield* gone(before)
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)))

  it.live("ends with a server that cannot be started, or leaves at once", () =>
    Effect.gen(function*() {
      const attempt = (command: string, args: ReadonlyArray<string>) =>
        Effect.flip(Effect.scoped(StdioTransport.make({ name: "none", command, args })))
      assert.strictEqual((yield* attempt("no-such-command-anywhere", [])).phase, "spawn")
      assert.strictEqual((yield* attempt(node, [fixture, "--exit-at-start=3"])).exitCode, 3)
      assert.deepStrictEqual(ours(), [])
    }).pipe(Effect.provide(NodeServices.layer)))

  it.live("twenty sessions opened and closed leave no process", () =>
    Effect.gen(function*() {
      const word = yield* mark
      const session = StdioTransport.make({ name: "many", command: node, args: [fixture, `--mark=${word}`] }).pipe(
        Effect.andThen((session) => session.callTool("echo", { message: "hello" })),
        Effect.scoped
      )
      yield* Effect.all(Array.from({ length: 20 }, () => session), { concurrency: 5, discard: true })
      assert.deepStrictEqual(alive(word), [])
      assert.deepStrictEqual(ours(), [])
    }).pipe(Effect.provide(NodeServices.layer)))
})
