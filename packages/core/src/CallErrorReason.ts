/**
 * Why a `CallError` arose: the errors that its `reason` can be, under the names by which `Effect.catchReason` takes them.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { ended, lastWords, milliseconds, oneLine, withData } from "./internal/words.ts"

/**
 * No answer within the time allowed. The server was told to stop (`notifications/cancelled`).
 *
 * @category reasons
 * @since 0.1.0
 */
export class Timeout extends Schema.TaggedError<Timeout>()("Timeout", { milliseconds: Schema.Finite }) {
  override get message(): string {
    return `no answer within ${milliseconds(this.milliseconds)}`
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
 * The server no longer knows our session: HTTP 404 for its `Mcp-Session-Id`, or words to that effect. With the delivery
 * `not-sent` the request was not executed; with `unknown` the session may have ended while the server was at work.
 * `isCertain` where the server said nothing but HTTP 404, as the specification has it: no tool speaks so.
 *
 * @category reasons
 * @since 0.1.0
 */
export class SessionExpired extends Schema.TaggedError<SessionExpired>()("SessionExpired", {
  description: Schema.String,
  isCertain: Schema.optionalKey(Schema.Boolean)
}) {
  override get message(): string {
    return oneLine(this.description)
  }
}

/**
 * The server refused: a JSON-RPC error (`code`, `description`, `data` as the server sent them), or, where `status`
 * alone is known, an HTTP error without one (`code` is then the status). `data` that is text is part of the message.
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
    const said = withData(this.description, this.data)
    return oneLine(this.status === this.code ? said : `${said} (code ${this.code})`)
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
 * The server answered something that is not a valid answer. `partial` is what was read before it went wrong: the
 * valid items of a list that never ends.
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
 * The request was held back, and never sent: so many calls came to nothing that for now none is made (the circuit is
 * open, see `SessionState`), or too many are waiting already. `retryAfter`, in milliseconds, is when it is worth trying
 * again, where that is known.
 *
 * @category reasons
 * @since 0.1.0
 */
export class Unavailable extends Schema.TaggedError<Unavailable>()("Unavailable", {
  description: Schema.String,
  retryAfter: Schema.optionalKey(Schema.Finite)
}) {
  override get message(): string {
    return oneLine(
      this.retryAfter === undefined
        ? this.description
        : `${this.description}; try again in ${milliseconds(this.retryAfter)}`
    )
  }
}

/**
 * Why a `CallError` arose.
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
  Unsupported,
  Unavailable
])

/**
 * Why a `CallError` arose.
 *
 * @category reasons
 * @since 0.1.0
 */
export type CallErrorReason = typeof CallErrorReason.Type
