import type * as ServerConfig from "@universal-mcp/core/ServerConfig"
import { expectTypeOf } from "vitest"

type Config = ServerConfig.ServerConfig

export const right: ReadonlyArray<Config> = [
  { name: "files", transport: "stdio", command: "node" },
  {
    name: "files",
    transport: "stdio",
    command: "node",
    args: ["server.js"],
    env: { A: "b" },
    cwd: "/",
    timeout: "5 seconds"
  },
  { name: "docs", transport: "streamable-http", url: "https://example.com/mcp", headers: { authorization: "x" } },
  { name: "old", transport: "sse", url: "https://example.com/sse", sseReadTimeout: "1 minute" },
  { name: "either", url: "https://example.com/mcp" }
]

// @ts-expect-error: there is no such transport
export const unknownTransport: Config = { name: "a", transport: "websocket", url: "https://example.com" }

// @ts-expect-error: stdio needs a command
export const noCommand: Config = { name: "a", transport: "stdio" }

// @ts-expect-error: Streamable HTTP needs a url
export const noUrl: Config = { name: "a", transport: "streamable-http" }

// @ts-expect-error: SSE needs a url
export const noSseUrl: Config = { name: "a", transport: "sse" }

// @ts-expect-error: the automatic choice needs a url
export const nothing: Config = { name: "a" }

// @ts-expect-error: every server has a name
export const noName: Config = { transport: "stdio", command: "node" }

// @ts-expect-error: a command with a url transport
export const mixed: Config = { name: "a", transport: "sse", url: "https://example.com", command: "node" }

// @ts-expect-error: a process has no headers
export const headersOfProcess: Config = { name: "a", transport: "stdio", command: "node", headers: {} }

expectTypeOf<NonNullable<Config["transport"]>>().toEqualTypeOf<"stdio" | "sse" | "streamable-http">()
expectTypeOf<(typeof ServerConfig.transports)[number]>().toEqualTypeOf<"stdio" | "sse" | "streamable-http">()
