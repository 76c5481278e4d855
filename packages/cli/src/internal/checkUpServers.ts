/** What `umcp doctor` does, loaded for it alone. */
import * as HttpHeaders from "@universal-mcp/core/HttpHeaders"
import { type ConfigError, ServerNotFound } from "@universal-mcp/core/McpError"
import * as SafeText from "@universal-mcp/core/SafeText"
import * as ServerConfig from "@universal-mcp/core/ServerConfig"
import * as NodeTransports from "@universal-mcp/transports/NodeTransports"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as render from "../render/checkup.ts"
import { Progress } from "../render/Progress.ts"
import { Screen } from "../render/Screen.ts"
import { displayWidth, plural } from "../render/text.ts"
import { type Checkup, exitCode, failed, failureOf, ok, toJson } from "./checkup.ts"
import { showStderr } from "./connecting.ts"
import { type Audience, examine } from "./doctor.ts"
import * as doctorHttp from "./doctorHttp.ts"
import * as doctorStdio from "./doctorStdio.ts"
import { parseDuration } from "./duration.ts"
import { ExitWith } from "./errors.ts"
import * as nodeNetwork from "./nodeNetwork.ts"
import { printJson } from "./output.ts"
import { printWarning } from "./printWarning.ts"
import { root } from "./root.ts"
import { eachFromFile, servers } from "./servers.ts"
import { print } from "./sink.ts"

/** Checks up one server, or all of them. */
export const checkUpServers = Effect.fnUntraced(
  function*({ server, timeout }: {
    readonly server: Option.Option<string>
    readonly timeout: Option.Option<string>
  }) {
    const limit = Option.isNone(timeout) ? undefined : yield* parseDuration(timeout.value)
    const found = yield* patients
    const chosen = Option.isNone(server) ? found : found.filter(({ name }) => name === server.value)
    if (Option.isSome(server) && chosen.length === 0) {
      return yield* ServerNotFound.among(server.value, found.map(({ name }) => name))
    }
    const { json } = yield* root
    const [first] = chosen
    const checkups = first !== undefined && chosen.length === 1
      ? [yield* one(first, limit, json)]
      : yield* all(chosen, limit, json)
    if (json) yield* printJson({ servers: checkups.map(toJson) })
    const code = exitCode(checkups)
    if (code !== 0) return yield* new ExitWith({ code })
  },
  // Processes are started as everywhere in umcp.
  Effect.provide(Layer.suspend(() => Layer.merge(NodeTransports.httpClient, nodeNetwork.layer)))
)

interface Patient {
  readonly name: string
  readonly config: Result.Result<ServerConfig.ServerConfig, ConfigError>
  /** Where the configuration is from. */
  readonly source: string
  readonly milliseconds: number
}

const patients = Effect.gen(function*() {
  const { stdio, url } = yield* root
  const source = Option.isSome(stdio) ? "--stdio" : "--url"
  const given = Option.isSome(stdio) || Option.isSome(url)
  const [elapsed, found] = yield* Effect.timed(
    given
      ? Effect.map(servers, ({ configs }) => ({
        source,
        entries: configs.map((config) => ({ name: config.name, config: Result.succeed(config) }))
      }))
      : Effect.map(eachFromFile, ({ entries, path }) => ({ source: path, entries }))
  )
  const milliseconds = Math.round(Duration.toMillis(elapsed))
  return found.entries.map((entry): Patient => ({ ...entry, source: found.source, milliseconds }))
})

const warnOfClearText = Effect.fnUntraced(function*({ config, name }: Patient, json: boolean) {
  const warning = Result.isSuccess(config) ? HttpHeaders.clearTextWarning(config.success) : undefined
  if (warning === undefined || Result.isFailure(config)) return
  const message = ServerConfig.redactor(config.success)?.(warning) ?? warning
  const { printing } = yield* Progress
  yield* printing(printWarning(yield* Screen, json, { server: name, message }))
})

