/**
 * The interop matrix: `pnpm interop` connects to every server of `servers.ts`, lists, calls, answers what the server
 * asks, closes, counts what is left, and writes `docs/interop.md`. With `--check` it writes nothing and fails if the page
 * would change. Any other argument is a word that the names of the servers to run must contain; then nothing is written.
 */
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import * as Elicitation from "@universal-mcp/core/Elicitation"
import type { ConnectionError } from "@universal-mcp/core/McpError"
import type * as McpSession from "@universal-mcp/core/McpSession"
import * as NegotiationCache from "@universal-mcp/core/NegotiationCache"
import * as Roots from "@universal-mcp/core/Roots"
import * as Sampling from "@universal-mcp/core/Sampling"
import * as NodeTransports from "@universal-mcp/transports/NodeTransports"
import * as SseTransport from "@universal-mcp/transports/SseTransport"
import * as StdioTransport from "@universal-mcp/transports/StdioTransport"
import * as StreamableHttpTransport from "@universal-mcp/transports/StreamableHttpTransport"
import { Cause, Clock, Console, Effect, Exit, FileSystem, Layer, Schedule, type Scope, Stream } from "effect"
import type { HttpClient } from "effect/http/HttpClient"
import { ChildProcess } from "effect/process"
import { execFileSync } from "node:child_process"
import { randomUUID } from "node:crypto"
import { readFileSync } from "node:fs"
import { connect, createServer } from "node:net"
import { delimiter, dirname } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import { type Asked, type Call, type Server, servers } from "./servers.ts"

const page = fileURLToPath(new URL("../docs/interop.md", import.meta.url))
const recorder = new URL("servers/recorder.ts", import.meta.url).href

// ---------------------------------------------------------------------------------------------------------------------
// Running a server
// ---------------------------------------------------------------------------------------------------------------------

interface Running {
  readonly server: Server
  readonly env: Readonly<Record<string, string>>
  readonly args: ReadonlyArray<string>
  readonly port: number
  readonly folder: string
  /** What the recorder wrote. */
  readonly log: (line: string) => number
  /** The command lines of all processes that the server's environment was handed down to. */
  readonly alive: () => ReadonlyArray<string>
}

const freePort = Effect.callback<number>((resume) => {
  const server = createServer().listen(0, "127.0.0.1", () => {
    const address = server.address()
    server.close(() => resume(Effect.succeed(typeof address === "object" ? address?.port ?? 0 : 0)))
  })
})

const until = (what: string, isTrue: () => boolean) =>
  Effect.sync(isTrue).pipe(
    Effect.repeat({ until: (now) => now, schedule: Schedule.spaced("20 millis") }),
    Effect.timeoutOrElse({ duration: "60 seconds", orElse: () => Effect.fail(problem(`waited in vain for ${what}`)) })
  )

const prepare = Effect.fnUntraced(function*(server: Server) {
  const fs = yield* FileSystem.FileSystem
  const folder = yield* Effect.flatMap(fs.makeTempDirectoryScoped(), fs.realPath)
  const port = yield* freePort
  const mark = randomUUID()
  const file = `${folder}/log`
  yield* fs.writeFileString(file, "")
  const fill = (text: string) => text.replaceAll("{port}", String(port)).replaceAll("{folder}", folder)
  const running: Running = {
    server,
    port,
    folder,
    args: ["--import", recorder, ...server.args.map(fill)],
    env: {
      ...Object.fromEntries(Object.entries(server.env ?? {}).map(([name, value]) => [name, fill(value)])),
      // supergateway starts `node` by name.
      PATH: [dirname(process.execPath), process.env["PATH"]].join(delimiter),
      PORT: String(port),
      INTEROP_LOG: file,
      INTEROP_MARK: mark
    },
    log: (line) => readFileSync(file, "utf8").split("\n").filter((written) => written === line).length,
    alive: () =>
      execFileSync("ps", ["axeww", "-o", "stat=,args="], { encoding: "utf8", maxBuffer: 2 ** 26 })
        .split("\n").filter((line) => line.includes(mark) && !line.startsWith("Z"))
  }
  return running
})

const isListening = (port: number) =>
  Effect.callback<boolean>((resume) => {
    const socket = connect(port, "127.0.0.1")
    const answer = (listens: boolean) => () => {
      socket.destroy()
      resume(Effect.succeed(listens))
    }
    socket.once("connect", answer(true)).once("error", answer(false))
  })

/** An HTTP server runs on its own; a stdio server is started by our transport. */
const start = Effect.fnUntraced(function*({ args, env, port, server }: Running) {
  if (server.transport === "stdio") return
  yield* ChildProcess.make(process.execPath, args, {
    env: { ...env },
    extendEnv: true,
    stdin: "ignore",
    stdout: "ignore",
    stderr: "ignore",
    killSignal: "SIGKILL"
  })
  yield* isListening(port).pipe(
    Effect.repeat({ until: (listens) => listens, schedule: Schedule.spaced("50 millis") }),
    Effect.timeoutOrElse({ duration: "60 seconds", orElse: () => Effect.fail(problem("it does not listen")) })
  )
})

