/** Keeps a connection for as long as the scope is open: one that is lost is made again, under a schedule. */
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import * as Result from "effect/Result"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { ConnectionError } from "../McpError.ts"
import type { ReconnectOptions, SessionState } from "../McpSession.ts"
import type { Era } from "../NegotiationCache.ts"
import type { Connection } from "./connection.ts"
import * as Delays from "./delays.ts"
import * as monotonic from "./monotonic.ts"
import * as signOfLife from "./signOfLife.ts"
import type { Waiting } from "./waiting.ts"

export interface Loss {
  readonly error: ConnectionError
  readonly isDead: boolean
}

export interface State {
  readonly current: () => SessionState
  /** The current one, then every other. */
  readonly changes: Stream.Stream<SessionState>
}

export interface Options {
  readonly server: string
  readonly transport: string
  /** Forks in the scope of the session. */
  readonly run: Waiting["run"]
  /** `known` is what the last connection spoke. */
  readonly open: (known: Era | undefined) => Effect.Effect<Connection, ConnectionError, Scope.Scope>
  readonly policy: ReconnectOptions | false
  /** Brings the state of the session to a new connection, before anybody uses it. */
  readonly restore: (connection: Connection) => Effect.Effect<void>
  /** The session has a new connection, which nobody has used yet. */
  readonly onConnected: () => void
  /** The session has a new connection, which others use already. */
  readonly onReconnected: () => Effect.Effect<void>
}

/** Is to be told to `start` once all that its options speak of is there. */
export const make = Effect.fnUntraced(function*(
  options: Options
): Effect.fn.Return<Reconnect, ConnectionError, Scope.Scope> {
  const scope = yield* Effect.scope
  // Closed when nobody makes another any more.
  const connections = yield* Scope.fork(scope)
  const first = yield* connect(options, connections, undefined)
  const reconnect = new Reconnect(options, scope, connections, first, yield* monotonic.millis)
  yield* Scope.addFinalizer(scope, reconnect.close)
  return reconnect
})

export class Reconnect {
  readonly #options: Options
  readonly #scope: Scope.Scope
  readonly #connections: Scope.Scope
  readonly #over = Deferred.makeUnsafe<void>()
  #current: Up
  #link: Link
  #state: SessionState = ready
  #degraded: Extract<SessionState, { _tag: "Degraded" }> | undefined
  #listeners: Set<(state: SessionState) => void> | undefined
  /** When the connection there is was made, in milliseconds of the monotonic clock. */
  #began: number
  #isFirst = true
  /** What is to be mended, and not begun with. */
  #loss: Loss | undefined
  #isMending = false
  #mending: Fiber.Fiber<void> | undefined
  #checking: Fiber.Fiber<void> | undefined
  #restoring: Fiber.Fiber<void> | undefined
  /**
   * Grows with connections that were good for nothing. What is tried in vain must not count here: it would make the next
   * one come so late that it cannot last.
   */
  #pause: Delays.Delays | undefined

  constructor(options: Options, scope: Scope.Scope, connections: Scope.Scope, first: Up, began: number) {
    this.#options = options
    this.#scope = scope
    this.#connections = connections
    this.#current = first
    this.#link = first
    this.#began = began
  }

  start(): void {
    this.#watch(this.#current.connection)
  }

  /** Nothing while it is being made again, and once it is over. */
  current(): Connection | undefined {
    return this.#link._tag === "Up" ? this.#link.connection : undefined
  }

  /** The last there was. */
  get latest(): Connection {
    return this.#current.connection
  }

