/**
 * Reaches a server of which only the URL is known: Streamable HTTP first, then HTTP+SSE.
 *
 * HTTP+SSE is tried only when the server answers the first message with HTTP 400, 404 or 405, as the specification has
 * it, or with the `endpoint` event of HTTP+SSE; any other failure is reported as it is. The session's `transport` says
 * which one it became.
 *
 * ```ts
 * import * as McpSession from "@universal-mcp/core/McpSession"
 * import * as AutoTransport from "@universal-mcp/transports/AutoTransport"
 * import { Effect, Layer } from "effect"
 * import { FetchHttpClient } from "effect/http"
 *
 * const Either = AutoTransport.layer({ name: "either", url: "https://example.com/mcp" }).pipe(
 *   Layer.provide(FetchHttpClient.layer)
 * )
 * const program = Effect.map(McpSession.McpSession, (session) => session.transport).pipe(Effect.provide(Either))
 * Effect.isEffect(program) // => true
 * ```
 *
 * Follows "Backwards compatibility" in the chapter "Transports" of revision 2025-11-25.
 *
 * @since 0.1.0
 */
import { ConnectionError } from "@universal-mcp/core/McpError"
import * as McpSession from "@universal-mcp/core/McpSession"
import * as Protocol from "@universal-mcp/core/Protocol"
import type * as ServerConfig from "@universal-mcp/core/ServerConfig"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import { ownAnswer } from "./internal/status.ts"
import * as streamableHttpSession from "./internal/streamableHttpSession.ts"
import * as SseTransport from "./SseTransport.ts"

/**
 * Where the server is and how it is to be spoken to.
 *
 * `timeout` bounds connecting as a whole; by default Streamable HTTP has 30 s and HTTP+SSE, if it comes to that, 5 s.
 *
 * @category models
 * @since 0.1.0
 */
export type Options = Omit<ServerConfig.AutoServerConfig, "transport">

/**
 * Connects to the server; the session lives as long as the scope.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: (
  options: Options
) => Effect.Effect<McpSession.McpSession["Service"], ConnectionError, HttpClient.HttpClient | Scope.Scope> = Effect
  .fnUntraced(function*(options: Options) {
    let isOlder = false
    const streamable = streamableHttpSession.make(options, () => {
      isOlder = true
    })
    const [elapsed, first] = yield* Effect.timed(Effect.result(streamable))
    if (Result.isSuccess(first)) return first.success
    if (!isOlder && !mayBeOlder(first.failure)) return yield* first.failure
    const { protocolVersion = "legacy", ...others } = options
    // HTTP+SSE ended with the legacy era.
    if (protocolVersion === "modern" || Protocol.isModernRevision(protocolVersion)) return yield* first.failure
    const timeout = options.timeout === undefined ? {} : { timeout: rest(options.timeout, elapsed) }
    return yield* Effect.mapError(
      SseTransport.make({ ...others, protocolVersion, ...timeout }),
      (second) => both(first.failure, second)
    )
  })

/**
 * A session with the server, as a layer.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: Options): Layer.Layer<McpSession.McpSession, ConnectionError, HttpClient.HttpClient> =>
  Layer.effect(McpSession.McpSession, make(options))

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

const mayBeOlder = (error: ConnectionError): boolean =>
  error.phase === "http" && (error.status === 400 || error.status === 404 || error.status === 405)

const rest = (timeout: Duration.Input, elapsed: Duration.Duration): Duration.Duration =>
  Duration.max(Duration.subtract(Duration.fromInputUnsafe(timeout), elapsed), Duration.millis(1))

const both = (first: ConnectionError, second: ConnectionError): ConnectionError =>
  new ConnectionError({
    server: first.server,
    transport: "streamable-http, then sse",
    phase: second.phase,
    description: `over Streamable HTTP: ${first.description}; over HTTP+SSE: ${second.description}`,
    stderr: [],
    ...(first.status === undefined ? {} : { status: first.status }),
    ...(second.wwwAuthenticate === undefined ? {} : { wwwAuthenticate: second.wwwAuthenticate }),
    hint: first.hint === ownAnswer ? ownAnswer : "check that the URL is that of an MCP endpoint (often /mcp or /sse)",
    cause: second
  })
