/**
 * What it takes to bring a transport of your own: the official SDK's `Transport` interface, with failures as
 * {@link TransportError} values.
 *
 * The rules, beyond the SDK's types:
 *
 * - `start` is called once, after the callbacks are set. `close` is called once when the session ends; it must call
 *   `onclose`. What the transport holds (process, sockets) is released by the scope it was made in, not by `close`.
 * - A request that fails, now or later, is failed with {@link failRequest}, or by rejecting the promise of its `send`;
 *   the connection goes on. A connection that ends sets `lost`, then calls `onclose`.
 * - An answer longer than the message limit, or one that cannot be read, fails its request with {@link failRequest}
 *   (`id` null where it is not known which).
 *
 * @since 0.1.0
 */
import type {
  JSONRPCErrorResponse,
  JSONRPCMessage,
  RequestId,
  Transport,
  TransportSendOptions
} from "@modelcontextprotocol/client"
import * as Data from "effect/Data"
import * as Result from "effect/Result"
import * as excess from "./internal/excess.ts"
import { message as messageOf } from "./internal/json.ts"
import * as numbers from "./internal/numbers.ts"
import {
  type CallErrorReason,
  type ConnectionPhase,
  type Delivery,
  InvalidArguments,
  InvalidResult
} from "./McpError.ts"

/**
 * A failure as a transport sees it. While connecting it becomes a `ConnectionError` with this `phase`; afterwards it
 * becomes the `reason` of the `CallError` of the request it hit.
 *
 * @category errors
 * @since 0.1.0
 */
export class TransportError extends Data.TaggedError("TransportError")<{
  readonly phase: ConnectionPhase
  readonly delivery: Delivery
  readonly reason: CallErrorReason
  readonly status?: number
  readonly retryAfter?: number
  readonly wwwAuthenticate?: string
  readonly hint?: string
}> {
  override get message(): string {
    return this.reason.message
  }
}

/**
 * What carries the messages of a transport: a `process` that the transport started, `http`, or any other `stream`.
 *
 * When to use: as the `kind` of a transport of your own, because it decides what happens on a new connection. A `process`
 * must end before another one starts; over `http` the old session may finish its calls, and its server may forget it.
 *
 * @category models
 * @since 0.1.0
 */
export type TransportKind = "process" | "http" | "stream"

/**
 * What the session gives `send` with a message: the SDK's options, and how long the request may take.
 *
 * When to use: in a transport of your own that ends requests by itself, such as one over HTTP with a time-out for reading.
 *
 * @category models
 * @since 0.1.0
 */
export interface SendOptions extends TransportSendOptions {
  /**
   * In milliseconds, maybe infinite. Only where the request has a time of its own, other than the `requestTimeout` of its
   * server. A transport must not end the request by itself before that because nothing comes.
   */
  readonly timeout?: number
}

/**
 * The SDK's `Transport`, which also remembers why it was lost.
 *
 * @category models
 * @since 0.1.0
 */
export interface McpTransport extends Transport {
  /**
   * What carries the messages: a `process` of ours, which must end before another takes its place; `http`, where an old
   * session may finish its calls beside a new one; or any other `stream`. Default: `stream`.
   */
  readonly kind?: TransportKind | undefined
  send(message: JSONRPCMessage, options?: SendOptions): Promise<void>
  /** Why the connection ended; set before `onclose` is called. Absent when we closed it ourselves. */
  readonly lost?: TransportError | undefined
  /** The last lines the server wrote to its standard error, oldest first, where it has one. */
  readonly stderrLines?: ReadonlyArray<string>
  /** Set by the session before `start`: called with every line of the server's standard error. */
  onstderr?: ((line: string) => void) | undefined
  /** What to do about a server that does not answer, where what it has written tells; asked when connecting took too long. */
  readonly hintWhileSilent?: (() => string | undefined) | undefined
  /**
   * Nobody waits for the answer to this request any more: ends the exchange of its own that it has, if any. Without it the
   * session gives each `send` a `requestSignal` where `hasPerRequestStream` is true, which costs a call more.
   */
  readonly abandon?: ((id: RequestId) => void) | undefined
  /** Ends the connection at once, as a crash of the server would. For a process: SIGKILL to its group. */
  readonly kill?: (() => void) | undefined
}