/** One server, each step as it is done. */
const one = Effect.fnUntraced(function*(patient: Patient, limit: Duration.Duration | undefined, json: boolean) {
  const screen = yield* Screen
  const progress = yield* Progress
  const { name } = patient
  if (!json) yield* progress.printing(print(render.heading(name, transportOf(patient), screen)))
  yield* warnOfClearText(patient, json)
  const show = yield* showStderr(json)
  return yield* show(name)(checkUp(patient, limit, {
    step: (step) => json ? Effect.void : progress.printing(print(render.step(step, screen))),
    doing: (text) => text === "" ? progress.hide : progress.show(SafeText.line(`${name}: ${text}`))
  }))
})

/** All servers side by side, each printed when it is done. */
const all = Effect.fnUntraced(function*(
  chosen: ReadonlyArray<Patient>,
  limit: Duration.Duration | undefined,
  json: boolean
) {
  const screen = yield* Screen
  const progress = yield* Progress
  const width = Math.min(widestName, Math.max(0, ...chosen.map(({ name }) => displayWidth(SafeText.line(name)))))
  let done = 0
  const show = Effect.suspend(() =>
    done === chosen.length
      ? progress.hide
      : progress.show(SafeText.format`checking, ${done} of ${plural(chosen.length, "server")} done`)
  )
  yield* show
  const checkups = yield* Effect.forEach(chosen, (patient) =>
    Effect.tap(
      Effect.andThen(
        warnOfClearText(patient, json),
        checkUp(patient, limit, { step: () => Effect.void, doing: () => Effect.void })
      ),
      (checkup) => {
        done += 1
        const printed = json
          ? Effect.void
          : progress.printing(print(render.summary(checkup, width, screen)))
        return Effect.andThen(printed, show)
      }
    ), { concurrency: "unbounded" })
  if (json) return checkups
  const ill = checkups.filter((checkup) => failureOf(checkup) !== undefined)
  const [first] = ill
  if (chosen.length === 0) yield* print(SafeText.format`no servers are configured`)
  else if (first !== undefined) {
    const counts = SafeText.format`${ill.length} of ${plural(chosen.length, "server")} failed`
    yield* print(
      screen.out.dim(SafeText.format`${counts}; \`umcp doctor ${SafeText.line(first.name)}\` shows every step`)
    )
  }
  return checkups
})

/** Columns that the names of servers may take. */
const widestName = 40

const checkUp = Effect.fnUntraced(function*(
  patient: Patient,
  limit: Duration.Duration | undefined,
  audience: Audience
): Effect.fn.Return<Checkup, never, Way> {
  const { config, milliseconds, name, source } = patient
  if (Result.isFailure(config)) {
    const configuration = failed("configuration", milliseconds, config.failure)
    return yield* examine({ name, transport: transportOf(patient), configuration }, undefined, audience)
  }
  const configuration = ok("configuration", milliseconds, { detail: source })
  const limited = within(config.success, limit)
  const way = limited.transport === "stdio" ? yield* doctorStdio.make(limited) : yield* doctorHttp.make(limited)
  const redact = ServerConfig.redactor(limited)
  return yield* examine({ name, transport: transportOf(patient), configuration, redact }, way, audience)
})

type Way = Effect.Services<ReturnType<typeof doctorStdio.make> | ReturnType<typeof doctorHttp.make>>

const transportOf = ({ config }: Patient): string =>
  Result.isSuccess(config) ? config.success.transport ?? "automatic" : "unknown"

/** Nobody waits a minute for a list here, and what is lost shall be seen. */
const within = (
  config: ServerConfig.ServerConfig,
  limit: Duration.Duration | undefined
): ServerConfig.ServerConfig => ({
  ...config,
  reconnect: false,
  requestTimeout: limit ?? config.requestTimeout ?? "10 seconds",
  ...(limit === undefined ? {} : { timeout: limit })
})
