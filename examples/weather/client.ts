/**
 * Asks the weather server in this folder.
 *
 *     node examples/weather/client.ts [state]
 */
import { NodeRuntime } from "@effect/platform-node"
import * as McpSession from "@universal-mcp/core/McpSession"
import * as NodeTransports from "@universal-mcp/transports/NodeTransports"
import * as StdioTransport from "@universal-mcp/transports/StdioTransport"
import { Config, Console, Effect, Layer } from "effect"

const Weather = Layer.unwrap(Effect.gen(function*() {
  // A server gets only the variables that it is given, beside a few such as PATH.
  const api = yield* Config.String("WEATHER_API").pipe(Config.withDefault("https://api.weather.gov"))
  return StdioTransport.layer({
    name: "weather",
    command: process.execPath,
    args: [`${import.meta.dirname}/server.ts`],
    env: { WEATHER_API: api }
  })
}))

const program = Effect.gen(function*() {
  const weather = yield* McpSession.McpSession

  for (const tool of yield* weather.listTools) yield* Console.log(`${tool.name}: ${tool.description}`)

  const alerts = yield* weather.callToolOrFail("get_alerts", { state: process.argv[2] ?? "CA" })
  for (const block of alerts.content) if (block.type === "text") yield* Console.log(`\nAlerts\n${block.text}`)

  const forecast = yield* weather.callToolOrFail("get_forecast", { latitude: 37.7749, longitude: -122.4194 })
  for (const block of forecast.content) if (block.type === "text") yield* Console.log(`\nForecast\n${block.text}`)
})

program.pipe(
  Effect.provide(Weather.pipe(Layer.provide(NodeTransports.platform))),
  NodeRuntime.runMain
)
