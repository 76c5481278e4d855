/** Connecting a configured server and asking for its tools, with a failure as a value. */
import type { McpSession } from "@universal-mcp/core/McpSession"
import type { Tool } from "@universal-mcp/core/Protocol"
import type * as ServerConfig from "@universal-mcp/core/ServerConfig"
import * as ServerRegistry from "@universal-mcp/core/ServerRegistry"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { type Failure, toJson } from "../render/failure.ts"

export interface Surveyed {
  readonly config: ServerConfig.ServerConfig
  /** Absent where no connection could be made. */
  readonly session?: McpSession["Service"]
  /** Milliseconds since the epoch. */
  readonly connectedAt?: number
  readonly tools: ReadonlyArray<Tool>
  readonly error?: Failure
}

/** Connects one server and lists its tools. */
export const survey = Effect.fn("survey")(function*(config: ServerConfig.ServerConfig): Effect.fn.Return<
  Surveyed,
  never,
  ServerRegistry.ServerRegistry
> {
  const registry = yield* ServerRegistry.ServerRegistry
  return yield* Effect.matchEffect(registry.addServer(config), {
    onFailure: (error) => Effect.succeed<Surveyed>({ config, tools: [], error }),
    onSuccess: Effect.fnUntraced(function*(session) {
      const connectedAt = yield* Clock.currentTimeMillis
      return yield* Effect.match(session.listTools, {
        onFailure: (error): Surveyed => ({ config, session, connectedAt, tools: [], error }),
        onSuccess: (tools): Surveyed => ({ config, session, connectedAt, tools })
      })
    })
  })
})

/** Surveys servers side by side; `each` sees every one as it answers. The result is in the order given. */
export const surveyAll = <E, R>(
  configs: ReadonlyArray<ServerConfig.ServerConfig>,
  each: (surveyed: Surveyed, done: number) => Effect.Effect<void, E, R>
): Effect.Effect<ReadonlyArray<Surveyed>, E, R | ServerRegistry.ServerRegistry> => {
  let done = 0
  return Effect.forEach(configs, (config) =>
    Effect.tap(survey(config), (surveyed) => {
      done += 1
      return each(surveyed, done)
    }), { concurrency: "unbounded" })
}

/** Fails with the first error if no server answered; that is no error of each but of the command. */
export const failIfNone = (all: ReadonlyArray<Surveyed>): Effect.Effect<void, Failure> => {
  const [first] = all
  return first?.error !== undefined && all.every(({ error }) => error !== undefined)
    ? Effect.fail(first.error)
    : Effect.void
}

export const transportOf = ({ config, session }: Surveyed): string =>
  session?.transport ?? config.transport ?? "automatic"

export const stateOf = ({ error, session }: Surveyed): "ready" | "failed" =>
  session === undefined || error !== undefined ? "failed" : "ready"

/** What `--json` says of a server in every list. */
export const summary = (surveyed: Surveyed): Record<string, unknown> => {
  const { config, error, session } = surveyed
  return {
    name: config.name,
    transport: transportOf(surveyed),
    state: stateOf(surveyed),
    protocolVersion: session?.server.protocolVersion ?? null,
    serverInfo: session === undefined ? null : {
      name: session.server.name,
      version: session.server.version,
      ...(session.server.title === undefined ? {} : { title: session.server.title })
    },
    ...(error === undefined ? {} : { error: toJson(error) })
  }
}
