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

/**
 * What comes is what JSON makes of it, as on every other transport: no `undefined`, nothing shared with the server.
 * Nothing of what is too much to read.
 */
const onTheWire = (
  message: JSONRPCMessage,
  text: string,
  options: DecodeOptions
): Result.Result<JSONRPCMessage, TransportError> => {
  const copy = decode(text, options)
  if (copy instanceof TransportError) return Result.fail(copy)
  return Result.succeed(copy === undefined || Array.isArray(copy) ? message : copy)
}

/** Whatever else cannot be written fails where the server sends it; for an answer nobody waits there, but here. */
const answerOnTheWire = (answer: JSONRPCResponse, options: DecodeOptions): JSONRPCMessage => {
  const text = Result.mapError(Result.try(() => ExactNumbers.stringify(answer) ?? ""), (cause) => {
    const description = `the answer cannot be written as JSON: ${cause instanceof Error ? cause.message : "it throws"}`
    const reason = new InvalidResult({ description })
    return new TransportError({ phase: "negotiate", delivery: "answered", reason })
  })
  return Result.getOrElse(
    Result.flatMap(text, (text) => onTheWire(answer, text, options)),
    (error) => failRequest(answer.id ?? null, error)
  )
}

const asOnTheWire = (near: InMemoryTransport, options: DecodeOptions): McpTransport => {
  const transport: McpTransport = {
    start: () => {
      near.onmessage = (message) => {
        if (!("method" in message)) return transport.onmessage?.(answerOnTheWire(message, options))
        const received = onTheWire(message, ExactNumbers.stringify(message) ?? "", options)
        if (Result.isSuccess(received)) transport.onmessage?.(received.success)
        else transport.onerror?.(new Error(`left out what the server sent by itself: ${received.failure.message}`))
      }
      near.onclose = () => transport.onclose?.()
      near.onerror = (error) => transport.onerror?.(error)
      return near.start()
    },
    send: (message) => {
      const text = encode(message)
      // The server gets integers beyond 2^53 as they are: as `bigint`.
      if (Result.isFailure(text)) return Promise.reject(text.failure)
      return near.send(Result.getOrElse(onTheWire(message, text.success, { exactNumbers: true }), () => message))
    },
    close: () => near.close()
  }
  return transport
}
