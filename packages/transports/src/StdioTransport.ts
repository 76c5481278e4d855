/**
 * A server that is a process, reached over its standard input and output.
 *
 * The process leads a group of its own. When the scope closes, its input is closed; if it does not leave within the
 * grace period (2 s), the whole group gets SIGTERM, and after another one SIGKILL: also behind `npx` and `sh -c`,
 * nothing is left. It is started once, or twice if it is one of those that end when asked which revisions they speak.
 *
 * When our own process dies and nothing can be closed (SIGKILL, `process.exit`, an uncaught exception, a signal that
 * nobody handles), a watchdog does the same in the same times: a small `sh` per server, which costs it a few
 * milliseconds of starting. Where we die while the server is just being started, it is found by
 * `UNIVERSAL_MCP_WATCHDOG` in its environment, on Linux. What escapes it are processes that the server has put into
 * groups of their own. There is none on Windows.
 * Specification: Transports, stdio; Lifecycle, Shutdown.
 *
 * ```ts no-run
 * import * as McpSession from "@universal-mcp/core/McpSession"
 * import * as NodeTransports from "@universal-mcp/transports/NodeTransports"
 * import * as StdioTransport from "@universal-mcp/transports/StdioTransport"
 * import { Effect, Layer } from "effect"
 *
 * const Files = StdioTransport.layer({
 *   name: "files",
 *   command: "npx",
 *   args: ["-y", "@modelcontextprotocol/server-filesystem", "."]
 * }).pipe(Layer.provide(NodeTransports.platform))
 *
 * const program = McpSession.McpSession.use((session) => session.callTool("list_directory", { path: "." })).pipe(
 *   Effect.provide(Files)
 * )
 * ```
 *
 * @since 0.1.0
 */
import type { JSONRPCMessage } from "@modelcontextprotocol/client"
import { Closed, ConnectionError, InvalidResult, TooLarge } from "@universal-mcp/core/McpError"
import * as McpSession from "@universal-mcp/core/McpSession"
import { encode, failRequest, type McpTransport, TransportError } from "@universal-mcp/core/McpTransport"
import * as ServerConfig from "@universal-mcp/core/ServerConfig"
import type * as Cause from "effect/Cause"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import type { PlatformError } from "effect/PlatformError"
import * as ChildProcess from "effect/process/ChildProcess"
import type { ChildProcessHandle, ChildProcessSpawner } from "effect/process/ChildProcessSpawner"
import * as Queue from "effect/Queue"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as connecting from "./internal/connecting.ts"
import * as environment from "./internal/environment.ts"
import * as limits from "./internal/limits.ts"
import * as Lines from "./internal/lines.ts"
import * as messages from "./internal/messages.ts"
import { answeredBy } from "./internal/oversized.ts"
import * as spawnFailure from "./internal/spawnFailure.ts"
import * as Watchdog from "./internal/watchdog.ts"

/**
 * `command` is looked up in PATH and run without a shell, with `args` as they are.
 *
 * The process inherits only HOME, LOGNAME, PATH, SHELL, TERM and USER (on Windows: APPDATA, PATH, SYSTEMROOT, TEMP and
 * the like); everything else it needs goes into `env`, which wins.
 *
 * @category models
 * @since 0.1.0
 */
export type Options = Omit<ServerConfig.StdioServerConfig, "transport">

/**
 * Where the inherited part of a server's environment comes from. Default: the environment of this process, whatever
 * `ConfigProvider` the program uses.
 *
 * @category references
 * @since 0.1.0
 */
export const Environment = Context.Reference<ConfigProvider.ConfigProvider>(
  "@universal-mcp/transports/StdioTransport/Environment",
  { defaultValue: () => ConfigProvider.fromEnv() }
)

/**
 * Starts the process and shakes hands. Fails with phase `spawn` when it cannot be started, and with its exit code and
 * last lines of standard error when it leaves.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (
  options: Options
): Effect.Effect<McpSession.McpSession["Service"], ConnectionError, ChildProcessSpawner | Scope.Scope> =>
  McpSession.make(makeTransport(options), {
    ...connecting.common(options),
    transport: "stdio",
    timeout: options.timeout ?? "60 seconds",
    cacheKey: cacheKeyOf(options)
  })

/**
 * A session with a server that is a process.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: Options): Layer.Layer<McpSession.McpSession, ConnectionError, ChildProcessSpawner> =>
  Layer.effect(McpSession.McpSession, make(options))

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

/** How long the rest of what the process did (output, exit code) is waited for once one part of it has ended. */
const lastWords = Duration.millis(250)

