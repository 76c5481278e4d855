/** The stdio transport: messages as lines on the pipes of a process, from its start to its end. */
import type { JSONRPCMessage } from "@modelcontextprotocol/client"
import { KeepDigits } from "@universal-mcp/core/ExactNumbers"
import { Closed, type ConnectionError, InvalidResult, TooLarge, Unavailable } from "@universal-mcp/core/McpError"
import {
  type DecodeOptions,
  encode,
  failRequest,
  type McpTransport,
  TransportError
} from "@universal-mcp/core/McpTransport"
import type * as ServerConfig from "@universal-mcp/core/ServerConfig"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as ChildProcess from "effect/process/ChildProcess"
import type { ChildProcessSpawner } from "effect/process/ChildProcessSpawner"
import * as Result from "effect/Result"
import * as Scope from "effect/Scope"
import * as limits from "./limits.ts"
import { Lines } from "./lines.ts"
import * as messages from "./messages.ts"
import { answeredBy } from "./oversized.ts"
import { beginning, type OwnTransport } from "./ownTransport.ts"
import * as Pipes from "./pipes.ts"
import * as serverProcess from "./serverProcess.ts"
import * as spawnFailure from "./spawnFailure.ts"

export type Options =
  & serverProcess.Options
  & Pick<ServerConfig.StdioServerConfig, "gracePeriod" | "maxMessageSize">

/** What was written to stdout that is no message, over all connections of a session: it is reported once. */
export interface Noise {
  lines: number
  example: string | undefined
  isReported: boolean
}

export const noNoise = (): Noise => ({ lines: 0, example: undefined, isReported: false })

export const make = Effect.fnUntraced(function*(
  options: Options,
  noise: Noise,
  /** For what is cut here: what is left of a secret then could not be told. */
  redact: (text: string) => string = (text) => text
): Effect.fn.Return<McpTransport, ConnectionError, ChildProcessSpawner | Scope.Scope> {
  const gracePeriod = Duration.fromInputUnsafe(options.gracePeriod ?? "2 seconds")
  const limit = options.maxMessageSize ?? limits.maxMessageSize
  const decoding = { keepsDigits: yield* KeepDigits }
  const life = yield* Scope.fork(yield* Effect.scope)
  const { handle, stop: signal } = yield* Scope.provide(serverProcess.start(options, gracePeriod), life)
  const stderrLines: Array<string> = []
  let strayLine: string | undefined
  let isConnected = false
  let closing = false
  /** Of ours, since the server had read everything. */
  let answers = 0

  const hasRoomForAnswer = () => {
    const unread = pipes.unread()
    answers = unread === 0 ? 0 : answers + 1
    return answers <= maxAnswers || unread <= maxUnread
  }

  /** Only after the handshake, and with what comes next: so that the lines of a banner are counted together. */
  const reportNoise = () => {
    if (!isConnected || noise.isReported || noise.example === undefined) return
    noise.isReported = true
    transport.onerror?.(new Error(describeNoise(noise.lines, noise.example)))
  }

  const transport: OwnTransport = {
    ...beginning,
    kind: "process",
    stderrLines,
    hintWhileSilent: () => spawnFailure.hintWhileSilent(stderrLines),
    start: () => done,
    setProtocolVersion: () => {
      isConnected = true
    },
    send: (message) => {
      const line = encode(message)
      if (Result.isFailure(line)) return Promise.reject(line.failure)
      // Who does not read what it asked for gets no more of it: it would fill the memory.
      if (!("method" in message) && !hasRoomForAnswer()) return done
      if (transport.lost !== undefined || closing) {
        return Promise.reject(transport.lost ?? closed("the session is closed"))
      }
      // A call that timed out leaves what was written for it.
      if (pipes.unread() > mostUnread) return Promise.reject(unread)
      if (noise.lines > 0) reportNoise()
      pipes.write(line.success + "\n")
      return done
    },
    close: async () => transport.onclose?.(),
    kill: () => {
      Deferred.doneUnsafe(ended, Exit.succeed("kill"))
    }
  }

  const lines = new Lines({
    limit,
    onLine: (line) => {
      const received = parse(line, decoding)
      if (received instanceof TransportError) return transport.onerror?.(new Error(messages.leftOut(received)))
      if (received.length > 0) {
        if (noise.lines > 0) reportNoise()
        return received.forEach((message) => transport.onmessage?.(message))
      }
      if (line.trim() === "") return
      strayLine ??= redact(line).slice(0, 200)
      const id = answeredBy({ head: line.slice(0, 1024), tail: line.slice(-1024) })
      if (id !== undefined && id !== null) return transport.onmessage?.(failRequest(id, notJson(redact(line))))
      noise.lines += 1
      noise.example ??= redact(line).slice(0, 200)
    },
    onOversized: (line) => {
      const id = answeredBy(line)
      if (id === undefined) transport.onerror?.(new Error(`left out a message larger than ${limit} bytes`))
      else transport.onmessage?.(failRequest(id, tooLarge(limit)))
    }
  })
  const errors = new Lines({
    limit: 64 * 1024,
    onLine: (line) => {
      if (stderrLines.length >= keptStderrLines) stderrLines.shift()
      stderrLines.push(line)
      transport.onstderr?.(line)
    },
    onOversized: (line) => errors.push(new TextEncoder().encode(`${line.head}…${line.tail}\n`))
  })

  /** With what happened first. */
  const ended = Deferred.makeUnsafe<End>()
  const exited = Deferred.makeUnsafe<Pipes.Ended>()
  const finished = {
    stdin: Deferred.makeUnsafe<void>(),
    stdout: Deferred.makeUnsafe<void>(),
    stderr: Deferred.makeUnsafe<void>()
  }
  let exit: Pipes.Ended | undefined
  const pipes = yield* Pipes.open(handle, {
    onStdout: (chunk) => lines.push(chunk),
    onStderr: (chunk) => errors.push(chunk),
    onEnd: (stream) => {
      if (stream === "stdout") lines.end()
      if (stream === "stderr") errors.end()
      else Deferred.doneUnsafe(ended, Exit.succeed(stream))
      Deferred.doneUnsafe(finished[stream], Exit.void)
    },
    onExit: (how) => {
      exit = how
      Deferred.doneUnsafe(ended, Exit.succeed("exit"))
      Deferred.doneUnsafe(exited, Exit.succeed(how))
    }
  })
  const stop = (options: ChildProcess.KillOptions) =>
    Effect.suspend(() => exit === undefined ? signal(options) : Effect.void)

  const afterEnd = (first: End) =>
    Effect.gen(function*() {
      if (first === "kill") yield* Effect.forkScoped(stop({ killSignal: "SIGKILL" }))
      // Whatever ends first, the rest usually follows at once and tells why.
      yield* Deferred.await(exited).pipe(
        Effect.andThen(Deferred.await(finished.stdout)),
        Effect.andThen(Deferred.await(finished.stderr)),
        Effect.timeoutOption(lastWords)
      )
      if (closing) return
      reportNoise()
      transport.lost = exit === undefined
        ? closed(
          `${
            first === "stdin" ? "the server closed its standard input" : "the server closed its standard output"
          } but goes on running`,
          { stderr: stderrLines }
        )
        : closed("the server process ended", {
          stderr: stderrLines,
          hint: spawnFailure.hintFrom(stderrLines) ?? hintOf(strayLine),
          ...exit
        })
      pipes.end()
      transport.onclose?.()
      // Its id may soon be another process's: what it has left behind is ended now, and none is looked for later.
      yield* Deferred.await(exited)
      yield* Effect.uninterruptible(Scope.close(life, Exit.void))
    })
  yield* Effect.forkScoped(Effect.flatMap(Deferred.await(ended), afterEnd))

  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      closing = true
      pipes.end()
    }).pipe(
      Effect.andThen(Deferred.await(finished.stdin)),
      Effect.andThen(Deferred.await(exited)),
      Effect.timeoutOption(gracePeriod),
      // Here and not when the process is released, because here its output is still read: it must not block on it.
      Effect.andThen(stop({ killSignal: "SIGTERM", forceKillAfter: gracePeriod }))
    )
  )
  return transport
})

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

