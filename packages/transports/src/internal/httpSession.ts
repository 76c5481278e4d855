/** What is known of one session over Streamable HTTP: its headers, the requests that are out, and how it ends. */
import type { JSONRPCMessage, RequestId } from "@modelcontextprotocol/client"
import { failRequest, type TransportError } from "@universal-mcp/core/McpTransport"
import type * as http from "./http.ts"
import type { OwnTransport } from "./ownTransport.ts"

export class HttpSession {
  readonly #transport: OwnTransport
  /** The requests that are out. */
  readonly #requests = new Map<RequestId, Pick<http.Exchange, "abort">>()
  /** The requests whose answers wait for a sign of life. */
  readonly #doubtful = new Set<RequestId>()
  /** The messages of the handshake that are out: only the answer to `initialize` assigns a session id. */
  readonly #handshake = new Map<RequestId, string>()
  #protocolVersion: string | undefined
  #isClosed = false
  headers = headersFor(undefined, undefined)
  /** Called when the session is lost. */
  onLost: () => void = () => {}

  constructor(transport: OwnTransport) {
    this.#transport = transport
  }

  /** Whether the server has given the session an id, and has not lost it. */
  get hasId(): boolean {
    return this.#transport.sessionId !== undefined
  }

  /** Why it was lost, if it was. */
  get lost(): TransportError | undefined {
    return this.#transport.lost
  }

  /** Whether nothing more can be sent. */
  get isOver(): boolean {
    return this.#isClosed || this.lost !== undefined
  }

  setId(id: string | undefined): void {
    this.#transport.sessionId = id
    this.headers = headersFor(id, this.#protocolVersion)
  }

  setProtocolVersion(version: string): void {
    this.#protocolVersion = version
    this.#handshake.clear()
    this.headers = headersFor(this.#transport.sessionId, version)
  }

  deliver(message: JSONRPCMessage): void {
    this.#transport.onmessage?.(message)
  }

  warn(description: string): void {
    this.#transport.onerror?.(new Error(description))
  }

  /** Before the request is sent. */
  expect(id: RequestId, method: string): void {
    if (method === "initialize" || method === "server/discover") this.#handshake.set(id, method)
  }

  isHandshake(id: RequestId): boolean {
    return this.#handshake.has(id)
  }

  isInitialize(id: RequestId | undefined): boolean {
    return id !== undefined && this.#handshake.get(id) === "initialize"
  }

  isOut(id: RequestId): boolean {
    return this.#requests.has(id)
  }

  /** The request is out, until `done`, `fail` or `cancel`. */
  add(id: RequestId, request: Pick<http.Exchange, "abort">): void {
    this.#requests.set(id, request)
  }

  done(id: RequestId): void {
    this.#requests.delete(id)
    this.#endIfDone()
  }

  fail(id: RequestId, error: TransportError): void {
    // Before the end, which would give it the reason of the end.
    this.deliver(failRequest(id, error))
    this.done(id)
  }

  doubt(id: RequestId): void {
    this.#doubtful.add(id)
  }

  /** Whether somebody still waits for the answer. */
  isDoubtful(id: RequestId): boolean {
    return this.#doubtful.has(id)
  }

  decided(id: RequestId): void {
    this.#doubtful.delete(id)
    this.#endIfDone()
  }

  /** Nobody waits for the answer any more. Its stream may still be open while the answer waits for a sign of life. */
  cancel(id: RequestId): void {
    this.#doubtful.delete(id)
    this.#requests.get(id)?.abort()
    this.done(id)
  }

  /** The server has lost the session: nothing more is sent, and each request that is out gets what it gets. */
  lose(error: TransportError): void {
    if (this.isOver) return
    this.#transport.lost = error
    this.setId(undefined)
    this.onLost()
    this.#endIfDone()
  }

  /** Ends the requests, without a word to those that wait for them. */
  stop(): void {
    this.#doubtful.clear()
    for (const request of this.#requests.values()) request.abort()
    this.#requests.clear()
  }

  end(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#transport.onclose?.()
  }

  #endIfDone(): void {
    if (this.lost !== undefined && this.#requests.size === 0 && this.#doubtful.size === 0) this.end()
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

const headersFor = (sessionId: string | undefined, protocolVersion: string | undefined) => {
  const common = {
    ...(sessionId === undefined ? {} : { "mcp-session-id": sessionId }),
    ...(protocolVersion === undefined ? {} : { "mcp-protocol-version": protocolVersion })
  }
  return {
    post: { ...common, accept: "application/json, text/event-stream" },
    get: { ...common, accept: "text/event-stream" },
    delete: common
  }
}
