/** Keeps a connection for as long as the scope is open: one that is lost is made again, under a schedule. */
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Pull from "effect/Pull"
import * as Result from "effect/Result"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import * as SubscriptionRef from "effect/SubscriptionRef"
import { ConnectionError } from "../McpError.ts"
import type { ReconnectOptions, SessionState } from "../McpSession.ts"
import type { Era } from "../NegotiationCache.ts"
import type { Connection } from "./connection.ts"

export interface Reconnect {
  /** Nothing while it is being made again, and once it is over. */
  readonly current: () => Connection | undefined
  /** The last there was. */
  readonly latest: () => Connection
  /** The connection, now or as soon as there is one again; fails with why there is none. */
  readonly available: (whileReconnecting: "wait" | "fail") => Effect.Effect<Connection, ConnectionError>
  /** A call has found that the connection is not what it was. One that is not dead is asked for a sign of life first. */
  readonly lose: (connection: Connection, loss: Loss) => void
  /** Says of a session that is ready that it is not quite, until told otherwise. */
  readonly degrade: (degraded: Extract<SessionState, { _tag: "Degraded" }> | undefined) => Effect.Effect<void>
  readonly state: SubscriptionRef.SubscriptionRef<SessionState>
  /** Completes when there will be no connection any more. */
  readonly over: Effect.Effect<void>
  readonly isOver: () => boolean
}

export interface Loss {
  readonly error: ConnectionError
  readonly isDead: boolean
}

export interface Options {
  /** What there is once it was closed. */
  readonly closed: ConnectionError
  /** `known` is what the last connection spoke. */
  readonly open: (known: Era | undefined) => Effect.Effect<Connection, ConnectionError, Scope.Scope>
  readonly policy: ReconnectOptions | false
  /** Brings the state of the session to a new connection, before anybody uses it. */
  readonly restore: (connection: Connection) => Effect.Effect<void>
  /** The session has a new connection, which nobody has used yet. */
  readonly onConnected: () => void
  /** The session has a new connection, which others use already. */
  readonly onReconnected: Effect.Effect<void>
}

