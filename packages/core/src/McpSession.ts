/**
 * One connection to one server, as a service that lives as long as its scope.
 *
 * A transport's layer gives it (`StdioTransport.layer`, …); the `ServerRegistry` holds many. Every method interrupts
 * cleanly: interrupting the fiber cancels the request on the wire.
 *
 * ```ts
 * import { McpServer } from "@modelcontextprotocol/server"
 * import * as McpSession from "@universal-mcp/core/McpSession"
 * import * as InMemoryTransport from "@universal-mcp/transports/InMemoryTransport"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function*() {
 *   const session = yield* McpSession.McpSession
 *   return (yield* session.listTools).map((tool) => tool.name)
 * })
 * const server = new McpServer({ name: "demo", version: "1.0.0" })
 * server.registerTool("echo", {}, () => ({ content: [] }))
 * const Demo = InMemoryTransport.layer({ name: "demo", server })
 * await Effect.runPromise(program.pipe(Effect.provide(Demo))) // => ["echo"]
 * ```
 *
 * @since 0.1.0
 */
import { Client } from "@modelcontextprotocol/client"
import type { StandardSchemaV1 } from "@modelcontextprotocol/client"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as PubSub from "effect/PubSub"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as SubscriptionRef from "effect/SubscriptionRef"
import * as failure from "./internal/failure.ts"
import * as Guard from "./internal/guard.ts"
import * as names from "./internal/names.ts"
import * as results from "./internal/results.ts"
import {
  CallError,
  Closed,
  type ConnectionError,
  InvalidResult,
  Timeout,
  ToolFailed,
  ToolNotFound
} from "./McpError.ts"
import type { McpTransport, TransportError } from "./McpTransport.ts"
import type { CallToolResult, Implementation, ServerCapabilities, Tool } from "./Protocol.ts"

// ---------------------------------------------------------------------------------------------------------------------
// Models
// ---------------------------------------------------------------------------------------------------------------------

/**
 * What the server said of itself, and what was negotiated.
 *
 * @category models
 * @since 0.1.0
 */
export interface ServerDescription {
  readonly name: string
  readonly version: string
  readonly title?: string | undefined
  readonly instructions?: string | undefined
  readonly capabilities: ServerCapabilities
  readonly protocolVersion: string
  readonly era: "legacy" | "modern"
}

/**
 * Where a session stands. `Failed` says why it was lost; `Closed` is an end that we asked for.
 *
 * @category models
 * @since 0.1.0
 */
export type SessionState =
  | { readonly _tag: "Connecting" }
  | { readonly _tag: "Ready" }
  | { readonly _tag: "Failed"; readonly error: ConnectionError }
  | { readonly _tag: "Closed" }

/**
 * A notification of the server, as the protocol has it.
 *
 * What the client itself has to remark — a line on stdout that is not JSON, a tool it had to leave out — arrives here
 * too, as `notifications/message` with the logger `universal-mcp`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Notification {
  readonly method: string
  readonly params?: Readonly<Record<string, unknown>> | undefined
}

/**
 * @category models
 * @since 0.1.0
 */
export interface CallOptions {
  /** How long the call may take; default: the server's `requestTimeout`. */
  readonly timeout?: Duration.Input | undefined
  /** Sent as the request's `_meta`. */
  readonly meta?: Readonly<Record<string, unknown>> | undefined
}

/**
 * What `callToolStream` gives: progress and log messages as they come, then the result, last.
 *
 * @category models
 * @since 0.1.0
 */
export type CallEvent =
  | {
    readonly _tag: "Progress"
    readonly progress: number
    readonly total?: number | undefined
    readonly message?: string | undefined
  }
  | { readonly _tag: "Log"; readonly level: string; readonly logger?: string | undefined; readonly data: unknown }
  | { readonly _tag: "Result"; readonly result: CallToolResult }

// ---------------------------------------------------------------------------------------------------------------------
// Service
// ---------------------------------------------------------------------------------------------------------------------

/**
 * One connection to one server.
 *
 * @category services
 * @since 0.1.0
 */
