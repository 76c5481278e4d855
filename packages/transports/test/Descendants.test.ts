/** What a server has started ends with it, or stays, as `descendants` says: with real processes, seen with `ps`. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import * as StdioTransport from "@universal-mcp/transports/StdioTransport"
import { Duration, Effect, FileSystem, Schedule } from "effect"
import { ChildProcess, ChildProcessSpawner } from "effect/process"
import { execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { patience } from "../../../test/patience.ts"
import * as Watchdog from "../src/internal/watchdog.ts"
import { fixture, mark, node } from "./support.ts"

const host = fileURLToPath(new URL("fixtures/sessionHost.ts", import.meta.url))

interface Process {
  readonly pid: number
  readonly parent: number
  readonly args: string
}

const living = (): ReadonlyArray<Process> =>
  execFileSync("ps", ["-eo", "pid=,ppid=,stat=,args="], { encoding: "utf8" }).split("\n").flatMap((line) => {
    const [, pid, parent, stat = "", args = ""] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s(.*)$/.exec(line) ?? []
    return pid === undefined || stat.startsWith("Z") ? [] : [{ pid: Number(pid), parent: Number(parent), args }]
  })

const kinds = ["group", "session", "stubborn", "cleared", "daemon"]

/** Which of what a server has left is there. */
const left = (word: string): ReadonlyArray<string> => {
  const all = living()
  return kinds.filter((kind) => all.some(({ args }) => args.includes(`${word}-${kind}`)))
}

const until = (isSo: () => boolean) =>
  Effect.sync(isSo).pipe(
    Effect.repeat({ until: (so) => so, schedule: Schedule.spaced("20 millis") }),
    Effect.timeout(patience(30_000)),
    Effect.orDie,
    Effect.asVoid
  )

/** A word for one test; what bears it in the end, the test has left. */
const word = Effect.acquireRelease(mark, (word) =>
  Effect.sync(() => {
    for (const { args, pid } of living()) if (args.includes(word)) process.kill(pid, "SIGKILL")
  }))

const options = (
  word: string,
  leaves: string,
  more: Partial<StdioTransport.Options> = {}
): StdioTransport.Options => ({
  name: "leaves",
  command: node,
  // A busy server that is to leave by itself gets the time for it.
  gracePeriod: more.args === undefined ? patience(3000) : 300,
  reconnect: false,
  ...more,
  args: [fixture, `--mark=${word}`, `--leaves=${leaves}`, ...more.args ?? []]
})

const connect = Effect.fnUntraced(function*(given: StdioTransport.Options, word: string, count: number) {
  const session = yield* StdioTransport.make(given)
  yield* until(() => left(word).length === count)
  return session
})

/** What is left when the server has ended, in the way that `end` says, and the session is closed. */
const after = (
  end: "close" | "leave" | "exit" | "kill",
  leaves: string,
  more?: Partial<StdioTransport.Options>
) =>
  Effect.gen(function*() {
    const own = yield* word
    yield* Effect.scoped(Effect.gen(function*() {
      const session = yield* connect(options(own, leaves, more), own, leaves.split(",").length)
      if (end !== "close") yield* Effect.ignore(session.callTool(end, {}))
    }))
    return left(own)
  }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))

const startHost = Effect.fnUntraced(function*(given: StdioTransport.Options, env: NodeJS.ProcessEnv = {}) {
  const child = yield* Effect.acquireRelease(
    Effect.sync(() =>
      spawn(node, [host, JSON.stringify(given)], {
        stdio: ["pipe", "pipe", "inherit"],
        env: { ...process.env, ...env }
      })
    ),
    (child) => Effect.sync(() => child.kill("SIGKILL"))
  )
  yield* Effect.promise(() => once(child.stdout, "data"))
  return child
})

