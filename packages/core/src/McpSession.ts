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
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import * as connectingStderr from "./internal/connectingStderr.ts"
import { Service } from "./internal/service.ts"
import * as Session from "./internal/session.ts"
import {
  type CallError,
  type ConfigError,
  ConnectionError,
  type InvalidStructuredContent,
  type ToolFailed,
  type ToolNotFound
} from "./McpError.ts"
import type { McpTransport, TransportError } from "./McpTransport.ts"
import type { Era } from "./NegotiationCache.ts"
import type {
  CallToolResult,
  CompleteRequestParams,
  CompleteResult,
  GetPromptResult,
  Implementation,
  LoggingLevel,
  Prompt,
  ReadResourceResult,
  Resource,
  ResourceTemplate,
  ResourceUpdated,
  ServerCapabilities,
  Tool
} from "./Protocol.ts"
import * as ServerConfig from "./ServerConfig.ts"
import type { Task } from "./Task.ts"

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
  readonly era: Era
}

/**
 * Where a session stands.
 *
 * `Reconnecting`: the connection was lost, for the reason in `error`, and is being made again; calls wait for it, each
 * within its own time, until the `circuit` opens, after six attempts in vain: then they fail at once, and it is still
 * being tried. `Degraded`: connected, but too many calls in a row came to nothing, so that for now they fail at once; while
 * `half-open`, one is let through. `Failed`: lost for good. `Closed`: an end that we asked for.
 *
 * @category models
 * @since 0.1.0
 */
export type SessionState =
  | { readonly _tag: "Connecting" }
  | { readonly _tag: "Ready" }
  | {
    readonly _tag: "Reconnecting"
    readonly error: ConnectionError
    /** Which attempt is next or being made, counted from 1. */
    readonly attempt: number
    readonly circuit: "closed" | "open"
  }
  | { readonly _tag: "Degraded"; readonly error: CallError; readonly circuit: "open" | "half-open" }
  | { readonly _tag: "Failed"; readonly error: ConnectionError }
  | { readonly _tag: "Closed" }

/**
 * A notification of the server, as the protocol has it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Notification {
  readonly method: string
  readonly params?: Readonly<Record<string, unknown>> | undefined
}

/**
 * What the client itself warns of, such as lines on stdout that are not messages, or a tool that it had to leave out. No
 * server can write one.
 *
 * @category models
 * @since 0.1.0
 */
export interface Warning {
  /** `info` where nothing is wrong. */
  readonly level: "warning" | "info"
  /** At most 4,000 characters. It may quote the server, so show it as `SafeText`. */
  readonly description: string
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
  /**
   * Whether the request may be carried out twice, which a lost connection can lead to when it is sent again. Default: a
   * tool says so itself (`readOnlyHint`, `idempotentHint`), a method that only reads may, any other may not. What was
   * surely not carried out is sent again in any case.
   */
  readonly idempotent?: boolean | undefined
  /** Whether to wait, within the `timeout`, for a session that is being made again. Default `wait`. */
  readonly whileReconnecting?: "wait" | "fail" | undefined
  /**
   * Asks for the call to be a task where the tool leaves it to us (`taskSupport: "optional"`); `ttl` is how long the
   * server is to keep its result, in milliseconds. Only for tools; from revision 2026-07-28 on the server decides alone.
   */
  readonly task?: true | { readonly ttl?: number | undefined } | undefined
  /**
   * Gives integers beyond 2^53 in the result as `bigint`, wherever they are in it; others stay numbers. Default: `false`;
   * such an integer is then the nearest number, and the result's `warnings` name it if that is another. Decimals that no
   * number holds, such as 0.1000000000000000055, are named in both cases, and so are integers of more than 4,300 digits, or
   * of more than 500 where an exponent writes them (1e4000). A result that is nested too deeply to look for such numbers
   * (about 2,000 levels) has one warning that says so.
   *
   * Only for what has these options: lists, subscriptions and other requests give plain numbers, without warnings.
   *
   * `structuredContent` is checked against the `outputSchema` with numbers all the same. Not for transports that parse
   * messages with `JSON.parse` instead of `McpTransport.decode`.
   */
  readonly exactNumbers?: boolean | undefined
}

