/**
 * Node's own pipes of the processes that Effect's spawner starts. That spawner keeps all that is its: how processes are
 * started, signalled and waited for; only the bytes go past its streams, each chunk of which wakes a fiber. Node tells
 * of every process that it starts, and the process id says which one belongs to a handle.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Spawner from "effect/process/ChildProcessSpawner"
import * as Stream from "effect/Stream"
import { ChildProcess } from "node:child_process"
import { subscribe, unsubscribe } from "node:diagnostics_channel"
import type { Readable, Writable } from "node:stream"
import { setImmediate } from "node:timers"
import { isRecord } from "./messages.ts"
import * as Pipes from "./pipes.ts"

/** The same spawner, which also {@link Pipes.offer}s the pipes. */
export const layer: Layer.Layer<Spawner.ChildProcessSpawner, never, Spawner.ChildProcessSpawner> = Layer.effect(
  Spawner.ChildProcessSpawner,
  Effect.map(Spawner.ChildProcessSpawner, (inner) =>
    Spawner.make((command) =>
      // A stream given in the options is to have what the process writes, or gives what it reads.
      command._tag === "PipedCommand" || [command.options.stdin, command.options.stdout, command.options.stderr]
          .some((stream) => stream !== undefined) ?
        inner.spawn(command) :
        Effect.acquireUseRelease(
          Effect.sync(listen),
          () => Effect.map(inner.spawn(command), (handle) => take(handle, startedAs(handle.pid))),
          () => Effect.sync(unlisten)
        )
    ))
)

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

/** While any is being started. */
const started = new Set<ChildProcess>()

let starting = 0

const note = (message: unknown) => {
  if (isRecord(message) && message["process"] instanceof ChildProcess) started.add(message["process"])
}

/** Once, and the newest: an id may be another's when its process is gone. */
const startedAs = (id: number): ChildProcess | undefined => {
  // When Node tells of a process, it has no id yet.
  const process = [...started].findLast(({ pid }) => pid === id)
  if (process !== undefined) started.delete(process)
  return process
}

const listen = () => {
  if (++starting === 1) subscribe("child_process", note)
}

const unlisten = () => {
  for (const process of started) if (process.exitCode !== null || process.signalCode !== null) started.delete(process)
  if (--starting > 0) return
  unsubscribe("child_process", note)
  started.clear()
}

const take = (handle: Spawner.ChildProcessHandle, child: ChildProcess | undefined): Spawner.ChildProcessHandle => {
  if (child === undefined) return handle
  const { stderr, stdin, stdout } = child
  if (stdin === null || stdout === null || stderr === null) return handle
  // Nothing is read before it is known who reads.
  stdout.pause()
  stderr.pause()
  const reading = <A, E>(bytes: Stream.Stream<A, E>, ...streams: ReadonlyArray<Readable>): Stream.Stream<A, E> =>
    Stream.suspend(() => {
      streams.forEach((stream) => stream.resume())
      return bytes
    })
  const paused = Spawner.makeHandle({
    ...handle,
    stdout: reading(handle.stdout, stdout),
    stderr: reading(handle.stderr, stderr),
    all: reading(handle.all, stdout, stderr)
  })
  Pipes.offer(paused, (listener) => {
    // What has been read is in Effect's streams, and the rest has to follow there: Node reads when the process ends.
    if (stdout.readableDidRead || stderr.readableDidRead) return undefined
    for (const stream of [stdout, stderr]) {
      // Together with what Effect's stream of it holds in memory.
      stream.unpipe().removeAllListeners("error")
    }
    read(stdout, listener.onStdout, () => listener.onEnd("stdout"))
    read(stderr, listener.onStderr, () => listener.onEnd("stderr"))
    if (child.exitCode !== null || child.signalCode !== null) listener.onExit(endedOf(child.exitCode, child.signalCode))
    else child.once("exit", (code, signal) => listener.onExit(endedOf(code, signal)))
    return writing(stdin, () => listener.onEnd("stdin"))
  })
  return paused
}

const endedOf = (exitCode: number | null, signal: string | null): Pipes.Ended => ({
  ...(exitCode === null ? {} : { exitCode }),
  ...(signal === null ? {} : { signal })
})

const once = (act: () => void): () => void => {
  let done = false
  return () => {
    if (done) return
    done = true
    act()
  }
}

/** One of this size is followed by others at once, 32 of them before anything else gets its turn: timers, other servers. */
const wholeChunk = 64 * 1024

const read = (stream: Readable, onChunk: (chunk: Uint8Array) => void, onEnd: () => void): void => {
  const end = once(onEnd)
  const resume = () => stream.resume()
  const onData = (chunk: Uint8Array) => {
    onChunk(chunk)
    if (chunk.length < wholeChunk) return
    stream.pause()
    setImmediate(resume)
  }
  stream.on("data", onData).once("end", end).once("close", end).on("error", end).resume()
  if (stream.closed) end()
}

const writing = (stdin: Writable, onEnd: () => void): Pipes.Pipes => {
  const end = once(onEnd)
  stdin.once("finish", end).once("close", end).on("error", end)
  if (stdin.closed) end()
  let waiting = ""
  const flush = () => {
    if (waiting === "") return
    if (stdin.writable) stdin.write(waiting)
    waiting = ""
  }
  return {
    write: (text) => {
      if (waiting === "") queueMicrotask(flush)
      waiting += text
    },
    unread: () => waiting.length + stdin.writableLength,
    end: () => {
      flush()
      stdin.end()
    }
  }
}