/** What is left after the host got SIGKILL, when its watchdog is done. */
const afterHost = (leaves: string, more: Partial<StdioTransport.Options>, expected: ReadonlyArray<string>) =>
  Effect.gen(function*() {
    const own = yield* word
    const child = yield* startHost(options(own, leaves, more))
    yield* until(() => left(own).length === leaves.split(",").length)
    const watchdogs = living().filter(({ args, parent }) => parent === child.pid && args.includes("watchdog"))
    assert.strictEqual(watchdogs.length, 1)
    child.kill("SIGKILL")
    yield* until(() => !living().some(({ pid }) => watchdogs.some((one) => one.pid === pid)))
    assert.deepStrictEqual(left(own), expected)
    assert.deepStrictEqual(living().filter(({ args }) => args.includes(`--mark=${own}`)), [])
  }).pipe(Effect.scoped)

describe.skipIf(process.platform !== "linux")("what a server leaves behind", { concurrent: true }, () => {
  describe("by default", () => {
    it.live("ends when the server exits with a code other than 0", () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* after("exit", "group,session,daemon"), [])
      }))

    it.live("ends when the server is killed by somebody", () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* after("kill", "group,session,stubborn,daemon"), [])
      }))

    it.live("ends when we had to send SIGTERM", () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* after("close", "group,session,daemon", { args: ["--ignore-eof"] }), [])
      }))

    it.live("ends when we had to send SIGKILL", () =>
      Effect.gen(function*() {
        const args = ["--ignore-eof", "--ignore-term"]
        assert.deepStrictEqual(yield* after("close", "group,session,daemon", { args }), [])
      }))

    it.live("stays when the server leaves at the end of its input, unless it is in its group", () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* after("close", "group,session,daemon"), ["session", "daemon"])
      }))

    it.live("stays when the server leaves unasked with exit code 0, unless it is in its group", () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* after("leave", "group,session,daemon"), ["session", "daemon"])
      }))

    it.live("stays where it has cleared its environment and is in a session of its own", () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* after("kill", "session,cleared"), ["cleared"])
      }))

    it.live("ends when the host is killed", () => afterHost("group,session,stubborn,daemon", {}, []))

    it.live("ends before the server is started again", () =>
      Effect.gen(function*() {
        const own = yield* word
        const session = yield* connect(options(own, "session", { reconnect: {} }), own, 1)
        const [before] = living().filter(({ args }) => args.includes(`${own}-session`))
        yield* Effect.ignore(session.callTool("kill", {}))
        yield* session.callTool("echo", { message: "hello" })
        const now = living().filter(({ args }) => args.includes(`${own}-session`))
        assert.strictEqual(now.length, 1)
        assert.notStrictEqual(now[0]?.pid, before?.pid)
      }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)))
  })

  describe("with `all`", () => {
    const all = { descendants: "all" } as const

    it.live("ends when the server leaves at the end of its input", () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* after("close", "group,session,stubborn,daemon", all), [])
      }))

    it.live("ends when the server leaves unasked", () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* after("leave", "session", all), [])
      }))

    it.live("ends when the host is killed", () => afterHost("group,session,daemon", all, []))
  })

  describe("with `group`", () => {
    const group = { descendants: "group" } as const

    it.live("ends in its group alone, also after a crash", () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* after("kill", "group,session,daemon", group), ["session", "daemon"])
      }))

    it.live("ends in its group alone, also when we had to kill the server", () =>
      Effect.gen(function*() {
        const more = { ...group, args: ["--ignore-eof", "--ignore-term"] }
        assert.deepStrictEqual(yield* after("close", "group,session", more), ["session"])
      }))

    it.live("ends in its group alone when the host is killed", () =>
      afterHost("group,session,daemon", group, ["session", "daemon"]))
  })

  describe("with `none`", () => {
    const none = { descendants: "none" } as const

    it.live("stays when the server leaves", () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* after("close", "group,session", none), ["group", "session"])
      }))

    it.live("stays after a crash", () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* after("exit", "group,session", none), ["group", "session"])
        assert.deepStrictEqual(yield* after("kill", "group,daemon", none), ["group", "daemon"])
      }))

    it.live("stays when we had to kill the server, which is gone", () =>
      Effect.gen(function*() {
        const own = yield* word
        const args = ["--ignore-eof", "--ignore-term"]
        yield* Effect.scoped(connect(options(own, "group,session", { ...none, args }), own, 2))
        assert.deepStrictEqual(left(own), ["group", "session"])
        assert.deepStrictEqual(living().filter((one) => one.args.includes(`--mark=${own}`)), [])
      }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)))

    it.live("stays when the host is killed, and the server is gone", () =>
      afterHost("group,session", { ...none, args: ["--ignore-eof", "--ignore-term"] }, ["group", "session"]))
  })

  it.live("one server's crash leaves another's processes alone", () =>
    Effect.gen(function*() {
      const [one, other] = [yield* word, yield* word]
      const dies = yield* connect(options(one, "session,daemon"), one, 2)
      const lives = yield* connect(options(other, "group,session,daemon"), other, 3)
      yield* Effect.ignore(dies.callTool("kill", {}))
      yield* until(() => left(one).length === 0)
      assert.deepStrictEqual(left(other), ["group", "session", "daemon"])
      yield* lives.callTool("echo", { message: "hello" })
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)))

  it.live("a mark is that of one server alone, also among many", () =>
    Effect.gen(function*() {
      const start = (server: string) =>
        Watchdog.start({ server, gracePeriod: Duration.seconds(1), path: process.env["PATH"], descendants: "all" })
      const watched = yield* Effect.forEach(Array.from({ length: 11 }, (_, index) => String(index + 1)), start)
      const started = yield* Effect.forEach(watched, ({ mark }) =>
        ChildProcess.make("sleep", ["60"], { detached: true, env: mark, extendEnv: true }))
      yield* watched[0]?.endMarked ?? Effect.void
      const running = yield* Effect.forEach(started, ({ isRunning }) =>
        isRunning)
      assert.deepStrictEqual(running, [false, ...Array.from({ length: 10 }, () => true)])
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)))

  it.live("a program that itself bears another's mark is not ended with its own server", () =>
    Effect.gen(function*() {
      const own = yield* word
      const child = yield* startHost(options(own, "session"), { UNIVERSAL_MCP_WATCHDOG: "4711.1.1" })
      yield* until(() => left(own).length === 1)
      child.stdin.write("kill it\n")
      yield* until(() => left(own).length === 0)
      assert.deepStrictEqual([child.exitCode, child.signalCode], [null, null])
    }).pipe(Effect.scoped))

  it.live("a host that a server has started ends with that server, and so do its own servers", () =>
    Effect.gen(function*() {
      const own = yield* word
      const inner = JSON.stringify(options(own, "session", { args: ["--ignore-eof"] }))
      const fs = yield* FileSystem.FileSystem
      const output = `${yield* fs.makeTempDirectoryScoped()}/output`
      // It speaks no protocol, and crashes as soon as the session of the host is open.
      const script = `setsid "$0" "$1" "$2" </dev/null >"$3" & until grep -q ready "$3"; do sleep 0.05; done; exit 3`
      const error = yield* Effect.flip(Effect.scoped(StdioTransport.make({
        name: "outer",
        command: "sh",
        args: ["-c", script, node, host, inner, output],
        protocolVersion: "legacy"
      })))
      assert.strictEqual(error.exitCode, 3)
      yield* until(() => !living().some(({ args }) => args.includes(own)))
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)))

  it.live("nothing is looked for when a server has left by itself, nor with `group` and `none`", () =>
    Effect.gen(function*() {
      const inner = yield* ChildProcessSpawner.ChildProcessSpawner
      const started: Array<string> = []
      const spawner = ChildProcessSpawner.make((command) => {
        if (command._tag === "StandardCommand") started.push(command.args.join(" "))
        return inner.spawn(command)
      })
      const searches = () => started.filter((args) => args.includes("universal-mcp-end-marked")).length
      const run = (end: string, descendants?: "none" | "group") =>
        StdioTransport.make({
          name: "one",
          command: node,
          args: [fixture],
          ...(descendants === undefined ? {} : { descendants })
        }).pipe(
          Effect.flatMap((session) => Effect.ignore(session.callTool(end, {}))),
          Effect.scoped,
          Effect.provideService(ChildProcessSpawner.ChildProcessSpawner, spawner)
        )
      yield* run("echo")
      yield* run("kill", "group")
      yield* run("kill", "none")
      assert.strictEqual(searches(), 0)
      yield* run("kill")
      assert.strictEqual(searches(), 1)
    }).pipe(Effect.provide(NodeServices.layer)))
})