/**
 * Which of the server's lists is another than it was.
 *
 * @category models
 * @since 0.1.0
 */
export type ListKind = "tools" | "prompts" | "resources"

/**
 * What `callToolStream` gives: progress, log messages and statuses of the task as they come, then the result, last.
 * `Lost` is from the client: the reader was too slow for so many of them.
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
  | { readonly _tag: "Task"; readonly task: Task }
  | { readonly _tag: "Lost"; readonly count: number }
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
  /** As of the latest connection: it may be another after the session was made again. */
  readonly server: ServerDescription
  readonly state: {
    readonly current: Effect.Effect<SessionState>
    /** The current state, then every change, until the session has ended: `Failed` or `Closed` is the last. */
    readonly changes: Stream.Stream<SessionState>
  }
  /** All tools, every page. A tool that is not valid is left out, with one of the `warnings`. */
  readonly listTools: Effect.Effect<ReadonlyArray<Tool>, CallError>
  /**
   * Calls a tool. A tool that answers `isError: true` is a result, as in the protocol; see `callToolOrFail`.
   *
   * Arguments are whatever JSON can say, and `bigint`, which is sent as its digits on every transport, as is what
   * `JSON.rawJSON` makes of a number. A number beyond 2^53 is sent as JavaScript has it. Numbers in the result that
   * JavaScript changes are in its `warnings`, and in those of the session; `exactNumbers` keeps them.
   *
   * `structuredContent` is checked against the tool's `outputSchema` (JSON Schema 2020-12, or draft-07 by its `$schema`),
   * for which the tools are listed once; a schema that cannot be used is one of the `warnings`, and its tool goes
   * unchecked. A tool that requires a task (`execution.taskSupport`) is started as one, polled and fetched; interrupting
   * the fiber, or the `timeout`, which is for all of it, cancels the task.
   *
   * Errors: `ToolNotFound`, told from other refusals by the server's list, for which the call may take up to 2 s longer.
   */
  readonly callTool: (
    name: string,
    args?: Readonly<Record<string, unknown>>,
    options?: CallOptions
  ) => Effect.Effect<CallToolResult, CallError | ToolNotFound | InvalidStructuredContent>
  /** Like `callTool`, but `isError: true` is the error `ToolFailed`. */
  readonly callToolOrFail: (
    name: string,
    args?: Readonly<Record<string, unknown>>,
    options?: CallOptions
  ) => Effect.Effect<CallToolResult, CallError | ToolNotFound | InvalidStructuredContent | ToolFailed>
  /**
   * Calls a tool and streams its progress, the server's log messages meanwhile and, where the call is a task, each of
   * its statuses, in the order in which the server told them; the result comes last. A slow reader loses the oldest
   * beyond 16,384, which a `Lost` event tells, and never the result. The request's progress token is ours; one in `meta` is replaced.
   */
  readonly callToolStream: (
    name: string,
    args?: Readonly<Record<string, unknown>>,
    options?: CallOptions
  ) => Stream.Stream<CallEvent, CallError | ToolNotFound | InvalidStructuredContent>
  /**
   * All resources that the server lists, every page. One that is not valid is left out, with one of the
   * `warnings`. None, without a request, if the server does not offer resources.
   *
   * Errors: as for every list, a cursor that comes again, more than 1000 pages, or more time than ten times the server's
   * `requestTimeout` is the reason `InvalidResult`, whose `partial` holds the items that were read.
   */
  readonly listResources: Effect.Effect<ReadonlyArray<Resource>, CallError>
  /** All resource templates, every page. As `listResources`. */
  readonly listResourceTemplates: Effect.Effect<ReadonlyArray<ResourceTemplate>, CallError>
  /**
   * The contents of a resource, listed or not. The server is asked also where it does not advertise resources, as for
   * everything but lists; one that does not know the method (-32601) fails it with the reason `Unsupported`.
   */
  readonly readResource: (uri: string, options?: CallOptions) => Effect.Effect<ReadResourceResult, CallError>
  /**
   * Tells whenever the resource, or one below it, is another than it was, for as long as the stream is read; ends when
   * the session has ended. It carries no contents: read them anew. A slow reader loses the oldest beyond 16,384.
   *
   * Revisions up to 2025-11-25: `resources/subscribe` with the first reader of a URI, `resources/unsubscribe` with the
   * last. Revision 2026-07-28: `subscriptions/listen`, opened again when it is dropped; an update is told after that
   * too, because one may have been missed. Fails with the reason `Unsupported` if the server does not do it.
   */
  readonly subscribe: (uri: string) => Stream.Stream<ResourceUpdated, CallError>
  /** All prompts that the server lists, every page. As `listResources`. */
  readonly listPrompts: Effect.Effect<ReadonlyArray<Prompt>, CallError>
  /** The messages of a prompt. Fails with the reason `Unsupported` if the server does not know prompts. */
  readonly getPrompt: (
    name: string,
    args?: Readonly<Record<string, string>>,
    options?: CallOptions
  ) => Effect.Effect<GetPromptResult, CallError>
  /**
   * Values that an argument of a prompt or of a resource template may have, given what is typed so far. Fails with the
   * reason `Unsupported` if the server does not know completion.
   */
  readonly complete: (request: CompleteRequestParams, options?: CallOptions) => Effect.Effect<CompleteResult, CallError>
  /**
   * From which severity on the server sends log messages, which arrive in `notifications`. Without it, revisions up to
   * 2025-11-25 leave that to the server, and 2026-07-28 sends none. There it goes with every later request.
   */
  readonly setLogLevel: (level: LoggingLevel) => Effect.Effect<void, CallError>
  /** Asks for a sign of life. Revision 2026-07-28 has no such request: the reason is then `Unsupported`. */
  readonly ping: Effect.Effect<void, CallError>
  /**
   * Tasks by their id, of this session or of an earlier one: revision 2025-11-25 has them, and from 2026-07-28 on the
   * extension `io.modelcontextprotocol/tasks`. `callTool` takes care of its own.
   */
  readonly tasks: {
    /** How a task stands. */
    readonly get: (taskId: string) => Effect.Effect<Task, CallError>
    /**
     * Waits for a task to end, asking as often as the server wants (default: every second) and when it sends a status, but
     * then 100 ms after the last time at the earliest, and gives its result; what the server asks for meanwhile is
     * answered. A task that failed or was cancelled is the reason `Rejected`.
     */
    readonly result: (
      taskId: string,
      options?: Pick<CallOptions, "timeout" | "exactNumbers">
    ) => Effect.Effect<CallToolResult, CallError>
    /** Asks the server to end a task; whether it does is the server's to decide. */
    readonly cancel: (taskId: string) => Effect.Effect<void, CallError>
    /** All tasks that the server tells of, every page. `Unsupported` on revision 2026-07-28, which has no such list. */
    readonly list: Effect.Effect<ReadonlyArray<Task>, CallError>
  }
  /** Calls any method, such as an extension's, and gives its result as it is. */
  readonly request: (
    method: string,
    params?: Readonly<Record<string, unknown>>,
    options?: CallOptions
  ) => Effect.Effect<Readonly<Record<string, unknown>>, CallError>
  /**
   * Tells which list is another than it was, from now on, whatever the server advertised: list it anew. Ends when the
   * session has ended. What was told and is not yet read is not told twice.
   *
   * A change may be missed while there is no connection. The lists that were read before are therefore read again when the
   * session is made again, and those that differ are told.
   *
   * Revision 2026-07-28: a `subscriptions/listen` is open while somebody reads, and opened again, after 250 ms to 30 s,
   * when it is dropped; lists are read again then too.
   */
  readonly changes: Stream.Stream<ListKind>
  /**
   * What the server tells without being asked, from now on, until the session has ended; a slow reader loses the oldest
   * beyond 16,384 (or 16 Mi characters), and one of the `warnings` says how many. The first reader also gets what came
   * before it: the first 64, of 1 Mi characters together.
   */
  readonly notifications: Stream.Stream<Notification>
  /**
   * What the client itself warns of, from now on, until the session has ended, and never a word that the server says in
   * its name. The first reader also gets what came before it, as with `notifications`.
   *
   * ```ts
   * import { McpServer } from "@modelcontextprotocol/server"
   * import * as SafeText from "@universal-mcp/core/SafeText"
   * import * as InMemoryTransport from "@universal-mcp/transports/InMemoryTransport"
   * import { Console, Effect, Stream } from "effect"
   *
   * const server = new McpServer({ name: "demo", version: "1.0.0" })
   * const watched = Effect.gen(function*() {
   *   const session = yield* InMemoryTransport.make({ name: "demo", server })
   *   yield* session.warnings.pipe(
   *     Stream.runForEach(({ description }) => Console.error(`demo: ${SafeText.line(description)}`)),
   *     Effect.forkScoped
   *   )
   * })
   * await Effect.runPromise(Effect.scoped(watched))
   * ```
   */
  readonly warnings: Stream.Stream<Warning>
  /**
   * Lines of the server's standard error, from now on, until the session has ended; never any without a process. Slow
   * readers lose the oldest beyond 16,384, and get a line that says how many.
   */
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
 * Called with each line that a server writes to its standard error while a connection to it is being made: before there
 * is a session, and so before its `stderr`. Default: nobody hears it, unless connecting fails; the error has the last lines.
 *
 * When to use: to show a person what a server waits for, such as the link of a sign-in.
 *
 * ```ts
 * import * as McpSession from "@universal-mcp/core/McpSession"
 * import * as NodeTransports from "@universal-mcp/transports/NodeTransports"
 * import * as StdioTransport from "@universal-mcp/transports/StdioTransport"
 * import { Effect } from "effect"
 *
 * const heard: Array<string> = []
 * const program = "console.error('sign in at https://example.com/device')"
 * const connecting = StdioTransport.make({ name: "mail", command: process.execPath, args: ["-e", program] }).pipe(
 *   Effect.provideService(McpSession.ConnectingStderr, (server, line) => {
 *     heard.push(`${server}: ${line}`)
 *   }),
 *   Effect.scoped,
 *   Effect.provide(NodeTransports.platform)
 * )
 * const error = await Effect.runPromise(Effect.flip(connecting)) // The program is no server.
 * error.phase // => "negotiate"
 * heard[0] // => "mail: sign in at https://example.com/device"
 * ```
 *
 * @category references
 * @since 0.1.0
 */
