/**
 * The US National Weather Service (https://www.weather.gov/documentation/services-web-api), or what it once answered:
 * `WEATHER_API=recorded`, or no network, gives the answers in `recorded.json`.
 */
import { Config, Context, Effect, Layer, Schema } from "effect"
import { HttpClient, HttpClientRequest, HttpClientResponse } from "effect/http"
import recorded from "./recorded.json" with { type: "json" }

export class WeatherError extends Schema.TaggedError<WeatherError>()("WeatherError", { message: Schema.String }) {}

const Alerts = Schema.Struct({
  features: Schema.Array(Schema.Struct({
    properties: Schema.Struct({ event: Schema.String, severity: Schema.String, areaDesc: Schema.String })
  }))
})

const Point = Schema.Struct({
  properties: Schema.Struct({ gridId: Schema.String, gridX: Schema.Int, gridY: Schema.Int })
})

const Forecast = Schema.Struct({
  properties: Schema.Struct({
    periods: Schema.Array(Schema.Struct({
      name: Schema.String,
      temperature: Schema.Finite,
      temperatureUnit: Schema.String,
      detailedForecast: Schema.String
    }))
  })
})

type Alert = (typeof Alerts.Type)["features"][number]["properties"]
type Period = (typeof Forecast.Type)["properties"]["periods"][number]

export class WeatherService extends Context.Service<WeatherService, {
  readonly alerts: (state: string) => Effect.Effect<ReadonlyArray<Alert>, WeatherError>
  readonly forecast: (latitude: number, longitude: number) => Effect.Effect<ReadonlyArray<Period>, WeatherError>
}>()("@universal-mcp/examples/weather/WeatherService") {
  static readonly layer = Layer.effect(
    WeatherService,
    Effect.gen(function*() {
      const api = yield* Config.String("WEATHER_API").pipe(Config.withDefault("https://api.weather.gov"))
      const http = (yield* HttpClient.HttpClient).pipe(
        HttpClient.mapRequest(HttpClientRequest.prependUrl(api)),
        HttpClient.mapRequest(HttpClientRequest.setHeaders({
          "user-agent": "universal-mcp-weather-example/1.0",
          accept: "application/geo+json"
        })),
        HttpClient.filterStatusOk
      )

      /** An answer of the service is taken as it is, errors included; only where none comes the recording stands in. */
      const get = <A>(path: string, schema: Schema.Codec<A, unknown>, recording: unknown) =>
        (api === "recorded"
          ? Schema.decodeUnknownEffect(schema)(recording)
          : http.get(path).pipe(
            Effect.flatMap(HttpClientResponse.schemaBodyJson(schema)),
            Effect.timeout("3 seconds"),
            Effect.catchReason(
              "HttpClientError",
              "TransportError",
              () => Schema.decodeUnknownEffect(schema)(recording)
            ),
            Effect.catchTag("TimeoutError", () => Schema.decodeUnknownEffect(schema)(recording))
          )).pipe(
            Effect.mapError((error) => new WeatherError({ message: `no weather for ${path}: ${error.message}` }))
          )

      return WeatherService.of({
        alerts: Effect.fn("WeatherService.alerts")(function*(state) {
          const { features } = yield* get(`/alerts/active?area=${state}`, Alerts, recorded.alerts)
          return features.map((feature) => feature.properties)
        }),
        forecast: Effect.fn("WeatherService.forecast")(function*(latitude, longitude) {
          const point = yield* get(`/points/${latitude.toFixed(4)},${longitude.toFixed(4)}`, Point, recorded.point)
          const { gridId, gridX, gridY } = point.properties
          const forecast = yield* get(`/gridpoints/${gridId}/${gridX},${gridY}/forecast`, Forecast, recorded.forecast)
          return forecast.properties.periods
        })
      })
    })
  )
}
