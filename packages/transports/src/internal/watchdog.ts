/**
 * Ends the servers' processes when our process dies without running its finalizers: after SIGKILL, `process.exit`, an
 * uncaught exception, or a signal that nobody handles.
 *
 * A small `sh`, in a session of its own, reads from a pipe that only we hold. The end of its input without our word is
 * our death: it gives each server, whose input has ended too, its grace period to leave, then does what closing does.
 * There is one for all servers of a spawner, from the first to the last: to start one for each would double the processes.
 *
 * Each server has a mark in its environment, which its descendants inherit. On Linux `/proc` shows it, and by it they
 * are found wherever they went: into a session of their own, or to another parent.
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
  /** Takes the id of the server's process; once. */
  readonly watch: (pid: number) => Effect.Effect<void>
  /** Ends everything that bears the mark: SIGTERM, then after the grace period SIGKILL. Finds nothing where there is no `/proc`. */
  readonly endMarked: Effect.Effect<void>
}

export interface Options {
  readonly server: string
  readonly gracePeriod: Duration.Duration
  /** Where `sleep`, `grep`, `cut` and `tr` are. */
  readonly path: string | undefined
  /** What is ended when our process dies: the server alone, its group, or also what bears its mark. */
  readonly descendants: "none" | "group" | "all"
}

/**
 * To be started before the server and in the same scope, so that it is released after it: a process id may be another
 * process's as soon as its process is gone.
 */
export const start = Effect.fnUntraced(function*(
  options: Options
): Effect.fn.Return<Watchdog, never, ChildProcessSpawner | Scope.Scope> {
  const spawner = yield* ChildProcessSpawner
  const shell = yield* shellOf(spawner, options.path)
  if (Result.isFailure(shell)) {
    yield* Effect.logWarning(
      `the server "${options.server}" goes on running if this process is killed: there is no watchdog without /bin/sh`,
      shell.failure
    )
    return { mark: {}, watch: () => Effect.void, endMarked: Effect.void }
  }
  const { nextId, tell, word } = shell.success
  const id = nextId()
  const mark = `${word}.${id}`
  const grace = Math.min(Math.ceil(Duration.toMillis(options.gracePeriod) / 100), mostPolls)
  const server = `${id} ${grace}:${options.descendants}:`
  yield* Effect.acquireRelease(tell(server), () => tell(String(id)))
  return {
    mark: { [markName]: mark },
    watch: (pid) => tell(`${server}${pid}`),
    endMarked: Effect.provideService(
      runEndMarked(`${markName}=${mark}`, grace, options.path),
      ChildProcessSpawner,
      spawner
    )
  }
})

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

interface Shell {
  /** What all marks begin with. */
  readonly word: string
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
    env: { PATH: searchPath(path) },
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
  let id = firstId
  return Result.succeed({
    // Whatever the seed, no two programs have the same.
    word: `${handle.pid}.${word}`,
    nextId: () => id++,
    tell,
    isRunning: Effect.orElseSucceed(handle.isRunning, () => false)
  })
})

/** A shell of its own, which goes on if we die meanwhile. */
const runEndMarked = (mark: string, grace: number, path: string | undefined) =>
  ChildProcess.make("/bin/sh", ["-c", endMarked, "universal-mcp-end-marked", mark, String(grace)], {
    detached: true,
    env: { PATH: searchPath(path) },
    stdin: "ignore",
    stdout: "ignore",
    stderr: "ignore"
  }).pipe(
    Effect.flatMap((handle) => handle.exitCode),
    Effect.scoped,
    Effect.catchDefect(Effect.fail),
    Effect.ignore
  )

/** An hour. */
const mostPolls = 36_000

const systemPath = "/usr/bin:/bin"

const markName = "UNIVERSAL_MCP_WATCHDOG"

const searchPath = (path: string | undefined): string => path === undefined ? systemPath : `${path}:${systemPath}`

/** All ids have as many digits, so that no mark begins with another. */
const firstId = 100_000_000

