/**
 * Reaches a server over Streamable HTTP, the transport of the protocol since revision 2025-03-26.
 *
 * Both eras: where the server speaks revision 2026-07-28, every request stands for itself, and closing its answer cancels
 * it; otherwise there is a session. Each message is a POST, answered as JSON or as an event stream; a second stream brings what the server sends by
 * itself. Streams that break are resumed after the last event id, the server's session is deleted when the scope closes,
 * and no request stays open after a time-out or an interruption.
 *
 * HTTP itself is the `HttpClient` in the environment: bring one with your proxy, your certificates or your tracing.
 * For a client made of `fetch`, redirects are handled here, which is asked of it by `FetchHttpClient.RequestInit`;
 * options of your own belong into that service where the session is made.
 *
 * ```ts
 * import * as McpSession from "@universal-mcp/core/McpSession"
 * import * as StreamableHttpTransport from "@universal-mcp/transports/StreamableHttpTransport"
 * import { Effect, Layer } from "effect"
 * import { FetchHttpClient } from "effect/http"
 *
 * const Docs = StreamableHttpTransport.layer({ name: "docs", url: "https://example.com/mcp" }).pipe(
 *   Layer.provide(FetchHttpClient.layer)
 * )
 * const program = Effect.gen(function*() {
 *   const session = yield* McpSession.McpSession
 *   return yield* session.listTools
 * }).pipe(Effect.provide(Docs))
 * Effect.isEffect(program) // => true
 * ```
 *
 * Follows "Streamable HTTP" in the chapter "Transports" of revisions 2025-11-25 and 2026-07-28.
 *
 * @since 0.1.0
 */
import type { ConnectionError } from "@universal-mcp/core/McpError"
import * as McpSession from "@universal-mcp/core/McpSession"
import type * as ServerConfig from "@universal-mcp/core/ServerConfig"
import type * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as streamableHttpSession from "./internal/streamableHttpSession.ts"

/**
 * Where the server is and how it is to be spoken to.
 *
 * `timeout` bounds connecting (default 30 s), `requestTimeout` each request (60 s), `sseReadTimeout` the silence of an
 * event stream (300 s), `maxMessageSize` each message from the server (32 MiB, decompressed).
 *
 * @category models
 * @since 0.1.0
 */
export type Options = Omit<ServerConfig.StreamableHttpServerConfig, "transport">

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
) => streamableHttpSession.make(options)

/**
 * A session with the server, as a layer.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: Options): Layer.Layer<McpSession.McpSession, ConnectionError, HttpClient.HttpClient> =>
  Layer.effect(McpSession.McpSession, make(options))
