/** The spans and metrics of one session: OpenTelemetry's semantic conventions for MCP. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Formatter from "effect/Formatter"
import type * as Tracer from "effect/Tracer"
import { CaptureContent } from "../Telemetry.ts"
import { Metrics } from "./metrics.ts"
import * as Outcome from "./outcome.ts"
import type { Redact } from "./redact.ts"
import * as trace from "./trace.ts"

/** What an operation is about. */
export interface Target {
  readonly tool?: string | undefined
  readonly prompt?: string | undefined
  readonly uri?: string | undefined
  readonly arguments?: unknown
}

export interface Options {
  readonly name: string
  readonly transport: string
  readonly url?: string | undefined
  readonly redact?: Redact | undefined
}

export class Telemetry {
  readonly #options: Options
  readonly #metrics: Metrics
  #inFlight: Set<Tracer.Span> | undefined
  #protocolVersion: string | undefined
  #sessionId: string | undefined
  /** What every span says, once there was one. */
  #known: Attributes | undefined

  constructor(options: Options) {
    this.#options = options
    this.#metrics = new Metrics(options.name)
  }

  /** One span and one measurement each time it is run. */
  operation(method: string, target?: Target): <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R> {
    return (effect) => Effect.suspend(() => this.once(method, target, effect))
  }

  /** The same, of what is run once. */
  once<A, E, R>(
    method: string,
    target: Target = {},
    effect: Effect.Effect<A, E, R>
  ): Effect.Effect<A, E, R> {
    let run: Run | undefined
    return Effect.onExitPrimitive(
      Effect.withFiber((fiber) => {
        const clock = fiber.getRef(Clock.Clock)
        run = { fiber, clock, began: clock.monotonicTimeNanosUnsafe() }
        this.#metrics.begin(fiber.context)
        return trace.isTraced(fiber) ? this.#traced(fiber, method, target, effect) : effect
      }),
      (exit) => {
        if (run === undefined) return undefined
        const seconds = Number(run.clock.monotonicTimeNanosUnsafe() - run.began) / 1e9
        this.#metrics.end(run.fiber.context, { method, tool: target.tool, error: errorOf(exit) }, seconds)
        return undefined
      }
    )
  }

  /** The span of what the server asks of us, in the trace that it names, else in that of the only request in flight. */
  serving(method: string, params: unknown): <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R> {
    return (effect) =>
      Effect.withFiber((fiber) => {
        const [only] = this.#inFlight?.size === 1 ? this.#inFlight : []
        const parent = trace.parentOf(params) ?? only
        return trace.isTraced(fiber) || parent !== undefined
          ? trace.within(
            fiber,
            { name: method, kind: "server", attributes: { "mcp.method.name": method, ...this.#attributes() }, parent },
            () => effect
          )
          : effect
      })
  }

  /** There is a connection, the first or another: what spans can tell from now on. */
  connected({ protocolVersion, sessionId }: Connected): Effect.Effect<void> {
    return Effect.withFiber(({ context }) => {
      if (this.#protocolVersion !== undefined) this.#metrics.reconnected(context)
      this.#protocolVersion = protocolVersion
      this.#sessionId = sessionId
      this.#known = undefined
      return Effect.void
    })
  }

  #traced<A, E, R>(
    fiber: trace.AnyFiber,
    method: string,
    target: Target,
    effect: Effect.Effect<A, E, R>
  ): Effect.Effect<A, E, R> {
    const capturesContent = fiber.getRef(CaptureContent)
    const named = target.tool ?? target.prompt
    return trace.within(
      fiber,
      {
        name: named === undefined ? method : `${method} ${named}`,
        kind: "client",
        attributes: { "mcp.method.name": method, ...this.#attributes(), ...attributesOf(target, capturesContent) }
      },
      (span) => {
        this.#inFlight ??= new Set()
        this.#inFlight.add(span)
        return effect
      },
      (span, exit) => {
        this.#inFlight?.delete(span)
        // A connection is negotiated while its span is open.
        const attributes = this.#attributes()
        for (const key of negotiated) if (key in attributes) span.attribute(key, attributes[key])
        if (capturesContent && target.tool !== undefined && exit._tag === "Success") {
          span.attribute("gen_ai.tool.call.result", Formatter.formatJson(exit.value))
        }
      }
    )
  }

  #attributes(): Attributes {
    const { name, redact, transport, url } = this.#options
    return this.#known ??= {
      "mcp.server": name,
      ...networkOf(transport, url, redact),
      ...(this.#protocolVersion === undefined ? {} : { "mcp.protocol.version": this.#protocolVersion }),
      ...(this.#sessionId === undefined ? {} : { "mcp.session.id": this.#sessionId })
    }
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

interface Connected {
  readonly protocolVersion: string
  readonly sessionId?: string | undefined
}

const negotiated = ["mcp.protocol.version", "mcp.session.id"]

type Attributes = Readonly<Record<string, unknown>>

/** What goes well, as most does, must not cost. */
const errorOf = (exit: Exit.Exit<unknown, unknown>): string | undefined => Outcome.of(exit)?.tag

const networkOf = (
  transport: string,
  address: string | undefined,
  redact: Redact | undefined
): Readonly<Record<string, unknown>> => {
  if (transport === "stdio") return { "network.transport": "pipe" }
  const url = URL.parse(address ?? "")
  if (url === null) return {}
  const port = url.port === "" ? ports.get(url.protocol) : Number(url.port)
  return {
    "network.transport": "tcp",
    "network.protocol.name": "http",
    "server.address": redact?.(url.hostname) ?? url.hostname,
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