const connection = (
  { args, env, port, server }: Running
): Effect.Effect<
  McpSession.McpSession["Service"],
  ConnectionError,
  NodeServices.NodeServices | HttpClient | Scope.Scope
> => {
  const pin = server.pin === undefined ? {} : { protocolVersion: server.pin }
  const common = { name: server.name.replaceAll(/[^\w@./:-]+/g, "-"), requestTimeout: "20 seconds", ...pin } as const
  switch (server.transport) {
    case "stdio":
      return StdioTransport.make({ ...common, command: process.execPath, args, env, gracePeriod: "5 seconds" })
    case "sse":
      return SseTransport.make({ ...common, url: `http://127.0.0.1:${port}/sse`, timeout: "10 seconds" })
    case "streamable-http":
      return StreamableHttpTransport.make({ ...common, url: `http://127.0.0.1:${port}/mcp` })
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// What a server must get done
// ---------------------------------------------------------------------------------------------------------------------

interface Facts {
  readonly server: Server
  readonly revision: string
  readonly era: string
  readonly starts: number
  readonly tools: number
  readonly asked: ReadonlyArray<Asked>
  readonly close: string
  readonly left: string
  readonly milliseconds: number
}

class Problem extends Error {
  readonly _tag = "Problem"
}

const problem = (text: string) => new Problem(text)

const check = (isTrue: boolean, otherwise: string) => isTrue ? Effect.void : Effect.fail(problem(otherwise))

/** Says yes to whatever is asked, and writes it down. */
const agreeing = (asked: Set<Asked>, folder: string) =>
  Layer.mergeAll(
    Layer.succeed(Elicitation.Elicitation, {
      modes: ["form"],
      elicit: (request) => {
        asked.add("elicitation")
        if (request._tag === "Url") return Effect.succeed({ action: "accept" })
        const required = request.requestedSchema.required ?? []
        const content = Object.fromEntries(required.map((field) => [field, "nobody"]))
        return Effect.succeed({
          action: "accept",
          content: Elicitation.withDefaults(request.requestedSchema, content)
        })
      }
    }),
    Layer.succeed(Sampling.Sampling, {
      createMessage: () => {
        asked.add("sampling")
        return Effect.succeed({ role: "assistant", model: "none", content: { type: "text", text: "a sample" } })
      }
    }),
    Layer.succeed(Roots.Roots, {
      list: Effect.sync(() => {
        asked.add("roots")
        return [{ uri: pathToFileURL(folder).href }]
      }),
      changes: Stream.empty
    })
  )

const call = Effect.fnUntraced(function*(session: McpSession.McpSession["Service"], { answer, args, tool }: Call) {
  const { content, isError } = yield* session.callTool(tool, args ?? {})
  if (answer === undefined) return
  const text = content.map((block) => block.type === "text" ? block.text : "").join("\n")
  yield* check(isError !== true && text.includes(answer), `${tool} answered ${JSON.stringify(text.slice(0, 200))}`)
})

/** A busy machine may start a modern server slower than the probe waits by default; that is no fact about the server. */
const patience = "20 seconds"

/** With a connection pool of its own, so that its end can be seen. */
const use = (running: Running, asked: Set<Asked>) =>
  Effect.gen(function*() {
    const { asks, call: first } = running.server
    const before = yield* Clock.currentTimeMillis
    const session = yield* connection(running).pipe(Effect.provide(agreeing(asked, running.folder)))
    const milliseconds = (yield* Clock.currentTimeMillis) - before
    const { era, protocolVersion: revision } = session.server
    const tools = yield* session.listTools
    yield* call(session, first)
    for (const asking of asks?.tools ?? []) yield* call(session, asking)
    const isAsked = () => asks === undefined || asks.what.every((what) => asked.has(what))
    yield* until(`${asks?.what.join(", ")}`, isAsked)
    return { era, milliseconds, revision, tools: tools.length }
  }).pipe(
    Effect.scoped,
    Effect.provide(NodeTransports.platform, { local: true }),
    Effect.provideService(NegotiationCache.NegotiationCache, NegotiationCache.make()),
    Effect.provideService(NegotiationCache.ProbeTimeout, running.server.era === "modern" ? patience : "1500 millis")
  )

const run = Effect.fnUntraced(function*(server: Server) {
  const running = yield* prepare(server)
  yield* start(running)
  const asked = new Set<Asked>()
  const seen = yield* use(running, asked)
  const [close, left] = server.transport === "stdio" ? stdioEnd(running) : yield* httpEnd(running)
  const starts = running.log("start")
  yield* check(seen.tools > 0, "no tools")
  yield* check(seen.era === server.era, `spoke the ${seen.era} era`)
  yield* check(starts === (server.starts ?? 1), `was started ${starts} times`)
  yield* check(left === "nothing", `left over: ${left}`)
  const facts: Facts = { ...seen, server, starts, asked: [...asked].toSorted(), close, left }
  return facts
}, Effect.scoped)

const leftover = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts).filter(([, count]) => count > 0).map(([what, count]) => `${count} ${what}`).join(", ") ||
  "nothing"

const stdioEnd = ({ alive, log }: Running) =>
  [
    log("exit") === log("start") ? "exits by itself" : "is told to end",
    leftover({ processes: alive().length })
  ] as const

/** The server hears of our end a little later than we. */
const httpEnd = Effect.fnUntraced(function*({ log, server }: Running) {
  const sessions = () => log("+session") - log("-session")
  const sockets = () => log("+socket") - log("-socket")
  yield* Effect.ignore(until("the end of the sockets", () => sessions() <= 0 && sockets() <= 0))
  const hadSessions = log("+session") > 0
  return [
    server.transport === "sse" ? "ends the stream" : hadSessions ? "deletes the session" : "has no session",
    leftover({ sessions: sessions(), sockets: sockets() })
  ] as const
})

// ---------------------------------------------------------------------------------------------------------------------
// The page
// ---------------------------------------------------------------------------------------------------------------------

const headings = [
  "server",
  "built on",
  "transport",
  "revision",
  "era",
  "starts",
  "tools",
  "call",
  "asked of us",
  "close",
  "left over"
]

const row = ({ asked, close, era, left, revision, server, starts, tools }: Facts): ReadonlyArray<string> => [
  server.name,
  server.builtOn,
  server.transport,
  revision,
  era,
  String(starts),
  String(tools),
  server.call.answer === undefined ? "answered, offline" : "answered",
  asked.join(", ") || "–",
  close,
  left
]

const table = (lines: ReadonlyArray<ReadonlyArray<string>>): string => {
  const widths = headings.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)))
  const [head, ...body] = lines.map((line) =>
    `| ${line.map((text, column) => text.padEnd(widths[column] ?? 0)).join(" | ")} |`
  )
  return [head, `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`, ...body].join("\n")
}

