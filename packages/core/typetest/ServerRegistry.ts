import type * as McpError from "@universal-mcp/core/McpError"
import type { McpSession } from "@universal-mcp/core/McpSession"
import type { CallToolResult, Tool } from "@universal-mcp/core/Protocol"
import * as ServerRegistry from "@universal-mcp/core/ServerRegistry"
import type { SessionFactory } from "@universal-mcp/core/SessionFactory"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type * as Stream from "effect/Stream"
import { expectTypeOf } from "vitest"

type Session = McpSession["Service"]
type CallErrors =
  | McpError.InvalidStructuredContent
  | McpError.ServerNotFound
  | McpError.ToolNotFound
  | McpError.CallError

declare class MyError extends Error {
  readonly _tag: "MyError"
}
declare class OtherError extends Error {
  readonly _tag: "OtherError"
}
interface MyService {
  readonly mine: true
}
interface OtherService {
  readonly other: true
}
declare const mine: Layer.Layer<McpSession, MyError, MyService>
declare const other: Layer.Layer<McpSession, OtherError, OtherService>
declare const registry: ServerRegistry.ServerRegistry["Service"]

expectTypeOf<ReturnType<typeof registry.addServer>>().toEqualTypeOf<
  Effect.Effect<Session, McpError.ConnectionError | McpError.ServerAlreadyExists | McpError.ConfigError>
>()
expectTypeOf<ReturnType<typeof registry.addServers>>().toEqualTypeOf<Effect.Effect<ServerRegistry.AddServersResult>>()
expectTypeOf<ServerRegistry.AddServersResult["failed"][number]["error"]>().toEqualTypeOf<
  McpError.ConnectionError | McpError.ServerAlreadyExists | McpError.ConfigError
>()

const added = registry.addLayer("mine", mine)
expectTypeOf(added).toEqualTypeOf<
  Effect.Effect<
    Session,
    MyError | McpError.ConnectionError | McpError.ServerAlreadyExists | McpError.ConfigError,
    MyService
  >
>()

expectTypeOf<ReturnType<typeof registry.session>>().toEqualTypeOf<Effect.Effect<Session, McpError.ServerNotFound>>()
expectTypeOf<ReturnType<typeof registry.removeServer>>().toEqualTypeOf<Effect.Effect<void, McpError.ServerNotFound>>()
expectTypeOf<ReturnType<typeof registry.serverInfo>>().toEqualTypeOf<
  Effect.Effect<ServerRegistry.ServerInfo, McpError.ServerNotFound>
>()
expectTypeOf(registry.listServers).toEqualTypeOf<Effect.Effect<ReadonlyArray<string>>>()
expectTypeOf(registry.disconnectAll).toEqualTypeOf<Effect.Effect<void>>()
expectTypeOf<Stream.Error<typeof registry.changes>>().toEqualTypeOf<never>()

const allTools = registry.listTools()
expectTypeOf(allTools).toEqualTypeOf<Effect.Effect<ServerRegistry.ListToolsResult>>()
const someTools = registry.listTools("mine")
expectTypeOf(someTools).toEqualTypeOf<
  Effect.Effect<ReadonlyArray<Tool>, McpError.ServerNotFound | McpError.CallError>
>()

expectTypeOf<ReturnType<typeof registry.callTool>>().toEqualTypeOf<Effect.Effect<CallToolResult, CallErrors>>()
expectTypeOf<ReturnType<typeof registry.callToolOrFail>>().toEqualTypeOf<
  Effect.Effect<CallToolResult, CallErrors | McpError.ToolFailed>
>()
expectTypeOf<Stream.Error<ReturnType<typeof registry.callToolStream>>>().toEqualTypeOf<CallErrors>()
expectTypeOf<Stream.Services<ReturnType<typeof registry.callToolStream>>>().toEqualTypeOf<never>()

// What a handler has handled is gone from the channel, and nothing else.
const handled = registry.callTool("mine", "echo").pipe(Effect.catchTag("ServerNotFound", () => Effect.succeed(0)))
expectTypeOf<Effect.Error<typeof handled>>().toEqualTypeOf<
  McpError.ToolNotFound | McpError.CallError | McpError.InvalidStructuredContent
>()

expectTypeOf(ServerRegistry.layer).toEqualTypeOf<Layer.Layer<ServerRegistry.ServerRegistry, never, SessionFactory>>()

const composed = ServerRegistry.layerOf({ mine, other })
expectTypeOf(composed).toEqualTypeOf<
  Layer.Layer<
    ServerRegistry.ServerRegistry,
    MyError | OtherError | McpError.ConnectionError | McpError.ConfigError,
    MyService | OtherService
  >
>()
