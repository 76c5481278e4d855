/** Who hears what the server tells by itself: the readers of a session, whichever connection brings it. */
import type * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import type { Notification } from "../McpSession.ts"
import * as Bounded from "./bounded.ts"
import { Broadcast } from "./broadcast.ts"
import type { Redact } from "./redact.ts"
import * as redactErrors from "./redactErrors.ts"

/** Who reads may come at any time; most never do. */
export class Audience {
  readonly #ended: Effect.Effect<void>
  readonly #redact: Redact | undefined
  #early: Array<Notification> | undefined = []
  /** For how much more text there is room among them. */
  #room = keptText
  #notifications: Broadcast<Notification> | undefined
  #stderr: Broadcast<string> | undefined

  constructor(ended: Effect.Effect<void>, redact?: Redact) {
    this.#ended = ended
    this.#redact = redact
  }

  publish(told: Notification): void {
    const isKept = this.#early !== undefined && this.#early.length < keptEarly
    if (!isKept && this.#notifications === undefined) return
    const notification = this.#redact === undefined ? told : redactErrors.notification(told, this.#redact)
    if (this.#early !== undefined) this.#keep(this.#early, notification)
    this.#notifications?.publish(notification)
  }

  /** A warning of ours, for those who read the notifications. */
  warn(description: string, level: WarningLevel = "warning"): void {
    this.publish(warning(description, level))
  }

  /** Only for those who are there, because servers may write a lot. */
  publishStderr(line: string, whileConnecting?: (line: string) => void): void {
    if (this.#stderr === undefined && whileConnecting === undefined) return
    const shown = this.#redact?.(line) ?? line
    whileConnecting?.(shown)
    this.#stderr?.publish(shown)
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

  #keep(early: Array<Notification>, notification: Notification): void {
    if (early.length >= keptEarly) return
    const size = Bounded.sizeOf(notification)
    if (size > this.#room) return
    this.#room -= size
    early.push(notification)
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

/** How much text of them is kept, in characters. */
const keptText = 1024 * 1024

/** `info` where nothing is wrong. */
type WarningLevel = "info" | "warning"

const warning = (description: string, level: WarningLevel = "warning"): Notification => ({
  method: "notifications/message",
  params: { level, logger: "universal-mcp", data: description }
})
