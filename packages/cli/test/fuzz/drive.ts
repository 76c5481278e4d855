/** Goes through the cases, some hostile servers side by side, and tells every fault with all that it takes to see it again. */
import type * as McpSession from "@universal-mcp/core/McpSession"
import * as ServerConfig from "@universal-mcp/core/ServerConfig"
import * as ServerRegistry from "@universal-mcp/core/ServerRegistry"
import * as NodeTransports from "@universal-mcp/transports/NodeTransports"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { type ChildProcess, spawn } from "node:child_process"
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { patience } from "../../../../test/patience.ts"
import { unsafeAt, withoutOwn } from "../unsafe.ts"
import * as commands from "./commands.ts"
import { acts, type Failure, tags } from "./operations.ts"
import * as people from "./people.ts"
import { type Case, type Kind, kinds, plan } from "./plan.ts"
import { readAll, readError } from "./read.ts"
import type { Told } from "./server.ts"

export interface Options {
  readonly seed: number
  /** The number of the first case. */
  readonly first: number
  /** How many hostile messages there are to be. */
  readonly messages: number
  /** One case and no more. */
  readonly only: boolean
  /** The `umcp` to start. */
  readonly bin: string
  readonly folder: string
}

export interface Fault {
  readonly case: Case
  readonly what: string
  readonly said: ReadonlyArray<Told>
}

export interface Counts {
  messages: number
  cases: number
  readonly outcomes: Map<string, number>
}

/** What is going on: whatever goes wrong in the program at large, is said of these. */
export interface Surroundings {
  readonly running: Map<Kind, Case>
  readonly counts: Counts
  readonly onFault: (fault: Fault) => void
  /** Called when a case is over, with what its server has said. */
  readonly onDone: (one: Case, said: ReadonlyArray<Told>) => void
}

export const drive = (options: Options, surroundings: Surroundings): Effect.Effect<void> =>
  Effect.gen(function*() {
    const registry = yield* ServerRegistry.ServerRegistry
    yield* registry.addServer({ name: "good", transport: "stdio", ...command("good", options), env: environment }).pipe(
      Effect.orDie
    )
    yield* Effect.forEach(
      options.only ? [plan(options.seed, options.first).kind] : kinds,
      (kind) => Effect.flatMap(makeLane(kind, options, registry), (lane) => runLane(lane, options, surroundings)),
      { concurrency: "unbounded", discard: true }
    )
  }).pipe(
    Effect.scoped,
    Effect.provide(
      Layer.mergeAll(Logger.layer([]), people.layer, ServerRegistry.layer.pipe(Layer.provide(NodeTransports.layer)))
    )
  )

/** What the server of a kind has said in a case. */
export const saidIn = ({ kind, number }: Case, { folder }: Options): ReadonlyArray<Told> =>
  toldOf(controlOf(kind, folder)).filter((told) => told.number === number)

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

const server = fileURLToPath(new URL("server.ts", import.meta.url))

/** Hundreds of processes load the same modules: compiled once. */
const environment = { NODE_COMPILE_CACHE: join(tmpdir(), "fuzz-compiled") }

const controlOf = (kind: string, folder: string) => join(folder, kind)

const command = (kind: string, { folder, seed }: Options) => ({
  command: process.execPath,
  args: [server, kind, String(seed), controlOf(kind, folder)]
})

const toldOf = (control: string): ReadonlyArray<Told> =>
  existsSync(`${control}.log`)
    // The server may be writing the last line.
    ? readFileSync(`${control}.log`, "utf8").split("\n").slice(0, -1).map((line) => JSON.parse(line))
    : []

interface Lane {
  readonly kind: Kind
  readonly config: ServerConfig.ServerConfig
  readonly control: string
  /** Of a configuration file with the hostile server and a good one. */
  readonly file: string
  readonly registry: ServerRegistry.ServerRegistry["Service"]
}

/** Short: a server that does not answer shall not take the time of others; nothing depends on an answer. */
const requestTimeout = 400