export const ConnectingStderr: Context.Reference<((server: string, line: string) => void) | undefined> =
  connectingStderr.ConnectingStderr

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
  /** An era or a revision that the session is bound to. Default: what the server speaks, the newest first. */
  readonly protocolVersion?: ServerConfig.ProtocolVersion | undefined
  /** Names the server in the `NegotiationCache`, without secrets. Default: nothing is remembered. */
  readonly cacheKey?: string | undefined
  /** Where the server is, if that is an address; spans tell its host and port. */
  readonly url?: string | undefined
  /**
   * Hides the secrets of the server in what the session says of it: errors, warnings, lines of its standard error, log
   * messages and progress. `ServerConfig.redactor` makes one. Default: nothing is hidden.
   */
  readonly redact?: ((text: string) => string) | undefined
  /** How a lost connection is made again; `false`: not at all. */
  readonly reconnect?: ReconnectOptions | false | undefined
  /**
   * How many requests may wait for an answer at once; others wait for their turn, in which each tool and each method is
   * a line of its own, so that a flood of one does not hold up the others. Default 64.
   */
  readonly concurrency?: number | undefined
  /** At most `limit` requests within any `window`; others wait. Default: as many as there are. */
  readonly rateLimit?: { readonly limit: number; readonly window: Duration.Input } | undefined
  /**
   * After so many `failures` in a row (time-outs, HTTP 5xx; default 10) none is sent for the `cooldown` (5 s), and then
   * one, to see; `false`: all are sent, whatever became of the last.
   */
  readonly circuitBreaker?: false | {
    readonly failures?: number | undefined
    readonly cooldown?: Duration.Input | undefined
  } | undefined
  /**
   * How many questions (sampling, elicitation, roots) the server may have open at a time (`open`, default 16), and ask in
   * one call (`perCall`, default 100); one more is refused with the code -32000.
   */
  readonly questions?: { readonly open?: number | undefined; readonly perCall?: number | undefined } | undefined
}

