/** What the scenarios are made of: a client in a process of its own, servers, and the log that these write. */
import { Clock, Data, Duration, Effect, Option, Schedule, type Scope } from "effect"
import { type ChildProcess, fork, spawn, spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import type { Target } from "./clients/client.ts"
import type { Reply, Request } from "./host.ts"

export const clients = ["ours", "sdk1", "sdk2", "mcporter", "effect"] as const

export type ClientName = typeof clients[number]

/** What was seen of one client in one scenario. */
export interface Seen {
  readonly ok: boolean
  readonly text: string
}

export interface Scenario {
  readonly name: string
  /** What is wanted, for those who read the table. */
  readonly what: string
  /** To whom it applies. Default: all. */
  readonly clients?: ReadonlyArray<ClientName>
  /** With whom it takes over 5 s. */
  readonly slow?: ReadonlyArray<ClientName>
  readonly run: (arena: Arena) => Effect.Effect<Seen, Broken, Scope.Scope>
}

export interface Asked {
  /** Undefined if it did not end in time. */
  readonly reply: Reply | undefined
  readonly milliseconds: number
}

const plain = fileURLToPath(new URL("../servers/plain.ts", import.meta.url))
const host = fileURLToPath(new URL("host.ts", import.meta.url))

/** A process that has ended and is not yet waited for does not count. */
export const isAlive = (pid: number): boolean => {
  const { stdout } = spawnSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" })
  return stdout.trim() !== "" && !stdout.startsWith("Z")
}

const kill = (pid: number) => {
  try {
    process.kill(pid, "SIGKILL")
  } catch {
    // It has ended.
  }
}

const freePort = Effect.callback<number>((resume) => {
  const server = createServer().listen(0, "127.0.0.1", () => {
    const address = server.address()
    server.close(() => resume(Effect.succeed(typeof address === "object" ? address?.port ?? 0 : 0)))
  })
})

/** How long it took, or undefined if it did not come true within that time. */
export const waitFor = (isTrue: () => boolean, seconds: number): Effect.Effect<number | undefined> =>
  Effect.sync(isTrue).pipe(
    Effect.repeat({ until: (now) => now, schedule: Schedule.spaced("10 millis") }),
    Effect.timed,
    Effect.timeoutOption(`${seconds} seconds`),
    Effect.map(Option.match({ onNone: () => undefined, onSome: ([took]) => Duration.toMillis(took) }))
  )

export type Arena = Effect.Success<ReturnType<typeof open>>

/** A folder, a log, and an end to every process that was started. */
export const open = Effect.fnUntraced(function*(client: ClientName) {
  const folder = mkdtempSync(join(tmpdir(), "resilience-"))
  const log = join(folder, "log")
  writeFileSync(log, "")
  const children: Array<ChildProcess> = []
  const lines = (start: string) => readFileSync(log, "utf8").split("\n").filter((line) => line.startsWith(`${start} `))
  const pids = () => lines("start").map((line) => Number(line.split(" ")[1]))
  const port = yield* freePort
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      for (const child of children) child.kill("SIGKILL")
      for (const pid of pids()) kill(pid)
      rmSync(folder, { recursive: true, force: true })
    })
  )

  const startClient = Effect.callback<ReturnType<typeof drive>>((resume) => {
    const child = fork(host, [client], { stdio: ["ignore", "ignore", "ignore", "ipc"] })
    children.push(child)
    child.once("message", () => resume(Effect.succeed(drive(child))))
    child.once("exit", (code) => resume(Effect.die(new Error(`the client's process ended with ${code}`))))
  })

  /** The HTTP server; started again, it knows no session any more. */
  const startHttp = Effect.callback<number>((resume) => {
    const before = lines("listening").length
    const child = spawn(process.execPath, [plain, log, "http", String(port)], { stdio: "ignore" })
    children.push(child)
    const poll = setInterval(() => {
      if (lines("listening").length === before) return
      clearInterval(poll)
      resume(Effect.succeed(child.pid ?? 0))
    }, 10)
    return Effect.sync(() => clearInterval(poll))
  })

  return {
    client,
    startClient,
    startHttp,
    url: `http://127.0.0.1:${port}/mcp`,
    http: { url: `http://127.0.0.1:${port}/mcp` } satisfies Target,
    /** Forgets the sessions without restarting. */
    forget: Effect.promise(() => fetch(`http://127.0.0.1:${port}/forget`, { method: "POST" })),
    stdio: (manner = ""): Target => ({ command: process.execPath, args: [plain, log, "stdio", manner] }),
    /** The server is a grandchild, as behind `npx` and many scripts, and stays when its input ends. */
    wrapped: {
      command: "sh",
      args: ["-c", `exec 3<&0; "$0" "$@" <&3 & wait`, process.execPath, plain, log, "stdio", "stays"]
    } satisfies Target,
    lines,
    pids,
    kill: (pid: number) => Effect.sync(() => kill(pid))
  }
})

/** The scenario could not be run. */
export class Broken extends Data.TaggedError("Broken")<{ readonly message: string }> {}

let requests = 0

const drive = (child: ChildProcess) => {
  const ask = (request: Request, seconds = 10): Effect.Effect<Asked> =>
    Effect.gen(function*() {
      const before = yield* Clock.currentTimeMillis
      const reply = yield* Effect.callback<Reply>((resume) => {
        const id = ++requests
        const listen = (reply: Reply) => reply.id === id && resume(Effect.succeed(reply))
        child.setMaxListeners(0).on("message", listen)
        child.send({ id, ...request })
        return Effect.sync(() => child.off("message", listen))
      }).pipe(Effect.timeoutOption(`${seconds} seconds`))
      const milliseconds = (yield* Clock.currentTimeMillis) - before
      return { reply: Option.getOrUndefined(reply), milliseconds }
    })
  return {
    pid: child.pid ?? 0,
    ask,
    call: (tool: string, args: Readonly<Record<string, unknown>> = {}, seconds?: number) =>
      ask({ do: "call", tool, args }, seconds),
    /** Connects, and calls once: some clients connect with the first use. Fails if that does not work. */
    connect: Effect.fnUntraced(function*(target: Target) {
      for (const request of [{ do: "connect", target }, { do: "call", tool: "echo", args: {} }] as const) {
        const asked = yield* ask(request, 20)
        if (!isAnswered(asked)) {
          return yield* new Broken({ message: `${request.do}: ${asked.reply?.error ?? "no end"}` })
        }
      }
    })
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Words
// ---------------------------------------------------------------------------------------------------------------------

export const isAnswered = ({ reply }: Asked): boolean => reply !== undefined && reply.error === undefined

/** Rough, so that the page does not change with the weather. */
export const time = (milliseconds: number): string =>
  milliseconds < 1000 ? `${Math.max(1, Math.ceil(milliseconds / 100)) / 10} s` : `${Math.round(milliseconds / 1000)} s`

export const tell = ({ milliseconds, reply }: Asked): string =>
  reply === undefined
    ? `no end within ${time(milliseconds)}`
    : reply.error === undefined
    ? `answered in ${time(milliseconds)}`
    : `failed in ${time(milliseconds)}`
