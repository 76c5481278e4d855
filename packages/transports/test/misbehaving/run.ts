/** Runs a case with the client in this process. */
import type { CallError, ConnectionError } from "@universal-mcp/core/McpError"
import type { McpSession } from "@universal-mcp/core/McpSession"
import { ProbeTimeout } from "@universal-mcp/core/NegotiationCache"
import type { CallToolResult } from "@universal-mcp/core/Protocol"
import * as NodeTransports from "@universal-mcp/transports/NodeTransports"
import * as SseTransport from "@universal-mcp/transports/SseTransport"
import * as StdioTransport from "@universal-mcp/transports/StdioTransport"
import * as StreamableHttpTransport from "@universal-mcp/transports/StreamableHttpTransport"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { execFile, spawn } from "node:child_process"
import { randomUUID } from "node:crypto"
import { readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { fileURLToPath } from "node:url"
import { patience } from "../../../../test/patience.ts"
import type { Case, HttpCase, Options, Report, SseCase, StdioCase, Step } from "./case.ts"
import * as listen from "./listen.ts"

const server = fileURLToPath(new URL("server.ts", import.meta.url))

/** Hundreds of processes load the same modules: compiled once. */
export const env = { NODE_COMPILE_CACHE: `${tmpdir()}/misbehaving-compiled` }

/** With `apart`, HTTP servers too run in a process of their own. */
export const run = (subject: string, one: Case, apart = false): Effect.Effect<Report> =>
  "stdio" in one ? runStdio(subject, one) : runHttp(subject, one, apart)

const runStdio = (subject: string, one: StdioCase): Effect.Effect<Report> =>
  withLog((log) =>
    Effect.gen(function*() {
      const [elapsed, outcomes] = yield* play(
        one,
        StdioTransport.make({
          name: "server",
          command: one.command ?? process.execPath,
          args: [server, subject, one.name, log],
          env,
          ...optionsOf(one)
        }).pipe(Effect.provide(NodeTransports.platform))
      )
      return { outcomes, elapsed, seen: counted(linesOf(log)), left: yield* alive(log) }
    })
  )

const runHttp = (subject: string, one: HttpCase | SseCase, apart: boolean): Effect.Effect<Report> =>
  Effect.scoped(Effect.gen(function*() {
    const here = apart ? undefined : yield* listen.scoped(one)
    const url = here?.url ?? (yield* elsewhere(subject, one))
    const { gracePeriod: _, protocolVersion: __, ...options } = optionsOf(one)
    const config = { name: "server", url, headers: { authorization: "Bearer secret" }, ...options }
    const [elapsed, outcomes] = yield* play(
      one,
      "sse" in one ? SseTransport.make(config) : StreamableHttpTransport.make(config)
    )
    if (here === undefined) return { outcomes, elapsed, seen: {}, left: [] }
    const closed = yield* here.until(() => here.sockets.size === 0).pipe(Effect.timeoutOption(patience(3000)))
    return {
      outcomes,
      elapsed,
      seen: counted(here.exchanges.map(({ message, method }) => message.method ?? method)),
      left: closed._tag === "Some" ? [] : [`${here.sockets.size} connections`]
    }
  }))

/** A timeout is long where it is not what the case is about: who waits for it takes too long. */
const optionsOf = ({ options }: Case): Options => {
  const { gracePeriod, maxMessageSize, protocolVersion, requestTimeout = 20_000, sseReadTimeout, timeout = 20_000 } =
    options ?? {}
  return {
    timeout: patience(timeout),
    requestTimeout: patience(requestTimeout),
    ...(gracePeriod === undefined ? {} : { gracePeriod: patience(gracePeriod) }),
    ...(sseReadTimeout === undefined ? {} : { sseReadTimeout: patience(sseReadTimeout) }),
    ...(maxMessageSize === undefined ? {} : { maxMessageSize }),
    ...(protocolVersion === undefined ? {} : { protocolVersion })
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// The client
// ---------------------------------------------------------------------------------------------------------------------

type Session = McpSession["Service"]

const play = <R>(one: Case, connect: Effect.Effect<Session, ConnectionError, R>) =>
  Effect.gen(function*() {
    const session = yield* Effect.result(connect)
    if (session._tag === "Failure") return { connect: words(session.failure) }
    const outcomes: Partial<Record<Step, string>> = { connect: "connected" }
    for (const [step, act] of acts) {
      if (one.expect[step] !== undefined) outcomes[step] = yield* act(session.success)
    }
    return outcomes
  }).pipe(
    Effect.scoped,
    Effect.provide(NodeTransports.platform),
    Effect.provideService(ProbeTimeout, patience(1500)),
    Effect.timed,
    Effect.map(([duration, outcomes]) => [Math.round(Duration.toMillis(duration)), outcomes] as const)
  )

const call = (session: Session, args: Record<string, unknown> = {}): Effect.Effect<string> =>
  said(Effect.map(session.callTool("echo", args), text))

const acts: ReadonlyArray<readonly [Step, (session: Session) => Effect.Effect<string>]> = [
  ["list", (session) => said(Effect.map(session.listTools, (tools) => `${tools.length} tools`))],
  [
    "pair",
    (session) =>
      Effect.map(
        Effect.all([call(session, { word: "one" }), call(session, { word: "two" })], { concurrency: "unbounded" }),
        (both) => both.join(", ")
      )
  ],
  ["call", (session) => call(session)],
  ["again", (session) => call(session)],
  ["ping", (session) => said(Effect.as(session.ping, "pong"))]
]

const text = ({ content, isError }: CallToolResult): string => {
  const words = content.map((block) => block.type === "text" ? block.text : `[${block.type}]`).join(" ")
  return isError === true ? `isError: ${words}` : words
}

type Failure = ConnectionError | CallError | { readonly _tag: string }

const said = <E extends Failure, R>(effect: Effect.Effect<string, E, R>): Effect.Effect<string, never, R> =>
  Effect.catch(effect, (error) => Effect.succeed(words(error)))

const words = (error: Failure): string => {
  if ("reason" in error) {
    const { delivery, reason } = error
    const code = reason._tag === "Rejected" ? `(${reason.code})` : ""
    return `${error._tag} ${reason._tag}${code} ${delivery}`
  }
  if (!("phase" in error)) return error._tag
  const how = error.exitCode !== undefined
    ? ` exit ${error.exitCode}`
    : error.signal !== undefined
    ? ` ${error.signal}`
    : error.status === undefined
    ? ""
    : ` HTTP ${error.status}`
  return `${error._tag} ${error.phase}${how}`
}

// ---------------------------------------------------------------------------------------------------------------------
// The server, and what is left of it
// ---------------------------------------------------------------------------------------------------------------------

/** Its name is in the command line of every process of the case. */
const withLog = <A, E, R>(use: (path: string) => Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.acquireUseRelease(
    Effect.sync(() => {
      const path = `${tmpdir()}/misbehaving-${randomUUID()}`
      writeFileSync(path, "")
      return path
    }),
    use,
    (path) => Effect.sync(() => rmSync(path))
  )

const linesOf = (path: string): ReadonlyArray<string> => readFileSync(path, "utf8").split("\n")

const counted = (methods: ReadonlyArray<string>): Readonly<Record<string, number>> => {
  const counts: Record<string, number> = {}
  for (const method of methods) counts[method] = (counts[method] ?? 0) + 1
  return counts
}

const elsewhere = (subject: string, one: Case) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.callback<{ readonly url: string; readonly end: () => void }>((resume) => {
        const child = spawn(process.execPath, [server, subject, one.name], {
          env: { ...process.env, ...env },
          stdio: ["pipe", "pipe", "inherit"]
        })
        child.stdout.once("data", (url: Buffer) => {
          resume(Effect.succeed({ url: url.toString().trim(), end: () => child.kill("SIGKILL") }))
        })
      }),
      ({ end }) => Effect.sync(end)
    ),
    ({ url }) => url
  )

/** The processes whose command line has the word in it; zombies are dead. */
const alive = (word: string): Effect.Effect<ReadonlyArray<string>> =>
  Effect.callback<ReadonlyArray<string>>((resume) => {
    execFile(
      "ps",
      ["-eo", "stat=,args="],
      { maxBuffer: 1e7 },
      (_, stdout) =>
        resume(Effect.succeed(stdout.split("\n").filter((line) => line.includes(word) && !line.startsWith("Z"))))
    )
  })