export class McpSession extends Context.Service<McpSession, {
  /** The name we gave the server. */
  readonly name: string
  /** The transport that carries the session, such as `stdio`. */
  readonly transport: string
  readonly server: ServerDescription
  readonly state: {
    readonly current: Effect.Effect<SessionState>
    /** The current state, then every change. */
    readonly changes: Stream.Stream<SessionState>
  }
  /** All tools, every page. A tool that is not valid is left out, with a remark in `notifications`. */
  readonly listTools: Effect.Effect<ReadonlyArray<Tool>, CallError>
  /** Calls a tool. A tool that answers `isError: true` is a result, as in the protocol; see `callToolOrFail`. */
  readonly callTool: (
    name: string,
    args?: Readonly<Record<string, unknown>>,
    options?: CallOptions
  ) => Effect.Effect<CallToolResult, CallError | ToolNotFound>
  /** Like `callTool`, but `isError: true` is the error `ToolFailed`. */
  readonly callToolOrFail: (
    name: string,
    args?: Readonly<Record<string, unknown>>,
    options?: CallOptions
  ) => Effect.Effect<CallToolResult, CallError | ToolNotFound | ToolFailed>
  /** Calls a tool and streams its progress and the server's log messages meanwhile; the result comes last. */
  readonly callToolStream: (
    name: string,
    args?: Readonly<Record<string, unknown>>,
    options?: CallOptions
  ) => Stream.Stream<CallEvent, CallError | ToolNotFound>
  /** What the server tells without being asked, from now on; a slow reader loses the oldest beyond 4096. */
  readonly notifications: Stream.Stream<Notification>
  /** Lines of the server's standard error, from now on; never any without a process. Slow readers lose the oldest. */
  readonly stderr: Stream.Stream<string>
}>()("@universal-mcp/core/McpSession") {}

/**
 * Who we say we are in the handshake.
 *
 * @category references
 * @since 0.1.0
 */
export const ClientInfo = Context.Reference<Implementation>("@universal-mcp/core/McpSession/ClientInfo", {
  defaultValue: () => ({ name: "universal-mcp", version: "0.1.0" })
})

/**
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** The name we give the server; errors and spans carry it. */
  readonly name: string
  /** What carries the session, such as `stdio`. */
  readonly transport: string
  /** How long connecting may take. Default 30 s. */
  readonly timeout?: Duration.Input | undefined
  /** How long a request may take unless the call says otherwise. Default 60 s. */
  readonly requestTimeout?: Duration.Input | undefined
}