export const make = Effect.fnUntraced(
  function*({ closed, onConnected, onReconnected, open, policy, restore }: Options): Effect.fn.Return<
    Reconnect,
    ConnectionError,
    Scope.Scope
  > {
    const scope = yield* Effect.scope
    // Closed when nobody makes another any more.
    const connections = yield* Scope.fork(scope)
    const { attempts: most = Number.POSITIVE_INFINITY, delay = "250 millis", maxDelay = "30 seconds" } = policy || {}
    const schedule = Schedule.toStep(
      Schedule.jittered(Schedule.min([Schedule.exponential(delay), Schedule.spaced(maxDelay)]))
    )

    const connect = (known: Era | undefined) =>
      Effect.uninterruptibleMask((restoring) =>
        Effect.gen(function*() {
          const own = yield* Scope.fork(connections)
          const connection = yield* restoring(open(known)).pipe(
            Scope.provide(own),
            Effect.onError((cause) => Scope.close(own, Exit.failCause(cause)))
          )
          return up(connection, own)
        })
      )

    const first = yield* connect(undefined)
    let latest = first.connection
    let link: Link = first
    let degraded: Extract<SessionState, { _tag: "Degraded" }> | undefined
    const state = yield* SubscriptionRef.make<SessionState>({ _tag: "Ready" })
    const over = yield* Deferred.make<void>()

    const setState = (next: SessionState) => SubscriptionRef.set(state, next)

    const end = Effect.fnUntraced(function*(error: ConnectionError | undefined) {
      if (link._tag === "Over") return
      const before = link
      link = { _tag: "Over", error: error ?? closed }
      yield* setState(error === undefined ? { _tag: "Closed" } : { _tag: "Failed", error })
      if (before._tag === "Down") yield* Deferred.fail(before.next, error ?? closed)
      yield* Deferred.succeed(over, undefined)
    })

    const isOver = () => link._tag === "Over"

    const fall = (error: ConnectionError) => {
      if (link._tag === "Up") link = { _tag: "Down", error, circuit: "closed", next: Deferred.makeUnsafe() }
    }

    /** What it still does goes on; what has ended is put away before anything is begun in its place. */
    const retire = ({ connection, own }: Up) => {
      const close = Scope.close(own, Exit.void)
      if (connection.hasEnded() || connection.isProcess) return close
      return Effect.raceFirst(connection.idle, Effect.sleep(longestRetirement)).pipe(
        Effect.andThen(close),
        Effect.forkIn(scope),
        Effect.asVoid
      )
    }

    /** The old connection, if it lives, or a new one; fails where the server cannot be reached. */
    const attempt = Effect.fnUntraced(function*(before: Up, suspicion: Suspicion) {
      if (!suspicion.isDead) {
        suspicion.isDead = yield* isDead(before.connection)
        if (!suspicion.isDead) return before
      }
      if (!suspicion.isRetired) {
        suspicion.isRetired = true
        yield* retire(before)
      }
      const next = yield* connect(latest.era)
      yield* restore(next.connection)
      return next
    })

    const recover = Effect.fnUntraced(function*(
      before: Up,
      loss: Loss,
      firstDelay: Delays | undefined
    ): Effect.fn.Return<Up, ConnectionError> {
      const suspicion: Suspicion = { isDead: loss.isDead, isRetired: false }
      // Most suspicions are about one request: then nobody need hear of it.
      if (!loss.isDead) {
        const dead = yield* Effect.result(isDead(before.connection))
        if (Result.isSuccess(dead) && !dead.success) return before
        suspicion.isDead = Result.isSuccess(dead)
      }
      const nextDelay = delays(yield* schedule)
      let { error } = loss
      for (let count = 1;; count++) {
        if (count > most) return yield* Effect.fail(error)
        const wanted = Math.min(error.retryAfter ?? 0, longestRetryAfter)
        const isOpen = count > attemptsThatCallsWaitFor || wanted > mostThatCallsWaitFor
        if (link._tag === "Down") {
          const { circuit, next } = link
          link = { ...link, error, circuit: isOpen ? "open" : circuit }
          if (isOpen) yield* Deferred.fail(next, error)
        }
        yield* setState({ _tag: "Reconnecting", error, attempt: count, circuit: isOpen ? "open" : "closed" })
        const delay = Duration.max(
          count > 1 ? yield* nextDelay(error) : firstDelay === undefined ? Duration.zero : yield* firstDelay(error),
          Duration.millis(wanted)
        )
        if (Duration.toMillis(delay) > 0) yield* Effect.sleep(delay)
        const outcome = yield* Effect.result(attempt(before, suspicion))
        if (Result.isSuccess(outcome)) return outcome.success
        error = outcome.failure
        if (isFinal(error)) return yield* Effect.fail(error)
      }
    })

    const supervise = Effect.gen(function*() {
      // Grows with connections that were good for nothing. What is tried in vain must not count here: it would make the next one
      // come so late that it cannot last.
      let pause = delays(yield* schedule)
      let restoring: Fiber.Fiber<void> | undefined
      for (let current = first;;) {
        const began = yield* Clock.currentTimeMillis
        const loss = yield* Effect.raceFirst(
          Effect.map(current.connection.ended, (error) => error === undefined ? undefined : { error, isDead: true }),
          Deferred.await(current.lost)
        )
        if (loss === undefined) return yield* end(undefined)
        if (policy === false || isFinal(loss.error)) return yield* end(loss.error)
        const wasGood = current.connection.hasServed() || (yield* Clock.currentTimeMillis) - began >= livedEnough
        if (wasGood) pause = delays(yield* schedule)
        fall(loss.error)
        const isBad = loss.isDead && !wasGood && current !== first
        const recovered = yield* Effect.result(recover(current, loss, isBad ? pause : undefined))
        if (Result.isFailure(recovered)) return yield* end(recovered.failure)
        // It is being closed in this very moment.
        if (isOver()) return
        const isNew = recovered.success !== current
        current = isNew ? recovered.success : up(current.connection, current.own)
        latest = current.connection
        const waiting = link
        link = current
        if (isNew) {
          degraded = undefined
          onConnected()
        }
        if ((yield* SubscriptionRef.get(state))._tag === "Reconnecting") yield* setState(degraded ?? { _tag: "Ready" })
        if (waiting._tag === "Down") yield* Deferred.succeed(waiting.next, latest)
        if (isNew) {
          // What an earlier one has not got done, this one does.
          if (restoring !== undefined) yield* Fiber.interrupt(restoring)
          restoring = yield* Effect.forkIn(onReconnected, scope)
        }
      }
    })
    yield* supervise.pipe(
      // A transport that throws must not leave calls waiting for a connection that nobody makes.
      Effect.catchDefect((cause) => end(broken(closed, cause))),
      Effect.forkScoped
    )
    yield* Effect.addFinalizer(() => Effect.andThen(end(undefined), setState({ _tag: "Closed" })))

    const available: Reconnect["available"] = (whileReconnecting) =>
      Effect.suspend(() => {
        switch (link._tag) {
          case "Up":
            return link.connection.hasEnded()
              ? Effect.flatMap(link.connection.ended, (error) => {
                if (error === undefined || policy === false) return Effect.fail(error ?? closed)
                fall(error)
                return available(whileReconnecting)
              })
              : Effect.succeed(link.connection)
          case "Down":
            return link.circuit === "open" || whileReconnecting === "fail"
              ? Effect.fail(link.error)
              : Deferred.await(link.next)
          case "Over":
            return Effect.fail(link.error)
        }
      })

    return {
      current: () => link._tag === "Up" && !link.connection.hasEnded() ? link.connection : undefined,
      latest: () => latest,
      available,
      lose: (connection, loss) => {
        if (policy === false || link._tag !== "Up" || link.connection !== connection) return
        const { lost } = link
        // First, because whoever hears of it may have mended it before this returns.
        fall(loss.error)
        Deferred.doneUnsafe(lost, Exit.succeed(loss))
      },
      degrade: (next) =>
        Effect.suspend(() => {
          degraded = next
          return link._tag === "Up" ? setState(next ?? { _tag: "Ready" }) : Effect.void
        }),
      state,
      over: Deferred.await(over),
      isOver
    }
  }
)

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

