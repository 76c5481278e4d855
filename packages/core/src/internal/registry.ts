/** The registry: one child scope per server, forked from one sequential parent in the order of adding. */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as SubscriptionRef from "effect/SubscriptionRef"
import { CallError, ConnectionError, ServerAlreadyExists, ServerNotFound, Timeout } from "../McpError.ts"
import { McpSession, type SessionState } from "../McpSession.ts"
import type { Tool } from "../Protocol.ts"
import * as ServerConfig from "../ServerConfig.ts"
import type { ListedTools, ListToolsResult, ServerRegistry } from "../ServerRegistry.ts"
import * as trace from "./trace.ts"

interface Entry {
  readonly name: string
  readonly config: ServerConfig.ServerConfig | undefined
  readonly scope: Scope.Closeable
  /** Done when connecting ended: with the session, or as not found. */
  readonly ready: Deferred.Deferred<Connected, ServerNotFound>
}

interface Connected {
  readonly session: McpSession["Service"]
  readonly connectedAt: number
  lastTools: ReadonlyArray<Tool>
}

const removedWhileConnecting = (name: string, config: ServerConfig.ServerConfig | undefined): ConnectionError =>
  new ConnectionError({
    server: name,
    transport: config === undefined ? "layer" : config.transport ?? "streamable-http",
    phase: "connect",
    description: "it was removed while connecting",
    stderr: []
  })

/** How long all servers together are waited for. */
const defaultDeadline = Duration.seconds(10)

const tooSlow = (entry: Entry | undefined, server: string, deadline: Duration.Input): CallError => {
  const isConnected = entry !== undefined && Deferred.isDoneUnsafe(entry.ready)
  return new CallError({
    server,
    method: "tools/list",
    delivery: isConnected ? "unknown" : "not-sent",
    reason: new Timeout({ milliseconds: Duration.toMillis(Duration.fromInputUnsafe(deadline)) }),
    hint: isConnected ? "it is slow, or does not answer" : "it is still being connected to"
  })
}