const makeLane = Effect.fnUntraced(function*(
  kind: Kind,
  options: Options,
  registry: ServerRegistry.ServerRegistry["Service"]
) {
  const control = controlOf(kind, options.folder)
  writeFileSync(control, "0")
  rmSync(`${control}.log`, { force: true })
  const { args, command: node } = command(kind, options)
  const reached = kind.startsWith("stdio")
    ? { command: node, args, env: environment }
    : { url: `http://127.0.0.1:${yield* port([node, ...args])}/mcp` }
  // Connecting ends long before the case must: without it, 60 seconds are allowed.
  const timeout = 2000 + patience(5000)
  const config = yield* ServerConfig.decode({
    name: kind,
    transport: kind === "sse" ? "sse" : kind.startsWith("http") ? "streamable-http" : "stdio",
    ...reached,
    timeout,
    requestTimeout,
    ...(kind === "http-legacy" ? { protocolVersion: "legacy" } : {}),
    reconnect: { delay: 10, maxDelay: 50, attempts: 3 },
    circuitBreaker: false
  }).pipe(Effect.orDie)
  const file = `${control}.json`
  const fast = { timeout: `${timeout} millis`, requestTimeout: `${requestTimeout} millis` }
  writeFileSync(
    file,
    JSON.stringify({
      mcpServers: {
        hostile: { ...reached, ...fast, ...(kind === "sse" ? { type: "sse" } : {}) },
        good: { ...command("good", options), env: environment }
      }
    })
  )
  return { kind, config, control, file, registry } satisfies Lane
})

/** The port on which a process of ours listens. */
const port = ([node = "", ...args]: ReadonlyArray<string>) =>
  Effect.acquireRelease(
    Effect.callback<readonly [ChildProcess, string]>((resume) => {
      const child = spawn(node, args, { stdio: ["pipe", "pipe", "inherit"], env: { ...process.env, ...environment } })
      child.stdout.once("data", (port) => resume(Effect.succeed([child, String(port).trim()])))
    }),
    ([child]) =>
      Effect.callback<void>((resume) => {
        if (child.exitCode !== null) return resume(Effect.void)
        child.once("exit", () => resume(Effect.void))
        child.kill("SIGKILL")
      })
  ).pipe(Effect.map(([, port]) => port))

const runLane = Effect.fnUntraced(function*(lane: Lane, options: Options, surroundings: Surroundings) {
  const { counts, running } = surroundings
  const place = kinds.indexOf(lane.kind)
  const first = options.first + (place - options.first % kinds.length + kinds.length) % kinds.length
  for (let number = first;; number += kinds.length) {
    const one = plan(options.seed, number)
    writeFileSync(lane.control, String(number))
    running.set(lane.kind, one)
    yield* runCase(lane, one, options, surroundings)
    running.delete(lane.kind)
    const told = toldOf(lane.control)
    surroundings.onDone(one, told)
    counts.messages += told.length
    counts.cases += 1
    // What was said is only of use until the next case.
    rmSync(`${lane.control}.log`, { force: true })
    if (options.only || counts.messages >= options.messages) break
  }
})

const runCase = Effect.fnUntraced(function*(lane: Lane, one: Case, options: Options, surroundings: Surroundings) {
  const { act } = one
  const fault = (what: string) => surroundings.onFault({ case: one, what, said: saidIn(one, options) })
  const done = (outcome: string) =>
    void surroundings.counts.outcomes.set(outcome, (surroundings.counts.outcomes.get(outcome) ?? 0) + 1)
  const run = act.via === "library"
    ? useLibrary(lane, one, surroundings, fault, done)
    : useCommand(lane, one, options, fault, done)
  yield* run.pipe(
    Effect.timeoutOrElse({
      duration: patience(60_000),
      orElse: () => Effect.sync(() => fault("did not end"))
    }),
    Effect.catchCause((cause) => Effect.sync(() => fault(Cause.pretty(cause))))
  )
  for (const { changes, method } of saidIn(one, options)) {
    if (method.startsWith("BUG")) fault(`${method}: ${changes.join()}`)
  }
})

