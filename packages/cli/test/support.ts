/** Runs the real command as a process, and listens to what fixture servers report. */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import { spawn } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createServer, type Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

// Node then starts the command in three quarters of the time.
const compileCache = fileURLToPath(new URL("../node_modules/.cache/umcp-test", import.meta.url))

export const bin = fileURLToPath(new URL("../build/umcp/bin.js", import.meta.url))
export const fixture = fileURLToPath(new URL("./fixtures/server.ts", import.meta.url))

export interface Options {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  readonly stdin?: string
}

export interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Starts `umcp`; it is killed when the scope closes. */
export const start = Effect.fnUntraced(function*(args: ReadonlyArray<string>, options: Options = {}) {
  const { FORCE_COLOR: _, NO_COLOR: __, ...environment } = process.env
  const ended = yield* Deferred.make<Outcome>()
  const child = yield* Effect.acquireRelease(
    Effect.sync(() =>
      spawn(process.execPath, [bin, ...args], {
        cwd: options.cwd ?? tmpdir(),
        env: { ...environment, HOME: "/nonexistent", NODE_COMPILE_CACHE: compileCache, ...options.env }
      })
    ),
    (child) => Effect.sync(() => child.kill("SIGKILL"))
  )
  let stdout = ""
  let stderr = ""
  child.stdout.setEncoding("utf8").on("data", (chunk) => stdout += chunk)
  child.stderr.setEncoding("utf8").on("data", (chunk) => stderr += chunk)
  child.stdin.on("error", () => {})
  if (options.stdin === undefined) child.stdin.end()
  else child.stdin.end(options.stdin)
  child.on("close", (code) => Deferred.doneUnsafe(ended, Effect.succeed({ code, stdout, stderr })))
  return { child, ended: Deferred.await(ended) }
})

/** Runs `umcp` to its end. */
export const umcp = (args: ReadonlyArray<string>, options?: Options): Effect.Effect<Outcome> =>
  Effect.scoped(Effect.flatMap(start(args, options), ({ ended }) => ended))

/** A new folder, gone when the scope closes. */
export const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "umcp-test-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true }))
)

/** Writes a configuration into a new folder and gives the folder. */
export const configured = (servers: Readonly<Record<string, unknown>>, name = "mcp.json") =>
  Effect.map(folder, (path) => {
    writeFileSync(join(path, name), JSON.stringify({ mcpServers: servers }))
    return path
  })

/** The configuration of a fixture server. */
export const server = (...args: ReadonlyArray<string>) => ({
  command: process.execPath,
  args: [fixture, ...args],
  env: {}
})

export const stdio = ["--stdio", `'${process.execPath}' '${fixture}'`]

/** What fixture servers report, in order, and `<name> gone` for each that is; `go` tells those that wait. */
export const events = Effect.gen(function*() {
  const reported = yield* Queue.unbounded<string>()
  const all: Array<string> = []
  const sockets = new Set<Socket>()
  const report = (event: string) => {
    all.push(event)
    Queue.offerUnsafe(reported, event)
  }
  const listener = yield* Effect.acquireRelease(
    Effect.callback<ReturnType<typeof createServer>>((resume) => {
      const listener = createServer((socket) => {
        let text = ""
        let name = "?"
        sockets.add(socket)
        socket.setEncoding("utf8").on("data", (chunk: string) => {
          const lines = (text + chunk).split("\n")
          text = lines.pop() ?? ""
          for (const line of lines) {
            name = line.split(" ")[0] ?? name
            report(line)
          }
        })
        socket.on("error", () => {})
        socket.on("close", () => {
          sockets.delete(socket)
          report(`${name} gone`)
        })
      })
      listener.listen(0, "127.0.0.1", () => resume(Effect.succeed(listener)))
    }),
    (listener) => Effect.sync(() => listener.close())
  )
  const address = listener.address()
  const port = typeof address === "object" && address !== null ? String(address.port) : ""
  const until = (event: string): Effect.Effect<void> =>
    Effect.flatMap(Queue.take(reported), (next) => next === event ? Effect.void : until(event))
  const go = Effect.sync(() => sockets.forEach((socket) => socket.write("go")))
  return { env: { EVENTS: port }, all, until, go }
})

/** The one JSON line on stderr. */
export const errorOf = ({ stderr }: Outcome): Record<string, unknown> => {
  const lines = stderr.split("\n")
  if (lines.length !== 2 || lines[1] !== "") throw new Error(`not one line: ${JSON.stringify(stderr)}`)
  return JSON.parse(stderr).error
}
