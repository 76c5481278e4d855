/**
 * Everything that can go wrong, as values in the error channel.
 *
 * Each error has its own `_tag`, reads as one line that names the server (`message`), and says in `hint` what to do
 * about it where something can be done. {@link CallError} carries a `reason` that is itself tagged, so that one kind
 * of failure can be caught alone:
 *
 * ```ts
 * import * as McpError from "@universal-mcp/core/McpError"
 * import { Effect } from "effect"
 *
 * const failed: Effect.Effect<string, McpError.CallError> = Effect.fail(
 *   new McpError.CallError({
 *     server: "weather",
 *     method: "tools/call",
 *     delivery: "unknown",
 *     reason: new McpError.Timeout({ milliseconds: 1000 })
 *   })
 * )
 * const program = failed.pipe(
 *   Effect.catchReason("CallError", "Timeout", (reason) => Effect.succeed(`gave up after ${reason.milliseconds} ms`))
 * )
 * Effect.runSync(program) // => "gave up after 1000 ms"
 * ```
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { CallErrorReason } from "./CallErrorReason.ts"
import * as names from "./internal/names.ts"
import { didYouMean, ended, lastWords, oneLine, quoted } from "./internal/words.ts"

export {
  CallErrorReason,
  Closed,
  InvalidArguments,
  InvalidResult,
  Rejected,
  SessionExpired,
  Timeout,
  TooLarge,
  Unauthorized,
  Unavailable,
  Unsupported
} from "./CallErrorReason.ts"

/**
 * The step of connecting at which a {@link ConnectionError} arose.
 *
 * @category models
 * @since 0.1.0
 */
export const ConnectionPhase = Schema.Literals([
  "config",
  "spawn",
  "dns",
  "connect",
  "tls",
  "http",
  "auth",
  "negotiate",
  "list"
])

/**
 * The step of connecting at which a {@link ConnectionError} arose.
 *
 * @category models
 * @since 0.1.0
 */
export type ConnectionPhase = typeof ConnectionPhase.Type

/**
 * What is known of a request that failed: it never left (`not-sent`, safe to repeat), it may have been executed
 * (`unknown`), or the server answered it (`answered`).
 *
 * @category models
 * @since 0.1.0
 */
export const Delivery = Schema.Literals(["not-sent", "unknown", "answered"])

/**
 * What is known of a request that failed.
 *
 * @category models
 * @since 0.1.0
 */
export type Delivery = typeof Delivery.Type

/**
 * A session could not be made, or was lost for good.
 *
 * `exitCode`, `signal` and `stderr` (the last lines, oldest first) are there for a process, `status`, `retryAfter`
 * (milliseconds, from `Retry-After`) and `wwwAuthenticate` for HTTP.
 *
 * @category errors
 * @since 0.1.0
 */
export class ConnectionError extends Schema.TaggedError<ConnectionError>()("ConnectionError", {
  server: Schema.String,
  transport: Schema.String,
  phase: ConnectionPhase,
  description: Schema.String,
  exitCode: Schema.optionalKey(Schema.Int),
  signal: Schema.optionalKey(Schema.String),
  stderr: Schema.Array(Schema.String),
  status: Schema.optionalKey(Schema.Int),
  retryAfter: Schema.optionalKey(Schema.Finite),
  wwwAuthenticate: Schema.optionalKey(Schema.String),
  hint: Schema.optionalKey(Schema.String),
  cause: Schema.optionalKey(Schema.Defect())
}) {
  override get message(): string {
    return oneLine(
      `no connection to "${this.server}" (${this.transport}, ${this.phase}): ${this.description}${ended(this)}${
        lastWords(this.stderr)
      }`
    )
  }
}

/**
 * A name that is not registered. `closest` is the registered name most like it, if one is near.
 *
 * @category errors
 * @since 0.1.0
 */
export class ServerNotFound extends Schema.TaggedError<ServerNotFound>()("ServerNotFound", {
  server: Schema.String,
  available: Schema.Array(Schema.String),
  closest: Schema.optionalKey(Schema.String)
}) {
  /** The error for a name that is not among `available`, with the closest of them. */
  static among(server: string, available: ReadonlyArray<string>): ServerNotFound {
    const [nearest] = closestNames(server, available)
    return new ServerNotFound({ server, available, ...(nearest === undefined ? {} : { closest: nearest }) })
  }

  override get message(): string {
    const known = this.available.length === 0 ? "none is registered" : `available: ${quoted(this.available)}`
    return oneLine(
      `there is no server "${this.server}"; ${known}${this.closest === undefined ? "" : didYouMean([this.closest])}`
    )
  }
}

/**
 * A name that is taken.
 *
 * @category errors
 * @since 0.1.0
 */
export class ServerAlreadyExists extends Schema.TaggedError<ServerAlreadyExists>()("ServerAlreadyExists", {
  server: Schema.String
}) {
  override get message(): string {
    return `there is already a server "${this.server}"; remove it first or choose another name`
  }
}