const keptStderrLines = 50

/** What is secret in it makes no difference to the protocol. */
const cacheKeyOf = ({ args = [], command, cwd }: Options): string =>
  JSON.stringify(["stdio", command, args.map((arg) => Redacted.isRedacted(arg) ? "<redacted>" : arg), cwd ?? "."])

const makeTransport = Effect.fnUntraced(function*(options: Options) {
  const gracePeriod = Duration.fromInputUnsafe(options.gracePeriod ?? "2 seconds")
  const limit = options.maxMessageSize ?? limits.maxMessageSize
  const life = yield* Scope.fork(yield* Effect.scope)
  const handle = yield* Scope.provide(spawn(options, gracePeriod), life)
  const outbox = yield* Queue.make<string, Cause.Done>()
  const stderrLines: Array<string> = []
  let lost: TransportError | undefined
  let strayLine: string | undefined
  let strayLines = 0
  let closing = false
  const killed = yield* Deferred.make<void>()

  const transport: McpTransport = {
    get lost() {
      return lost
    },
    stderrLines,
    start: async () => {},
    send: async (message) => {
      const line = encode(message)
      if (Result.isFailure(line)) return Promise.reject(line.failure)
      // Who does not read what it asked for gets no more of it: it would fill the memory.
      if (!("method" in message) && Queue.sizeUnsafe(outbox) >= maxWaitingAnswers) return
      if (!Queue.offerUnsafe(outbox, line.success + "\n")) {
        return Promise.reject(lost ?? closed("the session is closed"))
      }
    },
    close: async () => transport.onclose?.(),
    kill: () => {
      Deferred.doneUnsafe(killed, Exit.void)
    }
  }

  const lines = Lines.make({
    limit,
    onLine: (line) => {
      if (line.trim() === "") return
      const received = parse(line)
      if (received.length > 0) return received.forEach((message) => transport.onmessage?.(message))
      strayLine ??= line.slice(0, 200)
      const id = answeredBy({ head: line.slice(0, 1024), tail: line.slice(-1024) })
      if (id !== undefined && id !== null) return transport.onmessage?.(failRequest(id, notJson(line)))
      if (++strayLines > loudStrayLines) return
      transport.onerror?.(new Error(`the server wrote a line to its stdout that is not JSON: ${line.slice(0, 200)}`))
      if (strayLines === loudStrayLines) transport.onerror?.(new Error("more such lines are not reported"))
    },
    onOversized: (line) => {
      const id = answeredBy(line)
      if (id === undefined) transport.onerror?.(new Error(`left out a message larger than ${limit} bytes`))
      else transport.onmessage?.(failRequest(id, tooLarge(limit)))
    }
  })
  const errors = Lines.make({
    limit: 64 * 1024,
    onLine: (line) => {
      if (stderrLines.length >= keptStderrLines) stderrLines.shift()
      stderrLines.push(line)
      transport.onstderr?.(line)
    },
    onOversized: (line) => errors.push(new TextEncoder().encode(`${line.head}…${line.tail}\n`))
  })

  const stdoutEnded = yield* read(handle.stdout, lines).pipe(Effect.forkScoped)
  const stderrEnded = yield* read(handle.stderr, errors).pipe(Effect.forkScoped)
  const written = yield* Stream.fromQueue(outbox).pipe(
    Stream.mapArray((chunk) => [chunk.join("")]),
    Stream.encodeText,
    Stream.run(handle.stdin),
    Effect.exit,
    Effect.forkScoped
  )
  const exited = yield* exitOf(handle).pipe(Effect.forkScoped)
  yield* Deferred.await(killed).pipe(
    Effect.andThen(
      Effect.suspend(() =>
        exited.pollUnsafe() === undefined ? Effect.ignore(handle.kill({ killSignal: "SIGKILL" })) : Effect.void
      )
    ),
    Effect.forkScoped
  )

  yield* Effect.gen(function*() {
    const what = yield* Effect.raceAllFirst([
      Effect.as(Fiber.await(exited), "the server process ended"),
      Effect.as(Fiber.await(stdoutEnded), "the server closed its standard output"),
      Effect.as(Fiber.await(written), "the server closed its standard input")
    ])
    // Whatever ends first, the rest usually follows at once and tells why.
    const rest = Effect.all([Fiber.await(exited), Fiber.await(stdoutEnded), Fiber.await(stderrEnded)], {
      concurrency: "unbounded",
      discard: true
    })
    yield* Effect.timeoutOption(rest, lastWords)
    if (closing) return
    const exit = exited.pollUnsafe()
    lost = exit !== undefined && Exit.isSuccess(exit)
      ? closed("the server process ended", {
        stderr: stderrLines,
        hint: spawnFailure.hintFrom(stderrLines) ?? hintOf(strayLine),
        ...exit.value
      })
      : closed(`${what} but goes on running`, { stderr: stderrLines })
    Queue.endUnsafe(outbox)
    transport.onclose?.()
    // Its id may soon be another process's: what it has left behind is ended now, and none is looked for later.
    yield* Fiber.await(exited)
    yield* Effect.uninterruptible(Scope.close(life, Exit.void))
  }).pipe(Effect.forkScoped)

  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      closing = true
    }).pipe(
      Effect.andThen(Queue.end(outbox)),
      Effect.andThen(Fiber.await(written)),
      Effect.andThen(Fiber.await(exited)),
      Effect.timeoutOption(gracePeriod),
      // Here and not when the process is released, because here its output is still read: it must not block on it.
      Effect.andThen(Effect.suspend(() =>
        exited.pollUnsafe() === undefined
          ? Effect.ignore(handle.kill({ killSignal: "SIGTERM", forceKillAfter: gracePeriod }))
          : Effect.void
      ))
    )
  )
  return transport
})