/**
 * Makes a session on a transport: shakes hands, then serves calls until the scope closes.
 *
 * When to use: to bring a transport of your own. The transport's resources belong to the same scope and must be
 * acquired before, so that the session ends first.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fn("McpSession.make")(function*(
  inner: McpTransport,
  options: Options
): Effect.fn.Return<McpSession["Service"], ConnectionError, Scope.Scope> {
  yield* Effect.annotateCurrentSpan({ "mcp.server": options.name, "mcp.transport": options.transport })
  const connection: failure.Connection = { server: options.name, transport: options.transport, inner }
  const notifications = yield* PubSub.sliding<Notification>(4096)
  const stderr = yield* PubSub.sliding<string>(4096)
  const ended = yield* Deferred.make<TransportError | undefined>()
  const warn = (description: string) => {
    PubSub.publishUnsafe(notifications, {
      method: "notifications/message",
      params: { level: "warning", logger: "universal-mcp", data: description }
    })
  }
  inner.onstderr = (line) => {
    PubSub.publishUnsafe(stderr, line)
  }
  const guard = Guard.make(inner, {
    onNotification: (method, params) => {
      PubSub.publishUnsafe(notifications, { method, params })
    },
    onWarning: warn,
    onClose: (lost) => {
      Deferred.doneUnsafe(ended, Exit.succeed(lost))
    }
  })

  const client = new Client(yield* ClientInfo)
  const timeout = Duration.fromInputUnsafe(options.timeout ?? "30 seconds")
  // Before connecting, so that the transport is closed too when connecting is interrupted half-way.
  yield* Effect.addFinalizer(() => Effect.promise(() => client.close()))
  yield* Effect.tryPromise({
    try: (signal) => client.connect(guard, { signal, timeout: forever }),
    catch: (cause) => failure.toConnectionError(connection, cause)
  }).pipe(
    Effect.timeoutOrElse({
      duration: timeout,
      orElse: () => Effect.fail(failure.connectTimeout(connection, Duration.toMillis(timeout)))
    })
  )

  const state = yield* SubscriptionRef.make<SessionState>({ _tag: "Ready" })
  yield* Deferred.await(ended).pipe(
    Effect.map((lost): SessionState =>
      lost === undefined
        ? { _tag: "Closed" }
        : { _tag: "Failed", error: failure.fromTransportError(connection, lost) }
    ),
    Effect.flatMap((next) => SubscriptionRef.set(state, next)),
    Effect.forkScoped
  )
  yield* Effect.addFinalizer(() => SubscriptionRef.set(state, { _tag: "Closed" }))

  const requestTimeout = Duration.fromInputUnsafe(options.requestTimeout ?? "60 seconds")
  const request = <A>(
    method: string,
    params: Record<string, unknown>,
    schema: StandardSchemaV1<unknown, A>,
    limit: Duration.Input = requestTimeout
  ): Effect.Effect<A, CallError> =>
    Effect.suspend(() =>
      Deferred.isDoneUnsafe(ended)
        ? Effect.fail(gone(connection, method))
        : Effect.tryPromise({
          try: (signal) => client.request({ method, params }, schema, { signal, timeout: forever }),
          catch: (cause) => failure.toCallError(connection, method, cause)
        })
    ).pipe(Effect.timeoutOrElse({
      duration: limit,
      orElse: () =>
        Effect.fail(
          new CallError({
            server: options.name,
            method,
            delivery: "unknown",
            reason: new Timeout({ milliseconds: Duration.toMillis(Duration.fromInputUnsafe(limit)) }),
            hint: "raise the `timeout` of the call if the server is just slow"
          })
        )
    }))

  const capabilities = client.getServerCapabilities() ?? {}
  const version = client.getServerVersion()
  const knownTools = new Set<string>()

  const listTools = capabilities.tools === undefined
    ? Effect.succeed<ReadonlyArray<Tool>>([])
    : pages((cursor) => request("tools/list", cursor === undefined ? {} : { cursor }, toolsPage), connection.server)
      .pipe(
        Effect.map((items) => {
          const tools = items.filter(results.isTool)
          if (tools.length < items.length) {
            const invalid = items.filter((item) => !results.isTool(item))
            warn(`left out ${invalid.length} tool(s) that are not valid: ${JSON.stringify(invalid).slice(0, 300)}`)
          }
          knownTools.clear()
          for (const tool of tools) knownTools.add(tool.name)
          return tools
        }),
        Effect.withSpan("McpSession.listTools", { attributes: { "mcp.server": options.name } })
      )

  /** Servers say "unknown tool" in many ways; their list says it in one. Costs nothing while calls succeed. */
  const failIfUnknown = (tool: string) =>
    knownTools.has(tool) ? Effect.void : listTools.pipe(
      Effect.timeout("5 seconds"),
      Effect.ignore,
      Effect.flatMap(() =>
        knownTools.size === 0 || knownTools.has(tool)
          ? Effect.void
          : Effect.fail(new ToolNotFound({ server: options.name, tool, closest: names.closest(tool, knownTools) }))
      )
    )

  const callTool: McpSession["Service"]["callTool"] = Effect.fn("McpSession.callTool")(
    function*(name, args, callOptions) {
      const params = {
        name,
        ...(args === undefined ? {} : { arguments: args }),
        ...(callOptions?.meta === undefined ? {} : { _meta: callOptions.meta })
      }
      const result = yield* request("tools/call", params, results.callToolResult, callOptions?.timeout).pipe(
        Effect.tapError((error) => error.reason._tag === "Rejected" ? failIfUnknown(name) : Effect.void)
      )
      if (result.isError === true) yield* failIfUnknown(name)
      return result
    }
  )

  const callToolStream: McpSession["Service"]["callToolStream"] = (name, args, callOptions) =>
    Stream.callback<CallEvent, CallError | ToolNotFound>(
      Effect.fnUntraced(function*(queue) {
        const token = `umcp-${++lastToken}`
        yield* Effect.acquireRelease(
          Effect.sync(() => guard.progress.set(token, (params) => Queue.offerUnsafe(queue, progressEvent(params)))),
          () => Effect.sync(() => guard.progress.delete(token))
        )
        const subscription = yield* PubSub.subscribe(notifications)
        const logs = yield* Stream.fromSubscription(subscription).pipe(
          Stream.runForEach((notification) => Queue.offerAll(queue, logEvents(notification))),
          Effect.forkScoped
        )
        const result = yield* callTool(name, args, {
          ...callOptions,
          meta: { ...callOptions?.meta, progressToken: token }
        })
        logs.interruptUnsafe()
        yield* Queue.offerAll(queue, (yield* PubSub.takeUpTo(subscription, 4096)).flatMap(logEvents))
        yield* Queue.offer(queue, { _tag: "Result", result })
        yield* Queue.end(queue)
      }, (effect, queue) => Effect.catchCause(effect, (cause) => Queue.failCause(queue, cause))),
      { bufferSize: Number.POSITIVE_INFINITY }
    )

  return McpSession.of({
    name: options.name,
    transport: options.transport,
    server: {
      name: version?.name ?? options.name,
      version: version?.version ?? "",
      ...(version?.title === undefined ? {} : { title: version.title }),
      instructions: client.getInstructions(),
      capabilities,
      protocolVersion: client.getNegotiatedProtocolVersion() ?? "",
      era: client.getProtocolEra() ?? "legacy"
    },
    state: { current: SubscriptionRef.get(state), changes: SubscriptionRef.changes(state) },
    listTools,
    callTool,
    callToolOrFail: Effect.fnUntraced(function*(name, args, callOptions) {
      const result = yield* callTool(name, args, callOptions)
      return result.isError === true
        ? yield* new ToolFailed({ server: options.name, tool: name, text: textOf(result), result })
        : result
    }),
    callToolStream,
    notifications: Stream.fromPubSub(notifications),
    stderr: Stream.fromPubSub(stderr)
  })
})

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

