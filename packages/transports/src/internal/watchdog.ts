/**
 * Ends the servers' processes when our process dies without running its finalizers: after SIGKILL, `process.exit`, an
 * uncaught exception, or a signal that nobody handles.
 *
 * A small `sh`, in a session of its own, reads from a pipe that only we hold. The end of its input without our word is
 * our death: it gives each server, whose input has ended too, its grace period to leave, then does what closing does.
 * There is one for all servers of a spawner, from the first to the last: to start one for each would double the processes.
 */
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as ChildProcess from "effect/process/ChildProcess"
import { ChildProcessSpawner } from "effect/process/ChildProcessSpawner"
import * as Random from "effect/Random"
import * as RcRef from "effect/RcRef"
import * as Result from "effect/Result"
import * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import * as Stream from "effect/Stream"

export interface Watchdog {
  /** Belongs into the environment of what is to be watched: by it the server is found if we die before we know its id. */
  readonly mark: Readonly<Record<string, string>>
  /** Takes the id of the process group to end; once. */
  readonly watch: (group: number) => Effect.Effect<void>
}

/**
 * To be started before the server and in the same scope, so that it is released after it: a process id may be another
 * process's as soon as its process is gone. `path` is where `sleep` is.
 */
export const start = Effect.fnUntraced(function*(
  options: { readonly server: string; readonly gracePeriod: Duration.Duration; readonly path: string | undefined }
): Effect.fn.Return<Watchdog, never, ChildProcessSpawner | Scope.Scope> {
  const shell = yield* shellOf(yield* ChildProcessSpawner, options.path)
  if (Result.isFailure(shell)) {
    yield* Effect.logWarning(
      `the server "${options.server}" goes on running if this process is killed: there is no watchdog without /bin/sh`,
      shell.failure
    )
    return { mark: {}, watch: () => Effect.void }
  }
  const { mark, nextId, tell } = shell.success
  const id = nextId()
  const polls = Math.min(Math.ceil(Duration.toMillis(options.gracePeriod) / 100), mostPolls)
  yield* Effect.acquireRelease(tell(`${id} ${polls}:`), () => tell(String(id)))
  return {
    mark: { [markName]: `${mark}.${id}` },
    watch: (group) => tell(`${id} ${polls}:${group}`)
  }
})

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

interface Shell {
  readonly mark: string
  readonly nextId: () => number
  /** Completes once it is written: what is started after that is known, whatever becomes of us. */
  readonly tell: (line: string) => Effect.Effect<void>
  readonly isRunning: Effect.Effect<boolean>
}

type Started = Result.Result<Shell, unknown>

interface Batch {
  lines: string
  readonly written: Deferred.Deferred<void>
}

const shells = new WeakMap<ChildProcessSpawner["Service"], RcRef.RcRef<Started>>()

const shellOf = Effect.fnUntraced(function*(spawner: ChildProcessSpawner["Service"], path: string | undefined) {
  let shared = shells.get(spawner)
  if (shared === undefined) {
    shared = yield* RcRef.make({ acquire: startShell(path) }).pipe(
      Effect.provideService(ChildProcessSpawner, spawner),
      // It ends with the last who has it, not with the first.
      Effect.provideService(Scope.Scope, Scope.makeUnsafe())
    )
    shells.set(spawner, shared)
  }
  const shell = yield* RcRef.get(shared)
  if (Result.isFailure(shell) || (yield* shell.success.isRunning)) return shell
  yield* RcRef.invalidate(shared)
  return yield* RcRef.get(shared)
})

const startShell = Effect.fnUntraced(function*(
  path: string | undefined
): Effect.fn.Return<Started, never, ChildProcessSpawner | Scope.Scope> {
  const word = String(yield* Random.nextInt)
  const started = yield* ChildProcess.make("/bin/sh", ["-c", script, "universal-mcp-watchdog", markName, word], {
    detached: true,
    env: { PATH: path === undefined ? systemPath : `${path}:${systemPath}` },
    stdin: { stream: "pipe", endOnDone: false },
    stdout: "ignore",
    stderr: "ignore",
    killSignal: "SIGKILL"
  }).pipe(
    // Nobody stays alive for its sake.
    Effect.flatMap((handle) => Effect.map(handle.unref, (reref) => ({ handle, reref }))),
    Effect.catchDefect(Effect.fail),
    Effect.result
  )
  if (Result.isFailure(started)) return Result.fail(started.failure)
  const { handle, reref } = started.success
  /** What is to be written next: of servers that start side by side together, because each write wakes the shell. */
  let batch: Batch | undefined
  const oneByOne = Semaphore.makeUnsafe(1)
  const write = (mine: Batch) =>
    Effect.suspend(() => {
      batch = undefined
      return Stream.run(Stream.encodeText(Stream.make(mine.lines)), handle.stdin)
    }).pipe(
      Semaphore.withPermit(oneByOne),
      // Whatever becomes of it: nobody is to wait for what does not come.
      Effect.onExit(() => Deferred.succeed(mine.written, undefined)),
      Effect.ignore
    )
  const tell = (line: string) =>
    Effect.suspend(() => {
      const mine = batch
      if (mine !== undefined) {
        mine.lines += `${line}\n`
        return Deferred.await(mine.written)
      }
      const first: Batch = batch = { lines: `${line}\n`, written: Deferred.makeUnsafe() }
      // Whoever was the first may be interrupted, and the others not.
      return Effect.forkDetach(Effect.andThen(Effect.yieldNow, write(first))).pipe(
        Effect.andThen(Deferred.await(first.written))
      )
    })
  yield* Effect.addFinalizer(() =>
    reref.pipe(
      Effect.andThen(tell("done")),
      Effect.andThen(handle.exitCode),
      // One that does not listen is killed when its process is released.
      Effect.timeout("1 second"),
      Effect.ignore
    )
  )
  let ids = 0
  return Result.succeed({
    // Whatever the seed, no two programs have the same.
    mark: `${handle.pid}.${word}`,
    nextId: () => ++ids,
    tell,
    isRunning: Effect.orElseSucceed(handle.isRunning, () => false)
  })
})

/** An hour. */
const mostPolls = 36_000

const systemPath = "/usr/bin:/bin"

const markName = "UNIVERSAL_MCP_WATCHDOG"

/**
 * A line is `id polls:group`, without the group while the server is being started, or the id alone when it is gone. What
 * is left at our death is in `servers`, between spaces; half a line is none.
 *
 * `kill -0` asks whether anybody is left in the group. If we died before we told which that is, it is who has the mark;
 * only Linux tells that. Not every `sleep` knows fractions.
 */
const script = `trap '' HUP INT TERM
cd /
mark=$1=$$.$2 servers=' '
while read -r id server; do
  [ "$id" = done ] && exit 0
  case $servers in *" $id:"*)
    after=\${servers#*" $id:"}
    servers="\${servers%%" $id:"*} \${after#* }"
  esac
  [ -n "$server" ] && servers="$servers$id:$server "
done
pause() { sleep 0.1 || sleep 1; }
finish() {
  id=\${1%%:*} group=\${1##*:} grace=\${1#*:}
  grace=\${grace%%:*}
  if [ -n "$group" ]; then
    left() { kill -0 "-$group"; }
    end() { kill "-$1" "-$group"; }
  else
    marked() { grep -lszx "$mark.$id" /proc/[0-9]*/environ | cut -d / -f 3; }
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
  done
}
for server in $servers; do finish "$server" & done
wait`
