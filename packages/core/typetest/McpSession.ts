import type * as McpError from "@universal-mcp/core/McpError"
import type { CallEvent, ListKind, McpSession, Notification, SessionState } from "@universal-mcp/core/McpSession"
import type {
  CallToolResult,
  CompleteResult,
  GetPromptResult,
  Prompt,
  ReadResourceResult,
  Resource,
  ResourceTemplate,
  ResourceUpdated,
  Tool
} from "@universal-mcp/core/Protocol"
import type * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import { expectTypeOf } from "vitest"

type CallErrors = McpError.CallError | McpError.ToolNotFound | McpError.InvalidStructuredContent

declare const session: McpSession["Service"]

expectTypeOf(session.listTools).toEqualTypeOf<Effect.Effect<ReadonlyArray<Tool>, McpError.CallError>>()
expectTypeOf<ReturnType<typeof session.callTool>>().toEqualTypeOf<Effect.Effect<CallToolResult, CallErrors>>()
expectTypeOf<ReturnType<typeof session.callToolOrFail>>().toEqualTypeOf<
  Effect.Effect<CallToolResult, CallErrors | McpError.ToolFailed>
>()
expectTypeOf<ReturnType<typeof session.callToolStream>>().toEqualTypeOf<Stream.Stream<CallEvent, CallErrors>>()
expectTypeOf(session.listResources).toEqualTypeOf<Effect.Effect<ReadonlyArray<Resource>, McpError.CallError>>()
expectTypeOf(session.listResourceTemplates).toEqualTypeOf<
  Effect.Effect<ReadonlyArray<ResourceTemplate>, McpError.CallError>
>()
expectTypeOf<ReturnType<typeof session.readResource>>().toEqualTypeOf<
  Effect.Effect<ReadResourceResult, McpError.CallError>
>()
expectTypeOf<ReturnType<typeof session.subscribe>>().toEqualTypeOf<Stream.Stream<ResourceUpdated, McpError.CallError>>()
expectTypeOf(session.listPrompts).toEqualTypeOf<Effect.Effect<ReadonlyArray<Prompt>, McpError.CallError>>()
expectTypeOf<ReturnType<typeof session.getPrompt>>().toEqualTypeOf<Effect.Effect<GetPromptResult, McpError.CallError>>()
expectTypeOf<ReturnType<typeof session.complete>>().toEqualTypeOf<Effect.Effect<CompleteResult, McpError.CallError>>()
expectTypeOf(session.changes).toEqualTypeOf<Stream.Stream<ListKind>>()
expectTypeOf(session.notifications).toEqualTypeOf<Stream.Stream<Notification>>()
expectTypeOf(session.state.current).toEqualTypeOf<Effect.Effect<SessionState>>()
expectTypeOf(session.state.changes).toEqualTypeOf<Stream.Stream<SessionState>>()

/** Each method and property that is an effect, a stream or gives one: none may leave a service to its caller. */
type Given<A> = A extends (...args: never) => infer B ? B : A
type ServicesOf<A> = A extends Effect.Effect<infer _A, infer _E, infer R> ? R
  : A extends Stream.Stream<infer _A, infer _E, infer R> ? R
  : never
type Session = McpSession["Service"]
expectTypeOf<{ [K in keyof Session]: ServicesOf<Given<Session[K]>> }[keyof Session]>().toEqualTypeOf<never>()

expectTypeOf<McpError.CallErrorReason["_tag"]>().toEqualTypeOf<
  | "Timeout"
  | "Closed"
  | "SessionExpired"
  | "Rejected"
  | "Unauthorized"
  | "InvalidArguments"
  | "InvalidResult"
  | "TooLarge"
  | "Unavailable"
  | "Unsupported"
>()
expectTypeOf<McpError.Delivery>().toEqualTypeOf<"not-sent" | "unknown" | "answered">()
expectTypeOf<McpError.ConnectionPhase>().toEqualTypeOf<
  "config" | "spawn" | "dns" | "connect" | "tls" | "http" | "auth" | "negotiate" | "list"
>()
