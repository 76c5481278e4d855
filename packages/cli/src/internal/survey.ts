/** Connecting a configured server and asking for what it offers, with a failure as a value. */
import { ConnectionError } from "@universal-mcp/core/McpError"
import type { McpSession } from "@universal-mcp/core/McpSession"
import type { Tool } from "@universal-mcp/core/Protocol"
import type * as ServerConfig from "@universal-mcp/core/ServerConfig"
import type * as ServerRegistry from "@universal-mcp/core/ServerRegistry"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { type Failure, toJson } from "../render/failure.ts"
import * as listing from "./listing.ts"
import type { Listing } from "./listing.ts"
import { connect } from "./registry.ts"
import type { Warnings } from "./warnings.ts"

/** What to ask of a server, and what stands for its answer where there is none. */
export interface Question<A> {
  readonly ask: (session: McpSession["Service"]) => Effect.Effect<Listing<A>>
  readonly nothing: A
}

export const tools: Question<ReadonlyArray<Tool>> = { ask: listing.tools, nothing: [] }

export interface Surveyed<A> {
  readonly config: ServerConfig.ServerConfig
  /** Absent where no connection could be made. */
  readonly session?: McpSession["Service"]
  /** Milliseconds since the epoch. */
  readonly connectedAt?: number
  /** All that was read, also where there is an error. */
  readonly listed: A
  readonly error?: Failure
}

/** Connects one server and asks it. */
export const survey = Effect.fnUntraced(function*<A>(
  config: ServerConfig.ServerConfig,
  { ask, nothing }: Question<A>
): Effect.fn.Return<Surveyed<A>, never, ServerRegistry.ServerRegistry | Warnings> {
  return yield* Effect.matchEffect(connect(config), {
    onFailure: (error) => Effect.succeed<Surveyed<A>>({ config, listed: nothing, error }),
    onSuccess: Effect.fnUntraced(function*(session) {
      const connectedAt = yield* Clock.currentTimeMillis
      return { config, session, connectedAt, ...(yield* ask(session)) }
    })
  })
})

/**
 * Surveys servers side by side; `each` sees every one as it answers, and at the deadline whoever has not. The result is in
 * the order given.
 */
export const surveyAll = <A, E, R>(
  configs: ReadonlyArray<ServerConfig.ServerConfig>,
  question: Question<A>,
  each: (surveyed: Surveyed<A>, done: number) => Effect.Effect<void, E, R>,
  deadline: Duration.Duration = configs.length > 1 ? Duration.seconds(20) : Duration.infinity
): Effect.Effect<ReadonlyArray<Surveyed<A>>, E, R | ServerRegistry.ServerRegistry | Warnings> => {
  let done = 0
  return Effect.forEach(configs, (config) =>
    Effect.tap(surveyUntil(config, question, deadline), (surveyed) => {
      done += 1
      return each(surveyed, done)
    }), { concurrency: "unbounded" })
}

/** Surveys one server, for no longer than that. */
export const surveyUntil = Effect.fnUntraced(function*<A>(
  config: ServerConfig.ServerConfig,
  question: Question<A>,
  deadline: Duration.Duration
) {
  if (!Duration.isFinite(deadline)) return yield* survey(config, question)
  // It is put away with all others, and not waited for: that may take as long again.
  const surveying = yield* Effect.forkChild(survey(config, question))
  const late: Surveyed<A> = { config, listed: question.nothing, error: tooLate(config, deadline) }
  return yield* Effect.raceFirst(Fiber.join(surveying), Effect.delay(Effect.succeed(late), deadline))
})

const tooLate = ({ name, transport = "streamable-http" }: ServerConfig.ServerConfig, deadline: Duration.Duration) =>
  new ConnectionError({
    server: name,
    transport,
    phase: "negotiate",
    description: `it did not answer within ${Duration.format(deadline)}`,
    stderr: [],
    hint: `umcp doctor ${name} shows where it hangs; --timeout gives slow servers more time`
  })

/** Fails with the first error if no server answered; that is no error of each but of the command. */
export const failIfNone = (all: ReadonlyArray<Surveyed<unknown>>): Effect.Effect<void, Failure> => {
  const [first] = all
  return first?.error !== undefined && all.every(({ error }) => error !== undefined)
    ? Effect.fail(first.error)
    : Effect.void
}

export const transportOf = ({ config, session }: Surveyed<unknown>): string =>
  session?.transport ?? config.transport ?? "automatic"

export const stateOf = ({ error, session }: Surveyed<unknown>): "ready" | "failed" =>
  session === undefined || error !== undefined ? "failed" : "ready"

/** What `--json` says of a server in every list. */
export const summary = (surveyed: Surveyed<unknown>): Record<string, unknown> => {
  const { config, error, session } = surveyed
  return {
    name: config.name,
    transport: transportOf(surveyed),
    state: stateOf(surveyed),
    protocolVersion: session?.server.protocolVersion ?? null,
    era: session?.server.era ?? null,
    serverInfo: session === undefined ? null : {
      name: session.server.name,
      version: session.server.version,
      ...(session.server.title === undefined ? {} : { title: session.server.title })
    },
    ...(error === undefined ? {} : { error: toJson(error) })
  }
}
