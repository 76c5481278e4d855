/** One server from its start to its end: what the plan says is done to it, and what was seen. */
import { NodeHttpClient } from "@effect/platform-node"
import * as Faults from "@universal-mcp/core/Faults"
import type * as McpSession from "@universal-mcp/core/McpSession"
import * as InMemoryTransport from "@universal-mcp/transports/InMemoryTransport"
import * as SseTransport from "@universal-mcp/transports/SseTransport"
import * as StdioTransport from "@universal-mcp/transports/StdioTransport"
import * as StreamableHttpTransport from "@universal-mcp/transports/StreamableHttpTransport"
import { Cause, Deferred, Effect, Exit, Metric, Option, Schedule, Stream } from "effect"
import { appendFileSync, readFileSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import type { Farm } from "./driver.ts"
import type { Reply } from "./farm.ts"
import type { Fault, Life, Operation } from "./plan.ts"
import { type Message, respond } from "./server.ts"

const stdioServer = fileURLToPath(new URL("stdioServer.ts", import.meta.url))

export interface Surroundings {
  readonly folder: string
  readonly farm: Farm
  readonly count: (what: string) => void
  readonly bug: (life: Life, what: string) => void
  /** What goes on, so that what never ends can be named. */
  readonly running: Map<object, string>
}

const common = { name: "soak", timeout: "20 seconds", requestTimeout: "4 seconds" } as const

/** No operation may take longer, whatever happens. */
const patience = "25 seconds"

const typed = new Set(["CallError", "ToolNotFound", "InvalidStructuredContent", "ConnectionError"])

type Session = McpSession.McpSession["Service"]

const inMemory = (log: string): InMemoryTransport.Options["server"] => {
  let end = () => Promise.resolve()
  return {
    connect: async (transport) => {
      end = () => transport.close()
      const send = (message: Parameters<typeof transport.send>[0] | undefined) => {
        if (message !== undefined) transport.send(message).catch(() => {})
      }
      transport.onmessage = (message) => {
        const notify = (method: string, params: Readonly<Record<string, unknown>>) =>
          send({ jsonrpc: "2.0", method, params })
        void respond(log, message as Message, notify).then((answer) => send(answer as Parameters<typeof send>[0]))
      }
      await transport.start()
    },
    close: () => end()
  }
}

const connect = Effect.fnUntraced(function*({ kind, number }: Life, { farm }: Surroundings, log: string) {
  if (kind === "stdio") {
    return yield* StdioTransport.make({
      ...common,
      command: process.execPath,
      args: [stdioServer, log],
      gracePeriod: "1 second"
    })
  }
  if (kind === "in-memory") return yield* InMemoryTransport.make({ ...common, server: inMemory(log) })
  const { port } = yield* farm.ask({ do: "open", life: number, kind, log })
  const url = `http://127.0.0.1:${port}/mcp`
  return yield* kind === "sse"
    ? SseTransport.make({ ...common, url })
    : StreamableHttpTransport.make({ ...common, url })
})

/** Nothing here makes a server do twice what it is asked once. */
const faults = (seed: number, count: Surroundings["count"]) =>
  Faults.layer({
    seed,
    kill: 0.01,
    cut: 0.01,
    expire: 0.01,
    garbage: 0.01,
    drop: { probability: 0.01, times: 1 },
    delay: { probability: 0.05, by: "200 millis" },
    onFault: ({ fault }) => {
      count("faults")
      count(`fault ${fault}`)
    }
  })

const perform = (
  session: Session,
  operation: Operation,
  id: string
): Effect.Effect<unknown, { readonly _tag: string }> => {
  const timeout = (milliseconds: number) => ({ timeout: `${milliseconds} millis` } as const)
  switch (operation.do) {
    case "echo": {
      const { after, size } = operation
      return session.callTool("echo", { after, size }, timeout(operation.timeout)).pipe(
        Effect.filterOrElse(
          ({ content: [block] }) => block?.type === "text" && block.text.length === size,
          () => Effect.die(new Error("another answer than the one to this call"))
        )
      )
    }
    case "write": {
      const { after, before } = operation
      return session.callTool("write", { id, after, before }, timeout(operation.timeout)).pipe(
        Effect.filterOrElse(
          ({ content: [block] }) => block?.type === "text" && block.text === id,
          () => Effect.die(new Error("another answer than the one to this call"))
        )
      )
    }
    case "interrupt": {
      const { after, before, milliseconds } = operation
      return Effect.timeoutOption(session.callTool("write", { id, after, before }), milliseconds)
    }
    case "stream":
      return Stream.runDrain(session.callToolStream("steps", { after: operation.after }))
    case "subscribe":
      return Effect.timeoutOption(Stream.runDrain(session.subscribe("soak://1")), operation.after)
    case "tools":
      return session.listTools
    case "resources":
      return session.listResources
    case "read":
      return session.readResource("soak://1")
    case "refuse":
      return session.callTool("refuse")
    case "nothing":
      return session.callTool("nothing")
    case "touch":
      return session.callTool("touch", { uri: "soak://1" })
    case "ping":
      return session.ping
    case "level":
      return session.setLogLevel("info")
  }
}

/** What the client said of a call, by which its execution is judged. */
const claimOf = (exit: Exit.Exit<unknown, unknown>, isInterrupted: boolean): string => {
  if (Exit.isSuccess(exit)) return isInterrupted ? "unknown" : "success"
  const error = Option.getOrUndefined(Cause.findErrorOption(exit.cause))
  return typeof error === "object" && error !== null && "delivery" in error ? String(error.delivery) : "unknown"
}

const describe = (cause: Cause.Cause<unknown>) => Cause.pretty(cause).split("\n").slice(0, 6).join(" ⏎ ")

const linesOf = (log: string, word: string) =>
  readFileSync(log, "utf8").split("\n").filter((line) => line.startsWith(`${word} `))
    .map((line) => line.slice(word.length + 1))

const signal = (pid: number, name: NodeJS.Signals | 0) => {
  try {
    return process.kill(pid, name)
  } catch {
    return false
  }
}

const hurt = Effect.fnUntraced(
  function*(life: Life, { count: tally, farm }: Surroundings, log: string, fault: Fault, count: number) {
    tally("faults")
    const pids = () => life.kind === "stdio" ? linesOf(log, "start").map(Number) : []
    switch (fault) {
      case "none":
        return
      case "kill":
        return pids().forEach((pid) => signal(pid, "SIGKILL"))
      case "stop":
        pids().forEach((pid) => signal(pid, "SIGSTOP"))
        yield* Effect.sleep("800 millis")
        return pids().forEach((pid) => signal(pid, "SIGCONT"))
      default:
        yield* farm.ask({ do: "fault", life: life.number, fault, count })
    }
  }
)

const use = Effect.fnUntraced(function*(life: Life, surroundings: Surroundings, log: string) {
  const { bug, count, running } = surroundings
  const connecting = connect(life, surroundings, log)
  const session = yield* (life.hurtsMessages === undefined
    ? connecting
    : Effect.provide(connecting, faults(life.hurtsMessages, count)))
    .pipe(
      Effect.tapCause((cause) =>
        Effect.sync(() => {
          if (life.hurtsMessages === undefined || Cause.hasDies(cause)) {
            bug(life, `does not connect: ${describe(cause)}`)
          }
        })
      )
    )
  const enough = yield* Deferred.make<void>()
  let operations = 0
  let ended = false

  const step = Effect.fnUntraced(function*(operation: Operation, id: string) {
    operations++
    count("operations")
    for (const { after, count, fault } of life.faults) {
      if (after === operations) yield* Effect.forkScoped(hurt(life, surroundings, log, fault, count))
    }
    if (life.end === operations) {
      ended = true
      yield* Deferred.succeed(enough, undefined)
    }
    const key = {}
    const label = `${life.kind} ${operation.do} ${id}`
    running.set(key, `${label} since ${new Date().toISOString()}`)
    const writes = operation.do === "write" || operation.do === "interrupt"
    const judge = (exit: Exit.Exit<unknown, { readonly _tag: string }>) => {
      running.delete(key)
      const interrupted = operation.do === "interrupt" && Exit.isSuccess(exit) && Option.isOption(exit.value) &&
        Option.isNone(exit.value)
      if (writes) appendFileSync(log, `claim ${claimOf(exit, interrupted)} ${id}\n`)
      if (Exit.isSuccess(exit)) return count(interrupted ? "interrupted" : "results")
      const error = Option.getOrUndefined(Cause.findErrorOption(exit.cause))
      if (Cause.hasDies(exit.cause) || (error !== undefined && !typed.has(error._tag))) {
        return bug(life, `${label}: ${describe(exit.cause)}`)
      }
      if (error === undefined && !ended) return bug(life, `${label}: interrupted by nobody`)
      count(error === undefined ? "interrupted" : "errors")
      if (error !== undefined) count(`error ${life.kind} ${tagOf(error)}`)
    }
    yield* perform(session, operation, id).pipe(
      Effect.onExit((exit) => Effect.sync(() => judge(exit))),
      Effect.exit,
      Effect.timeoutOrElse({
        duration: patience,
        orElse: () => Effect.sync(() => bug(life, `${label}: no end within ${patience}`))
      })
    )
  })

  const work = Effect.forEach(
    life.workers,
    (steps, worker) =>
      Effect.forEach(steps, (operation, index) => step(operation, `${life.number}-${worker}-${index}`), {
        discard: true
      }),
    { concurrency: "unbounded", discard: true }
  )
  const listen = session.notifications.pipe(Stream.runDrain)
  const watch = session.changes.pipe(Stream.runDrain)
  yield* Effect.forkScoped(listen)
  yield* Effect.forkScoped(watch)
  yield* Effect.raceFirst(work, Deferred.await(enough))
})

const tagOf = (error: { readonly _tag: string }): string => {
  const reason = "reason" in error && typeof error.reason === "object" && error.reason !== null &&
      "_tag" in error.reason
    ? ` ${String(error.reason._tag)}`
    : ""
  return `${error._tag}${reason}${"delivery" in error ? ` ${String(error.delivery)}` : ""}`
}

/** Whatever is not as it must be once the session is closed is told as a bug. */
export const live = Effect.fnUntraced(function*(life: Life, surroundings: Surroundings) {
  const { bug, count, farm, folder } = surroundings
  const log = `${folder}/${life.number}.log`
  writeFileSync(log, "")
  count("servers")
  count(`servers ${life.kind}`)
  let fibers = 0
  const session = Effect.scoped(use(life, surroundings, log))
  yield* (life.ownPool ? Effect.provide(session, NodeHttpClient.layerUndici, { local: true }) : session).pipe(
    Effect.provideService(Metric.FiberRuntimeMetrics, {
      recordFiberStart: () => fibers++,
      recordFiberEnd: () => fibers--
    }),
    Effect.exit,
    Effect.tap((exit) =>
      Effect.sync(() => {
        // Not connecting may be the faults' doing; a defect is nobody's but ours.
        if (Exit.isFailure(exit) && Cause.hasDies(exit.cause)) bug(life, `the whole of it: ${describe(exit.cause)}`)
      })
    )
  )
  const soon = (isTrue: Effect.Effect<boolean>) =>
    isTrue.pipe(
      Effect.repeat({ until: (now) => now, schedule: Schedule.spaced("20 millis") }),
      Effect.timeoutOption("3 seconds"),
      Effect.map(Option.isSome)
    )
  for (const pid of life.kind === "stdio" ? linesOf(log, "start").map(Number) : []) {
    if (signal(pid, 0)) bug(life, `its process ${pid} is left`)
  }
  if (!(yield* soon(Effect.sync(() => fibers === 0)))) bug(life, `${fibers} fibers are left`)
  if (life.kind === "stdio" || life.kind === "in-memory") return
  // A session that was lost may be left to the server; connections may be kept in a pool that others use too.
  const isLeft = ({ sessions = 0, sockets = 0 }: Reply) =>
    (life.ownPool && sockets > 0) || (life.faults.length === 0 && life.hurtsMessages === undefined && sessions > 0)
  const left = farm.ask({ do: "left", life: life.number })
  if (!(yield* soon(Effect.map(left, (left) => !isLeft(left))))) {
    const { sessions, sockets } = yield* left
    bug(life, `${sockets} sockets and ${sessions} sessions are left on the server`)
  }
  yield* farm.ask({ do: "close", life: life.number })
})

/** What was claimed of the writes, against what was executed. */
export const audit = (life: Life, { bug, count, folder }: Surroundings) => {
  const log = `${folder}/${life.number}.log`
  const runs = linesOf(log, "run")
  for (const line of linesOf(log, "claim")) {
    const [claim = "", id = ""] = line.split(" ")
    const executed = runs.filter((run) => run === id).length
    count("writes")
    if (executed > 1) bug(life, `write ${id} was executed ${executed} times`)
    if (claim === "success" && executed !== 1) bug(life, `write ${id} succeeded and was executed ${executed} times`)
    if (claim === "not-sent" && executed !== 0) bug(life, `write ${id} was not sent, and was executed`)
  }
}
