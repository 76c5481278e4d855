/**
 * A server object in the same process, for tests: no pipe, no socket, the same session.
 *
 * @since 0.1.0
 */
import {
  InMemoryTransport,
  type JSONRPCMessage,
  type JSONRPCResponse,
  type Transport
} from "@modelcontextprotocol/client"
import * as ExactNumbers from "@universal-mcp/core/ExactNumbers"
import { ConnectionError, InvalidResult } from "@universal-mcp/core/McpError"
import * as McpSession from "@universal-mcp/core/McpSession"
import {
  decode,
  type DecodeOptions,
  encode,
  failRequest,
  type McpTransport,
  TransportError
} from "@universal-mcp/core/McpTransport"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"

/**
 * `server` is anything that can be connected to a transport, such as the SDK's `McpServer` or `Server` (1.x and 2.x).
 * It is closed with the session.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  readonly name: string
  readonly server: {
    connect(transport: Transport): Promise<void>
    close(): Promise<void>
  }
  /** How long connecting may take. Default 30 s. */
  readonly timeout?: Duration.Input | undefined
  /** How long a request may take unless the call says otherwise. Default 60 s. */
  readonly requestTimeout?: Duration.Input | undefined
}

/**
 * Connects to the server object.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*(
  options: Options
): Effect.fn.Return<McpSession.McpSession["Service"], ConnectionError, Scope.Scope> {
  const [near, far] = InMemoryTransport.createLinkedPair()
  yield* Effect.acquireRelease(
    Effect.tryPromise({
      try: () => options.server.connect(far),
      catch: (cause) =>
        new ConnectionError({
          server: options.name,
          transport: "in-memory",
          phase: "connect",
          description: "the server object refused the connection",
          stderr: [],
          cause
        })
    }),
    // A server that fails to close has nothing to tell who uses it.
    () => Effect.ignore(Effect.tryPromise(() => options.server.close()))
  )
  const keepsDigits = yield* ExactNumbers.KeepDigits
  return yield* McpSession.make(Effect.succeed(asOnTheWire(near, { keepsDigits })), {
    reconnect: false,
    name: options.name,
    transport: "in-memory",
    timeout: options.timeout,
    requestTimeout: options.requestTimeout
  })
})

/**
 * A session with a server object in the same process.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: Options): Layer.Layer<McpSession.McpSession, ConnectionError> =>
  Layer.effect(McpSession.McpSession, make(options))

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

/** What comes is what JSON makes of it, as on every other transport: no `undefined`, nothing shared with the server. */
const onTheWire = (message: JSONRPCMessage, options: DecodeOptions): JSONRPCMessage =>
  read(message, ExactNumbers.stringify(message) ?? "", options)

const read = (message: JSONRPCMessage, text: string, options: DecodeOptions): JSONRPCMessage => {
  const copy = decode(text, options)
  return copy === undefined || Array.isArray(copy) ? message : copy
}

/** Whatever else cannot be written fails where the server sends it; for an answer nobody waits there, but here. */
const answerOnTheWire = (answer: JSONRPCResponse, options: DecodeOptions): JSONRPCMessage =>
  Result.getOrElse(Result.try(() => onTheWire(answer, options)), (cause) => {
    const description = `the answer cannot be written as JSON: ${
      cause instanceof Error ? cause.message : String(cause)
    }`
    const reason = new InvalidResult({ description })
    return failRequest(answer.id ?? null, new TransportError({ phase: "negotiate", delivery: "answered", reason }))
  })

const asOnTheWire = (near: InMemoryTransport, options: DecodeOptions): McpTransport => {
  const transport: McpTransport = {
    start: () => {
      near.onmessage = (message) =>
        transport.onmessage?.("method" in message ? onTheWire(message, options) : answerOnTheWire(message, options))
      near.onclose = () => transport.onclose?.()
      near.onerror = (error) => transport.onerror?.(error)
      return near.start()
    },
    send: (message) => {
      const text = encode(message)
      // The server gets integers beyond 2^53 as they are: as `bigint`.
      return Result.isFailure(text)
        ? Promise.reject(text.failure)
        : near.send(read(message, text.success, { exactNumbers: true }))
    },
    close: () => near.close()
  }
  return transport
}