const document = (facts: ReadonlyArray<Facts>): string =>
  `# Interop

Which servers Universal MCP was seen to work with. \`pnpm interop\` writes this page: it connects to each server, lists its
tools, calls one, answers what the server asks of the client, closes the session, and counts what is left. CI runs it with
\`--check\`, which fails when a cell fails or differs from what is written here.

- **revision**, **era**: what was negotiated; nothing is configured, except where the name says so, and that modern
  servers may take 20 s to start here, where by default one that takes over 1.5 s may be spoken to in the legacy era.
- **starts**: how often the server's process was started, from a log that it writes itself. Only a server that exits when
  probed is started twice.
- **asked of us**: what the server requested, as a request (legacy) or as an input-required result (modern).
- **close**: how the session ended; a stdio server leaves when its input is closed.
- **left over**: processes of a stdio server, grandchildren included; sessions and sockets of an HTTP server.
- **answered, offline**: the servers cannot look up a host; one that needs the network for its work answers without it.

${table([headings, ...facts.map(row)])}
`

const program = Effect.gen(function*() {
  const fs = yield* FileSystem.FileSystem
  const flags = process.argv.slice(2)
  const words = flags.filter((flag) => flag !== "--check")
  const chosen = servers.filter(({ name, transport }) => words.every((word) => `${name} ${transport}`.includes(word)))
  const results = yield* Effect.forEach(
    chosen,
    (server) =>
      run(server).pipe(
        Effect.timeout("60 seconds"),
        Effect.exit,
        Effect.tap((exit) =>
          Console.log(
            Exit.isSuccess(exit)
              ? `ok    ${row(exit.value).join("  ")}  connected in ${exit.value.milliseconds} ms`
              : `FAIL  ${server.name} (${server.transport}): ${Cause.prettyErrors(exit.cause).join(", ")}`
          )
        )
      ),
    { concurrency: 2 }
  )
  const facts = results.filter(Exit.isSuccess).map(({ value }) => value)
  yield* Console.log(`${facts.length} of ${chosen.length} servers`)
  if (facts.length < chosen.length) process.exitCode = 1
  else if (words.length === 0) {
    const text = document(facts)
    if (!flags.includes("--check")) return yield* fs.writeFileString(page, text)
    if (text !== (yield* fs.readFileString(page))) {
      yield* Console.error("docs/interop.md is not what was seen; run pnpm interop")
      process.exitCode = 1
    }
  }
})

program.pipe(Effect.provide([NodeServices.layer, NodeTransports.platform]), NodeRuntime.runMain)
