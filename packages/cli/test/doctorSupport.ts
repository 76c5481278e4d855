/** What the tests of `umcp doctor` share. */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import { type ChildProcess, spawn } from "node:child_process"
import { createServer, request, type RequestListener, type Server } from "node:http"
import { createRequire } from "node:module"
import { createServer as createTcpServer, type Server as TcpServer, type Socket } from "node:net"
import { dirname, join } from "node:path"
import { type Options, type Outcome, umcp } from "./support.ts"

export interface Step {
  readonly step: string
  readonly status: string
  readonly milliseconds: number
  readonly detail?: string
  readonly evidence?: ReadonlyArray<string>
  readonly hint?: string
  readonly error?: Record<string, unknown>
}

export interface Checkup {
  readonly name: string
  readonly transport: string
  readonly ok: boolean
  readonly steps: ReadonlyArray<Step>
}

const healthy: Step = { step: "none", status: "ok", milliseconds: 0 }

/** What is said of the only server, and of its step that failed. */
export const diagnose = (args: ReadonlyArray<string>, options?: Options) =>
  Effect.map(umcp(["doctor", ...args, "--json"], options), (outcome) => {
    const [server] = serversOf(outcome)
    if (server === undefined) throw new Error("there is no server")
    const failed = server.steps.find(({ status }) => status === "failed") ?? healthy
    return {
      code: outcome.code,
      course: course(server),
      steps: server.steps,
      failed,
      evidence: (failed.evidence ?? []).join("\n"),
      hint: failed.hint ?? "",
      outcome
    }
  })

export const serversOf = ({ stderr, stdout }: Outcome): ReadonlyArray<Checkup> => {
  if (stdout === "") throw new Error(stderr)
  return JSON.parse(stdout).servers
}

/** The steps behind the configuration up to the one that failed: `command process!` */
const course = ({ steps }: Checkup): string =>
  steps.slice(1).filter(({ status }) => status !== "skipped")
    .map(({ status, step }) => status === "ok" ? step : `${step}!`).join(" ")

/** The port on which a server listens while the scope is open. */
export const listening = (server: TcpServer) => {
  const sockets = new Set<Socket>()
  server.on("connection", (socket: Socket) => sockets.add(socket.on("close", () => sockets.delete(socket))))
  return Effect.map(
    Effect.acquireRelease(
      Effect.callback<TcpServer>((resume) => {
        server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
      }),
      () =>
        Effect.callback<void>((resume) => {
          server.close(() => resume(Effect.void))
          for (const socket of sockets) socket.destroy()
        })
    ),
    (server) => {
      const address = server.address()
      return typeof address === "object" && address !== null ? address.port : 0
    }
  )
}

export const serving = (listener: RequestListener) => listening(createServer(listener))

/** Passes on requests for plain HTTP, and notes their URLs. */
export const proxy = (asked: Array<string>): Server =>
  createServer((incoming, response) => {
    asked.push(incoming.url ?? "")
    const { headers, method } = incoming
    const outgoing = request(incoming.url ?? "", { method, headers }, (answer) => {
      answer.pipe(response.writeHead(answer.statusCode ?? 502, answer.headers))
    })
    outgoing.on("error", () => response.destroy())
    response.on("close", () => outgoing.destroy())
    incoming.pipe(outgoing)
  })

/** A port on which nothing listens. */
export const closedPort = Effect.scoped(Effect.suspend(() => listening(createTcpServer())))

const everything = join(
  dirname(createRequire(import.meta.url).resolve("@modelcontextprotocol/server-everything/package.json")),
  "dist/index.js"
)

/** Starts server-everything, and gives its port once it listens. */
export const startEverything = Effect.fnUntraced(function*(mode: "sse" | "streamableHttp") {
  const port = yield* closedPort
  const ready = yield* Deferred.make<void>()
  yield* Effect.acquireRelease(
    Effect.sync((): ChildProcess => {
      const child = spawn(process.execPath, [everything, mode], { env: { ...process.env, PORT: String(port) } })
      for (const output of [child.stdout, child.stderr]) {
        output.setEncoding("utf8").on("data", (text: string) => {
          if (text.includes(`port ${port}`)) Deferred.doneUnsafe(ready, Effect.void)
        })
      }
      return child
    }),
    (child) => Effect.sync(() => child.kill("SIGKILL"))
  )
  yield* Deferred.await(ready)
  return port
})
