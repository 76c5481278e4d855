import { assert, describe, it } from "@effect/vitest"
import { McpSession } from "@universal-mcp/core/McpSession"
import * as NegotiationCache from "@universal-mcp/core/NegotiationCache"
import type { CallToolResult } from "@universal-mcp/core/Protocol"
import * as NodeTransports from "@universal-mcp/transports/NodeTransports"
import * as StdioTransport from "@universal-mcp/transports/StdioTransport"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import recorded from "../weather/recorded.json" with { type: "json" }
import { http, run } from "./run.ts"

const weather = (api: string) =>
  StdioTransport.layer({
    name: "weather",
    command: process.execPath,
    args: [`${import.meta.dirname}/../weather/server.ts`],
    env: { WEATHER_API: api }
  }).pipe(
    Layer.provide(NodeTransports.platform),
    // A server of both eras that starts slowly would be spoken to in the legacy one.
    Layer.provide(Layer.succeed(NegotiationCache.ProbeTimeout, "10 minutes"))
  )

const call = (tool: string, args: Record<string, unknown>) => McpSession.use((session) => session.callTool(tool, args))

const textOf = ({ content, structuredContent }: CallToolResult) =>
  typeof structuredContent === "string"
    ? structuredContent
    : content.map((block) => block.type === "text" ? block.text : "").join("")

const alertsText =
  "Wind Advisory (Moderate): San Francisco; North Bay Interior Mountains\nFlood Watch (Severe): Sonoma Coastal Range"
const forecastText = "Today: 61°F, Mostly sunny, with a high near 61. West wind 10 to 20 mph.\n"
  + "Tonight: 52°F, A chance of rain after midnight, with a low around 52."

describe("weather", () => {
  it.live("describes its two tools, and answers from the recording", () =>
    Effect.gen(function*() {
      const session = yield* McpSession
      const tools = yield* session.listTools
      const properties = Object.fromEntries(
        tools.map((tool) => [tool.name, Object.keys(tool.inputSchema.properties ?? {})])
      )
      assert.deepStrictEqual(properties, { get_alerts: ["state"], get_forecast: ["latitude", "longitude"] })
      assert.strictEqual(session.server.protocolVersion, "2026-07-28")
      assert.strictEqual(textOf(yield* call("get_alerts", { state: "CA" })), alertsText)
      assert.strictEqual(textOf(yield* call("get_forecast", { latitude: 37.7749, longitude: -122.4194 })), forecastText)
      const outcome = yield* Effect.result(call("get_alerts", { state: "California" }))
      assert.isTrue(outcome._tag === "Success" ? outcome.success.isError : outcome.failure._tag === "CallError")
    }).pipe(Effect.provide(weather("recorded"))))

  it.live("asks the service as the service wants to be asked, and takes its errors as errors of the tool", () =>
    Effect.gen(function*() {
      const asked: Array<string> = []
      const api = yield* http((request, response) => {
        const url = request.url ?? ""
        asked.push(`${url} ${request.headers["user-agent"]}`)
        const answer = url.startsWith("/alerts")
          ? { features: [] }
          : url.startsWith("/points/40")
          ? { properties: { gridId: "ABC", gridX: 1, gridY: 2 } }
          : url.startsWith("/gridpoints")
          ? recorded.forecast
          : undefined
        response.writeHead(answer === undefined ? 404 : 200, { "content-type": "application/geo+json" })
        response.end(JSON.stringify(answer ?? {}))
      })
      yield* Effect.gen(function*() {
        assert.strictEqual(textOf(yield* call("get_alerts", { state: "NY" })), "No active alerts in NY")
        assert.strictEqual(textOf(yield* call("get_forecast", { latitude: 40.71281, longitude: -74 })), forecastText)
        const nowhere = yield* call("get_forecast", { latitude: 0, longitude: 0 })
        assert.isTrue(nowhere.isError)
        assert.match(textOf(nowhere), /\/points\/0\.0000,0\.0000.*404/s)
      }).pipe(Effect.provide(weather(api)))
      const agent = "universal-mcp-weather-example/1.0"
      assert.deepStrictEqual(asked, [
        `/alerts/active?area=NY ${agent}`,
        `/points/40.7128,-74.0000 ${agent}`,
        `/gridpoints/ABC/1,2/forecast ${agent}`,
        `/points/0.0000,0.0000 ${agent}`
      ])
    }))

  it.live("answers from the recording where there is no network, and where there is no answer", () =>
    Effect.gen(function*() {
      const silent = yield* http(() => {})
      for (const api of ["http://127.0.0.1:9", silent]) {
        const result = yield* call("get_alerts", { state: "CA" }).pipe(Effect.provide(weather(api)))
        assert.strictEqual(textOf(result), alertsText)
      }
    }))

  it.live("has a client", () =>
    Effect.gen(function*() {
      const { exitCode, stderr, stdout } = yield* run("weather/client.ts", ["CA"], { WEATHER_API: "recorded" })
      assert.strictEqual(stderr, "")
      assert.strictEqual(exitCode, 0)
      assert.include(stdout, `\nAlerts\n${alertsText}\n\nForecast\n${forecastText}\n`)
    }))
})
