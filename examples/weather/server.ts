/**
 * An MCP server written with Effect: weather in the United States, over stdio.
 *
 *     node examples/weather/server.ts
 */
import { NodeHttpClient, NodeRuntime, NodeStdio } from "@effect/platform-node"
import { Effect, Layer, Logger, Schema } from "effect"
import { McpProtocol, McpServer, Tool, Toolkit } from "effect/ai"
import { WeatherService } from "./WeatherService.ts"

const Weather = Toolkit.make(
  Tool.make("get_alerts", {
    description: "Active weather alerts of a US state",
    parameters: Schema.Struct({
      state: Schema.String.check(Schema.isPattern(/^[A-Z]{2}$/)).annotate({ description: "Two letters, such as CA" })
    }),
    success: Schema.String,
    failure: Schema.String
  }),
  Tool.make("get_forecast", {
    description: "Weather forecast for a place in the US",
    parameters: Schema.Struct({
      latitude: Schema.Finite.check(Schema.isBetween({ minimum: -90, maximum: 90 })),
      longitude: Schema.Finite.check(Schema.isBetween({ minimum: -180, maximum: 180 }))
    }),
    success: Schema.String,
    failure: Schema.String
  })
)

const WeatherHandlers = Weather.toLayer(Effect.gen(function*() {
  const weather = yield* WeatherService
  return {
    get_alerts: ({ state }) =>
      weather.alerts(state).pipe(
        Effect.map((alerts) => alerts.map((alert) => `${alert.event} (${alert.severity}): ${alert.areaDesc}`)),
        Effect.map((lines) => lines.length === 0 ? `No active alerts in ${state}` : lines.join("\n")),
        Effect.mapError((error) => error.message)
      ),
    get_forecast: ({ latitude, longitude }) =>
      weather.forecast(latitude, longitude).pipe(
        Effect.map((periods) =>
          periods.slice(0, 5).map((period) =>
            `${period.name}: ${period.temperature}°${period.temperatureUnit}, ${period.detailedForecast}`
          ).join("\n")
        ),
        Effect.mapError((error) => error.message)
      )
  }
}))

McpServer.layerStdio({
  name: "weather",
  version: "1.0.0",
  protocols: [McpProtocol.v2025_11_25, McpProtocol.v2026_07_28],
  registrations: McpServer.toolkit(Weather).pipe(
    Layer.provide(WeatherHandlers),
    Layer.provide(WeatherService.layer),
    Layer.provide(NodeHttpClient.layerUndici)
  )
}).pipe(
  Layer.provide(NodeStdio.layer),
  Layer.provide(Layer.succeed(Logger.LogToStderr, true)), // stdout is the protocol's
  Layer.launch,
  NodeRuntime.runMain
)
