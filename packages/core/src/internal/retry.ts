/** What becomes of a request that failed by the way, and of the connection that it failed on. */
import type { CallError } from "../McpError.ts"
import type { Connection } from "./connection.ts"
import type { Loss } from "./reconnect.ts"

export interface Again {
  /** How long the server wants to be left alone, in milliseconds. */
  readonly after: number
  readonly mayHaveBeenExecuted: boolean
}

/** How often a request is repeated, at most. */
export const most = 3

/** Nothing where trying again would not help. `retries`: how often it was sent again already. */
export const again = ({ delivery, reason }: CallError, retries: number): Again | undefined => {
  switch (reason._tag) {
    case "Closed":
      return { after: 0, mayHaveBeenExecuted: delivery !== "not-sent" }
    case "SessionExpired":
      // A session that was just made is not lost at once: the request itself may end it, or speak of another session.
      return { after: 0, mayHaveBeenExecuted: delivery !== "not-sent" || retries > 0 && reason.isCertain !== true }
    case "Rejected": {
      const { retryAfter, status } = reason
      if (isGatewayFailure(status)) return { after: retryAfter ?? 0, mayHaveBeenExecuted: true }
      // Too many requests: it was refused before anything was done.
      return status === 429 && retryAfter !== undefined
        ? { after: retryAfter, mayHaveBeenExecuted: false }
        : undefined
    }
    default:
      return undefined
  }
}

/** Nothing where the connection is as good as before. */
export const lossOf = (connection: Connection, error: CallError): Loss | undefined => {
  const { reason } = error
  if (reason._tag === "SessionExpired") return { error: connection.lossOf(error), isDead: true }
  const isSuspect = reason._tag === "Closed" || reason._tag === "Rejected" && isGatewayFailure(reason.status)
  return isSuspect && !connection.hasEnded() ? { error: connection.lossOf(error), isDead: false } : undefined
}

/** Whether the server itself answered, with anything but a result, and not because it has too much to do. */
export const isRefusal = ({ reason }: Pick<CallError, "reason">): boolean =>
  reason._tag === "Unauthorized" || reason._tag === "InvalidResult" ||
  reason._tag === "Rejected" && reason.status !== 429 && !isGatewayFailure(reason.status)

/** The methods that change nothing, or nothing more when they come twice. */
export const repeatable: ReadonlySet<string> = new Set([
  "completion/complete",
  "logging/setLevel",
  "ping",
  "prompts/get",
  "prompts/list",
  "resources/list",
  "resources/read",
  "resources/subscribe",
  "resources/templates/list",
  "resources/unsubscribe",
  "tasks/cancel",
  "tasks/get",
  "tasks/list",
  "tasks/result",
  "tools/list"
])

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

/** The server behind the gateway is not there, or did not answer it. */
const isGatewayFailure = (status: number | undefined): boolean => status === 502 || status === 503 || status === 504
