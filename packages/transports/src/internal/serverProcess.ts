/** Starts the process of a server, in the documented environment and under the watchdog. */
import { ConnectionError } from "@universal-mcp/core/McpError"
import * as ServerConfig from "@universal-mcp/core/ServerConfig"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as ChildProcess from "effect/process/ChildProcess"
import type { ChildProcessHandle, ChildProcessSpawner } from "effect/process/ChildProcessSpawner"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import * as environment from "./environment.ts"
import * as spawnFailure from "./spawnFailure.ts"
import * as Watchdog from "./watchdog.ts"

export type Options = Pick<ServerConfig.StdioServerConfig, "name" | "command" | "args" | "cwd" | "env">

export const start = Effect.fnUntraced(function*(
  options: Options,
  gracePeriod: Duration.Duration
): Effect.fn.Return<ChildProcessHandle, ConnectionError, ChildProcessSpawner | Scope.Scope> {
  const base = yield* environment.inherited(yield* environment.Environment)
  const env = { ...base, ...options.env }
  const args = (options.args ?? []).map(ServerConfig.reveal)
  const { shell, ...resolved } = environment.isWindows(base)
    ? (yield* Effect.promise(() => import("./windows.ts"))).resolve(options.command, args, base)
    : { command: options.command, args, shell: undefined }
  const watchdog = environment.isWindows(base)
    ? undefined
    : yield* Watchdog.start({ server: options.name, gracePeriod, path: base["PATH"] })
  // Redacted, so that no error repeats them.
  const handle = yield* ChildProcess.make(resolved.command, resolved.args.map((arg) => Redacted.make(arg)), {
    env: { ...env, ...watchdog?.mark },
    killSignal: "SIGTERM",
    forceKillAfter: gracePeriod,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(shell === undefined ? {} : { shell })
  }).pipe(
    // Node throws some failures to start a process instead of reporting them (ENOTDIR, E2BIG), which arrive as defects.
    Effect.catchDefect(Effect.fail),
    Effect.mapError((cause) => {
      const path = env["PATH"]
      return new ConnectionError({
        server: options.name,
        transport: "stdio",
        phase: "spawn",
        stderr: [],
        cause,
        ...spawnFailure.explain(cause, {
          command: options.command,
          cwd: options.cwd,
          path: path === undefined ? undefined : ServerConfig.reveal(path)
        })
      })
    })
  )
  if (watchdog !== undefined) yield* watchdog.watch(handle.pid)
  return handle
})