/**
 * A message as it goes on the wire: JSON without line breaks. A `bigint` is written as its digits.
 *
 * When to use: in a transport of your own, in place of `JSON.stringify`. It fails with the error that `send` must reject.
 *
 * ```ts
 * import { encode } from "@universal-mcp/core/McpTransport"
 * import { Result } from "effect"
 *
 * const call = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "get", arguments: { id: 2n ** 64n } } } as const
 * encode(call)
 * // => Result.succeed("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"get\",\"arguments\":{\"id\":18446744073709551616}}}")
 * ```
 *
 * @category encoding
 * @since 0.1.0
 */
export const encode = (message: JSONRPCMessage): Result.Result<string, TransportError> =>
  Result.try({
    try: () => written(message),
    catch: (cause) =>
      new TransportError({
        phase: "connect",
        delivery: "not-sent",
        reason: new InvalidArguments({
          description: `the arguments are not JSON: ${messageOf(cause)}`
        })
      })
  })

/**
 * What `decode` does with numbers that JavaScript cannot hold.
 *
 * When to use: read `ExactNumbers.KeepDigits` once, where your transport is opened, and give it to each `decode`; then
 * your transport serves programs that pass JSON on.
 *
 * @category models
 * @since 0.1.0
 */
export interface DecodeOptions {
  /** The value of `ExactNumbers.KeepDigits` where the transport is opened. Default: `false`. */
  readonly keepsDigits?: boolean | undefined
  /** Whether integers beyond 2^53 are `bigint` in the message itself. Default: `false`. */
  readonly exactNumbers?: boolean | undefined
}

/**
 * What came on the wire: a message or a batch; nothing if the text is not JSON, or neither an object nor a list. An error
 * if it is too much to read: nested more than 1,000 levels deep, or more than 1,000,000 values. What is no object is left
 * out of a batch. The members of a message are not checked: the session does that.
 *
 * When to use: in a transport of your own, in place of `JSON.parse`. It remembers the numbers that JavaScript would
 * change, for the `exactNumbers` of a call and for the warnings on its result. Fail the request that the text answers with
 * the error ({@link failRequest}).
 *
 * ```ts
 * import { decode, TransportError } from "@universal-mcp/core/McpTransport"
 *
 * const text = "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"id\":1915883588174806058}}"
 * decode(text, { exactNumbers: true }) // => { jsonrpc: "2.0", id: 1, result: { id: 1915883588174806058n } }
 * decode("ready") // => undefined
 * decode("[".repeat(5000)) instanceof TransportError // => true
 * ```
 *
 * @category decoding
 * @since 0.1.0
 */
export const decode = (
  text: string,
  { exactNumbers = false, keepsDigits = false }: DecodeOptions = {}
): JSONRPCMessage | Array<JSONRPCMessage> | TransportError | undefined => {
  const why = excess.of(text)
  if (why !== undefined) return tooMuch(why)
  try {
    const value = exactNumbers ? numbers.parseExact(text) : numbers.parse(text, keepsDigits)
    return Array.isArray(value) ? value.filter(isFromWire) : isFromWire(value) ? value : undefined
  } catch {
    return undefined
  }
}

/**
 * The message that fails the request `id`; give it to `onmessage`. With `id` null it fails the only request in flight,
 * if there is exactly one.
 *
 * @category constructors
 * @since 0.1.0
 */
export const failRequest = (id: RequestId | null, error: TransportError): JSONRPCErrorResponse => ({
  jsonrpc: "2.0",
  // The SDK's type has no null, JSON-RPC has; the session reads both.
  ...(id === null ? {} : { id }),
  error: { code: -32603, message: error.message, data: error }
})

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

/**
 * Only that it is an object. The session checks the members of each message when it reads it (`jsonRpc.ts`); to do that
 * here too would make every call slower.
 */
const isFromWire = (value: unknown): value is JSONRPCMessage =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const tooMuch = (why: string): TransportError =>
  new TransportError({
    phase: "negotiate",
    delivery: "answered",
    reason: new InvalidResult({ description: `the message ${why}` }),
    hint: "ask for less, or tell the server's author: no option raises this limit"
  })

/** Plain messages, which are most, are written by `JSON.stringify` alone, which is faster. */
const written = (message: JSONRPCMessage): string => {
  try {
    return JSON.stringify(message)
  } catch {
    return numbers.stringify(message) ?? "null"
  }
}
