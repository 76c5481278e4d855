/**
 * Asks the weather server in this folder.
 *
 *     node examples/weather/client.ts [state]
 */
import { NodeRuntime } from "@effect/platform-node"
import * as McpSession from "@universal-mcp/core/McpSession"
import type { CallToolResult } from "@universal-mcp/core/Protocol"
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

// Where the result is structured, its text is only JSON of it.
const textOf = ({ content, structuredContent }: CallToolResult) =>
  typeof structuredContent === "string"
    ? structuredContent
    : content.flatMap((block) => block.type === "text" ? [block.text] : []).join("\n")

const program = Effect.gen(function*() {
  const weather = yield* McpSession.McpSession

  for (const tool of yield* weather.listTools) yield* Console.log(`${tool.name}: ${tool.description}`)

  const alerts = yield* weather.callToolOrFail("get_alerts", { state: process.argv[2] ?? "CA" })
  yield* Console.log(`\nAlerts\n${textOf(alerts)}`)

  const forecast = yield* weather.callToolOrFail("get_forecast", { latitude: 37.7749, longitude: -122.4194 })
  yield* Console.log(`\nForecast\n${textOf(forecast)}`)
})

program.pipe(
  Effect.provide(Weather.pipe(Layer.provide(NodeTransports.platform))),
  NodeRuntime.runMain
)