/** The SDK must never time out by itself (its time is not Effect's); this is its longest. */
const forever = 2_147_483_647

const maxPages = 1000

const toolsPage = results.page("tools")

let lastToken = 0

const gone = (connection: failure.Connection, method: string): CallError => {
  const lost = connection.inner.lost
  return lost === undefined
    ? new CallError({
      server: connection.server,
      method,
      delivery: "not-sent",
      reason: new Closed({ description: "the session is closed", stderr: [] })
    })
    : new CallError({
      server: connection.server,
      method,
      delivery: "not-sent",
      reason: lost.reason,
      ...(lost.hint === undefined ? {} : { hint: lost.hint })
    })
}

/** Follows `nextCursor` to the end; a cursor that repeats, or never ends, is an error. */
const pages = Effect.fnUntraced(function*(
  read: (cursor: string | undefined) => Effect.Effect<results.Page, CallError>,
  server: string
) {
  const items: Array<unknown> = []
  const seen = new Set<string>()
  let cursor: string | undefined
  do {
    const page = yield* read(cursor)
    items.push(...page.items)
    cursor = page.nextCursor
    if (cursor !== undefined && (seen.has(cursor) || seen.size >= maxPages)) {
      return yield* new CallError({
        server,
        method: "tools/list",
        delivery: "answered",
        reason: new InvalidResult({
          description: seen.has(cursor)
            ? `the list never ends: the cursor ${JSON.stringify(cursor)} came again`
            : `the list has more than ${maxPages} pages`
        })
      })
    }
    if (cursor !== undefined) seen.add(cursor)
  } while (cursor !== undefined)
  return items
})

const number = (value: unknown): number | undefined => typeof value === "number" ? value : undefined

const progressEvent = (params: Readonly<Record<string, unknown>>): CallEvent => ({
  _tag: "Progress",
  progress: number(params["progress"]) ?? 0,
  total: number(params["total"]),
  message: typeof params["message"] === "string" ? params["message"] : undefined
})

const logEvents = ({ method, params }: Notification): ReadonlyArray<CallEvent> =>
  method === "notifications/message" && params !== undefined
    ? [{
      _tag: "Log",
      level: String(params["level"]),
      logger: typeof params["logger"] === "string" ? params["logger"] : undefined,
      data: params["data"]
    }]
    : []

const textOf = (result: CallToolResult): string => {
  const text = result.content.flatMap((block) => block.type === "text" ? [block.text] : []).join(" ").trim()
  return text === "" ? "it gave no reason" : text
}
