import type { ConnectionError } from "@universal-mcp/core/McpError"
import type { McpSession } from "@universal-mcp/core/McpSession"
import type { SessionFactory } from "@universal-mcp/core/SessionFactory"
import * as AutoTransport from "@universal-mcp/transports/AutoTransport"
import type * as InMemoryTransport from "@universal-mcp/transports/InMemoryTransport"
import * as NodeTransports from "@universal-mcp/transports/NodeTransports"
import * as SseTransport from "@universal-mcp/transports/SseTransport"
import * as StdioTransport from "@universal-mcp/transports/StdioTransport"
import * as StreamableHttpTransport from "@universal-mcp/transports/StreamableHttpTransport"
import * as Transports from "@universal-mcp/transports/Transports"
import type { HttpClient } from "effect/http/HttpClient"
import type * as Layer from "effect/Layer"
import type { ChildProcessSpawner } from "effect/process/ChildProcessSpawner"
import { expectTypeOf } from "vitest"

type Session<R> = Layer.Layer<McpSession, ConnectionError, R>

expectTypeOf<ReturnType<typeof StdioTransport.layer>>().toEqualTypeOf<Session<ChildProcessSpawner>>()
expectTypeOf<ReturnType<typeof StreamableHttpTransport.layer>>().toEqualTypeOf<Session<HttpClient>>()
expectTypeOf<ReturnType<typeof SseTransport.layer>>().toEqualTypeOf<Session<HttpClient>>()
expectTypeOf<ReturnType<typeof AutoTransport.layer>>().toEqualTypeOf<Session<HttpClient>>()
expectTypeOf<ReturnType<typeof InMemoryTransport.layer>>().toEqualTypeOf<Session<never>>()

expectTypeOf(Transports.layer).toEqualTypeOf<Layer.Layer<SessionFactory, never, ChildProcessSpawner | HttpClient>>()
expectTypeOf(NodeTransports.layer).toEqualTypeOf<Layer.Layer<SessionFactory>>()

export const right = [
  StdioTransport.layer({ name: "files", command: "npx", args: ["-y", "server-filesystem", "."] }),
  StreamableHttpTransport.layer({ name: "docs", url: "https://example.com/mcp" }),
  SseTransport.layer({ name: "old", url: "https://example.com/sse" }),
  AutoTransport.layer({ name: "either", url: "https://example.com/mcp" })
]

// @ts-expect-error: stdio needs a command
export const noCommand = StdioTransport.layer({ name: "a" })

// @ts-expect-error: Streamable HTTP needs a url
export const noUrl = StreamableHttpTransport.layer({ name: "a" })

// @ts-expect-error: SSE needs a url
export const noSseUrl = SseTransport.layer({ name: "a" })

// @ts-expect-error: the automatic choice needs a url
export const noAutoUrl = AutoTransport.layer({ name: "a" })
