/**
 * What a session tells Effect's tracer and metrics: a span and a measurement for every operation, by OpenTelemetry's
 * conventions for MCP.
 *
 * Nothing needs to be switched on here: spans are made where the program has a tracer (such as the one of
 * `OtlpTracer`) or is in a span already, and metrics are in the `MetricRegistry` as all of Effect's. Spans name methods,
 * tools, prompts and resources; never what was sent or answered. Requests carry the trace to the server as
 * `traceparent` in `_meta`, and what the server asks continues the trace that it names there.
 *
 * Specification: 2026-07-28, basic, `_meta`; OpenTelemetry's semantic conventions for generative AI, MCP.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"

/**
 * Whether spans also carry the arguments of tools, their results, whole URIs and the words of errors. Default: no.
 *
 * When to use: while debugging, where nobody else reads the traces.
 *
 * ```ts
 * import * as Telemetry from "@universal-mcp/core/Telemetry"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function*() {
 *   return yield* Telemetry.CaptureContent
 * })
 * await Effect.runPromise(program) // => false
 * await Effect.runPromise(Effect.provideService(program, Telemetry.CaptureContent, true)) // => true
 * ```
 *
 * @category references
 * @since 0.1.0
 */
export const CaptureContent = Context.Reference<boolean>("@universal-mcp/core/Telemetry/CaptureContent", {
  defaultValue: () => false
})

/**
 * The W3C `tracestate` that belongs to a span, as an annotation of it; requests made within that span carry it on.
 *
 * When to use: for an external span that a program makes of what it was sent.
 *
 * ```ts
 * import * as Telemetry from "@universal-mcp/core/Telemetry"
 * import { Context, Tracer } from "effect"
 *
 * const span = Tracer.externalSpan({
 *   traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
 *   spanId: "00f067aa0ba902b7",
 *   annotations: Context.make(Telemetry.TraceState, "vendor=value")
 * })
 * Context.get(span.annotations, Telemetry.TraceState) // => "vendor=value"
 * ```
 *
 * @category references
 * @since 0.1.0
 */
export const TraceState = Context.Reference<string | undefined>("@universal-mcp/core/Telemetry/TraceState", {
  defaultValue: () => undefined
})