  /** The connection, now or as soon as there is one again; fails with why there is none. */
  available(whileReconnecting: "wait" | "fail"): Effect.Effect<Connection, ConnectionError> {
    return Effect.suspend(() => {
      const link = this.#link
      switch (link._tag) {
        case "Up":
          return Effect.succeed(link.connection)
        case "Down":
          return link.circuit === "open" || whileReconnecting === "fail"
            ? Effect.fail(link.error)
            : Deferred.await(link.next)
        case "Over":
          return Effect.fail(link.error ?? closed(this.#options))
      }
    })
  }

  /** A call has found that the connection is not what it was. One that is not dead is asked for a sign of life first. */
  lose(connection: Connection, loss: Loss): void {
    if (this.#options.policy !== false) this.#lost(connection, loss)
  }

  /**
   * The server refuses one request after the other: replaces the connection if the server has forgotten the session.
   * Completes once that is decided.
   */
  replaceIfForgotten(connection: Connection): Effect.Effect<void> {
    const link = this.#link
    if (this.#options.policy === false || link._tag !== "Up" || link.connection !== connection) return Effect.void
    if (this.#checking === undefined) {
      this.#checking = this.#options.run(this.#check(link))
      this.#checking.addObserver(() => {
        this.#checking = undefined
      })
    }
    return this.#checking === undefined ? Effect.void : Effect.asVoid(Fiber.await(this.#checking))
  }

  /** Says of a session that is ready that it is not quite, until told otherwise. */
  degrade(degraded: Extract<SessionState, { _tag: "Degraded" }> | undefined): void {
    this.#degraded = degraded
    if (this.#link._tag === "Up") this.#setState(degraded ?? ready)
  }

  get state(): State {
    return {
      current: () => this.#state,
      changes: Stream.callback<SessionState>((queue) => {
        const listener = (state: SessionState) => {
          Queue.offerUnsafe(queue, state)
        }
        return Effect.acquireRelease(
          Effect.sync(() => {
            listener(this.#state)
            this.#listeners ??= new Set()
            this.#listeners.add(listener)
          }),
          () => Effect.sync(() => this.#listeners?.delete(listener))
        )
        // Who reads slowly misses the oldest, never the latest.
      }, { bufferSize: keptStates, strategy: "sliding" })
    }
  }

  /** Completes when there will be no connection any more. */
  get over(): Effect.Effect<void> {
    return Deferred.await(this.#over)
  }

  isOver(): boolean {
    return this.#link._tag === "Over"
  }

  get close(): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.#end(undefined)
      this.#setState({ _tag: "Closed" })
      return this.#mending === undefined ? Effect.void : Fiber.interrupt(this.#mending)
    })
  }

  #setState(state: SessionState): void {
    this.#state = state
    this.#listeners?.forEach((listener) => listener(state))
  }

  #end(error: ConnectionError | undefined): void {
    if (this.#link._tag === "Over") return
    const before = this.#link
    this.#link = { _tag: "Over", error }
    this.#setState(error === undefined ? { _tag: "Closed" } : { _tag: "Failed", error })
    if (before._tag === "Down") Deferred.doneUnsafe(before.next, Exit.fail(error ?? closed(this.#options)))
    Deferred.doneUnsafe(this.#over, Exit.void)
  }

  #watch(connection: Connection): void {
    connection.whenEnded((error) => this.#lost(connection, error && { error, isDead: true }))
  }

  /** Nothing is lost of what was closed. */
  #lost(connection: Connection, loss: Loss | undefined): void {
    const { policy, run } = this.#options
    if (this.#link._tag !== "Up" || this.#link.connection !== connection) return
    if (loss === undefined || policy === false) return this.#end(loss?.error)
    // First, because whoever hears of it may have mended it before this returns.
    this.#link = { _tag: "Down", error: loss.error, circuit: "closed", next: Deferred.makeUnsafe() }
    this.#loss = loss
    if (this.#isMending) return
    this.#isMending = true
    this.#mending = run(
      // A transport that throws must not leave calls waiting for a connection that nobody makes.
      Effect.catchDefect(this.#mend(), (cause) => Effect.sync(() => this.#end(broken(this.#options, cause))))
    )
  }

  #mend(): Effect.Effect<void> {
    return Effect.gen({ self: this }, function*() {
      for (let loss = this.#loss; loss !== undefined; loss = this.#loss) {
        this.#loss = undefined
        const before = this.#current
        const wasGood = before.connection.hasServed() || (yield* monotonic.millis) - this.#began >= livedEnough
        if (wasGood || this.#pause === undefined) this.#pause = yield* Delays.make(this.#options.policy)
        const isBad = loss.isDead && !wasGood && !this.#isFirst
        const recovered = yield* Effect.result(this.#recover(before, loss, isBad ? this.#pause : undefined))
        if (Result.isFailure(recovered)) return this.#end(recovered.failure)
        // It is being closed in this very moment.
        if (this.#link._tag === "Over") return
        const waiting = this.#link
        const next = recovered.success
        this.#use(next, yield* monotonic.millis)
        if (this.#state._tag === "Reconnecting") this.#setState(this.#degraded ?? ready)
        if (waiting._tag === "Down") Deferred.doneUnsafe(waiting.next, Exit.succeed(next.connection))
        if (next !== before) yield* this.#tellReconnected
      }
      this.#isMending = false
    })
  }

  #use(next: Up, now: number): void {
    const isNew = next !== this.#current
    this.#isFirst = false
    this.#current = next
    this.#link = next
    this.#began = now
    this.#watch(next.connection)
    if (!isNew) return
    this.#degraded = undefined
    this.#options.onConnected()
  }

  /** What an earlier connection has not restored, this one does. */
  get #tellReconnected(): Effect.Effect<void> {
    return Effect.gen({ self: this }, function*() {
      if (this.#restoring !== undefined) yield* Fiber.interrupt(this.#restoring)
      this.#restoring = yield* Effect.forkIn(Effect.suspend(this.#options.onReconnected), this.#scope)
    })
  }

  #recover(before: Up, loss: Loss, firstDelay: Delays.Delays | undefined): Effect.Effect<Up, ConnectionError> {
    const { attempts: most = Number.POSITIVE_INFINITY } = this.#options.policy || {}
    return Effect.gen({ self: this }, function*() {
      const suspicion: Suspicion = { isDead: loss.isDead, isRetired: false }
      // Most suspicions are about one request: then nobody need hear of it.
      if (!loss.isDead) {
        const dead = yield* Effect.result(signOfLife.isDead(before.connection))
        if (Result.isSuccess(dead) && !dead.success) return before
        suspicion.isDead = Result.isSuccess(dead)
      }
      const nextDelay = yield* Delays.make(this.#options.policy)
      let { error } = loss
      for (let count = 1;; count++) {
        if (count > most) return yield* Effect.fail(error)
        const wanted = error.retryAfter ?? 0
        const isOpen = count > attemptsThatCallsWaitFor || wanted > mostThatCallsWaitFor
        if (this.#link._tag === "Down") {
          const { circuit, next } = this.#link
          // That it is not there at once says less than why it left.
          const why = count > 2 || isOpen ? error : loss.error
          this.#link = { ...this.#link, error: why, circuit: isOpen ? "open" : circuit }
          if (isOpen) Deferred.doneUnsafe(next, Exit.fail(error))
        }
        this.#setState({ _tag: "Reconnecting", error, attempt: count, circuit: isOpen ? "open" : "closed" })
        const delay = Duration.max(
          count > 1 ? yield* nextDelay(error) : firstDelay === undefined ? Duration.zero : yield* firstDelay(error),
          Duration.millis(wanted)
        )
        if (Duration.toMillis(delay) > 0) yield* Effect.sleep(delay)
        const outcome = yield* Effect.result(this.#attempt(before, suspicion))
        if (Result.isSuccess(outcome)) return outcome.success
        error = outcome.failure
        if (isFinal(error)) return yield* Effect.fail(error)
      }
    })
  }

  /** The old connection, if it lives, or a new one; fails where the server cannot be reached. */
  #attempt(before: Up, suspicion: Suspicion): Effect.Effect<Up, ConnectionError> {
    return Effect.gen({ self: this }, function*() {
      if (!suspicion.isDead) {
        suspicion.isDead = yield* signOfLife.isDead(before.connection)
        if (!suspicion.isDead) return before
      }
      if (!suspicion.isRetired) {
        suspicion.isRetired = true
        yield* this.#retire(before)
      }
      const next = yield* connect(this.#options, this.#connections, before.connection.era)
      yield* this.#options.restore(next.connection)
      return next
    })
  }

  /** Puts a new connection in the place of this one, if that gets what this one is refused. Calls go on meanwhile. */
  #check(before: Up): Effect.Effect<void> {
    return Effect.gen({ self: this }, function*() {
      if (!(yield* signOfLife.isRefusing(before.connection))) return
      const connected = yield* Effect.result(connect(this.#options, this.#connections, before.connection.era))
      if (Result.isFailure(connected)) return
      const next = connected.success
      const isRefused = yield* signOfLife.isRefusing(next.connection)
      if (!isRefused) yield* this.#options.restore(next.connection)
      // The old one may have ended meanwhile, and have another in its place.
      if (isRefused || this.#link !== before) return yield* Scope.close(next.own, Exit.void)
      this.#use(next, yield* monotonic.millis)
      yield* this.#retire(before)
      yield* this.#tellReconnected
    })
  }

  /** What it still does goes on; what has ended is put away before anything is begun in its place. */
  #retire({ connection, own }: Up): Effect.Effect<void> {
    const close = Scope.close(own, Exit.void)
    if (connection.hasEnded() || connection.isProcess) return close
    return Effect.raceFirst(connection.idle, Effect.sleep(longestRetirement)).pipe(
      Effect.andThen(close),
      Effect.forkIn(this.#scope),
      Effect.asVoid
    )
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

/** After so many attempts in vain calls fail at once instead of waiting: with the default delays after about 8 s. */
const attemptsThatCallsWaitFor = 6

/** In milliseconds: a server that wants to be left alone for longer lets calls fail at once. */
const mostThatCallsWaitFor = 30_000

/** A connection that lasted so long was good for something even if nothing was asked of it, in milliseconds. */
const livedEnough = 5000

/** What a connection that was replaced may still take for the answers it owes. */
const longestRetirement = Duration.minutes(1)

/** For each reader of the states. */
const keptStates = 256

const ready: SessionState = { _tag: "Ready" }

interface Up {
  readonly _tag: "Up"
  readonly connection: Connection
  readonly own: Scope.Closeable
}

type Link =
  | Up
  | {
    readonly _tag: "Down"
    readonly error: ConnectionError
    readonly circuit: "closed" | "open"
    readonly next: Deferred.Deferred<Connection, ConnectionError>
  }
  /** With an error if it failed, and without one if it was closed. */
  | { readonly _tag: "Over"; readonly error: ConnectionError | undefined }

const connect = (
  { open }: Options,
  connections: Scope.Scope,
  known: Era | undefined
): Effect.Effect<Up, ConnectionError> =>
  Effect.uninterruptibleMask((restoring) =>
    Effect.gen(function*() {
      const own = yield* Scope.fork(connections)
      const connection = yield* restoring(open(known)).pipe(
        Scope.provide(own),
        Effect.onError((cause) => Scope.close(own, Exit.failCause(cause)))
      )
      return { _tag: "Up", connection, own }
    })
  )

interface Suspicion {
  isDead: boolean
  isRetired: boolean
}

type Names = Pick<Options, "server" | "transport">

/** What there is once it was closed. */
const closed = ({ server, transport }: Names): ConnectionError =>
  new ConnectionError({ server, transport, phase: "connect", description: "the session is closed", stderr: [] })

const broken = ({ server, transport }: Names, cause: unknown): ConnectionError =>
  new ConnectionError({
    server,
    transport,
    phase: "connect",
    description: "the transport threw while it was opened again",
    stderr: [],
    cause,
    hint: "this is a bug of the transport; `cause` is what it threw"
  })

/** Only the user can mend it. */
const isFinal = ({ phase }: ConnectionError): boolean => phase === "config" || phase === "auth"
