/** One HTTP exchange as a platform makes it: any status, no redirects, the body as it was sent. */
import type { TransportError } from "@universal-mcp/core/McpTransport"

export interface WireRequest {
  readonly method: "GET" | "POST" | "DELETE"
  readonly url: URL
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | null
}

/** Names in lower case. */
export type Headers = Readonly<Record<string, string | ReadonlyArray<string> | undefined>>

/** What is told of an exchange, in this order: its head, its data, and its end or its failure, which may come at any time. */
export interface Receiver {
  readonly onHead: (status: number, headers: Headers) => void
  /** Where this gives a promise, nothing more comes until it resolves. */
  readonly onData: (chunk: Uint8Array) => Promise<void> | undefined
  readonly onEnd: () => void
  readonly onFailure: (error: TransportError) => void
}

/** Gives the exchange up; nothing more is told of it. */
export type Abort = () => void

/** Tells the receiver nothing before this has returned. */
export type Wire = (request: WireRequest, receiver: Receiver) => Abort
