/**
 * Finds out what the server speaks: asks `server/discover` on the connection itself, and shakes hands with `initialize`
 * where that is not understood. Specification: 2026-07-28, Versioning; 2025-11-25, Lifecycle.
 */
import type { ClientCapabilities } from "@modelcontextprotocol/client"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import { InvalidResult, Unsupported } from "../McpError.ts"
import { TransportError } from "../McpTransport.ts"
import * as NegotiationCache from "../NegotiationCache.ts"
import type { Implementation, ServerCapabilities } from "../Protocol.ts"
import { protocolVersionKey } from "./headers.ts"
import { isRecord } from "./json.ts"
import type { Answer, JsonRpc } from "./jsonRpc.ts"
import { mayBeDueToProbe } from "./probeExit.ts"
import * as revisions from "./revisions.ts"
import * as trace from "./trace.ts"

export interface Options {
  readonly protocolVersion: string | undefined
  readonly cacheKey: string | undefined
  /** What the last attempt has shown, whatever the cache says. */
  readonly known?: NegotiationCache.Era | undefined
  readonly clientInfo: Implementation
  readonly capabilities: ClientCapabilities
  /** Has the methods that wait for an answer, the newest last. */
  readonly unanswered: Set<string>
}

/** What the server said of itself, whatever way it said it. */
export interface Negotiated {
  readonly era: NegotiationCache.Era
  readonly protocolVersion: string
  readonly serverInfo: Readonly<Record<string, unknown>>
  readonly capabilities: ServerCapabilities
  readonly instructions: string | undefined
}

/** What servers of the modern era may do once we say that we know it. */
export const modernCapabilities = (capabilities: ClientCapabilities): ClientCapabilities => ({
  ...capabilities,
  extensions: { "io.modelcontextprotocol/tasks": {} }
})

export const negotiate = Effect.fnUntraced(function*(
  rpc: JsonRpc,
  options: Options
): Effect.fn.Return<Negotiated, Refused> {
  const { cacheKey, protocolVersion } = options
  if (protocolVersion !== undefined) return yield* pinned(rpc, options, protocolVersion)
  const cache = yield* NegotiationCache.NegotiationCache
  const remembered = cacheKey === undefined ? undefined : yield* cache.get(cacheKey)
  const known = options.known ?? remembered
  const shown: Shown = { late: Deferred.makeUnsafe() }
  const outcome = yield* Effect.result(automatic(rpc, options, known, shown))
  if (cacheKey !== undefined) {
    const era = Deferred.isDoneUnsafe(shown.late) ? "modern" : shown.era
    if (era !== undefined && era !== remembered) yield* cache.set(cacheKey, era)
    else if (Result.isFailure(outcome) && era === undefined && remembered !== undefined) yield* cache.remove(cacheKey)
  }
  return yield* Effect.fromResult(outcome)
})

