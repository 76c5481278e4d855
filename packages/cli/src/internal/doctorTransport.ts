/** Which transport and path would work, where those of the configuration do not. */
import type { ConnectionError } from "@universal-mcp/core/McpError"
import type { McpSession } from "@universal-mcp/core/McpSession"
import type * as ServerConfig from "@universal-mcp/core/ServerConfig"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import type { Finding } from "./checkup.ts"

export type HttpServerConfig = Exclude<ServerConfig.ServerConfig, ServerConfig.StdioServerConfig>

/** A session over the transport of the configuration. */
export type Connect = (
  config: HttpServerConfig
) => Effect.Effect<McpSession["Service"], ConnectionError, HttpClient.HttpClient | Scope.Scope>

/** Tries the other transport, and the usual paths. */
export const whatWorks = Effect.fnUntraced(function*(
  config: HttpServerConfig,
  { status }: ConnectionError,
  connect: Connect
): Effect.fn.Return<Finding, never, HttpClient.HttpClient> {
  // The server is there, and something else is the matter.
  if (status !== undefined && (status < 400 || status >= 500 || status === 429)) return {}
  const tried = yield* Effect.forEach(
    others(config),
    (other) => Effect.map(Effect.result(Effect.scoped(connect(other))), (result) => ({ other, result })),
    { concurrency: "unbounded" }
  )
  const evidence = tried.map(({ other, result }) =>
    Result.isSuccess(result)
      ? `tried ${describe(other)}: it works, ${result.success.server.name} ${result.success.server.version}`
      : `tried ${describe(other)}: ${result.failure.description}`
  )
  const working = tried.find(({ result }) => Result.isSuccess(result))
  return working === undefined ? { evidence } : { evidence, hint: advice(config, working.other) }
})

type Other = HttpServerConfig & { readonly transport: "sse" | "streamable-http" }

const others = (config: HttpServerConfig): ReadonlyArray<Other> => {
  const { protocolVersion: _, transport, ...rest } = config
  const limits = { timeout: Duration.seconds(5), requestTimeout: Duration.seconds(5) }
  const at = (url: string, transport: "sse" | "streamable-http"): Other => ({ ...rest, ...limits, url, transport })
  const [mcp, sse] = ["/mcp", "/sse"].map((path) => {
    const url = new URL(config.url)
    url.pathname = path
    return url.href
  })
  return [
    ...(transport === "sse" ? [at(config.url, "streamable-http")] : []),
    ...(transport === "streamable-http" ? [at(config.url, "sse")] : []),
    ...(mcp === undefined || pathOf(mcp) === pathOf(config.url) ? [] : [at(mcp, "streamable-http")]),
    ...(sse === undefined || pathOf(sse) === pathOf(config.url) ? [] : [at(sse, "sse")])
  ]
}

const advice = (config: HttpServerConfig, other: Other): string => {
  const changes = [
    ...(config.transport === other.transport || config.transport === undefined
      ? []
      : [`the transport to "${other.transport}"`]),
    ...(pathOf(config.url) === pathOf(other.url) ? [] : [`the path of the URL to ${pathOf(other.url)}`])
  ]
  return `change ${changes.join(" and ")}`
}

const describe = (other: Other): string => `${other.transport} at ${pathOf(other.url)}`

/** Without the query, which may hold secrets. */
const pathOf = (url: string): string => new URL(url).pathname