type End = "kill" | "exit" | "stdin" | "stdout"

/** How long the rest of what the process did (output, exit code) is waited for once one part of it has ended. */
const lastWords = Duration.millis(250)

const keptStderrLines = 50

const done = Promise.resolve()

/** Few may be large, and many of what is small are not many. */
const maxAnswers = 10_000
const maxUnread = 1024 * 1024

/** Of everything else, in characters: more than as many calls as are in flight write, as a rule. */
const mostUnread = 128 * 1024 * 1024

const unread = new TransportError({
  phase: "negotiate",
  delivery: "not-sent",
  reason: new Unavailable({ description: "the server reads nothing: too much of what it was sent is still unread" }),
  hint: "it may hang; remove the server and add it again to start it anew"
})

/** An object, or a batch of them. To see that most stray lines are neither, no exception is needed: it takes its time. */
const message = /^\s*(\{\s*"|\[\s*\{)/

/** A log may be written as JSON too. */
const parse = (line: string, options: DecodeOptions): ReadonlyArray<JSONRPCMessage> | TransportError => {
  if (!message.test(line)) return []
  const received = messages.parse(line, options)
  return received instanceof TransportError || received.every(mayBeMessage) ? received : received.filter(mayBeMessage)
}

const mayBeMessage = (value: unknown): boolean =>
  messages.isRecord(value) &&
  ("jsonrpc" in value || typeof value["method"] === "string" || "result" in value ||
    messages.isRecord(value["error"]))

const describeNoise = (lines: number, example: string): string =>
  lines === 1
    ? `a line on stdout is not a message: ${JSON.stringify(example)}`
    : `${lines} lines on stdout are not messages, such as ${JSON.stringify(example)}`

const tooLarge = (limit: number): TransportError =>
  new TransportError({
    phase: "negotiate",
    delivery: "answered",
    reason: new TooLarge({ limit }),
    hint: "raise `maxMessageSize` if an answer of this size is expected"
  })

const notJson = (line: string): TransportError =>
  new TransportError({
    phase: "negotiate",
    delivery: "answered",
    reason: new InvalidResult({ description: `the server's answer is not JSON: ${line.slice(0, 200)}` })
  })

const hintOf = (strayLine: string | undefined): string =>
  strayLine === undefined
    ? "run the command by itself to see why"
    : `it wrote ${JSON.stringify(strayLine)} to its stdout, where only messages belong: is this an MCP server?`

const closed = (
  description: string,
  { hint, stderr = [], ...how }: Pipes.Ended & { readonly stderr?: ReadonlyArray<string>; readonly hint?: string } = {}
): TransportError =>
  new TransportError({
    phase: "negotiate",
    delivery: "unknown",
    reason: new Closed({ description, stderr: [...stderr], ...how }),
    ...(hint === undefined ? {} : { hint })
  })
