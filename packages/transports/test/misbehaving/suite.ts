/** Misbehaving servers of the collection, and what must come of each: one of each kind, or all others. */
import { afterAll, assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { patience, slowness } from "../../../../test/patience.ts"
import { measure } from "../../../../test/yardstick.ts"
import { type Case, limitOf, maxBlocked, problems, type Report } from "./case.ts"
import { subjects } from "./cases.ts"
import { env, run } from "./run.ts"

const client = fileURLToPath(new URL("client.ts", import.meta.url))

/** The report of a client in a process of its own. */
const measured = (subject: string, { name }: Case): Effect.Effect<Report> =>
  Effect.callback<Report>((resume) => {
    const child = execFile(
      process.execPath,
      [client, subject, name],
      // A client that does not end within this is stuck.
      { env: { ...process.env, ...env }, timeout: patience(40_000), killSignal: "SIGKILL" },
      (error, stdout, stderr) =>
        resume(
          stdout === ""
            ? Effect.die(
              new Error(`the client said nothing, and ended with ${error?.code ?? error?.signal}: ${stderr}`)
            )
            : error !== null
            ? Effect.die(new Error(`the client did not end after ${stdout}`))
            : Effect.sync(() => JSON.parse(stdout))
        )
    )
    return Effect.sync(() => child.kill("SIGKILL"))
  })

/**
 * Only that the event loop stood still is forgiven, twice, because a busy machine makes everything slower: whatever else
 * is wrong in any run is wrong.
 */
const heavy = (subject: string, one: Case, runs = 3): Effect.Effect<Report> =>
  Effect.flatMap(
    measured(subject, one),
    (report) =>
      (report.blocked ?? 0) > maxBlocked && runs > 1 && problems(one, { ...report, blocked: 0 }, slowness).length === 0
        ? heavy(subject, one, runs - 1)
        : Effect.succeed(report)
  )

const table: Array<string> = []

const row = (subject: string, { name }: Case, { blocked, elapsed, memory, outcomes }: Report): string => {
  const { connect, ...others } = outcomes
  const outcome = Object.keys(others).length === 0 ? connect : Object.values(others).join(" | ")
  const measures = memory === undefined ? "" : `, ${memory} MB, ${blocked} ms`
  return `${subject}: ${name} → ${outcome?.slice(0, 100)} → ${elapsed} ms${measures}`
}

/** Two cases of a subject are of one kind if the same must come of them, or if both are heavy. */
const kindOf = ({ expect, heavy }: Case): string => heavy ? "heavy" : JSON.stringify(expect)

const isFirst = (one: Case, cases: ReadonlyArray<Case>): boolean =>
  cases.find((other) => kindOf(other) === kindOf(one)) === one

/** What the machine was in the beginning says nothing of what else it does now. */
const slownessAfter = (one: Case, { elapsed }: Report): Effect.Effect<number> =>
  elapsed > limitOf(one, slowness)
    ? Effect.map(Effect.promise(measure), (now) => Math.max(slowness, now))
    : Effect.succeed(slowness)

export const suite = (which: "one of each kind" | "all others"): void => {
  for (const [subject, cases] of Object.entries(subjects)) {
    describe.concurrent(subject, () => {
      for (const one of cases) {
        if (isFirst(one, cases) !== (which === "one of each kind")) continue
        it.live(one.name, () =>
          Effect.gen(function*() {
            const report = yield* one.heavy ? heavy(subject, one) : run(subject, one)
            const found = problems(one, report, yield* slownessAfter(one, report))
            table.push([row(subject, one, report), ...found].join("\n  ✗ "))
            assert.deepStrictEqual(found, [])
          }))
      }
    })
  }

  afterAll(() => {
    if (process.env["TABLE"] !== undefined) process.stdout.write(`${table.toSorted().join("\n")}\n`)
  })
}
