/** Our answers to a server's requests over HTTP, where each takes a request of its own. */
import type { JSONRPCMessage } from "@modelcontextprotocol/client"
import { sent } from "./sending.ts"

export type Answer = (message: JSONRPCMessage, post: () => Promise<void>) => Promise<void>

/** Drops refusals and answers to pings while many are on their way. Others are few: questions are bounded by the session. */
export const make = (warn: (description: string) => void): Answer => {
  let onTheirWay = 0
  let hasWarned = false
  return (message, post) => {
    if (onTheirWay >= most && isShort(message)) {
      if (!hasWarned) warn(`the server sends more than ${most} requests at a time, and not all of them are answered`)
      hasWarned = true
      return sent
    }
    onTheirWay += 1
    return post().finally(() => {
      onTheirWay -= 1
    })
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

const most = 64

const isShort = (message: JSONRPCMessage): boolean =>
  "error" in message || "result" in message && Object.keys(message.result).length === 0