/**
 * The schedule under which a lost connection is made again: at once, then after `delay`, doubled with each attempt up to
 * `maxDelay`, each somewhat more or less by chance. A server that asks for time (`Retry-After`) gets it.
 *
 * @category models
 * @since 0.1.0
 */
export interface ReconnectOptions {
  /** Default 250 ms. */
  readonly delay?: Duration.Input | undefined
  /** Default 30 s. */
  readonly maxDelay?: Duration.Input | undefined
  /** After so many attempts in a row it is given up. Default: it never is. */
  readonly attempts?: number | undefined
}

/**
 * Makes a session: shakes hands, then serves calls until the scope closes. `acquire` opens a transport in a scope of its
 * own, now and whenever the connection is lost; it may fail with a `TransportError`.
 *
 * When to use: to bring a transport of your own. Its resources belong to the scope of `acquire`, so that the session ends
 * first. Where it can be opened only once, set `reconnect` to `false`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*<R = never>(
  acquire: Effect.Effect<McpTransport, TransportError | ConnectionError, R | Scope.Scope>,
  options: Options
): Effect.fn.Return<McpSession["Service"], ConnectionError, R | Scope.Scope> {
  yield* Effect.mapError(ServerConfig.checkLimits(options), (error) => badLimits(options, error))
  return McpSession.of(new Service(yield* Session.make(acquire, options, yield* ClientInfo), options))
})

/**
 * The session with some of its members replaced.
 *
 * When to use: to decorate a session, such as to record its calls or to refuse some. A copy (`{ ...session }`) does not
 * work, because sessions share their members. What is not replaced is that of the session itself: `callToolOrFail` and
 * `callToolStream` do not go through another `callTool`, so replace the three together.
 *
 * ```ts
 * import { McpServer } from "@modelcontextprotocol/server"
 * import * as McpSession from "@universal-mcp/core/McpSession"
 * import * as InMemoryTransport from "@universal-mcp/transports/InMemoryTransport"
 * import { Effect } from "effect"
 *
 * const server = new McpServer({ name: "demo", version: "1.0.0" })
 * server.registerTool("echo", {}, () => ({ content: [] }))
 *
 * const program = Effect.gen(function*() {
 *   const session = yield* InMemoryTransport.make({ name: "demo", server })
 *   const called: Array<string> = []
 *   const recorded = McpSession.wrap(session, {
 *     callTool: (name, args, options) => {
 *       called.push(name)
 *       return session.callTool(name, args, options)
 *     }
 *   })
 *   yield* recorded.callTool("echo")
 *   return [recorded.name, called]
 * })
 * await Effect.runPromise(Effect.scoped(program)) // => ["demo", ["echo"]]
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const wrap = (
  session: McpSession["Service"],
  overrides: Partial<McpSession["Service"]>
): McpSession["Service"] =>
  new Proxy(session, { get: (target, key) => Reflect.get(Object.hasOwn(overrides, key) ? overrides : target, key) })

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

const badLimits = ({ name, transport }: Options, error: ConfigError): ConnectionError =>
  new ConnectionError({
    server: name,
    transport,
    phase: "config",
    description: error.message,
    stderr: [],
    hint: "correct its configuration"
  })
