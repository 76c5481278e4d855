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

/** Whom a failure is about. */
export interface Peer {
  readonly server: string
  readonly transport: string
  readonly inner: McpTransport
}

const stderrOf = (peer: Peer): ReadonlyArray<string> => peer.inner.stderrLines ?? []

/** The failure of the transport behind what the SDK rejected with, if there is one. */
const transportError = (peer: Peer, cause: unknown): TransportError | undefined => {
  if (cause instanceof TransportError) return cause
  if (cause instanceof ProtocolError && cause.data instanceof TransportError) return cause.data
  if (cause instanceof SdkError && cause.code === SdkErrorCode.ConnectionClosed) return peer.inner.lost
  return undefined
}

const isClosed = (cause: unknown): boolean =>
  cause instanceof SdkError
    ? cause.code === SdkErrorCode.ConnectionClosed || cause.code === SdkErrorCode.NotConnected
    : cause instanceof Error && cause.message === "Not connected"

const closed = (peer: Peer, cause: unknown): Closed =>
  peer.inner.lost?.reason._tag === "Closed"
    ? peer.inner.lost.reason
    : new Closed({ description: "the connection is closed", stderr: stderrOf(peer), cause })

const reasonOf = (peer: Peer, cause: unknown): readonly [CallErrorReason, Delivery] => {
  if (isClosed(cause)) {
    const sent = cause instanceof SdkError && cause.code === SdkErrorCode.ConnectionClosed
    return [closed(peer, cause), sent ? "unknown" : "not-sent"]
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

export const toCallError = (peer: Peer, method: string, cause: unknown): CallError => {
  const failure = transportError(peer, cause)
  const [reason, delivery] = failure === undefined
    ? reasonOf(peer, cause)
    : [failure.reason, failure.delivery] as const
  const hint = failure?.hint === undefined ? {} : { hint: failure.hint }
  return new CallError({ server: peer.server, method, delivery, reason, ...hint })
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
  peer: Peer,
  phase: ConnectionPhase,
  fields: { readonly description: string; readonly hint?: string; readonly cause?: unknown }
): ConnectionError =>
  new ConnectionError({
    server: peer.server,
    transport: peer.transport,
    phase,
    stderr: stderrOf(peer),
    ...fields
  })

/** What a request gets that comes after the end. */
export const gone = (peer: Peer, method: string): CallError => {
  const { lost } = peer.inner
  return new CallError({
    server: peer.server,
    method,
    delivery: "not-sent",
    reason: lost?.reason ?? new Closed({ description: "the session is closed", stderr: [] }),
    ...(lost?.hint === undefined ? {} : { hint: lost.hint })
  })
}

/** A failure of the transport as the error of the whole peer. */
export const fromTransportError = (peer: Peer, error: TransportError): ConnectionError => {
  const { reason } = error
  const ended = reason._tag === "Closed"
    ? {
      description: reason.description,
      stderr: reason.stderr,
      ...(reason.exitCode === undefined ? {} : { exitCode: reason.exitCode }),
      ...(reason.signal === undefined ? {} : { signal: reason.signal }),
      ...(reason.cause === undefined ? {} : { cause: reason.cause })
    }
    : { description: reason.message, stderr: stderrOf(peer) }
  return new ConnectionError({
    server: peer.server,
    transport: peer.transport,
    phase: error.phase,
    ...ended,
    ...(error.status === undefined ? {} : { status: error.status }),
    ...(error.retryAfter === undefined ? {} : { retryAfter: error.retryAfter }),
    ...(error.wwwAuthenticate === undefined ? {} : { wwwAuthenticate: error.wwwAuthenticate }),
    ...(error.hint === undefined ? {} : { hint: error.hint })
  })
}

export const toConnectionError = (peer: Peer, cause: unknown): ConnectionError => {
  const failure = transportError(peer, cause)
  if (failure !== undefined) return fromTransportError(peer, failure)
  if (isClosed(cause)) {
    return connectionError(peer, "negotiate", { description: "the connection closed during initialize", cause })
  }
  return connectionError(peer, "negotiate", { ...initializeFailure(cause), cause })
}

export const connectTimeout = (peer: Peer, milliseconds: number): ConnectionError =>
  connectionError(peer, "negotiate", {
    description: `the server did not answer initialize within ${milliseconds} ms`,
    hint: "check that this is an MCP server and that the transport is the right one, or raise `timeout`"
  })
