/** The spans and metrics of one session: OpenTelemetry's semantic conventions for MCP. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Formatter from "effect/Formatter"
import type * as Tracer from "effect/Tracer"
import { CaptureContent } from "../Telemetry.ts"
import * as Metrics from "./metrics.ts"
import * as Outcome from "./outcome.ts"
import * as trace from "./trace.ts"

/** What an operation is about. */
export interface Target {
  readonly tool?: string | undefined
  readonly prompt?: string | undefined
  readonly uri?: string | undefined
  readonly arguments?: unknown
}

export interface Telemetry {
  /** One span and one measurement each time it is run. */
  readonly operation: (
    method: string,
    target?: Target
  ) => <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** The same, of what is run once. */
  readonly once: <A, E, R>(
    method: string,
    target: Target | undefined,
    effect: Effect.Effect<A, E, R>
  ) => Effect.Effect<A, E, R>
  /** The span of what the server asks of us, in the trace that it names, else in that of the only request in flight. */
  readonly serving: (
    method: string,
    params: unknown
  ) => <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** There is a connection, the first or another: what spans can tell from now on. */
  readonly connected: (connection: {
    readonly protocolVersion: string
    readonly sessionId?: string | undefined
  }) => Effect.Effect<void>
}

export interface Options {
  readonly name: string
  readonly transport: string
  readonly url?: string | undefined
}

export const make = ({ name, transport, url }: Options): Telemetry => {
  const metrics = Metrics.make(name)
  const inFlight = new Set<Tracer.Span>()
  const server = { "mcp.server": name, ...networkOf(transport, url) }
  let attributes: Readonly<Record<string, unknown>> = server
  let wasConnected = false

  const traced = <A, E, R>(
    fiber: trace.AnyFiber,
    method: string,
    target: Target,
    effect: Effect.Effect<A, E, R>
  ): Effect.Effect<A, E, R> => {
    const capturesContent = fiber.getRef(CaptureContent)
    const named = target.tool ?? target.prompt
    return trace.within(
      fiber,
      {
        name: named === undefined ? method : `${method} ${named}`,
        kind: "client",
        attributes: { "mcp.method.name": method, ...attributes, ...attributesOf(target, capturesContent) }
      },
      (span) => {
        inFlight.add(span)
        return effect
      },
      (span, exit) => {
        inFlight.delete(span)
        // A connection is negotiated while its span is open.
        for (const key of negotiated) if (key in attributes) span.attribute(key, attributes[key])
        if (capturesContent && target.tool !== undefined && exit._tag === "Success") {
          span.attribute("gen_ai.tool.call.result", Formatter.formatJson(exit.value))
        }
      }
    )
  }

  const once: Telemetry["once"] = (method, target = {}, effect) => {
    let run: Run | undefined
    return Effect.onExitPrimitive(
      Effect.withFiber((fiber) => {
        const clock = fiber.getRef(Clock.Clock)
        run = { fiber, clock, began: clock.monotonicTimeNanosUnsafe() }
        metrics.begin(fiber.context)
        return trace.isTraced(fiber) ? traced(fiber, method, target, effect) : effect
      }),
      (exit) => {
        if (run === undefined) return undefined
        const seconds = Number(run.clock.monotonicTimeNanosUnsafe() - run.began) / 1e9
        metrics.end(run.fiber.context, { method, tool: target.tool, error: errorOf(exit) }, seconds)
        return undefined
      }
    )
  }

  return {
    operation: (method, target) => (effect) => Effect.suspend(() => once(method, target, effect)),
    once,
    serving: (method, params) => (effect) =>
      Effect.withFiber((fiber) => {
        const [only] = inFlight.size === 1 ? inFlight : []
        const parent = trace.parentOf(params) ?? only
        return trace.isTraced(fiber) || parent !== undefined
          ? trace.within(
            fiber,
            { name: method, kind: "server", attributes: { "mcp.method.name": method, ...attributes }, parent },
            () => effect
          )
          : effect
      }),
    connected: ({ protocolVersion, sessionId }) =>
      Effect.withFiber(({ context }) => {
        attributes = {
          ...server,
          "mcp.protocol.version": protocolVersion,
          ...(sessionId === undefined ? {} : { "mcp.session.id": sessionId })
        }
        if (wasConnected) metrics.reconnected(context)
        wasConnected = true
        return Effect.void
      })
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

interface Run {
  readonly fiber: trace.AnyFiber
  readonly clock: Clock.Clock
  readonly began: bigint
}

const negotiated = ["mcp.protocol.version", "mcp.session.id"]

/** What goes well, as most does, must not cost. */
const errorOf = (exit: Exit.Exit<unknown, unknown>): string | undefined => Outcome.of(exit)?.tag

const networkOf = (transport: string, address: string | undefined): Readonly<Record<string, unknown>> => {
  if (transport === "stdio") return { "network.transport": "pipe" }
  const url = URL.parse(address ?? "")
  if (url === null) return {}
  const port = url.port === "" ? ports.get(url.protocol) : Number(url.port)
  return {
    "network.transport": "tcp",
    "network.protocol.name": "http",
    "server.address": url.hostname,
    ...(port === undefined ? {} : { "server.port": port })
  }
}

const ports: ReadonlyMap<string, number> = new Map([["http:", 80], ["https:", 443]])

const attributesOf = (
  { arguments: args, prompt, tool, uri }: Target,
  capturesContent: boolean
): Readonly<Record<string, unknown>> => ({
  ...(tool === undefined ? {} : { "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": tool }),
  ...(prompt === undefined ? {} : { "gen_ai.prompt.name": prompt }),
  ...(uri === undefined ? {} : { "mcp.resource.uri": capturesContent ? uri : withoutSecrets(uri) }),
  ...(capturesContent && tool !== undefined && args !== undefined
    ? { "gen_ai.tool.call.arguments": Formatter.formatJson(args) }
    : {})
})

/** Without user, password, query and fragment. */
const withoutSecrets = (uri: string): string => uri.replace(/[?#].*$/s, "").replace(/^([^/]*\/\/)[^/]*@/, "$1")
