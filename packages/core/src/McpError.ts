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
import { closest } from "./internal/names.ts"

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

/** Servers and processes may say anything, line breaks and terminal controls included. */
const oneLine = (text: string): string => text.replaceAll(/[\s\u0000-\u001F\u007F-\u009F]+/g, " ").trim()

const quoted = (names: ReadonlyArray<string>): string => names.map((name) => `"${name}"`).join(", ")

const didYouMean = (closest: ReadonlyArray<string>): string =>
  closest.length === 0 ? "" : `; did you mean ${quoted(closest)}?`

const ended = (how: { readonly exitCode?: number | undefined; readonly signal?: string | undefined }): string => {
  if (how.signal !== undefined) return ` (killed by ${how.signal})`
  return how.exitCode === undefined ? "" : ` (exit code ${how.exitCode})`
}

const lastWords = (stderr: ReadonlyArray<string>): string => {
  const last = stderr.findLast((line) => line.trim() !== "")
  return last === undefined ? "" : `; it said: ${last.trim().slice(0, 300)}`
}

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
    const [nearest] = closest(server, available)
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
 * A tool that the server's list lacks. `closest` are the listed names most like it, nearest first.
 *
 * @category errors
 * @since 0.1.0
 */
export class ToolNotFound extends Schema.TaggedError<ToolNotFound>()("ToolNotFound", {
  server: Schema.String,
  tool: Schema.String,
  closest: Schema.Array(Schema.String)
}) {
  /** The error for a name that is not among `available`, with the closest of them. */
  static among(server: string, tool: string, available: Iterable<string>): ToolNotFound {
    return new ToolNotFound({ server, tool, closest: closest(tool, available) })
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

// ---------------------------------------------------------------------------------------------------------------------
// Reasons of a CallError
// ---------------------------------------------------------------------------------------------------------------------

/**
 * No answer within the time allowed. The server was told to stop (`notifications/cancelled`).
 *
 * @category reasons
 * @since 0.1.0
 */
export class Timeout extends Schema.TaggedError<Timeout>()("Timeout", { milliseconds: Schema.Finite }) {
  override get message(): string {
    return `no answer within ${this.milliseconds} ms`
  }
}

/**
 * The connection ended before the answer came, or was gone already.
 *
 * @category reasons
 * @since 0.1.0
 */
export class Closed extends Schema.TaggedError<Closed>()("Closed", {
  description: Schema.String,
  exitCode: Schema.optionalKey(Schema.Int),
  signal: Schema.optionalKey(Schema.String),
  stderr: Schema.Array(Schema.String),
  cause: Schema.optionalKey(Schema.Defect())
}) {
  override get message(): string {
    return oneLine(`${this.description}${ended(this)}${lastWords(this.stderr)}`)
  }
}

/**
 * The server no longer knows our session (HTTP 404 for its `Mcp-Session-Id`); the request was not executed.
 *
 * @category reasons
 * @since 0.1.0
 */
export class SessionExpired extends Schema.TaggedError<SessionExpired>()("SessionExpired", {
  description: Schema.String
}) {
  override get message(): string {
    return oneLine(this.description)
  }
}

/**
 * The server refused: a JSON-RPC error (`code`, `description`, `data` as the server sent them), or, where `status`
 * alone is known, an HTTP error without one (`code` is then the status).
 *
 * `retryAfter` is in milliseconds, from `Retry-After`.
 *
 * @category reasons
 * @since 0.1.0
 */
export class Rejected extends Schema.TaggedError<Rejected>()("Rejected", {
  code: Schema.Finite,
  description: Schema.String,
  data: Schema.optionalKey(Schema.Unknown),
  status: Schema.optionalKey(Schema.Int),
  retryAfter: Schema.optionalKey(Schema.Finite)
}) {
  override get message(): string {
    return oneLine(this.status === this.code ? this.description : `${this.description} (code ${this.code})`)
  }
}

/**
 * HTTP 401 or 403. `wwwAuthenticate` is the server's challenge.
 *
 * @category reasons
 * @since 0.1.0
 */
export class Unauthorized extends Schema.TaggedError<Unauthorized>()("Unauthorized", {
  status: Schema.Int,
  wwwAuthenticate: Schema.optionalKey(Schema.String)
}) {
  override get message(): string {
    return `not authorized (HTTP ${this.status})`
  }
}

/**
 * The arguments cannot be sent, for example because they are not JSON.
 *
 * @category reasons
 * @since 0.1.0
 */
export class InvalidArguments extends Schema.TaggedError<InvalidArguments>()("InvalidArguments", {
  description: Schema.String
}) {
  override get message(): string {
    return oneLine(this.description)
  }
}

/**
 * The server answered something that is not a valid answer. `partial` is what was read before it went wrong: the items
 * of a list that never ends.
 *
 * @category reasons
 * @since 0.1.0
 */
export class InvalidResult extends Schema.TaggedError<InvalidResult>()("InvalidResult", {
  description: Schema.String,
  partial: Schema.optionalKey(Schema.Array(Schema.Unknown))
}) {
  override get message(): string {
    return oneLine(this.description)
  }
}

/**
 * The answer was longer than the message limit (`limit`, bytes). The session goes on.
 *
 * @category reasons
 * @since 0.1.0
 */
export class TooLarge extends Schema.TaggedError<TooLarge>()("TooLarge", { limit: Schema.Finite }) {
  override get message(): string {
    return `the answer is larger than the limit of ${this.limit} bytes`
  }
}

/**
 * The server cannot do what was asked: it does not advertise the capability, or not in this protocol revision.
 *
 * @category reasons
 * @since 0.1.0
 */
export class Unsupported extends Schema.TaggedError<Unsupported>()("Unsupported", { description: Schema.String }) {
  override get message(): string {
    return oneLine(this.description)
  }
}

/**
 * Why a {@link CallError} arose.
 *
 * @category reasons
 * @since 0.1.0
 */
export const CallErrorReason = Schema.Union([
  Timeout,
  Closed,
  SessionExpired,
  Rejected,
  Unauthorized,
  InvalidArguments,
  InvalidResult,
  TooLarge,
  Unsupported
])

/**
 * Why a {@link CallError} arose.
 *
 * @category reasons
 * @since 0.1.0
 */
export type CallErrorReason = typeof CallErrorReason.Type

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
