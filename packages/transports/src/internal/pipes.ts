/**
 * The standard streams of a process as callbacks: what comes in is handed on in the turn in which it is read, and what
 * goes out in one turn leaves as one write.
 *
 * Any spawner will do: its handle's streams are run by fibers. But waking fibers costs more than all else that is done
 * for a message, so that a platform's spawner may {@link offer} a shorter way to the pipes of what it has started.
 */
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type { PlatformError } from "effect/PlatformError"
import type { ChildProcessHandle } from "effect/process/ChildProcessSpawner"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"

/** How a process ended, as far as is known. */
export interface Ended {
  readonly exitCode?: number
  readonly signal?: string
}

export interface Listener {
  readonly onStdout: (chunk: Uint8Array) => void
  readonly onStderr: (chunk: Uint8Array) => void
  /** Once for each, for whatever reason; for its input: once all of it is written, or nothing can be any more. */
  readonly onEnd: (stream: "stdin" | "stdout" | "stderr") => void
  readonly onExit: (ended: Ended) => void
}

export interface Pipes {
  readonly write: (text: string) => void
  /** How many characters the process has left unread, about. */
  readonly unread: () => number
  /** Closes its input, after what was written. */
  readonly end: () => void
}

/** Hands everything that comes to the listener, from now on; to be called once. None where it is too late for that. */
export type Open = (listener: Listener) => Pipes | undefined

/** Has the pipes of this handle's process opened like this. A handle made of it is another one, and is not affected. */
export const offer = (handle: ChildProcessHandle, open: Open): void => {
  offered.set(handle, open)
}

export const open = (handle: ChildProcessHandle, listener: Listener): Effect.Effect<Pipes, never, Scope.Scope> =>
  Effect.suspend(() => {
    const direct = offered.get(handle)?.(listener)
    return direct === undefined ? overStreams(handle, listener) : Effect.succeed(direct)
  })

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

const offered = new WeakMap<ChildProcessHandle, Open>()

const overStreams = Effect.fnUntraced(function*(handle: ChildProcessHandle, listener: Listener) {
  const outbox = yield* Queue.make<string, Cause.Done>()
  let unread = 0
  const read = (
    bytes: Stream.Stream<Uint8Array, PlatformError>,
    onChunk: (chunk: Uint8Array) => void,
    name: "stdout" | "stderr"
  ) =>
    bytes.pipe(
      Stream.runForEachArray((chunks) => Effect.sync(() => chunks.forEach(onChunk))),
      Effect.ignore,
      Effect.ensuring(Effect.sync(() => listener.onEnd(name))),
      Effect.forkScoped
    )
  yield* read(handle.stdout, listener.onStdout, "stdout")
  yield* read(handle.stderr, listener.onStderr, "stderr")
  yield* Stream.fromQueue(outbox).pipe(
    Stream.mapArray((texts) => {
      const text = texts.join("")
      unread -= text.length
      return [text]
    }),
    Stream.encodeText,
    Stream.run(handle.stdin),
    Effect.ignore,
    Effect.ensuring(Effect.sync(() => listener.onEnd("stdin"))),
    Effect.forkScoped
  )
  yield* exitOf(handle).pipe(Effect.map(listener.onExit), Effect.forkScoped)
  return {
    write: (text: string) => {
      if (Queue.offerUnsafe(outbox, text)) unread += text.length
    },
    unread: () => unread,
    end: () => {
      Queue.endUnsafe(outbox)
    }
  }
})

/** Effect tells an exit by a signal as a failure, and the signal in its words alone. */
const exitOf = (handle: ChildProcessHandle): Effect.Effect<Ended> =>
  handle.exitCode.pipe(
    Effect.map((exitCode): Ended => ({ exitCode })),
    Effect.catch((error) => {
      const signal = /signal: '(\w+)'/.exec(String(error.reason.cause))?.[1]
      return Effect.succeed<Ended>(signal === undefined ? {} : { signal })
    })
  )
