/** Who hears what the server tells by itself: the readers of a session, whichever connection brings it. */
import type * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import type { Notification } from "../McpSession.ts"
import { Broadcast } from "./broadcast.ts"

/** Who reads may come at any time; most never do. */
export class Audience {
  readonly #ended: Effect.Effect<void>
  #early: Array<Notification> | undefined = []
  #notifications: Broadcast<Notification> | undefined
  #stderr: Broadcast<string> | undefined

  constructor(ended: Effect.Effect<void>) {
    this.#ended = ended
  }

  publish(notification: Notification): void {
    if (this.#early !== undefined && this.#early.length < keptEarly) this.#early.push(notification)
    this.#notifications?.publish(notification)
  }

  /** A warning of ours, for those who read the notifications. */
  warn(description: string, level: WarningLevel = "warning"): void {
    this.publish(warning(description, level))
  }

  publishStderr(line: string): void {
    this.#stderr?.publish(line)
  }

  /** Each is called with every notification, in the order of the wire. */
  get listeners(): Broadcast<Notification>["listeners"] {
    return this.#heard.listeners
  }

  get notifications(): Stream.Stream<Notification> {
    return this.#heard.stream
  }

  get stderr(): Stream.Stream<string> {
    this.#stderr ??= new Broadcast(this.#ended, {
      onLost: (count) => `… ${count} lines were lost, because they were not read fast enough`
    })
    return this.#stderr.stream
  }

  get #heard(): Broadcast<Notification> {
    return this.#notifications ??= new Broadcast(this.#ended, {
      first: () => {
        const taken = this.#early ?? []
        this.#early = undefined
        return taken
      },
      onLost: (count) => warning(`${count} notifications were lost, because they were not read fast enough`)
    })
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

/** How many of the notifications that nobody reads are kept for the first reader. */
const keptEarly = 64

/** `info` where nothing is wrong. */
type WarningLevel = "info" | "warning"

const warning = (description: string, level: WarningLevel = "warning"): Notification => ({
  method: "notifications/message",
  params: { level, logger: "universal-mcp", data: description }
})
