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
import * as Random from "effect/Random"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"

export interface Watchdog {
  /** Belongs into the environment of what is to be watched: by it the server is found if we die before we know its id. */
  readonly mark: Readonly<Record<string, string>>
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
  const word = String(yield* Random.nextInt)
  const polls = Math.min(Math.ceil(Duration.toMillis(options.gracePeriod) / 100), mostPolls)
  const started = yield* ChildProcess.make("/bin/sh", [
    "-c",
    script,
    "universal-mcp-watchdog",
    String(polls),
    markName,
    word
  ], {
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
    return { mark: {}, watch: () => {} }
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
    // Whatever the seed, no two programs have the same.
    mark: { [markName]: `${handle.pid}.${word}` },
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

const markName = "UNIVERSAL_MCP_WATCHDOG"

/**
 * `kill -0` asks whether anybody is left in the group. If we died before we told which that is, while the server was being
 * started, it is who has the mark; only Linux tells that. Not every `sleep` knows fractions.
 */
const script = `trap '' HUP INT TERM
cd /
grace=$1 mark=$2=$$.$3
pause() { sleep 0.1 || sleep 1; }
if read -r group; then
  [ "$group" = done ] && exit 0
  read -r done && exit 0
  left() { kill -0 "-$group"; }
  end() { kill "-$1" "-$group"; }
else
  marked() { grep -lszx "$mark" /proc/[0-9]*/environ | cut -d / -f 3; }
  left() { [ -n "$(marked)" ]; }
  end() { for pid in $(marked); do kill "-$1" "-$pid" || kill "-$1" "$pid"; done; }
  pause; pause; pause
fi
for signal in TERM KILL; do
  polls=$grace
  while [ "$polls" -gt 0 ]; do
    left || exit 0
    pause
    polls=$((polls - 1))
  done
  end "$signal"
done`
