/** What stands between every transport and its session. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { McpTransport } from "../McpTransport.ts"

/** Called with each transport of a server, anew for each connection. Default: it stays as it is. */
export const TransportDecorator = Context.Reference<
  (transport: McpTransport, server: string) => Effect.Effect<McpTransport, never, Scope.Scope>
>("@universal-mcp/core/internal/TransportDecorator", { defaultValue: () => Effect.succeed })
