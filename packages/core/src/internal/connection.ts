/** The SDK's client on a transport, for as long as the scope: requests with typed failures, and what the server tells. */
import { Client } from "@modelcontextprotocol/client"
import type { StandardSchemaV1 } from "@modelcontextprotocol/client"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as PubSub from "effect/PubSub"
import type * as Scope from "effect/Scope"
import * as SubscriptionRef from "effect/SubscriptionRef"
import { CallError, type ConnectionError, Timeout } from "../McpError.ts"
import type { Notification, Options, SessionState } from "../McpSession.ts"
import type { McpTransport, TransportError } from "../McpTransport.ts"
import type { Implementation } from "../Protocol.ts"
import * as failure from "./failure.ts"
import * as Guard from "./guard.ts"

export interface Connection {
  readonly server: string
  readonly client: Client
  readonly request: <A>(
    method: string,
    params: Record<string, unknown>,
    schema: StandardSchemaV1<unknown, A>,
    timeout?: Duration.Input
  ) => Effect.Effect<A, CallError>
  readonly progress: Guard.Guard["progress"]
  readonly notifications: PubSub.PubSub<Notification>
  readonly stderr: PubSub.PubSub<string>
  readonly state: SubscriptionRef.SubscriptionRef<SessionState>
  /** Tells whoever reads the notifications what we had to remark. */
  readonly warn: (description: string) => void
}

/** A reader that is slower than the server loses the oldest beyond this. */
const backlog = 4096

/** The SDK must never time out by itself (its time is not Effect's); this is its longest. */
const forever = 2_147_483_647

export const open = Effect.fnUntraced(function*(
  inner: McpTransport,
  options: Options,
  clientInfo: Implementation
): Effect.fn.Return<Connection, ConnectionError, Scope.Scope> {
  const peer: failure.Peer = { server: options.name, transport: options.transport, inner }
  const notifications = yield* PubSub.sliding<Notification>(backlog)
  const stderr = yield* PubSub.sliding<string>(backlog)
  const ended = yield* Deferred.make<TransportError | undefined>()

  const warn = (description: string) => {
    PubSub.publishUnsafe(notifications, {
      method: "notifications/message",
      params: { level: "warning", logger: "universal-mcp", data: description }
    })
  }
  inner.onstderr = (line) => {
    PubSub.publishUnsafe(stderr, line)
  }
  const guard = Guard.make(inner, {
    onNotification: (method, params) => {
      PubSub.publishUnsafe(notifications, { method, params })
    },
    onWarning: warn,
    onClose: (lost) => {
      Deferred.doneUnsafe(ended, Exit.succeed(lost))
    }
  })

  const client = new Client(clientInfo)
  yield* connect(client, guard, peer, Duration.fromInputUnsafe(options.timeout ?? "30 seconds"))

  const state = yield* SubscriptionRef.make<SessionState>({ _tag: "Ready" })
  yield* Deferred.await(ended).pipe(
    Effect.map((lost): SessionState =>
      lost === undefined ? { _tag: "Closed" } : { _tag: "Failed", error: failure.fromTransportError(peer, lost) }
    ),
    Effect.flatMap((next) => SubscriptionRef.set(state, next)),
    Effect.forkScoped
  )
  yield* Effect.addFinalizer(() => SubscriptionRef.set(state, { _tag: "Closed" }))

  const requestTimeout = Duration.fromInputUnsafe(options.requestTimeout ?? "60 seconds")
  return {
    server: options.name,
    client,
    request: (method, params, schema, timeout = requestTimeout) =>
      Effect.suspend(() =>
        Deferred.isDoneUnsafe(ended)
          ? Effect.fail(failure.gone(peer, method))
          : Effect.tryPromise({
            try: (signal) => client.request({ method, params }, schema, { signal, timeout: forever }),
            catch: (cause) => failure.toCallError(peer, method, cause)
          })
      ).pipe(Effect.timeoutOrElse({
        duration: timeout,
        orElse: () => Effect.fail(timedOut(options.name, method, timeout))
      })),
    progress: guard.progress,
    notifications,
    stderr,
    state,
    warn
  }
})

const connect = (client: Client, guard: Guard.Guard, peer: failure.Peer, timeout: Duration.Duration) =>
  // Before connecting, so that the transport is closed too when connecting is interrupted half-way.
  Effect.addFinalizer(() => Effect.promise(() => client.close())).pipe(
    Effect.andThen(Effect.tryPromise({
      try: (signal) => client.connect(guard, { signal, timeout: forever }),
      catch: (cause) => failure.toConnectionError(peer, cause)
    })),
    Effect.timeoutOrElse({
      duration: timeout,
      orElse: () => Effect.fail(failure.connectTimeout(peer, Duration.toMillis(timeout)))
    })
  )

const timedOut = (server: string, method: string, timeout: Duration.Input): CallError =>
  new CallError({
    server,
    method,
    delivery: "unknown",
    reason: new Timeout({ milliseconds: Duration.toMillis(Duration.fromInputUnsafe(timeout)) }),
    hint: "raise the `timeout` of the call if the server is just slow"
  })