/**
 * A tool that the server's list lacks. `closest` are the listed names most like it, nearest first. `text` is what the
 * server said when it was called all the same, and `result` its `CallToolResult`, whole, where it said it with one.
 *
 * @category errors
 * @since 0.1.0
 */
export class ToolNotFound extends Schema.TaggedError<ToolNotFound>()("ToolNotFound", {
  server: Schema.String,
  tool: Schema.String,
  closest: Schema.Array(Schema.String),
  text: Schema.optionalKey(Schema.String),
  result: Schema.optionalKey(Schema.Unknown)
}) {
  /** The error for a name that is not among `available`, with the closest of them. */
  static among(
    server: string,
    tool: string,
    available: Iterable<string>,
    refusal: { readonly text?: string; readonly result?: unknown } = {}
  ): ToolNotFound {
    return new ToolNotFound({ server, tool, closest: closestNames(tool, available), ...refusal })
  }

  override get message(): string {
    return oneLine(`"${this.server}" has no tool "${this.tool}"${didYouMean(this.closest)}`)
  }
}

/**
 * A tool answered `isError: true`, made an error by `callToolOrFail`. `result` is the protocol's `CallToolResult`,
 * whole.
 *
 * @category errors
 * @since 0.1.0
 */
export class ToolFailed extends Schema.TaggedError<ToolFailed>()("ToolFailed", {
  server: Schema.String,
  tool: Schema.String,
  text: Schema.String,
  result: Schema.Unknown
}) {
  override get message(): string {
    return oneLine(`tool "${this.tool}" of "${this.server}" failed: ${this.text}`)
  }
}

/**
 * What a tool answered does not fit the `outputSchema` it declares: each of `issues` says where and what. `result` is
 * the protocol's `CallToolResult`, whole, for those who want it all the same:
 *
 * ```ts
 * import * as McpError from "@universal-mcp/core/McpError"
 * import { Effect } from "effect"
 *
 * const answered: Effect.Effect<unknown, McpError.InvalidStructuredContent> = Effect.fail(
 *   new McpError.InvalidStructuredContent({
 *     server: "weather",
 *     tool: "now",
 *     issues: ["/degrees must be number"],
 *     result: { content: [], structuredContent: { degrees: "12" } }
 *   })
 * )
 * const program = answered.pipe(Effect.catchTag("InvalidStructuredContent", (error) => Effect.succeed(error.result)))
 * Effect.runSync(program) // => { content: [], structuredContent: { degrees: "12" } }
 * ```
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidStructuredContent extends Schema.TaggedError<InvalidStructuredContent>()(
  "InvalidStructuredContent",
  {
    server: Schema.String,
    tool: Schema.String,
    issues: Schema.Array(Schema.String),
    result: Schema.Unknown,
    hint: Schema.optionalKey(Schema.String)
  }
) {
  override get message(): string {
    return oneLine(
      `tool "${this.tool}" of "${this.server}" answered something else than it declares: ${this.issues.join("; ")}`
    )
  }
}

/**
 * Bad configuration: `path` is where in the document (`mcpServers.files.transport`), `found` what stands there,
 * `allowed` what may, `file` the document's name where it was given.
 *
 * @category errors
 * @since 0.1.0
 */
export class ConfigError extends Schema.TaggedError<ConfigError>()("ConfigError", {
  path: Schema.String,
  found: Schema.String,
  allowed: Schema.Array(Schema.String),
  file: Schema.optionalKey(Schema.String),
  hint: Schema.optionalKey(Schema.String)
}) {
  override get message(): string {
    const allowed = this.allowed.length === 0 ? "" : `; allowed: ${this.allowed.join(", ")}`
    const file = this.file === undefined ? "" : ` in ${this.file}`
    return oneLine(
      `bad configuration${file} at ${this.path === "" ? "the top" : this.path}: found ${this.found}${allowed}`
    )
  }
}

/**
 * A request failed. `method` is the protocol's method, such as `tools/call`.
 *
 * @category errors
 * @since 0.1.0
 */
export class CallError extends Schema.TaggedError<CallError>()("CallError", {
  server: Schema.String,
  method: Schema.String,
  delivery: Delivery,
  reason: CallErrorReason,
  hint: Schema.optionalKey(Schema.String)
}) {
  override get message(): string {
    return oneLine(`${this.method} on "${this.server}" failed: ${this.reason.message}`)
  }
}

/**
 * Up to three of `names` that a mistyped name may have meant, the nearest first: what `ToolNotFound` and
 * `ServerNotFound` suggest.
 *
 * ```ts
 * import * as McpError from "@universal-mcp/core/McpError"
 *
 * McpError.closestNames("read-fil", ["write_file", "read_file", "list"]) // => ["read_file"]
 * ```
 *
 * @category names
 * @since 0.1.0
 */
export const closestNames: (name: string, names: Iterable<string>) => ReadonlyArray<string> = names.closest
