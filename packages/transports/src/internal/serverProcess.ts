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

export type Options = Pick<ServerConfig.StdioServerConfig, "name" | "command" | "args" | "cwd" | "env" | "descendants">

export interface ServerProcess {
  readonly handle: ChildProcessHandle
  /** Signals it. What we had to signal has not left by itself. */
  readonly stop: (options: ChildProcess.KillOptions) => Effect.Effect<void>
}

export const start = Effect.fnUntraced(function*(
  options: Options,
  gracePeriod: Duration.Duration
): Effect.fn.Return<ServerProcess, ConnectionError, ChildProcessSpawner | Scope.Scope> {
  const { descendants } = options
  const base = yield* environment.inherited(yield* environment.Environment)
  const env = { ...base, ...options.env }
  const args = (options.args ?? []).map(ServerConfig.reveal)
  const { shell, ...resolved } = environment.isWindows(base)
    ? (yield* Effect.promise(() => import("./windows.ts"))).resolve(options.command, args, base)
    : { command: options.command, args, shell: undefined }
  const watchdog = environment.isWindows(base)
    ? undefined
    : yield* Watchdog.start({
      server: options.name,
      gracePeriod,
      path: base["PATH"],
      // How a server ends after our death, nobody sees: it counts as killed.
      descendants: descendants ?? "all"
    })
  let exitCode: ChildProcessHandle["exitCode"] | undefined
  let wasSignalled = false
  const hasLeftByItself = Effect.suspend(() =>
    exitCode === undefined || wasSignalled
      ? Effect.succeed(false)
      : Effect.match(exitCode, { onSuccess: (code) => code === 0, onFailure: () => false })
  )
  if (watchdog !== undefined && (descendants === undefined || descendants === "all")) {
    // Runs when the process and its group are gone.
    yield* Effect.addFinalizer(() =>
      Effect.flatMap(
        hasLeftByItself,
        (isClean) => isClean && descendants === undefined || exitCode === undefined ? Effect.void : watchdog.endMarked
      )
    )
  }
  // Redacted, so that no error repeats them.
  const handle = yield* ChildProcess.make(resolved.command, resolved.args.map((arg) => Redacted.make(arg)), {
    env: { ...env, ...watchdog?.mark },
    killSignal: "SIGTERM",
    forceKillAfter: gracePeriod,
    // In a group of its own it would be ended with that group.
    ...(descendants === "none" && watchdog !== undefined ? { detached: false } : {}),
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
  exitCode = handle.exitCode
  if (watchdog !== undefined) yield* watchdog.watch(handle.pid)
  // And not the handle, which holds streams that nobody reads.
  const { kill } = handle
  return {
    handle,
    stop: (options) =>
      Effect.suspend(() => {
        wasSignalled = true
        return Effect.ignore(kill(options))
      })
  }
})
