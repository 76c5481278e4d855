/** Whether a server still serves a connection: it is asked what changes nothing. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { ConnectionError } from "../McpError.ts"
import type { Connection } from "./connection.ts"
import * as retry from "./retry.ts"

/** Fails where nobody can tell, because the server cannot be reached. The modern era has no ping. */
export const isDead = (connection: Connection): Effect.Effect<boolean, ConnectionError> =>
  connection.hasEnded()
    ? Effect.succeed(true)
    : connection.request(connection.era === "legacy" ? "ping" : "server/discover", {}).pipe(
      Effect.as(false),
      Effect.catch((error) => {
        const { reason } = error
        if (connection.hasEnded() || reason._tag === "SessionExpired") return Effect.succeed(true)
        // Whether we may come in, only connecting decides.
        if (reason._tag === "Unauthorized") return Effect.succeed(false)
        // A server that does not know the method lives, too.
        const isHttp = reason._tag === "Rejected" && reason.status !== undefined
        if (error.delivery === "answered" && !isHttp) return Effect.succeed(false)
        return Effect.fail(connection.lossOf(error))
      }),
      // One that is at work may just be busy.
      Effect.timeoutOrElse({ duration: longestPing, orElse: () => Effect.sync(() => connection.isIdle()) })
    )

/** Whether it refuses also what every session may ask. */
export const isRefusing = (connection: Connection): Effect.Effect<boolean> => {
  const { capabilities } = connection.negotiated
  const method = capabilities.tools !== undefined
    ? "tools/list"
    : capabilities.resources !== undefined
    ? "resources/list"
    : capabilities.prompts !== undefined
    ? "prompts/list"
    : "ping"
  return connection.request(method, {}).pipe(
    Effect.as(false),
    Effect.catch((error) => Effect.succeed(error.reason._tag === "SessionExpired" || retry.isRefusal(error))),
    Effect.timeoutOrElse({ duration: longestPing, orElse: () => Effect.succeed(false) })
  )
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

const longestPing = Duration.seconds(5)
