/** What the SDK rejects with, as our errors. */
import { ProtocolError, SdkError, SdkErrorCode } from "@modelcontextprotocol/client"
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
import type { Refused } from "./negotiation.ts"

/** Whom a failure is about. */
export interface Peer {
  readonly server: string
  readonly transport: string
  /** Nothing before there is a transport. */
  readonly inner?: McpTransport
}

const stderrOf = (peer: Peer): ReadonlyArray<string> => peer.inner?.stderrLines ?? []

/** The failure of the transport behind what the SDK rejected with, if there is one. */
const transportError = (peer: Peer, cause: unknown): TransportError | undefined => {
  if (cause instanceof TransportError) return cause
  if (cause instanceof ProtocolError && cause.data instanceof TransportError) return cause.data
  const lost = peer.inner?.lost
  if (lost === undefined || !(cause instanceof SdkError) || cause.code !== SdkErrorCode.ConnectionClosed) {
    return undefined
  }
  // What ended the connection may itself not have been sent; what was waiting for its answer was.
  return lost.delivery === "not-sent" ? new TransportError({ ...lost, delivery: "unknown" }) : lost
}

const isClosed = (cause: unknown): boolean =>
  cause instanceof SdkError
    ? cause.code === SdkErrorCode.ConnectionClosed || cause.code === SdkErrorCode.NotConnected
    : cause instanceof Error && cause.message === "Not connected"

const closed = (peer: Peer, cause: unknown): Closed =>
  peer.inner?.lost?.reason._tag === "Closed"
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
  // On the modern era, where the server asks in its answer.
  if (cause instanceof SdkError && cause.code === SdkErrorCode.CapabilityNotSupported) {
    const { method } = Object(cause.data)
    return [new Unsupported({ description: `it needs ${String(method)}, which nobody here provides` }), "answered"]
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
  const lost = peer.inner?.lost
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

/** What the failure of a call says of the connection as a whole. */
export const lossOf = (peer: Peer, { hint, reason }: CallError): ConnectionError => {
  const more = hint === undefined ? {} : { hint }
  switch (reason._tag) {
    case "Closed":
      return new ConnectionError({
        server: peer.server,
        transport: peer.transport,
        phase: "connect",
        description: reason.description,
        stderr: reason.stderr,
        ...(reason.exitCode === undefined ? {} : { exitCode: reason.exitCode }),
        ...(reason.signal === undefined ? {} : { signal: reason.signal }),
        ...(reason.cause === undefined ? {} : { cause: reason.cause }),
        ...more
      })
    case "Rejected":
      return new ConnectionError({
        server: peer.server,
        transport: peer.transport,
        phase: "http",
        description: reason.description,
        stderr: [],
        ...(reason.status === undefined ? {} : { status: reason.status }),
        ...(reason.retryAfter === undefined ? {} : { retryAfter: reason.retryAfter }),
        ...more
      })
    case "Unauthorized":
      return new ConnectionError({
        server: peer.server,
        transport: peer.transport,
        phase: "auth",
        description: reason.message,
        stderr: [],
        status: reason.status,
        ...(reason.wwwAuthenticate === undefined ? {} : { wwwAuthenticate: reason.wwwAuthenticate }),
        ...more
      })
    default:
      return connectionError(peer, "http", { description: reason.message, ...more })
  }
}

/** No session came of the handshake. */
export const refused = (peer: Peer, { error, method }: Refused): ConnectionError => {
  const { hint, reason } = error
  const more = hint === undefined ? {} : { hint }
  switch (reason._tag) {
    case "Unsupported":
      return connectionError(peer, "negotiate", { description: reason.description, ...more })
    case "Rejected":
      if (reason.status !== undefined) return fromTransportError(peer, error)
      return connectionError(peer, "negotiate", {
        description: `the server refused ${method === "initialize" ? "to initialize" : method}: ${reason.message}`,
        cause: error
      })
    case "InvalidResult":
      if (error.phase !== "negotiate") return fromTransportError(peer, error)
      return connectionError(peer, "negotiate", {
        description: `the server's answer to ${method} is not valid: ${reason.message.slice(0, 300)}`,
        cause: error
      })
    default:
      return fromTransportError(peer, error)
  }
}

/** The SDK's client could not take up what was negotiated. */
export const toConnectionError = (peer: Peer, cause: unknown): ConnectionError => {
  const failure = transportError(peer, cause)
  if (failure !== undefined) return fromTransportError(peer, failure)
  return connectionError(peer, "negotiate", { description: "the connection closed during initialize", cause })
}

export const connectTimeout = (peer: Peer, milliseconds: number): ConnectionError =>
  connectionError(peer, "negotiate", {
    description: `the server did not answer initialize within ${milliseconds} ms`,
    hint: "check that this is an MCP server and that the transport is the right one, or raise `timeout`"
  })