const useLibrary = Effect.fnUntraced(function*(
  lane: Lane,
  one: Case,
  surroundings: Surroundings,
  fault: (what: string) => void,
  done: (outcome: string) => void
) {
  const { kind, registry } = lane
  const operation = one.act.via === "library" ? one.act.operation : "connect"
  const judge = (exit: Exit.Exit<unknown, Failure>) => {
    if (Exit.isSuccess(exit)) {
      readAll(exit.value)
      return done("success")
    }
    const error = Option.getOrUndefined(Cause.findErrorOption(exit.cause))
    if (Cause.hasDies(exit.cause) || error === undefined) return fault(Cause.pretty(exit.cause))
    if (!tags.has(error._tag)) return fault(`a failure that is not declared: ${error._tag}`)
    done(error._tag === "CallError" ? `CallError ${error.reason._tag}` : error._tag)
    try {
      readError(error)
    } catch (cause) {
      fault(`${error._tag} cannot be printed: ${cause instanceof Error ? cause.stack : String(cause)}`)
    }
  }
  if (operation === "connect") {
    yield* Effect.ignore(registry.removeServer(kind))
    judge(yield* Effect.exit(connect(lane, surroundings)))
  } else {
    const session = yield* Effect.catchTag(registry.session(kind), "ServerNotFound", () => connect(lane, surroundings))
      .pipe(
        Effect.exit
      )
    // The handshake was no hostile one, and may still be late on a busy machine.
    if (Exit.isFailure(session)) judge(session)
    else judge(yield* Effect.exit(acts[operation](session.value, registry)))
  }
  const state = yield* registry.session(kind).pipe(Effect.flatMap((session) => session.state.current), Effect.option)
  if (Option.isSome(state) && state.value._tag === "Failed") yield* Effect.ignore(registry.removeServer(kind))
  if (one.number % 7 !== 0) return
  const good = yield* Effect.exit(
    registry.callTool("good", "echo", { text: "still there?" }, { timeout: patience(20_000) })
  )
  if (Exit.isFailure(good)) fault(`the good server does not answer any more: ${Cause.pretty(good.cause)}`)
})

/** Connects the hostile server, and reads its notifications, warnings and standard error until the session ends. */
const connect = Effect.fnUntraced(function*({ config, kind, registry }: Lane, { onFault, running }: Surroundings) {
  const session = yield* registry.addServer(config)
  const tell = (cause: Cause.Cause<never>) =>
    Effect.sync(() => {
      const one = running.get(kind)
      if (one !== undefined && Cause.hasDies(cause)) onFault({ case: one, what: Cause.pretty(cause), said: [] })
    })
  for (const stream of heard(session)) {
    yield* stream.pipe(Stream.runForEach(read), Effect.catchCause(tell), Effect.forkDetach)
  }
  return session
})

const read = (value: unknown) => Effect.sync(() => readAll(value))

/** Each ends with the session. */
const heard = (session: McpSession.McpSession["Service"]): ReadonlyArray<Stream.Stream<unknown>> => [
  session.notifications,
  session.warnings,
  session.stderr,
  session.state.changes
]

const bug = 70

const useCommand = Effect.fnUntraced(function*(
  lane: Lane,
  one: Case,
  { bin }: Options,
  fault: (what: string) => void,
  done: (outcome: string) => void
) {
  if (one.act.via === "library") return
  const { args, terminal, via } = one.act
  const all = [...args, "--config", lane.file]
  const { code, output } = yield* via === "process" ? commands.asProcess(bin, all) : commands.inProcess(all, terminal)
  done(`exit code ${code}`)
  if (code === null || code >= bug) fault(`exit code ${code}: …${output.slice(-2500)}`)
  // A pipe gets no colours of ours, so that all of it is the server's.
  const printed = terminal && via === "command" ? withoutOwn(output) : output
  const at = unsafeAt(printed)
  if (at !== -1) fault(`printed ${JSON.stringify(printed.slice(Math.max(0, at - 100), at + 50))}`)
})
