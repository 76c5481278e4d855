/** Who hears what the server tells by itself and what the client warns of: the readers of a session. */
import type * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import type { Notification, Warning } from "../McpSession.ts"
import { sizeOf } from "./bounded.ts"
import { Broadcast } from "./broadcast.ts"
import type { Redact } from "./redact.ts"
import * as redactErrors from "./redactErrors.ts"

/** Who reads may come at any time; most never do. */
export class Audience {
  readonly #ended: Effect.Effect<void>
  readonly #redact: Redact | undefined
  #notifications: Told<Notification> | undefined
  #warnings: Told<Warning> | undefined
  #stderr: Broadcast<string> | undefined

  constructor(ended: Effect.Effect<void>, redact?: Redact) {
    this.#ended = ended
    this.#redact = redact
  }

  publish(notification: Notification): void {
    const readers = this.#fromServer
    if (!readers.areThere) return
    readers.publish(this.#redact === undefined ? notification : redactErrors.notification(notification, this.#redact))
  }

  /** Apart from the notifications, so that no server can write one. */
  warn(description: string, level: Warning["level"] = "warning"): void {
    this.#fromClient.publish({ level, description: cut(this.#redact?.(description) ?? description) })
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
    return this.#fromServer.readers.listeners
  }

  get notifications(): Stream.Stream<Notification> {
    return this.#fromServer.readers.stream
  }

  get warnings(): Stream.Stream<Warning> {
    return this.#fromClient.readers.stream
  }

  get stderr(): Stream.Stream<string> {
    this.#stderr ??= new Broadcast(this.#ended, {
      onLost: (count) => `… ${count} lines were lost, because they were not read fast enough`
    })
    return this.#stderr.stream
  }

  get #fromServer(): Told<Notification> {
    return this.#notifications ??= new Told<Notification>(this.#ended, (count) => {
      this.warn(`${count} notifications were lost, because they were not read fast enough`)
      return undefined
    })
  }

  get #fromClient(): Told<Warning> {
    return this.#warnings ??= new Told<Warning>(this.#ended, (count) => ({
      level: "warning",
      description: `${count} warnings were lost, because they were not read fast enough`
    }))
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

/** How much of what nobody reads is kept for the first reader: so many, of so many characters together. */
const keptEarly = { count: 64, size: 1024 * 1024 }

/** What a server wrote may be quoted in a warning. */
const longestWarning = 4000

const cut = (description: string): string =>
  description.length > longestWarning ? `${description.slice(0, longestWarning)}…` : description

/** The first reader gets what came before it. */
class Told<A> {
  readonly #ended: Effect.Effect<void>
  readonly #onLost: (count: number) => A | undefined
  #early: Array<A> | undefined = []
  #room = keptEarly.size
  #readers: Broadcast<A> | undefined

  constructor(ended: Effect.Effect<void>, onLost: (count: number) => A | undefined) {
    this.#ended = ended
    this.#onLost = onLost
  }

  /** Whether somebody reads, or what is published is kept for the first who does. */
  get areThere(): boolean {
    return this.#readers !== undefined || (this.#early?.length ?? 0) < keptEarly.count
  }

  publish(value: A): void {
    if (this.#early !== undefined && this.#early.length < keptEarly.count) this.#keep(this.#early, value)
    this.#readers?.publish(value)
  }

  get readers(): Broadcast<A> {
    return this.#readers ??= new Broadcast(this.#ended, {
      first: () => {
        const taken = this.#early ?? []
        this.#early = undefined
        return taken
      },
      onLost: this.#onLost
    })
  }

  #keep(early: Array<A>, value: A): void {
    const size = sizeOf(value)
    if (size > this.#room) return
    this.#room -= size
    early.push(value)
  }
}