/** After so many attempts in vain calls fail at once instead of waiting: with the default delays after about 8 s. */
const attemptsThatCallsWaitFor = 6

/** In milliseconds: a server that wants to be left alone for longer lets calls fail at once. */
const mostThatCallsWaitFor = 30_000

/** In milliseconds. */
const longestRetryAfter = 3_600_000

/** A connection that lasted so long was good for something even if nothing was asked of it, in milliseconds. */
const livedEnough = 5000

/** What a connection that was replaced may still take for the answers it owes. */
const longestRetirement = Duration.minutes(1)

const longestPing = Duration.seconds(5)

interface Up {
  readonly _tag: "Up"
  readonly connection: Connection
  readonly own: Scope.Closeable
  readonly lost: Deferred.Deferred<Loss>
}

type Link =
  | Up
  | {
    readonly _tag: "Down"
    readonly error: ConnectionError
    readonly circuit: "closed" | "open"
    readonly next: Deferred.Deferred<Connection, ConnectionError>
  }
  | { readonly _tag: "Over"; readonly error: ConnectionError }

const up = (connection: Connection, own: Scope.Closeable): Up => ({
  _tag: "Up",
  connection,
  own,
  lost: Deferred.makeUnsafe()
})

interface Suspicion {
  isDead: boolean
  isRetired: boolean
}

type Delays = (error: ConnectionError) => Effect.Effect<Duration.Duration, ConnectionError>

type Step = Effect.Success<ReturnType<typeof Schedule.toStep<unknown, unknown, never, never>>>

const delays = (step: Step): Delays => (error) =>
  Effect.flatMap(Clock.currentTimeMillis, (now) => step(now, error)).pipe(
    Effect.map(([, delay]) => delay),
    Pull.catchDone(() => Effect.fail(error))
  )

const broken = ({ server, transport }: ConnectionError, cause: unknown): ConnectionError =>
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

/** Fails where nobody can tell, because the server cannot be reached. The modern era has no ping. */
const isDead = (connection: Connection): Effect.Effect<boolean, ConnectionError> =>
  connection.hasEnded()
    ? Effect.succeed(true)
    : connection.request(connection.era === "legacy" ? "ping" : "server/discover", {}).pipe(
      Effect.as(false),
      Effect.catch((error) => {
        const { reason } = error
        if (connection.hasEnded() || reason._tag === "SessionExpired") return Effect.succeed(true)
        // A server that does not know the method lives, too.
        const isHttp = reason._tag === "Rejected" && reason.status !== undefined
        if (error.delivery === "answered" && !isHttp) return Effect.succeed(false)
        return Effect.fail(connection.lossOf(error))
      }),
      // One that is at work may just be busy.
      Effect.timeoutOrElse({ duration: longestPing, orElse: () => Effect.sync(connection.isIdle) })
    )
