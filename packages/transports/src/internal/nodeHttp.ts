/** HTTP on Node: undici's dispatchers, with or without a proxy, and an `HttpClient` on them. */
// oxlint-disable-next-line typescript/triple-slash-reference -- that file can be no module
/// <reference path="./undici.d.ts" />
import * as Clock from "effect/Clock"
import * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import type { HttpClientError } from "effect/http/HttpClientError"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { setImmediate } from "node:timers"
import type { buildConnector, Dispatcher } from "undici"
import * as direct from "./direct.ts"
import * as limits from "./limits.ts"
import type { Certificates } from "./nodeCertificates.ts"
import * as tls from "./tls.ts"

/** The client, and the connections with certificates of their own. */
export const layer: Layer.Layer<HttpClient.HttpClient> = Layer.effectContext(Effect.gen(function*() {
  const context = yield* Effect.context<Scope.Scope>()
  /** What was provided to the layer counts, unless the session has it too. */
  const within = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
    Effect.contextWith((own: Context.Context<never>) => Effect.provideContext(effect, Context.merge(context, own)))
  const inLayer = <A>(effect: Effect.Effect<A, never, Scope.Scope>) =>
    effect.pipe(Effect.provideContext(context), Effect.uninterruptible, Effect.cached)
  const clock = yield* Clock.Clock
  const now = () => Number(clock.monotonicTimeNanosUnsafe()) / 1e6
  const carrier = (dispatcher: Dispatcher): Carrier => ({ dispatcher, hangsUp: direct.hangUps(dispatcher, now) })
  const wireOn = ({ dispatcher, hangsUp }: Carrier) =>
    Effect.map(UndiciOptions, (options) => direct.make(dispatcher, options, setImmediate, hangsUp))

  const usual = yield* inLayer(Effect.map(makeDispatcher({ timeout: limits.connectTimeout }), carrier))
  const patient = yield* inLayer(Effect.map(makeDispatcher({ timeout: 0 }), carrier))
  const undici = yield* Effect.flatMap(usual, makeClient).pipe(Effect.uninterruptible, Effect.cached)
  const client = HttpClient.makeWith<HttpClientError, never, HttpClientError, never>(
    (request) =>
      within(Effect.flatMap(tls.Current, (secured) => {
        if (secured === undefined) return Effect.flatMap(undici, ({ postprocess }) => postprocess(request))
        secured.isUsed = true
        return Effect.flatMap(secured.client, ({ postprocess }) => postprocess(request))
      })),
    Effect.succeed
  )
  const secure: tls.Secure = Effect.fnUntraced(function*(material) {
    const { check } = yield* Effect.promise(() => import("./nodeCertificates.ts"))
    const certificates = yield* check(material)
    const dispatcher = yield* Effect.updateContext(
      makeDispatcher({ ...certificates, timeout: 0 }),
      (own: Context.Context<Scope.Scope>) => Context.merge(context, own)
    )
    const secured = carrier(dispatcher)
    return { wire: yield* within(wireOn(secured)), client: yield* Effect.cached(makeClient(secured)), isUsed: false }
  })
  direct.wires.set(client, {
    wire: (isPatient) => within(Effect.flatMap(isPatient ? patient : usual, wireOn)),
    secure
  })

  return Context.make(HttpClient.HttpClient, client).pipe(Context.add(tls.Platform, secure))
}))

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

interface Carrier {
  readonly dispatcher: Dispatcher
  readonly hangsUp: (origin: string) => boolean
}

/** In milliseconds; 0 for as long as it takes. */
type Connecting = Certificates & { readonly timeout: number }

/** That of `NodeHttpClient`, which is known by its key, and loaded by whoever sets it. */
const UndiciOptions = Context.Reference<object>(
  "@effect/platform-node/NodeHttpClient/UndiciOptions",
  { defaultValue: () => ({}) }
)

const variable = (name: string): Effect.Effect<string | undefined> =>
  Effect.map(Effect.option(Config.String(name)), Option.getOrUndefined)

const makeDispatcher = Effect.fnUntraced(
  function*(connecting: Connecting): Effect.fn.Return<Dispatcher, never, Scope.Scope> {
    const agent = yield* makeAgent(connecting)
    return (yield* variable("NODE_USE_ENV_PROXY")) === "1" ? yield* makeProxied(connecting, agent) : agent
  }
)

// Loaded with the first request: a program with stdio servers only does without. And of undici only what carries requests,
// a third of what all of it takes to load.
const makeAgent = (connecting: Connecting) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const [{ default: Agent }, { default: buildConnector }] = await Promise.all([
        import("undici/lib/dispatcher/agent.js"),
        import("undici/lib/core/connect.js")
      ])
      return new Agent({ connect: withAlerts(buildConnector(connecting)) })
    }),
    (agent) => Effect.promise(() => agent.destroy())
  )

/** `NO_PROXY` is ours to read: undici knows no networks and no patterns. */
const makeProxied = Effect.fnUntraced(function*({ timeout, ...certificates }: Connecting, agent: Dispatcher) {
  const NoProxy = yield* Effect.promise(() => import("../NoProxy.ts"))
  const list = (yield* variable("no_proxy")) ?? (yield* variable("NO_PROXY")) ?? ""
  const proxied = yield* Effect.acquireRelease(
    Effect.promise(async () => {
      const { EnvHttpProxyAgent } = await import("undici")
      return new EnvHttpProxyAgent({ noProxy: "", requestTls: certificates, connectTimeout: timeout })
    }),
    (proxied) => Effect.promise(() => proxied.destroy())
  )
  const exempt = new Map<string, boolean>()
  const isExempt = (origin: string): boolean => {
    const known = exempt.get(origin) ?? NoProxy.matches(list, new URL(origin))
    exempt.set(origin, known)
    return known
  }
  return proxied.compose((dispatch) => (options, handler) =>
    isExempt(String(options.origin)) ? agent.dispatch(options, handler) : dispatch(options, handler)
  )
})

const makeClient = Effect.fnUntraced(function*({ dispatcher }: Carrier) {
  const NodeHttpClient = yield* Effect.promise(() => import("@effect/platform-node/NodeHttpClient"))
  // It gives dispatchers the method that this client uses.
  yield* Effect.promise(() => import("undici"))
  // The client itself gives an answer an hour.
  const unlimited = dispatcher.compose((dispatch) => (options, handler) =>
    dispatch({ ...options, headersTimeout: 0 }, handler)
  )
  return yield* Effect.provideService(NodeHttpClient.makeUndici, NodeHttpClient.Dispatcher, unlimited)
})

/**
 * Servers say that they demand another client certificate after the handshake, and then hang up: undici would report the
 * second alone.
 */
const withAlerts = (connect: buildConnector.connector): buildConnector.connector => (options, callback) =>
  connect(options, (...[error, socket]) => {
    if (error !== null) return callback(error, null)
    socket.once("error", (alert: NodeJS.ErrnoException) => {
      if (alert.code?.startsWith("ERR_SSL_") === true) socket.destroy(alert)
    })
    callback(null, socket)
  })
