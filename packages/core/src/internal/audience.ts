/** Who hears what the server tells by itself: the readers of a session, whichever connection brings it. */
import type * as Effect from "effect/Effect"
import type { Notification } from "../McpSession.ts"
import * as Broadcast from "./broadcast.ts"

export interface Audience {
  readonly publish: (notification: Notification) => void
  /** Tells whoever reads the notifications what we had to remark; default level: "warning". */
  readonly warn: (description: string, level?: RemarkLevel) => void
  readonly publishStderr: (line: string) => void
  /** Each is called with every notification, in the order of the wire. */
  readonly listeners: Broadcast.Broadcast<Notification>["listeners"]
  readonly notifications: Broadcast.Broadcast<Notification>["stream"]
  readonly stderr: Broadcast.Broadcast<string>["stream"]
}

/** `info` where nothing is wrong. */
type RemarkLevel = "info" | "warning"

export const make = (ended: Effect.Effect<void>): Audience => {
  let early: Array<Notification> | undefined = []
  const notifications = Broadcast.make<Notification>(ended, {
    first: () => {
      const taken = early ?? []
      early = undefined
      return taken
    },
    onLost: (count) => remark(`${count} notifications were lost, because they were not read fast enough`)
  })
  const stderr = Broadcast.make<string>(ended, {
    onLost: (count) => `… ${count} lines were lost, because they were not read fast enough`
  })
  const publish = (notification: Notification) => {
    if (early !== undefined && early.length < keptEarly) early.push(notification)
    notifications.publish(notification)
  }
  return {
    publish,
    warn: (description, level) => publish(remark(description, level)),
    publishStderr: stderr.publish,
    listeners: notifications.listeners,
    notifications: notifications.stream,
    stderr: stderr.stream
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

/** How many of the notifications that nobody reads are kept for the first reader. */
const keptEarly = 64

const remark = (description: string, level: RemarkLevel = "warning"): Notification => ({
  method: "notifications/message",
  params: { level, logger: "universal-mcp", data: description }
})
