/** Traces and metrics go where OpenTelemetry's environment variables say, over HTTP, at the latest when the command ends. */
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as Layer from "effect/Layer"
import * as OtlpMetrics from "effect/observability/OtlpMetrics"
import * as OtlpSerialization from "effect/observability/OtlpSerialization"
import * as OtlpTracer from "effect/observability/OtlpTracer"
import { version } from "./package.ts"

/** In milliseconds. A collector that is not there must not keep anybody waiting. */
const longestGoodbye = "900"

/** What holds where the environment says nothing. */
const defaults = (attributes: string) => ({
  OTEL_TRACES_EXPORTER: "otlp",
  OTEL_METRICS_EXPORTER: "otlp",
  OTEL_BSP_EXPORT_TIMEOUT: longestGoodbye,
  OTEL_METRIC_EXPORT_TIMEOUT: longestGoodbye,
  ...(/(^|,)\s*service\.name\s*=/.test(attributes) ? {} : { OTEL_SERVICE_NAME: "umcp" }),
  ...(/(^|,)\s*service\.version\s*=/.test(attributes) ? {} : { OTEL_SERVICE_VERSION: version })
})

/** Every collector reads both encodings; gRPC is not offered. */
const serialization = (signal: "TRACES" | "METRICS") =>
  Layer.unwrap(Effect.map(
    Config.String(`OTEL_EXPORTER_OTLP_${signal}_PROTOCOL`).pipe(
      Config.orElse(() => Config.String("OTEL_EXPORTER_OTLP_PROTOCOL")),
      Config.withDefault("http/json")
    ),
    (protocol) => protocol === "http/protobuf" ? OtlpSerialization.layerProtobuf : OtlpSerialization.layerJson
  ))

export const layer = Layer.unwrap(Effect.gen(function*() {
  const environment = yield* ConfigProvider.ConfigProvider
  const attributes = yield* Config.String("OTEL_RESOURCE_ATTRIBUTES").pipe(Config.withDefault(""))
  return Layer.merge(
    Layer.provide(OtlpTracer.layerFromConfig(), serialization("TRACES")),
    Layer.provide(OtlpMetrics.layerFromConfig(), serialization("METRICS"))
  ).pipe(
    Layer.provide(FetchHttpClient.layer),
    Layer.provide(ConfigProvider.layer(
      ConfigProvider.orElse(environment, ConfigProvider.fromUnknown(defaults(attributes)))
    ))
  )
}))
