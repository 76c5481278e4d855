/** A list over servers, as `umcp list` and its kind print it. */
import * as SafeText from "@universal-mcp/core/SafeText"
import type * as ServerConfig from "@universal-mcp/core/ServerConfig"
import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import { exitCode } from "../render/failure.ts"
import { Progress } from "../render/Progress.ts"
import { plural } from "../render/text.ts"
import { ExitWith } from "./errors.ts"
import { printFailure, printJson } from "./output.ts"
import { root } from "./root.ts"
import { print } from "./sink.ts"
import { failIfNone, type Question, summary, surveyAll, type Surveyed } from "./survey.ts"
import { withDeadline } from "./timeout.ts"

/** Asks all servers and prints each as it answers, or one document. */
export const printSurvey = Effect.fnUntraced(function*<A>(
  configs: ReadonlyArray<ServerConfig.ServerConfig>,
  question: Question<A>,
  show: {
    /** Nothing was read: of a server that failed there is then only the error to show. */
    readonly isEmpty: (listed: A) => boolean
    readonly text: (surveyed: Surveyed<A>) => SafeText.SafeText
    readonly json: (listed: A) => Readonly<Record<string, unknown>>
  },
  timeout: Option.Option<string>
) {
  const deadline = yield* withDeadline(timeout)
  const { json } = yield* root
  const progress = yield* Progress
  yield* progress.show(SafeText.format`connecting to ${plural(configs.length, "server")}`)
  const all = yield* surveyAll(configs, question, (surveyed, done) =>
    Effect.gen(function*() {
      yield* showDone(done, configs.length)
      if (json) return
      const { error, listed } = surveyed
      yield* progress.printing(Effect.gen(function*() {
        if (error === undefined || !show.isEmpty(listed)) yield* print(show.text(surveyed))
        if (error !== undefined) yield* printFailure(error, false)
      }))
    }), deadline)
  if (json) {
    yield* printJson({ servers: all.map((one) => ({ ...summary(one), ...show.json(one.listed) })) })
    return yield* failIfNone(all)
  }
  if (all.length === 0) yield* print(SafeText.format`no servers are configured`)
  yield* Effect.mapError(failIfNone(all), (error) => new ExitWith({ code: exitCode(error) }))
})

/** Says how many servers have answered, until all have. */
export const showDone = (done: number, all: number): Effect.Effect<void, never, Progress> =>
  Effect.flatMap(
    Progress,
    ({ hide, show }) => done === all ? hide : show(SafeText.format`connecting, ${done} of ${all} done`)
  )