/**
 * What both scripts do with `target` (a process, or with a minus its group; may be empty), and in mode `all` with what
 * bears `mark`. `grace` is in pauses. Not every `sleep` knows fractions, and not every `grep` knows `-z`.
 *
 * A target that was seen gone is forgotten, and marks are read again before each signal, because a process id may be
 * another process's by then. A group is signalled where its leader bears the mark or is gone: what has cleared its own
 * environment ends with it, and so does a chain of processes that each start the next and exit. A look at `/proc` may
 * miss such a chain, or see it and find it gone: then there is another look. The mark is a whole variable: a process that
 * has the text of it in another one is left alone.
 */
const functions = `pause() { sleep 0.1 || sleep 1; }
group_of() {
  read -r stat < "/proc/$1/stat" || return 1
  stat=\${stat##*) }
  stat=\${stat#* * }
  group=\${stat%% *}
}
bears() { tr '\\0' '\\n' < "/proc/$1/environ" | grep -Fqx -e "$mark"; }
remember() {
  [ "-$2" = "$target" ] && return
  [ "$2" = "$1" ] || [ ! -e "/proc/$2" ] || return
  case "$groups " in *" $2 "*) ;; *) groups="$groups $2" ;; esac
}
look() {
  seen=$(grep -Fls -e "$mark" "$@" | cut -d / -f 3)
  found=
  for pid in $seen; do
    group_of "$pid" && bears "$pid" || continue
    found="$found $pid"
    remember "$pid" "$group"
  done
  [ -n "$found" ]
}
scan() {
  [ "$mode" = all ] || return
  empty=0
  for try in 1 2 3 4 5 6 7 8 9; do
    look /proc/[0-9]*/environ && return
    [ -n "$seen" ] || empty=$((empty + 1))
    [ "$empty" -lt 2 ] || return
  done
}
rescan() {
  [ -n "$found" ] || return 1
  set --
  for pid in $found; do set -- "$@" "/proc/$pid/environ"; done
  look "$@"
}
regroup() {
  set -- $groups
  groups=
  for group; do kill -0 "-$group" && groups="$groups $group"; done
  [ -n "$groups" ]
}
reached() {
  [ -n "$target" ] || return 1
  kill -0 "$target" && return 0
  target=
  return 1
}
left() { reached || rescan; }
signal() {
  reached && kill "-$1" "$target"
  for group in $groups; do kill "-$1" "-$group"; done
  for pid in $found; do
    group_of "$pid" || continue
    case "$groups $target " in *" $group "* | *" -$group "*) continue ;; esac
    kill "-$1" "$pid"
  done
}
await() {
  polls=$grace
  while [ "$polls" -gt 0 ]; do
    "$1" || return 0
    pause
    polls=$((polls - 1))
  done
}
end() {
  for name in TERM KILL KILL; do
    scan
    left || regroup || return 0
    signal "$name"
    await left
  done
}`

/**
 * A line is `id grace:mode:pid`, without the process id while the server is being started, or the id alone when it is
 * gone. What is left at our death is in `servers`, between spaces; half a line is none.
 *
 * If we died before we told the process id, the server is who has the mark; only Linux tells that.
 */
const script = `${functions}
trap '' HUP INT TERM
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
finish() {
  IFS=:
  set -- $1
  unset IFS
  mark=$mark.$1 grace=$2 mode=$3 target=$4 found= groups=
  if [ -z "$target" ]; then
    mode=all
    pause; pause; pause
    scan
    await rescan
  else
    [ "$mode" = none ] || target=-$target
    await reached
  fi
  end
}
for server in $servers; do finish "$server" & done
wait`

/** Ends what bears the mark `$1`, with `$2` pauses between the signals. */
const endMarked = `${functions}
trap '' HUP INT TERM
cd /
[ -r /proc/self/environ ] || exit 0
mark=$1 grace=$2 mode=all target= found= groups=
end`