const spawn = Effect.fnUntraced(function*(options: Options, gracePeriod: Duration.Duration) {
  const base = yield* environment.inherited(yield* Environment)
  const env = { ...base, ...options.env }
  const args = (options.args ?? []).map(ServerConfig.reveal)
  const { shell, ...resolved } = environment.isWindows(base)
    ? (yield* Effect.promise(() => import("./internal/windows.ts"))).resolve(options.command, args, base)
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
  watchdog?.watch(handle.pid)
  return handle
})

const read = (bytes: Stream.Stream<Uint8Array, PlatformError>, lines: Lines.Lines): Effect.Effect<void> =>
  bytes.pipe(
    Stream.runForEachArray((chunks) => Effect.sync(() => chunks.forEach(lines.push))),
    Effect.ignore,
    Effect.ensuring(Effect.sync(lines.end))
  )

interface Ended {
  readonly exitCode?: number
  readonly signal?: string
}

/** Effect tells an exit by a signal as a failure, and the signal in its words alone. */
const exitOf = (handle: ChildProcessHandle): Effect.Effect<Ended> =>
  handle.exitCode.pipe(
    Effect.map((exitCode): Ended => ({ exitCode })),
    Effect.catch((error) => {
      const signal = /signal: '(\w+)'/.exec(String(error.reason.cause))?.[1]
      return Effect.succeed<Ended>(signal === undefined ? {} : { signal })
    })
  )

/** Answers of ours that the server has not read. */
const maxWaitingAnswers = 10_000

/** A log on stdout is told of, and not repeated. */
const loudStrayLines = 100

/** An object, or a batch of them. To see that most stray lines are neither, no exception is needed: it takes its time. */
const message = /^\s*(\{\s*"|\[\s*\{)/

const parse = (line: string): ReadonlyArray<JSONRPCMessage> => message.test(line) ? messages.parse(line) : []

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
  { hint, stderr = [], ...how }: Ended & { readonly stderr?: ReadonlyArray<string>; readonly hint?: string } = {}
): TransportError =>
  new TransportError({
    phase: "negotiate",
    delivery: "unknown",
    reason: new Closed({ description, stderr: [...stderr], ...how }),
    ...(hint === undefined ? {} : { hint })
  })
