/** Walks the steps of connecting to a server and tells of each. */
import type { CallError, ConnectionError } from "@universal-mcp/core/McpError"
import type { McpSession } from "@universal-mcp/core/McpSession"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Scope from "effect/Scope"
import { plural } from "../render/text.ts"
import {
  type Checkup,
  failed,
  type Finding,
  lastLines,
  ok,
  skipped,
  type Step,
  type StepName,
  withoutSecrets
} from "./checkup.ts"

export interface Probe {
  readonly step: StepName
  readonly look: Effect.Effect<Look>
}

/** What was found by looking at one step alone. Whether that matters is for connecting to show. */
export interface Look extends Finding {
  readonly isFine: boolean
}

/** What connecting by itself has shown of a step. */
export interface Shown extends Finding {
  readonly milliseconds: number
}

/** How a kind of server is reached, between its configuration and the negotiation. */
export interface Way {
  readonly steps: ReadonlyArray<StepName>
  readonly probes: ReadonlyArray<Probe>
  readonly connect: Effect.Effect<McpSession["Service"], ConnectionError, Scope.Scope>
  readonly shown: (step: StepName) => Shown | undefined
  /** At which step the connection failed. */
  readonly blame: (error: ConnectionError, looks: ReadonlyMap<StepName, Look>) => StepName
  /** What else can be found out about a failure. */
  readonly investigate: (error: ConnectionError, step: StepName) => Effect.Effect<Finding>
}

/** Whoever watches. */
export interface Audience {
  /** A step is done. */
  readonly step: (step: Step) => Effect.Effect<void>
  /** What is going on. */
  readonly doing: (text: string) => Effect.Effect<void>
}

export const examine = Effect.fn("doctor.examine")(function*(
  patient: {
    readonly name: string
    readonly transport: string
    readonly configuration: Step
    /** Hides the secrets of its configuration. */
    readonly redact?: ((text: string) => string) | undefined
  },
  way: Way | undefined,
  audience: Audience
): Effect.fn.Return<Checkup> {
  const steps: Array<Step> = []
  let transport = patient.transport
  const tell = (found: Step) => {
    const step = withoutSecrets(found, patient.redact)
    steps.push(step)
    return audience.step(step)
  }
  yield* tell(patient.configuration)
  if (way !== undefined) {
    const scope = yield* Scope.make()
    yield* Effect.gen(function*() {
      const session = yield* connect(way, tell, audience)
      if (session === undefined) return
      transport = session.transport
      const first = yield* attempt("list", list(session), tell, audience)
      if (first) yield* attempt("ping", ping(session), tell, audience)
      yield* audience.doing("closing")
    }).pipe(
      Scope.provide(scope),
      Effect.onExit((exit) => Effect.withSpan(Scope.close(scope, exit), "closing"))
    )
  }
  const all: ReadonlyArray<StepName> = ["configuration", ...(way?.steps ?? []), "negotiation", "list", "ping"]
  for (const step of all.slice(steps.length)) yield* tell(skipped(step))
  yield* audience.doing("")
  return { name: patient.name, transport, steps }
})

/** Connects, and tells of every step up to the negotiation or the first that failed. */
const connect = Effect.fnUntraced(function*(
  way: Way,
  tell: Audience["step"],
  audience: Audience
): Effect.fn.Return<McpSession["Service"] | undefined, never, Scope.Scope> {
  const looks = new Map<StepName, Look & { readonly milliseconds: number }>()
  const told = new Set<StepName>()
  for (const { look, step } of way.probes) {
    yield* audience.doing(step)
    const [elapsed, found] = yield* Effect.timed(look)
    looks.set(step, { ...found, milliseconds: Math.round(Duration.toMillis(elapsed)) })
    // The steps behind it cannot be looked at; how it goes on is for connecting to show.
    if (!found.isFine) break
    told.add(step)
    yield* tell(ok(step, Math.round(Duration.toMillis(elapsed)), finding(found)))
  }
  yield* audience.doing("connecting")
  const [elapsed, outcome] = yield* Effect.timed(Effect.result(way.connect))
  const milliseconds = Math.round(Duration.toMillis(elapsed))
  const blamed = Result.isSuccess(outcome) ? undefined : way.blame(outcome.failure, looks)
  let rest = milliseconds
  for (const step of way.steps) {
    if (step === blamed) break
    if (told.has(step)) continue
    const shown = way.shown(step)
    rest -= shown?.milliseconds ?? 0
    yield* tell(
      ok(step, shown?.milliseconds ?? looks.get(step)?.milliseconds ?? 0, merge(looks.get(step), shown))
    )
  }
  rest = Math.max(0, rest)
  if (Result.isSuccess(outcome)) {
    const { server } = outcome.success
    const who = `${server.name} ${server.version}`.trim()
    yield* tell(ok("negotiation", rest, { detail: `${who}, ${server.protocolVersion} (${server.era})` }))
    return outcome.success
  }
  const error = outcome.failure
  const step = blamed ?? "negotiation"
  yield* audience.doing("looking for the cause")
  const more = yield* way.investigate(error, step)
  yield* tell(failed(step, looks.get(step)?.milliseconds ?? rest, error, merge(looks.get(step), more)))
  return undefined
})

const attempt = Effect.fnUntraced(function*(
  step: StepName,
  effect: Effect.Effect<Finding, CallError>,
  tell: Audience["step"],
  audience: Audience
) {
  yield* audience.doing(step)
  const [elapsed, outcome] = yield* Effect.timed(Effect.result(effect))
  const milliseconds = Math.round(Duration.toMillis(elapsed))
  if (Result.isSuccess(outcome)) {
    yield* tell(ok(step, milliseconds, outcome.success))
    return true
  }
  const { reason } = outcome.failure
  const evidence = reason._tag === "Closed" ? lastLines(reason.stderr) : []
  yield* tell(failed(step, milliseconds, outcome.failure, { evidence }))
  return false
})

const list = (session: McpSession["Service"]): Effect.Effect<Finding, CallError> =>
  Effect.map(
    Effect.all([session.listTools, session.listPrompts, session.listResources], { concurrency: "unbounded" }),
    ([tools, prompts, resources]) => ({
      detail: [plural(tools.length, "tool"), plural(prompts.length, "prompt"), plural(resources.length, "resource")]
        .join(", ")
    })
  )

/** Revision 2026-07-28 has no ping; a list is a sign of life too. */
const ping = (session: McpSession["Service"]): Effect.Effect<Finding, CallError> => {
  const { capabilities, era } = session.server
  if (era === "legacy") return Effect.as(session.ping, { detail: "answered" })
  const listed = { detail: "answered a list: this revision has no ping" }
  if (capabilities.tools !== undefined) return Effect.as(session.listTools, listed)
  if (capabilities.prompts !== undefined) return Effect.as(session.listPrompts, listed)
  if (capabilities.resources !== undefined) return Effect.as(session.listResources, listed)
  return Effect.succeed({ detail: "this revision has no ping, and the server no list" })
}

const finding = ({ detail, evidence, hint }: Finding): Finding => ({
  ...(detail === undefined ? {} : { detail }),
  ...(evidence === undefined ? {} : { evidence }),
  ...(hint === undefined ? {} : { hint })
})

/** What both say; the second knows better. */
const merge = (first: Finding | undefined, second: Finding | undefined): Finding => ({
  ...finding(first ?? {}),
  ...finding(second ?? {}),
  evidence: [...first?.evidence ?? [], ...second?.evidence ?? []]
})
