/** What the SDK rejects with, as our errors. */
import { ProtocolError, SdkError, SdkErrorCode, UnsupportedProtocolVersionError } from "@modelcontextprotocol/client"
import {
  CallError,
  type CallErrorReason,
  Closed,
  ConnectionError,
  type ConnectionPhase,
  type Delivery,
  InvalidResult,
  Rejected,
  Unsupported
} from "../McpError.ts"
import { type McpTransport, TransportError } from "../McpTransport.ts"

export interface Connection {
  readonly server: string
  readonly transport: string
  readonly inner: McpTransport
}

const stderrOf = (connection: Connection): ReadonlyArray<string> => connection.inner.stderrLines ?? []

/** The failure of the transport behind what the SDK rejected with, if there is one. */
const transportError = (connection: Connection, cause: unknown): TransportError | undefined => {
  if (cause instanceof TransportError) return cause
  if (cause instanceof ProtocolError && cause.data instanceof TransportError) return cause.data
  if (cause instanceof SdkError && cause.code === SdkErrorCode.ConnectionClosed) return connection.inner.lost
  return undefined
}

const isClosed = (cause: unknown): boolean =>
  cause instanceof SdkError
    ? cause.code === SdkErrorCode.ConnectionClosed || cause.code === SdkErrorCode.NotConnected
    : cause instanceof Error && cause.message === "Not connected"

const closed = (connection: Connection, cause: unknown): Closed =>
  connection.inner.lost?.reason._tag === "Closed"
    ? connection.inner.lost.reason
    : new Closed({ description: "the connection is closed", stderr: stderrOf(connection), cause })

const reasonOf = (connection: Connection, cause: unknown): readonly [CallErrorReason, Delivery] => {
  if (isClosed(cause)) {
    const sent = cause instanceof SdkError && cause.code === SdkErrorCode.ConnectionClosed
    return [closed(connection, cause), sent ? "unknown" : "not-sent"]
  }
  if (cause instanceof ProtocolError) {
    const data = cause.data === undefined ? {} : { data: cause.data }
    return [new Rejected({ code: cause.code, description: cause.message, ...data }), "answered"]
  }
  if (cause instanceof SdkError && cause.code === SdkErrorCode.MethodNotSupportedByProtocolVersion) {
    return [new Unsupported({ description: cause.message }), "not-sent"]
  }
  return [new InvalidResult({ description: cause instanceof Error ? cause.message : String(cause) }), "answered"]
}

export const toCallError = (connection: Connection, method: string, cause: unknown): CallError => {
  const failure = transportError(connection, cause)
  const [reason, delivery] = failure === undefined
    ? reasonOf(connection, cause)
    : [failure.reason, failure.delivery] as const
  const hint = failure?.hint === undefined ? {} : { hint: failure.hint }
  return new CallError({ server: connection.server, method, delivery, reason, ...hint })
}

const revisionHint = "this client speaks the revisions 2024-10-07 to 2025-11-25"

const initializeFailure = (cause: unknown): { readonly description: string; readonly hint?: string } => {
  const text = cause instanceof Error ? cause.message : String(cause)
  if (cause instanceof UnsupportedProtocolVersionError) {
    return { description: `the server speaks only protocol revision ${cause.supported.join(", ")}`, hint: revisionHint }
  }
  if (cause instanceof ProtocolError) {
    return { description: `the server refused to initialize: ${text} (code ${cause.code})` }
  }
  if (text.startsWith(unsupportedVersion)) {
    return {
      description: `the server chose protocol revision ${text.slice(unsupportedVersion.length)}`,
      hint: revisionHint
    }
  }
  return {
    description: `the server's answer to initialize is not valid: ${text.replaceAll(/\s+/g, " ").slice(0, 300)}`
  }
}

/** The SDK tells this case by its words alone. */
const unsupportedVersion = "Server's protocol version is not supported: "

const connectionError = (
  connection: Connection,
  phase: ConnectionPhase,
  fields: { readonly description: string; readonly hint?: string; readonly cause?: unknown }
): ConnectionError =>
  new ConnectionError({
    server: connection.server,
    transport: connection.transport,
    phase,
    stderr: stderrOf(connection),
    ...fields
  })

/** A failure of the transport as the error of the whole connection. */
export const fromTransportError = (connection: Connection, error: TransportError): ConnectionError => {
  const { reason } = error
  const ended = reason._tag === "Closed"
    ? {
      description: reason.description,
      stderr: reason.stderr,
      ...(reason.exitCode === undefined ? {} : { exitCode: reason.exitCode }),
      ...(reason.signal === undefined ? {} : { signal: reason.signal }),
      ...(reason.cause === undefined ? {} : { cause: reason.cause })
    }
    : { description: reason.message, stderr: stderrOf(connection) }
  return new ConnectionError({
    server: connection.server,
    transport: connection.transport,
    phase: error.phase,
    ...ended,
    ...(error.status === undefined ? {} : { status: error.status }),
    ...(error.retryAfter === undefined ? {} : { retryAfter: error.retryAfter }),
    ...(error.wwwAuthenticate === undefined ? {} : { wwwAuthenticate: error.wwwAuthenticate }),
    ...(error.hint === undefined ? {} : { hint: error.hint })
  })
}

export const toConnectionError = (connection: Connection, cause: unknown): ConnectionError => {
  const failure = transportError(connection, cause)
  if (failure !== undefined) return fromTransportError(connection, failure)
  if (isClosed(cause)) {
    return connectionError(connection, "negotiate", { description: "the connection closed during initialize", cause })
  }
  return connectionError(connection, "negotiate", { ...initializeFailure(cause), cause })
}

export const connectTimeout = (connection: Connection, milliseconds: number): ConnectionError =>
  connectionError(connection, "negotiate", {
    description: `the server did not answer initialize within ${milliseconds} ms`,
    hint: "check that this is an MCP server and that the transport is the right one, or raise `timeout`"
  })
