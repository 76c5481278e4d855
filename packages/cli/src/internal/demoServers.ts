/** The servers of the tour: real ones, bundled, each started for the tour alone. */
import type { ServerConfig } from "@universal-mcp/core/ServerConfig"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import * as ChildProcess from "effect/process/ChildProcess"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { createServer, type Server } from "node:net"
import { execPath } from "node:process"
import { UsageError } from "./errors.ts"
import { script } from "./package.ts"

/**
 * Starts what does not start by itself, and says how to reach it all. The last server cannot be reached. All is gone
 * when the scope closes.
 */
export const demoServers = Effect.gen(function*() {
  const folder = yield* temporaryFolder
  const [ssePort, httpPort, closedPort] = yield* Effect.all([freePort, freePort, freePort], {
    concurrency: "unbounded"
  }).pipe(Effect.scoped)
  yield* Effect.all([listening("sse", ssePort), listening("streamableHttp", httpPort)], { concurrency: "unbounded" })
  const configs: ReadonlyArray<ServerConfig> = [
    {
      name: "everything",
      transport: "stdio",
      command: execPath,
      args: [script("@modelcontextprotocol/server-everything"), "stdio"],
      env: { API_KEY: Redacted.make("a secret that is never shown") }
    },
    { name: "events", transport: "sse", url: `http://127.0.0.1:${ssePort}/sse` },
    { name: "web", transport: "streamable-http", url: `http://127.0.0.1:${httpPort}/mcp` },
    {
      name: "files",
      transport: "stdio",
      command: execPath,
      args: [script("@modelcontextprotocol/server-filesystem"), folder]
    },
    { name: "nowhere", transport: "streamable-http", url: `http://127.0.0.1:${closedPort}/mcp` }
  ]
  return { configs, folder }
}).pipe(Effect.mapError((error) => new UsageError({ description: `the tour cannot start: ${error.message}` })))

const temporaryFolder = Effect.gen(function*() {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const folder = yield* fs.realPath(yield* fs.makeTempDirectoryScoped({ prefix: "umcp-demo-" }))
  yield* fs.writeFileString(path.join(folder, "hello.txt"), "Hello from a file.\n")
  return folder
})

/** A port that is free once the scope has closed. */
const freePort = Effect.acquireRelease(
  Effect.callback<Server, Error>((resume) => {
    const server = createServer()
    server.once("error", (error) => resume(Effect.fail(error)))
    server.listen(0, () => resume(Effect.succeed(server)))
  }),
  (server) => Effect.callback<void>((resume) => void server.close(() => resume(Effect.void)))
).pipe(Effect.map((server) => {
  const address = server.address()
  return typeof address === "object" && address !== null ? address.port : 0
}))

/** Its input ends when we do, also when we are killed. */
const endingWithUs = "data:text/javascript,process.stdin.resume().on('end',()=>process.exit())"

/** Starts server-everything for HTTP, and waits until it listens. */
const listening = Effect.fnUntraced(function*(mode: "sse" | "streamableHttp", port: number) {
  const everything = script("@modelcontextprotocol/server-everything")
  const child = yield* ChildProcess.make(execPath, ["--import", endingWithUs, everything, mode], {
    env: { PORT: String(port) },
    extendEnv: true,
    forceKillAfter: "1 second"
  })
  const ready = yield* Deferred.make<void, Error>()
  yield* child.all.pipe(
    Stream.decodeText(),
    Stream.splitLines,
    Stream.runForEach((line) => line.includes(`port ${port}`) ? Deferred.succeed(ready, undefined) : Effect.void),
    Effect.ignore,
    Effect.andThen(Deferred.fail(ready, new Error(`the bundled server did not start (${mode})`))),
    Effect.forkScoped
  )
  yield* Deferred.await(ready)
})