/** Why no session came of it, and in answer to which method. */
export interface Refused {
  readonly method: "initialize" | "server/discover"
  readonly error: TransportError
  /** The question which era the server speaks has ended the connection: on another it may be shaken hands with. */
  readonly endedOnProbe?: boolean
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

const modernRevisions: ReadonlyArray<string> = revisions.modern

const legacyRevisions: ReadonlyArray<string> = revisions.legacy

/** For a server that was modern before. */
const knownProbeTimeout = Duration.seconds(10)

/** What is worth remembering: that which the server itself has said, not that which an outage may have. */
interface Shown {
  era?: NegotiationCache.Era
  /** Gets what comes when nobody waits for it any more. */
  readonly late: Deferred.Deferred<Negotiated>
}

type Verdict =
  | { readonly _tag: "Modern"; readonly negotiated: Negotiated }
  | { readonly _tag: "Legacy"; readonly isCertain: boolean }
  | { readonly _tag: "Again" }
  | { readonly _tag: "Refused"; readonly refused: Refused }

const pinned = (rpc: JsonRpc, options: Options, pin: string): Effect.Effect<Negotiated, Refused> => {
  if (pin === "legacy") return initialize(rpc, options, legacyRevisions)
  if (pin !== "modern" && !modernRevisions.includes(pin)) return initialize(rpc, options, [pin])
  return Effect.flatMap(discover(rpc, options), ({ answer, verdict }) => {
    switch (verdict._tag) {
      case "Modern":
        return Effect.succeed(verdict.negotiated)
      case "Refused":
        return Effect.fail(verdict.refused)
      default:
        return Effect.fail<Refused>({ method: "server/discover", error: notModern(answer) })
    }
  })
}

const automatic = Effect.fnUntraced(function*(
  rpc: JsonRpc,
  options: Options,
  known: NegotiationCache.Era | undefined,
  shown: Shown
): Effect.fn.Return<Negotiated, Refused> {
  const { late } = shown
  const legacy = initialize(rpc, options, legacyRevisions)
  const isModern = (negotiated: Negotiated) => {
    shown.era = "modern"
    return negotiated
  }
  if (known === "legacy") {
    const shaken = yield* Effect.result(legacy)
    if (Result.isSuccess(shaken)) {
      shown.era = "legacy"
      return shaken.success
    }
    if (!isAnswer(shaken.failure.error)) return yield* Effect.fail(shaken.failure)
    return isModern(yield* modernOr(rpc, options, shaken.failure))
  }
  const probeTimeout = Duration.fromInputUnsafe(yield* NegotiationCache.ProbeTimeout)
  const asked = yield* discover(rpc, options, (verdict) => {
    if (verdict._tag === "Modern") Deferred.doneUnsafe(late, Effect.succeed(verdict.negotiated))
  }).pipe(Effect.timeoutOption(known === "modern" ? Duration.max(knownProbeTimeout, probeTimeout) : probeTimeout))

  if (Option.isSome(asked)) {
    const { verdict } = asked.value
    if (verdict._tag === "Modern") return isModern(verdict.negotiated)
    if (verdict._tag === "Refused") {
      return yield* Effect.fail(endedOnProbe(rpc, verdict.refused))
    }
    if (verdict._tag === "Legacy" && verdict.isCertain) shown.era = "legacy"
    return yield* legacy
  }
  // A server that is just slow to start reads both questions. One that speaks both eras is bound to the second.
  return yield* legacy.pipe(
    Effect.tap(() =>
      Effect.sync(() => {
        // Over HTTP an answer that comes late goes nowhere, so that silence may have been a slow start.
        if (!rpc.hasPerRequestStream()) shown.era = "legacy"
      })
    ),
    Effect.raceFirst(Effect.delay(Deferred.await(late), probeTimeout)),
    Effect.catch((refused) => {
      if (rpc.hasEnded()) return Effect.fail(endedOnProbe(rpc, refused))
      if (Deferred.isDoneUnsafe(late)) return Deferred.await(late)
      return isAnswer(refused.error)
        ? Effect.map(modernOr(rpc, options, refused), isModern)
        : Effect.fail(refused)
    })
  )
})

const endedOnProbe = (rpc: JsonRpc, refused: Refused): Refused => {
  const { reason } = refused.error
  return rpc.hasEnded() && (reason._tag !== "Closed" || mayBeDueToProbe(reason))
    ? { ...refused, endedOnProbe: true }
    : refused
}

/** A server that refuses `initialize` may speak nothing but the modern era. */
const modernOr = (rpc: JsonRpc, options: Options, refused: Refused): Effect.Effect<Negotiated, Refused> =>
  Effect.flatMap(
    discover(rpc, options),
    ({ verdict }) => verdict._tag === "Modern" ? Effect.succeed(verdict.negotiated) : Effect.fail(refused)
  )

const isAnswer = ({ delivery, reason }: TransportError): boolean =>
  delivery === "answered" &&
  (reason._tag === "Rejected" && (reason.status === undefined || unknownMessage.includes(reason.status)) ||
    reason._tag === "InvalidResult" || reason._tag === "Unsupported")

/** What servers over HTTP answer to a message that they do not know. */
const unknownMessage: ReadonlyArray<number> = [400, 404, 405, 406, 415, 422]

const exchange = (
  rpc: JsonRpc,
  { unanswered }: Options,
  method: string,
  params: Record<string, unknown>,
  onAnswer?: (answer: Answer) => void
): Effect.Effect<Answer> =>
  Effect.withFiber((fiber) =>
    Effect.callback<Answer>((resume) => {
      unanswered.add(method)
      const id = rpc.request(method, trace.withTraceContext(fiber, params), (answer) => {
        unanswered.delete(method)
        onAnswer?.(answer)
        resume(Effect.succeed(answer))
      })
      // Its answer may come late and still be of use, where it comes at all.
      return Effect.sync(() => rpc.abandon(id))
    })
  )

interface Asked {
  readonly answer: Answer
  readonly verdict: Verdict
}

/** `onVerdict` is told also when nobody waits any more. */
const discover = (
  rpc: JsonRpc,
  options: Options,
  onVerdict: (verdict: Verdict) => void = () => {}
): Effect.Effect<Asked> => {
  const params = {
    _meta: {
      [protocolVersionKey]: modernRevisions[0],
      "io.modelcontextprotocol/clientInfo": options.clientInfo,
      "io.modelcontextprotocol/clientCapabilities": modernCapabilities(options.capabilities)
    }
  }
  const ask = Effect.map(
    exchange(rpc, options, "server/discover", params, (answer) => onVerdict(read(rpc, answer))),
    (answer): Asked => ({ answer, verdict: read(rpc, answer) })
  )
  // A server may refuse the first message of its life; which revision to take it says itself.
  return Effect.flatMap(ask, (first) => first.verdict._tag === "Again" ? ask : Effect.succeed(first))
}

const read = (rpc: JsonRpc, answer: Answer): Verdict => {
  if (Result.isSuccess(answer)) {
    const versions = strings(answer.success["supportedVersions"])
    const version = versions.find((version) => modernRevisions.includes(version))
    return version === undefined
      ? byRevisions(versions)
      : { _tag: "Modern", negotiated: fromDiscover(version, answer.success) }
  }
  const error = answer.failure
  const { phase, reason } = error
  if (rpc.hasEnded() || reason._tag === "Unauthorized" || unreachable.includes(phase)) {
    return { _tag: "Refused", refused: { method: "server/discover", error } }
  }
  const supported = supportedIn(error)
  if (supported.some((version) => modernRevisions.includes(version))) return { _tag: "Again" }
  if (supported.length > 0) return byRevisions(supported)
  const isCertain = reason._tag === "Rejected" && (reason.status === undefined
    ? reason.code === -32601 || reason.code === -32602 || reason.code === -32600
    : unknownMessage.includes(reason.status))
  return { _tag: "Legacy", isCertain }
}

const unreachable: ReadonlyArray<string> = ["config", "dns", "connect", "tls", "auth"]

/** The revisions that an `UnsupportedProtocolVersionError` names. */
const supportedIn = ({ reason }: TransportError): ReadonlyArray<string> =>
  reason._tag === "Rejected" && reason.code === -32022 && isRecord(reason.data) ? strings(reason.data["supported"]) : []

/** None of them is modern. */
const byRevisions = (versions: ReadonlyArray<string>): Verdict =>
  versions.length === 0 || versions.some((version) => legacyRevisions.includes(version))
    ? { _tag: "Legacy", isCertain: true }
    : {
      _tag: "Refused",
      refused: {
        method: "server/discover",
        error: unsupported(speaksOnly(versions))
      }
    }

const strings = (value: unknown): ReadonlyArray<string> =>
  Array.isArray(value) ? value.filter((item) => typeof item === "string") : []

const fromDiscover = (protocolVersion: string, result: Readonly<Record<string, unknown>>): Negotiated => {
  const meta = isRecord(result["_meta"]) ? result["_meta"]["io.modelcontextprotocol/serverInfo"] : undefined
  return described("modern", protocolVersion, isRecord(meta) ? meta : result["serverInfo"], result)
}

const initialize = (
  rpc: JsonRpc,
  options: Options,
  accepted: ReadonlyArray<string>
): Effect.Effect<Negotiated, Refused> => {
  const { capabilities, clientInfo, protocolVersion: pin } = options
  const refuse = (error: TransportError) => Effect.fail<Refused>({ method: "initialize", error })
  return Effect.flatMap(
    exchange(rpc, options, "initialize", { protocolVersion: accepted[0], capabilities, clientInfo }),
    (answer): Effect.Effect<Negotiated, Refused> => {
      if (Result.isFailure(answer)) {
        const supported = supportedIn(answer.failure)
        return refuse(supported.length === 0 ? answer.failure : unsupported(speaksOnly(supported), pin))
      }
      const version = answer.success["protocolVersion"]
      if (typeof version !== "string") return refuse(invalid("it names no protocol revision"))
      return accepted.includes(version)
        ? Effect.succeed(described("legacy", version, answer.success["serverInfo"], answer.success))
        : refuse(unsupported(`the server chose protocol revision ${version}`, pin))
    }
  )
}

const speaksOnly = (revisions: ReadonlyArray<string>): string =>
  `the server speaks only protocol revision ${revisions.join(", ")}`

const described = (
  era: NegotiationCache.Era,
  protocolVersion: string,
  serverInfo: unknown,
  { capabilities, instructions }: Readonly<Record<string, unknown>>
): Negotiated => ({
  era,
  protocolVersion,
  serverInfo: isRecord(serverInfo) ? serverInfo : {},
  capabilities: capabilitiesOf(capabilities),
  instructions: typeof instructions === "string" ? instructions : undefined
})

/** Some servers write `true` for a capability. */
const capabilitiesOf = (value: unknown): ServerCapabilities => {
  if (!isRecord(value)) return {}
  const entries = Object.entries(value).flatMap(([name, capability]) =>
    isRecord(capability) ? [[name, capability] as const] : capability === true ? [[name, {}] as const] : []
  )
  return Object.fromEntries(entries)
}

const invalid = (description: string): TransportError =>
  new TransportError({ phase: "negotiate", delivery: "answered", reason: new InvalidResult({ description }) })

const unsupported = (description: string, pin?: string): TransportError =>
  new TransportError({
    phase: "negotiate",
    delivery: "answered",
    reason: new Unsupported({ description }),
    hint: pin === undefined
      ? `this client speaks the revisions ${legacyRevisions.at(-1)} to ${modernRevisions[0]}`
      : `its \`protocolVersion\` is configured as ${pin}; leave that out to negotiate`
  })

const notModern = (answer: Answer): TransportError =>
  new TransportError({
    phase: "negotiate",
    delivery: "answered",
    reason: new Unsupported({
      description: Result.isFailure(answer)
        ? `the server does not speak revision ${modernRevisions[0]}: ${answer.failure.message}`
        : `the server does not speak revision ${modernRevisions[0]}`
    }),
    hint: "leave `protocolVersion` out to negotiate"
  })
