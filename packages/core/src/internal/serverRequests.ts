/** What servers may ask of us, as the SDK's request handlers. */
import type { Client, ClientCapabilities } from "@modelcontextprotocol/client"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Connection } from "./connection.ts"

export interface ServerRequests {
  readonly capabilities: ClientCapabilities
  readonly register: (client: Client) => void
  readonly afterConnect: (
    connection: Pick<Connection, "era" | "notify" | "warn">
  ) => Effect.Effect<void, never, Scope.Scope>
}

export const make = (_server: string): Effect.Effect<ServerRequests, never, Scope.Scope> =>
  Effect.succeed({ capabilities: {}, register: () => {}, afterConnect: () => Effect.void })
