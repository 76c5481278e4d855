/** What a transport tells of a failure, as our errors. */
import * as Duration from "effect/Duration"
import { CallError, Closed, ConnectionError, type ConnectionPhase, InvalidResult } from "../McpError.ts"
import { type McpTransport, TransportError } from "../McpTransport.ts"
import type { Refused } from "./negotiation.ts"
import type { Redact } from "./redact.ts"
import * as redactErrors from "./redactErrors.ts"
import { milliseconds } from "./words.ts"

/** Whom a failure is about. */
export interface Peer {
  readonly server: string
  readonly transport: string
  /** Nothing before there is a transport. */
  readonly inner?: McpTransport
  /** Hides the secrets of the server. */
  readonly redact?: Redact | undefined
}

const stderrOf = (peer: Peer): ReadonlyArray<string> => peer.inner?.stderrLines ?? []

/** What becomes of one request. */
export const toCallError = (peer: Peer, method: string, { delivery, hint, reason }: TransportError): CallError => {
  const error = new CallError({
    server: peer.server,
    method,
    delivery,
    reason,
    ...(hint === undefined ? {} : { hint })
  })
  return peer.redact === undefined ? error : redactErrors.callError(error, peer.redact)
}

export const invalidResult = (description: string): TransportError =>
  new TransportError({ phase: "negotiate", delivery: "answered", reason: new InvalidResult({ description }) })

type Fields = Partial<Omit<ConstructorParameters<typeof ConnectionError>[0], "server" | "transport" | "phase">>

const connectionError = (
  peer: Peer,
  phase: ConnectionPhase,
  { description = "the connection was lost", hint = hints[phase], stderr = stderrOf(peer), ...fields }: Fields
): ConnectionError =>
  withoutSecrets(
    peer,
    new ConnectionError({ server: peer.server, transport: peer.transport, phase, description, hint, stderr, ...fields })
  )

/** An error of the transport's own. */
export const withoutSecrets = ({ redact }: Peer, error: ConnectionError): ConnectionError =>
  redact === undefined ? error : redactErrors.connectionError(error, redact)

/** What to do where nobody knows better. */
const hints: Readonly<Record<ConnectionPhase, string>> = {
  config: "correct its configuration",
  spawn: "run the command by itself to see why",
  dns: "check the host name, and that there is a network",
  connect: "check that the server is running and can be reached from here",
  tls: "check the certificate of the server, and that the URL should begin with https://",
  http: "check the URL, and what the log of the server says",
  auth: "check the credentials",
  negotiate: "check that this is an MCP server, and what its log says",
  list: "ask the author of the server: it connects, and cannot list"
}

/** What a request gets that comes after the end. */
export const gone = (peer: Peer, method: string): CallError => {
  const lost = peer.inner?.lost
  return toCallError(
    peer,
    method,
    new TransportError({
      phase: "connect",
      delivery: "not-sent",
      reason: lost?.reason ?? new Closed({ description: "the session is closed", stderr: [] }),
      ...(lost?.hint === undefined ? {} : { hint: lost.hint })
    })
  )
}

/** The last message was not sent, but an earlier one of the same call was: it may have been executed. */
export const begun = (error: CallError): CallError => {
  if (error.delivery !== "not-sent") return error
  const { hint, method, reason, server } = error
  return new CallError({ server, method, delivery: "unknown", reason, ...(hint === undefined ? {} : { hint }) })
}

/** A failure of the transport as the error of the whole peer. */
export const fromTransportError = (peer: Peer, error: TransportError): ConnectionError => {
  const { hint, phase, reason, retryAfter, status, wwwAuthenticate } = error
  return connectionError(peer, phase, {
    ...(reason._tag === "Closed" ? endOf(reason) : { description: reason.message }),
    ...(status === undefined ? {} : { status }),
    ...(retryAfter === undefined ? {} : { retryAfter }),
    ...(wwwAuthenticate === undefined ? {} : { wwwAuthenticate }),
    ...(hint === undefined ? {} : { hint })
  })
}

/** A connection that was there. */
export const lost = (peer: Peer, error: TransportError): ConnectionError =>
  fromTransportError(
    peer,
    new TransportError({
      ...error,
      phase: error.phase === "negotiate" ? "connect" : error.phase,
      hint: error.hint ?? againHint
    })
  )

const againHint = "it is connected to again by itself, unless `reconnect` is off"

/** What the failure of a call says of the connection as a whole. */
export const lossOf = (peer: Peer, { hint, reason }: CallError): ConnectionError => {
  const more = { hint: hint ?? againHint }
  switch (reason._tag) {
    case "Closed":
      return connectionError(peer, "connect", { ...endOf(reason), ...more })
    case "Rejected": {
      const { description, retryAfter, status } = reason
      return connectionError(peer, "http", {
        description,
        ...(status === undefined ? {} : { status }),
        ...(retryAfter === undefined ? {} : { retryAfter }),
        ...more
      })
    }
    case "Unauthorized": {
      const { message, status, wwwAuthenticate } = reason
      return connectionError(peer, "auth", {
        description: message,
        status,
        ...(wwwAuthenticate === undefined ? {} : { wwwAuthenticate }),
        ...more
      })
    }
    case "SessionExpired":
      return connectionError(peer, "http", { description: reason.message, ...more })
    default:
      return connectionError(peer, "connect", { description: reason.message, ...more })
  }
}

const endOf = ({ cause, description, exitCode, signal, stderr }: Closed) => ({
  description,
  stderr,
  ...(exitCode === undefined ? {} : { exitCode }),
  ...(signal === undefined ? {} : { signal }),
  ...(cause === undefined ? {} : { cause })
})

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

/** `method` is what it was asked and has not answered; nothing if it was asked nothing. */
export const handshakeTimeout = (peer: Peer, timeout: Duration.Duration, method: string | undefined): ConnectionError =>
  connectionError(peer, "negotiate", {
    description: `the server ${method === undefined ? "was not ready" : `did not answer ${method}`} within ${
      milliseconds(Duration.toMillis(timeout))
    }`,
    hint: peer.inner?.hintWhileSilent?.() ??
      "check that this is an MCP server and that the transport is the right one, or raise `timeout`"
  })

export const openTimeout = (peer: Peer, timeout: Duration.Duration): ConnectionError =>
  peer.transport === "stdio"
    ? connectionError(peer, "spawn", {
      description: `the process was not started within ${milliseconds(Duration.toMillis(timeout))}`,
      hint: "check whether this machine is overloaded, or raise `timeout`"
    })
    : connectionError(peer, "connect", {
      description: `there was no connection within ${milliseconds(Duration.toMillis(timeout))}`,
      hint: "check that the server can be reached and that the transport is the right one, or raise `timeout`"
    })
