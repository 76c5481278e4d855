/** Spans that tell how something went and not what was said, and the W3C trace context in `_meta`. */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as References from "effect/References"
import * as Tracer from "effect/Tracer"
import { CaptureContent, TraceState } from "../Telemetry.ts"
import { isRecord } from "./json.ts"
import * as Outcome from "./outcome.ts"

export type AnyFiber = Fiber.Fiber<unknown, unknown>

/** Nobody collects the spans of Effect's own tracer; below another span they still give the trace its ids. */
export const isTraced = ({ cache: { span, tracer, tracerEnabled } }: AnyFiber): boolean =>
  tracerEnabled && (span !== undefined || tracer !== undefined && tracer !== Tracer.nativeTracer)

export interface Options {
  readonly name: string
  readonly kind?: Tracer.SpanKind
  readonly attributes?: Readonly<Record<string, unknown>>
  readonly parent?: Tracer.AnySpan | undefined
}

/** Runs the effect in a span, whose end has the words of an error only where content is captured. */
export const within = <A, E, R>(
  fiber: AnyFiber,
  { attributes = {}, kind = "internal", name, parent }: Options,
  effect: (span: Tracer.Span) => Effect.Effect<A, E, R>,
  onEnd?: (span: Tracer.Span, exit: Exit.Exit<A, E>) => void
): Effect.Effect<A, E, R> => {
  const capturesContent = fiber.getRef(CaptureContent)
  const now = fiber.getRef(References.TracerTimingEnabled)
    ? () => fiber.getRef(Clock.Clock).currentTimeNanosUnsafe()
    : () => 0n
  return Effect.useSpan(
    name,
    { kind, attributes, ...(parent === undefined ? {} : { parent }) },
    (span) =>
      Effect.onExitPrimitive(
        Effect.withParentSpan(Effect.suspend(() => effect(span)), span, { captureStackTrace: false }),
        (exit) => {
          const outcome = Outcome.of(exit)
          if (outcome?.type !== undefined) span.attribute("error.type", outcome.type)
          if (outcome?.code !== undefined) span.attribute("rpc.response.status_code", String(outcome.code))
          onEnd?.(span, exit)
          span.end(now(), outcome === undefined ? exit : Outcome.exit(outcome, capturesContent))
          return undefined
        }
      )
  )
}

/** As `Effect.withSpan`, but the span does not have the words of errors, and there is none where nobody collects. */
export const span =
  (name: string, attributes?: Readonly<Record<string, unknown>>) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.withFiber((fiber) =>
      isTraced(fiber)
        ? within(fiber, { name, ...(attributes === undefined ? {} : { attributes }) }, () => effect)
        : effect
    )

/** The parameters of a request with the trace that the fiber is in, unless they name one. */
export const withTraceContext = (
  fiber: AnyFiber,
  params: Record<string, unknown>
): Record<string, unknown> => {
  if (!fiber.cache.tracerEnabled) return params
  const span = propagated(fiber.cache.span)
  if (span === undefined || !ids.test(`${span.traceId}-${span.spanId}`)) return params
  const meta = isRecord(params["_meta"]) ? params["_meta"] : {}
  if ("traceparent" in meta) return params
  const traceparent = `00-${span.traceId}-${span.spanId}-${span.sampled ? "01" : "00"}`
  const tracestate = traceStateOf(span)
  return { ...params, _meta: { traceparent, ...(tracestate === undefined ? {} : { tracestate }), ...meta } }
}

/** The span that the sender of a request names as the one it belongs to. */
export const parentOf = (params: unknown): Tracer.ExternalSpan | undefined => {
  const meta = isRecord(params) && isRecord(params["_meta"]) ? params["_meta"] : {}
  const { traceparent, tracestate } = meta
  if (typeof traceparent !== "string") return undefined
  const [, traceId, spanId, flags] = header.exec(traceparent) ?? []
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined
  if (!ids.test(`${traceId}-${spanId}`)) return undefined
  return Tracer.externalSpan({
    traceId,
    spanId,
    sampled: (Number.parseInt(flags, 16) & 1) === 1,
    annotations: typeof tracestate === "string" && tracestate.length <= longestTraceState
      ? Context.make(TraceState, tracestate)
      : Context.empty()
  })
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

/** Not all zeros. */
const ids = /^(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}$/

/** Later versions may say more at the end; ff is none. */
const header = /^(?!ff)[\da-f]{2}-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(?:-|$)/

/** What the specification wants to be carried on at least, in characters. */
const longestTraceState = 512

const parent = (span: Tracer.AnySpan): Tracer.AnySpan | undefined =>
  span._tag === "Span" ? Option.getOrUndefined(span.parent) : undefined

const propagated = (span: Tracer.AnySpan | undefined): Tracer.AnySpan | undefined => {
  let current = span
  while (current !== undefined && Context.get(current.annotations, Tracer.DisablePropagation)) current = parent(current)
  return current
}

const traceStateOf = (span: Tracer.AnySpan): string | undefined => {
  for (let current: Tracer.AnySpan | undefined = span; current !== undefined; current = parent(current)) {
    const state = Context.get(current.annotations, TraceState)
    if (state !== undefined) return state
  }
  return undefined
}
