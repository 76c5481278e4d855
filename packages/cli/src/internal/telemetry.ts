/** `--trace`, and the export of traces and metrics that OpenTelemetry's environment variables ask for. */
import * as SafeText from "@universal-mcp/core/SafeText"
import * as Cause from "effect/Cause"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Tracer from "effect/Tracer"
import { Screen } from "../render/Screen.ts"
import { tree } from "../render/trace.ts"
import { printError } from "./sink.ts"

/** Runs a command, to its exit code, in a span of its own where anybody wants to know. */
export const observed = (isShown: boolean) => <E, R>(command: Effect.Effect<number, E, R>) =>
  Effect.gen(function*() {
    const isExported = yield* exports
    if (!isShown && !isExported) return yield* command
    const spanned = Effect.tap(command, (code) => Effect.annotateCurrentSpan("process.exit.code", code)).pipe(
      Effect.withSpan("umcp")
    )
    const observed = isShown ? shown(spanned) : spanned
    return yield* isExported ? Effect.provide(observed, exporting) : observed
  })

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

const shown = Effect.fnUntraced(function*<E, R>(command: Effect.Effect<number, E, R>) {
  const screen = yield* Screen
  const inner = yield* Tracer.Tracer
  const spans: Array<Tracer.Span> = []
  const tracer = Tracer.make({
    span: (options) => {
      const span = inner.span(options)
      spans.push(span)
      return span
    }
  })
  return yield* command.pipe(
    Effect.provideService(Tracer.Tracer, tracer),
    Effect.ensuring(Effect.suspend(() => printError(tree(spans, screen.err))))
  )
})

const variable = (name: string) => Config.String(name).pipe(Config.withDefault(""))

/** Whether there is somewhere to export to. */
const exports = Config.all({
  disabled: variable("OTEL_SDK_DISABLED"),
  endpoint: variable("OTEL_EXPORTER_OTLP_ENDPOINT"),
  traces: variable("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"),
  metrics: variable("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT")
}).pipe(
  Effect.map(({ disabled, endpoint, metrics, traces }) =>
    disabled.toLowerCase() !== "true" && `${endpoint}${traces}${metrics}` !== ""
  ),
  Effect.orElseSucceed(() => false)
)

/** Loaded only here: most commands have no use for it. */
const exporting = Layer.unwrap(Effect.map(Effect.promise(() => import("./otlp.ts")), ({ layer }) => layer)).pipe(
  Layer.catchCause((cause) =>
    Layer.effectDiscard(printError(
      SafeText.line(
        `warning: nothing is exported to OpenTelemetry: ${Cause.prettyErrors(cause).map((e) => e.message).join("; ")}`
      )
    ))
  )
)
