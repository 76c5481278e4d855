/**
 * Reaches a server over HTTP+SSE, the transport of revision 2024-11-05, which many servers still offer.
 *
 * One event stream stays open and brings everything the server says; messages go to the endpoint that the server
 * announces on it. When the stream ends the session is lost: such a server knows us by that stream. A stream that is
 * silent for half of `sseReadTimeout` is asked for a sign of life (`ping`), so that an idle session stays.
 *
 * HTTP itself is the `HttpClient` in the environment, as for `StreamableHttpTransport`.
 *
 * ```ts
 * import * as McpSession from "@universal-mcp/core/McpSession"
 * import * as SseTransport from "@universal-mcp/transports/SseTransport"
 * import { Effect, Layer } from "effect"
 * import { FetchHttpClient } from "effect/http"
 *
 * const Old = SseTransport.layer({ name: "old", url: "https://example.com/sse" }).pipe(Layer.provide(FetchHttpClient.layer))
 * const program = Effect.gen(function*() {
 *   const session = yield* McpSession.McpSession
 *   return yield* session.listTools
 * }).pipe(Effect.provide(Old))
 * Effect.isEffect(program) // => true
 * ```
 *
 * Follows "HTTP with SSE" in the chapter "Transports" of revision 2024-11-05.
 *
 * @since 0.1.0
 */
import type { ConnectionError } from "@universal-mcp/core/McpError"
import * as McpSession from "@universal-mcp/core/McpSession"
import type * as ServerConfig from "@universal-mcp/core/ServerConfig"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as connecting from "./internal/connecting.ts"
import * as http from "./internal/http.ts"
import * as sse from "./internal/sse.ts"

/**
 * Where the server is and how it is to be spoken to.
 *
 * `timeout` bounds connecting (default 5 s), `requestTimeout` each request (60 s), `sseReadTimeout` the silence of the
 * event stream (300 s), `maxMessageSize` each message from the server (32 MiB, decompressed).
 *
 * @category models
 * @since 0.1.0
 */
export type Options = Omit<ServerConfig.SseServerConfig, "transport">

/**
 * Connects to the server; the session lives as long as the scope.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: (
  options: Options
) => Effect.Effect<McpSession.McpSession["Service"], ConnectionError, HttpClient.HttpClient | Scope.Scope> = (
  options
) => {
  const timeout = options.timeout ?? "5 seconds"
  const opened = Effect.flatMap(http.make(options), (client) => sse.make(client, Duration.toMillis(timeout), options))
  return McpSession.make(opened, {
    ...connecting.common(options),
    transport: "sse",
    url: options.url,
    timeout,
    protocolVersion: options.protocolVersion ?? "legacy"
  })
}

/**
 * A session with the server, as a layer.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: Options): Layer.Layer<McpSession.McpSession, ConnectionError, HttpClient.HttpClient> =>
  Layer.effect(McpSession.McpSession, make(options))
