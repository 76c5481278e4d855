/** Errors, and what a server says by itself, without the secrets of that server. */
import * as Reason from "../CallErrorReason.ts"
import { CallError, ConnectionError } from "../McpError.ts"
import type { Notification } from "../McpSession.ts"
import { TransportError } from "../McpTransport.ts"
import type { Task } from "../Task.ts"
import { isRecord, message, text } from "./json.ts"
import type { Redact } from "./redact.ts"
import { redactJson } from "./redactJson.ts"

export const connectionError = (error: ConnectionError, redact: Redact): ConnectionError => {
  const { cause, description, exitCode, hint, phase, retryAfter, server, signal, status, stderr, transport } = error
  const { wwwAuthenticate } = error
  return new ConnectionError({
    server,
    transport,
    phase,
    description: redact(description),
    stderr: redactLines(stderr, redact),
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(signal === undefined ? {} : { signal }),
    ...(status === undefined ? {} : { status }),
    ...(retryAfter === undefined ? {} : { retryAfter }),
    ...(wwwAuthenticate === undefined ? {} : { wwwAuthenticate: redact(wwwAuthenticate) }),
    ...(hint === undefined ? {} : { hint: redact(hint) }),
    ...(cause === undefined ? {} : { cause: redactCause(cause, redact) })
  })
}

export const callError = ({ delivery, hint, method, reason, server }: CallError, redact: Redact): CallError =>
  new CallError({
    server,
    method,
    delivery,
    reason: redactReason(reason, redact),
    ...(hint === undefined ? {} : { hint: redact(hint) })
  })

/** Logs and progress are shown while a call runs. Results are what was asked for, and stay as they are. */
export const notification = (one: Notification, redact: Redact): Notification => {
  if (one.params === undefined || !shown.has(one.method)) return one
  const params = redactJson(one.params, redact)
  return isRecord(params) ? { method: one.method, params } : { method: one.method }
}

/** What a task says of its status is shown while it runs. */
export const task = (one: Task, redact: Redact | undefined): Task =>
  redact === undefined || one.statusMessage === undefined
    ? one
    : { ...one, statusMessage: redact(one.statusMessage) }

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

const shown: ReadonlySet<string> = new Set(["notifications/message", "notifications/progress"])

/** In characters, of a line of standard error: a server may write many long ones. */
const longestLine = 4096

const redactLines = (lines: ReadonlyArray<string>, redact: Redact): ReadonlyArray<string> =>
  lines.map((line) => redact(line.length > longestLine ? `${line.slice(0, longestLine)}…` : line))

/** What was made of a reason: all calls in flight fail with the same one when a server ends. */
const known = new WeakMap<Redact, WeakMap<Reason.CallErrorReason, Reason.CallErrorReason>>()

const redactReason = (reason: Reason.CallErrorReason, redact: Redact): Reason.CallErrorReason => {
  let redacted = known.get(redact)
  if (redacted === undefined) known.set(redact, redacted = new WeakMap())
  const before = redacted.get(reason)
  if (before !== undefined) return before
  const now = withoutSecrets(reason, redact)
  redacted.set(reason, now)
  return now
}

const withoutSecrets = (reason: Reason.CallErrorReason, redact: Redact): Reason.CallErrorReason => {
  switch (reason._tag) {
    case "Timeout":
    case "TooLarge":
      return reason
    case "Closed": {
      const { cause, description, exitCode, signal, stderr } = reason
      return new Reason.Closed({
        description: redact(description),
        stderr: redactLines(stderr, redact),
        ...(exitCode === undefined ? {} : { exitCode }),
        ...(signal === undefined ? {} : { signal }),
        ...(cause === undefined ? {} : { cause: redactCause(cause, redact) })
      })
    }
    case "SessionExpired": {
      const { description, isCertain } = reason
      return new Reason.SessionExpired({
        description: redact(description),
        ...(isCertain === undefined ? {} : { isCertain })
      })
    }
    case "Rejected": {
      const { code, data, description, retryAfter, status } = reason
      return new Reason.Rejected({
        code,
        description: redact(description),
        ...(data === undefined ? {} : { data: redactJson(data, redact) }),
        ...(status === undefined ? {} : { status }),
        ...(retryAfter === undefined ? {} : { retryAfter })
      })
    }
    case "Unauthorized": {
      const { status, wwwAuthenticate } = reason
      return new Reason.Unauthorized({
        status,
        ...(wwwAuthenticate === undefined ? {} : { wwwAuthenticate: redact(wwwAuthenticate) })
      })
    }
    case "InvalidArguments":
      return new Reason.InvalidArguments({ description: redact(reason.description) })
    case "InvalidResult": {
      const { description, partial } = reason
      return new Reason.InvalidResult({
        description: redact(description),
        ...(partial === undefined ? {} : { partial })
      })
    }
    case "Unsupported":
      return new Reason.Unsupported({ description: redact(reason.description) })
    case "Unavailable": {
      const { description, retryAfter } = reason
      return new Reason.Unavailable({
        description: redact(description),
        ...(retryAfter === undefined ? {} : { retryAfter })
      })
    }
  }
}

/** Ours hold the texts of a server where they are known; any other error may hold a secret anywhere. */
const redactCause = (cause: unknown, redact: Redact, depth = 0): unknown => {
  if (cause instanceof TransportError) {
    const { hint, reason, wwwAuthenticate, ...rest } = cause
    return new TransportError({
      ...rest,
      reason: redactReason(reason, redact),
      ...(wwwAuthenticate === undefined ? {} : { wwwAuthenticate: redact(wwwAuthenticate) }),
      ...(hint === undefined ? {} : { hint: redact(hint) })
    })
  }
  if (cause instanceof ConnectionError) return connectionError(cause, redact)
  if (cause instanceof CallError) return callError(cause, redact)
  return cause instanceof Error ? copyOf(cause, redact, depth) : redact(text(cause))
}

/** Of the causes of a cause. */
const deepest = 8

/** Of the errors of an `AggregateError`, such as one for each address of a host. */
const mostErrors = 8

/** Nothing but its name, message, stack, code and causes. */
const copyOf = (error: Error, redact: Redact, depth: number): Error => {
  const isLast = depth >= deepest
  const more = isLast || error.cause === undefined ? {} : { cause: redactCause(error.cause, redact, depth + 1) }
  const copy = error instanceof AggregateError
    ? new AggregateError(isLast ? [] : errorsOf(error, redact), redact(message(error)), more)
    : new Error(redact(message(error)), more)
  copy.name = redact(text(error.name))
  copy.stack = redact(text(error.stack))
  return "code" in error && typeof error.code === "string" ? Object.assign(copy, { code: redact(error.code) }) : copy
}

/** Without causes of their own: they would be as many as the errors to the power of the depth. */
const errorsOf = (error: AggregateError, redact: Redact): ReadonlyArray<unknown> =>
  error.errors.slice(0, mostErrors).map((one: unknown) => redactCause(one, redact, deepest))
