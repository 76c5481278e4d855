/** Runs the examples as their readers do: as programs. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Effect from "effect/Effect"
import * as ChildProcess from "effect/process/ChildProcess"
import * as Stream from "effect/Stream"
import { createServer, type RequestListener } from "node:http"
import type { AddressInfo } from "node:net"

const folder = `${import.meta.dirname}/..`

const text = <E>(stream: Stream.Stream<Uint8Array, E>) => Stream.mkString(Stream.decodeText(stream))

export const run = (program: string, args: ReadonlyArray<string> = [], env: Record<string, string> = {}) =>
  Effect.gen(function*() {
    const handle = yield* ChildProcess.make(process.execPath, [program, ...args], {
      cwd: folder,
      env: { NODE: process.execPath, NO_COLOR: "1", ...env },
      extendEnv: true,
      forceKillAfter: "1 second"
    })
    const [stdout, stderr, exitCode] = yield* Effect.all([text(handle.stdout), text(handle.stderr), handle.exitCode], {
      concurrency: "unbounded"
    })
    return { stdout, stderr, exitCode: Number(exitCode) }
  }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))

/** The arguments of every process there is. */
export const processes = ChildProcess.make("ps", ["-eo", "args"]).pipe(
  Effect.flatMap((handle) => text(handle.stdout)),
  Effect.scoped,
  Effect.provide(NodeServices.layer)
)

/** An HTTP server; gives its URL. */
export const http = (listener: RequestListener) =>
  Effect.acquireRelease(
    Effect.callback<ReturnType<typeof createServer>>((resume) => {
      const server = createServer(listener)
      server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
    }),
    (server) =>
      Effect.callback<void>((resume) => {
        server.close(() => resume(Effect.void))
        server.closeAllConnections()
      })
  ).pipe(Effect.map((server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`))

const freePort = http(() => {}).pipe(Effect.map((url) => new URL(url).port), Effect.scoped)

/** `server-everything` over HTTP; gives its base URL once it listens. */
export const everything = (mode: "sse" | "streamableHttp") =>
  Effect.gen(function*() {
    const port = yield* freePort
    const server = `${folder}/node_modules/@modelcontextprotocol/server-everything/dist/index.js`
    const handle = yield* ChildProcess.make(process.execPath, [server, mode], {
      env: { PORT: port },
      extendEnv: true,
      stdout: "ignore",
      forceKillAfter: "1 second"
    })
    yield* handle.stderr.pipe(
      Stream.decodeText(),
      Stream.splitLines,
      Stream.filter((line) => line.includes(`on port ${port}`)),
      Stream.runHead
    )
    return `http://localhost:${port}`
  }).pipe(Effect.provide(NodeServices.layer))