export const make = Effect.fnUntraced(function*(
  connect: (config: ServerConfig.ServerConfig) => Layer.Layer<McpSession, ConnectionError>
): Effect.fn.Return<ServerRegistry["Service"], never, Scope.Scope> {
  const parent = yield* Effect.acquireRelease(Scope.make("sequential"), (scope, exit) => Scope.close(scope, exit))
  const entries = new Map<string, Entry>()
  const states = yield* SubscriptionRef.make<ReadonlyMap<string, SessionState>>(new Map())

  const setState = (name: string, state: SessionState | undefined) =>
    SubscriptionRef.update(states, (map) => {
      const next = new Map(map)
      if (state === undefined) next.delete(name)
      else next.set(name, state)
      return next
    })

  const notFound = (server: string) => ServerNotFound.among(server, [...entries.keys()])

  const entryOf = (name: string): Effect.Effect<Entry, ServerNotFound> =>
    Effect.suspend(() => {
      const entry = entries.get(name)
      return entry === undefined ? Effect.fail(notFound(name)) : Effect.succeed(entry)
    })

  const connected = (name: string) => Effect.flatMap(entryOf(name), (entry) => Deferred.await(entry.ready))
  const session = (name: string) => Effect.map(connected(name), (entry) => entry.session)

  /** Takes the name and its place in the closing order, before anything is awaited. */
  const reserve = (name: string, config?: ServerConfig.ServerConfig) =>
    Effect.suspend((): Effect.Effect<Entry, ServerAlreadyExists> => {
      if (entries.has(name)) return Effect.fail(new ServerAlreadyExists({ server: name }))
      const entry = {
        name,
        config,
        scope: Scope.forkUnsafe(parent),
        ready: Deferred.makeUnsafe<Connected, ServerNotFound>()
      }
      entries.set(name, entry)
      return Effect.succeed(entry)
    })

  /** False if the name was freed before. */
  const forget = (entry: Entry): boolean => entries.get(entry.name) === entry && entries.delete(entry.name)

  /** Connects in a fiber of the entry's scope, so that closing the scope ends the connecting before anything else. */
  const open = <E, R>(entry: Entry, layer: Layer.Layer<McpSession, E, R>) =>
    Effect.gen(function*() {
      yield* setState(entry.name, { _tag: "Connecting" })
      const scope = yield* Scope.fork(entry.scope)
      const connecting = yield* Effect.forkIn(Layer.buildWithScope(layer, scope), entry.scope)
      const opened = Context.get(yield* Fiber.join(connecting), McpSession)
      yield* opened.state.changes.pipe(
        Stream.runForEach((state) => setState(entry.name, state)),
        Effect.forkIn(entry.scope, { startImmediately: true })
      )
      const connectedAt = yield* Clock.currentTimeMillis
      yield* Deferred.succeed(entry.ready, { session: opened, connectedAt, lastTools: [] })
      return opened
    })

  const abandon = Effect.fnUntraced(function*(entry: Entry, cause: Cause.Cause<unknown>) {
    const removed = !forget(entry)
    yield* Deferred.fail(entry.ready, notFound(entry.name))
    yield* Scope.close(entry.scope, Exit.failCause(cause))
    // The name may have been taken again while this was closing.
    if (removed || entries.has(entry.name)) return
    const error = Cause.findErrorOption(cause)
    yield* setState(
      entry.name,
      Option.isSome(error) && error.value instanceof ConnectionError
        ? { _tag: "Failed", error: error.value }
        : undefined
    )
  })

  const add = <E, R>(
    name: string,
    layer: () => Layer.Layer<McpSession, E, R>,
    config?: ServerConfig.ServerConfig
  ): Effect.Effect<McpSession["Service"], E | ConnectionError | ServerAlreadyExists, R> =>
    Effect.uninterruptibleMask((restore) =>
      Effect.flatMap(
        reserve(name, config),
        (entry) =>
          Effect.catchCause(restore(open(entry, layer())), (cause): Effect.Effect<never, E | ConnectionError> => {
            // Otherwise it was the caller, or the layer itself, that interrupted.
            const wasRemoved = entry.scope.state._tag === "Closed" && Cause.hasInterruptsOnly(cause)
            const error: Effect.Effect<never, E | ConnectionError> = wasRemoved
              ? Effect.fail(removedWhileConnecting(name, config))
              : Effect.failCause(cause)
            return Effect.andThen(abandon(entry, cause), error)
          })
      )
    )

  const addServer = Effect.fnUntraced(function*(input: ServerConfig.ServerConfig) {
    const config = yield* ServerConfig.decode(input)
    return yield* add(config.name, () => connect(config), config)
  }, (effect, { name }) => trace.span("ServerRegistry.addServer", { "mcp.server": name })(effect))

  const addServers = Effect.fnUntraced(
    function*(configs: ReadonlyArray<ServerConfig.ServerConfig>) {
      const added = yield* Effect.forEach(configs, (config) => Effect.result(addServer(config)), {
        concurrency: "unbounded"
      })
      const outcomes = configs.map((config, index) => ({ server: config.name, result: added[index] }))
      return {
        connected: outcomes.flatMap(({ result, server }) =>
          result !== undefined && Result.isSuccess(result) ? [server] : []
        ),
        failed: outcomes.flatMap(({ result, server }) =>
          result !== undefined && Result.isFailure(result) ? [{ server, error: result.failure }] : []
        )
      }
    },
    trace.span("ServerRegistry.addServers")
  )

  const close = (entry: Entry) =>
    Effect.uninterruptible(
      Effect.suspend(() => {
        forget(entry)
        return Effect.andThen(
          Scope.close(entry.scope, Exit.void),
          Effect.suspend(() => entries.has(entry.name) ? Effect.void : setState(entry.name, undefined))
        )
      })
    )

  const listToolsOf = (name: string) =>
    Effect.flatMap(connected(name), (entry) =>
      Effect.tap(entry.session.listTools, (tools) =>
        Effect.sync(() => {
          entry.lastTools = tools
        })))

  const listToolsBy = (name: string, deadline: Duration.Input) =>
    listToolsOf(name).pipe(
      Effect.timeoutOrElse({
        duration: deadline,
        orElse: () => Effect.fail(tooSlow(entries.get(name), name, deadline))
      }),
      Effect.result,
      Effect.map((result): ReadonlyArray<ListedTools> => {
        if (Result.isSuccess(result)) return [{ server: name, result: Result.succeed(result.success) }]
        // It was removed meanwhile.
        if (result.failure._tag === "ServerNotFound") return []
        return [{ server: name, result: Result.fail(result.failure) }]
      })
    )

  const listToolsStream: ServerRegistry["Service"]["listToolsStream"] = ({ deadline = defaultDeadline } = {}) =>
    Stream.suspend(() =>
      Stream.fromIterable([...entries.keys()]).pipe(
        Stream.mapEffect((name) => listToolsBy(name, deadline), { concurrency: "unbounded", unordered: true }),
        Stream.flattenIterable
      )
    )

  const listAllTools = Effect.map(Stream.runCollect(listToolsStream()), (listed): ListToolsResult => {
    const byName = new Map(listed.map(({ result, server }) => [server, result]))
    const ordered = [...entries.keys()].flatMap((name) => {
      const result = byName.get(name)
      return result === undefined ? [] : [[name, result] as const]
    })
    const tools = ordered.flatMap(([name, result]) => Result.isSuccess(result) ? [[name, result.success] as const] : [])
    const failed = ordered.flatMap(([name, result]) =>
      Result.isFailure(result) ? [[name, result.failure] as const] : []
    )
    return { tools: Object.fromEntries(tools), failed: Object.fromEntries(failed) }
  }).pipe(trace.span("ServerRegistry.listTools"))

  function listTools(): Effect.Effect<ListToolsResult>
  function listTools(server: string): Effect.Effect<ReadonlyArray<Tool>, ServerNotFound | CallError>
  function listTools(server?: string) {
    return server === undefined ? listAllTools : listToolsOf(server)
  }

  return {
    addServer,
    addServers,
    addLayer: Effect.fnUntraced(function*<E, R>(name: string, layer: Layer.Layer<McpSession, E, R>) {
      yield* ServerConfig.checkName(name)
      return yield* add(name, () => layer)
    }, (effect, name) => trace.span("ServerRegistry.addLayer", { "mcp.server": name })(effect)),
    removeServer: Effect.fnUntraced(function*(name) {
      const entry = entries.get(name)
      if (entry !== undefined) return yield* close(entry)
      // One that could not be added is known by its state alone.
      if (!(yield* SubscriptionRef.get(states)).has(name)) return yield* notFound(name)
      yield* setState(name, undefined)
    }, (effect, name) => trace.span("ServerRegistry.removeServer", { "mcp.server": name })(effect)),
    session,
    listServers: Effect.sync(() => [...entries.keys()]),
    listTools,
    listToolsStream,
    callTool: (server, tool, args, options) =>
      Effect.flatMap(session(server), (opened) => opened.callTool(tool, args, options)),
    callToolOrFail: (server, tool, args, options) =>
      Effect.flatMap(session(server), (opened) => opened.callToolOrFail(tool, args, options)),
    callToolStream: (server, tool, args, options) =>
      Stream.unwrap(Effect.map(session(server), (opened) => opened.callToolStream(tool, args, options))),
    serverInfo: Effect.fnUntraced(function*(name) {
      const { config } = yield* entryOf(name)
      const entry = yield* connected(name)
      yield* Effect.ignore(Effect.timeoutOption(listToolsOf(name), defaultDeadline))
      return {
        name,
        transport: entry.session.transport,
        ...(config === undefined ? {} : { config: ServerConfig.hideSecrets(config) }),
        server: entry.session.server,
        state: yield* entry.session.state.current,
        connectedAt: entry.connectedAt,
        tools: entry.lastTools
      }
    }, (effect, name) => trace.span("ServerRegistry.serverInfo", { "mcp.server": name })(effect)),
    disconnectAll: Effect.suspend(() => Effect.forEach([...entries.values()].reverse(), close, { discard: true })).pipe(
      trace.span("ServerRegistry.disconnectAll")
    ),
    changes: SubscriptionRef.changes(states)
  }
})
