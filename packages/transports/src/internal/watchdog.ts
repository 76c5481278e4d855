/**
 * Ends a server's processes when our process dies without running its finalizers: after SIGKILL, `process.exit`, an
 * uncaught exception, or a signal that nobody handles.
 *
 * A small `sh`, in a session of its own, reads from a pipe that only we hold. The end of its input without our word is
 * our death: it gives the server, whose input has ended too, the grace period to leave, then does what closing does.
 */
import type * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as ChildProcess from "effect/process/ChildProcess"
import type { ChildProcessSpawner } from "effect/process/ChildProcessSpawner"
import * as Queue from "effect/Queue"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"

export interface Watchdog {
  /** Takes the id of the process group to end; once. */
  readonly watch: (group: number) => void
}

/**
 * To be started before the server and in the same scope, so that it is released after it: a process id may be another
 * process's as soon as its process is gone. `path` is where `sleep` is.
 */
export const start = Effect.fnUntraced(function*(
  options: { readonly server: string; readonly gracePeriod: Duration.Duration; readonly path: string | undefined }
): Effect.fn.Return<Watchdog, never, ChildProcessSpawner | Scope.Scope> {
  const words = yield* Queue.make<string, Cause.Done>()
  const polls = Math.min(Math.ceil(Duration.toMillis(options.gracePeriod) / 100), mostPolls)
  const started = yield* ChildProcess.make("/bin/sh", ["-c", script, "universal-mcp-watchdog", String(polls)], {
    detached: true,
    env: { PATH: options.path === undefined ? systemPath : `${options.path}:${systemPath}` },
    stdin: Stream.encodeText(Stream.fromQueue(words)),
    stdout: "ignore",
    stderr: "ignore",
    killSignal: "SIGKILL"
  }).pipe(
    // Nobody stays alive for its sake.
    Effect.flatMap((handle) => Effect.map(handle.unref, (reref) => ({ handle, reref }))),
    Effect.catchDefect(Effect.fail),
    Effect.result
  )
  if (Result.isFailure(started)) {
    yield* Effect.logWarning(
      `the server "${options.server}" goes on running if this process is killed: there is no watchdog without /bin/sh`,
      started.failure
    )
    return { watch: () => {} }
  }
  const { handle, reref } = started.success
  yield* Effect.addFinalizer(() =>
    reref.pipe(
      Effect.andThen(Queue.offer(words, "done\n")),
      Effect.andThen(handle.exitCode),
      // One that does not listen is killed when its process is released.
      Effect.timeout("1 second"),
      Effect.ignore
    )
  )
  return {
    watch: (group) => {
      Queue.offerUnsafe(words, `${group}\n`)
    }
  }
})

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

/** An hour. */
const mostPolls = 36_000

const systemPath = "/usr/bin:/bin"

/** `kill -0` asks whether anybody is left in the group. Not every `sleep` knows fractions. */
const script = `trap '' HUP INT TERM
cd /
read -r group && [ "$group" != done ] || exit 0
read -r done && exit 0
for signal in TERM KILL; do
  polls=$1
  while [ "$polls" -gt 0 ]; do
    kill -0 "-$group" || exit 0
    sleep 0.1 || sleep 1
    polls=$((polls - 1))
  done
  kill "-$signal" "-$group"
done`
