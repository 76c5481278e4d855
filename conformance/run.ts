/**
 * The official conformance suite against our client: `pnpm conformance [scenario…]`.
 *
 * Two releases of the suite: 0.1.16, the stable one, and 0.2.0-alpha.12, which knows what each revision requires. The
 * suite calls a scenario passed in which nothing was checked; here that is a failure.
 */
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Console, Effect, FileSystem, Schema, Stream } from "effect"
import { Yaml } from "effect/encoding"
import { ChildProcess } from "effect/process"
import { delimiter, dirname } from "node:path"
import { fileURLToPath } from "node:url"
import { folderOf } from "./published.ts"

const suites = { "0.1.16": folderOf("conformance-0.1"), "0.2": folderOf("@modelcontextprotocol/conformance") }

interface Run {
  readonly suite: keyof typeof suites
  readonly scenario: string
  /** Default: the one that the scenario is written for. */
  readonly revision?: string
  readonly column: string
}

interface Outcome {
  readonly run: Run
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  readonly problems: ReadonlyArray<string>
}

const spawn = Effect.fnUntraced(function*(suite: Run["suite"], args: ReadonlyArray<string>) {
  const child = yield* ChildProcess.make(process.execPath, [`${suites[suite]}dist/index.js`, ...args], {
    // The suite starts `node` by name.
    env: { PATH: [dirname(process.execPath), process.env["PATH"]].join(delimiter), FORCE_COLOR: "0" },
    extendEnv: true,
    stdin: "ignore",
    killSignal: "SIGKILL"
  })
  const text = (stream: typeof child.stdout) => Stream.mkString(Stream.decodeText(stream))
  const [stdout, stderr] = yield* Effect.all([text(child.stdout), text(child.stderr)], { concurrency: 2 })
  return { stdout, stderr, exitCode: yield* child.exitCode }
}, Effect.scoped)

// ---------------------------------------------------------------------------------------------------------------------
// What to run
// ---------------------------------------------------------------------------------------------------------------------

const scenariosOf = (suite: Run["suite"]) =>
  Effect.map(
    spawn(suite, ["list", "--client"]),
    ({ stdout }) => [...stdout.matchAll(/^ +- (\S+)/gm)].map(([, name = ""]) => name)
  )

const Requirements = Schema.Struct({
  client: Schema.Array(Schema.String),
  not_scored: Schema.Array(Schema.Struct({ scenario: Schema.String, leg: Schema.String }))
})

/** Also what counts for no score. */
const requiredBy = Effect.fnUntraced(function*(revision: string) {
  const fs = yield* FileSystem.FileSystem
  const text = yield* fs.readFileString(`${suites["0.2"]}requirements/${revision}.yaml`)
  const { client, not_scored } = yield* Schema.decodeUnknownEffect(Requirements)(Yaml.parse(text))
  return [...client, ...not_scored.filter(({ leg }) => leg === "client").map(({ scenario }) => scenario)]
})

const revisions = ["2025-11-25", "2026-07-28"]

const columns = ["0.1.16", ...revisions.map((revision) => `0.2, ${revision}`), "0.2, no revision"]

const runs = Effect.gen(function*() {
  const first = (yield* scenariosOf("0.1.16")).map((scenario): Run => ({ suite: "0.1.16", scenario, column: "0.1.16" }))
  const required = yield* Effect.forEach(
    revisions,
    (revision) =>
      Effect.map(
        requiredBy(revision),
        (scenarios) =>
          scenarios.map((scenario): Run => ({ suite: "0.2", scenario, revision, column: `0.2, ${revision}` }))
      )
  )
  // The suite's own choice of a revision is one of the two, so that those which are required somewhere run already.
  const named = new Set(required.flat().map(({ scenario }) => scenario))
  const others = (yield* scenariosOf("0.2")).filter((scenario) => !named.has(scenario))
    .map((scenario): Run => ({ suite: "0.2", scenario, column: "0.2, no revision" }))
  return [...first, ...required.flat(), ...others]
})

/** OAuth comes later; its scenarios are listed, not run. */
const isOAuth = ({ scenario }: Run): boolean => scenario.startsWith("auth/")

// ---------------------------------------------------------------------------------------------------------------------
// Running
// ---------------------------------------------------------------------------------------------------------------------

const Checks = Schema.fromJsonString(Schema.Array(Schema.Struct({
  id: Schema.String,
  status: Schema.Literals(["SUCCESS", "FAILURE", "WARNING", "SKIPPED", "INFO"]),
  errorMessage: Schema.optionalKey(Schema.String)
})))

const execute = Effect.fnUntraced(function*(run: Run) {
  const fs = yield* FileSystem.FileSystem
  const folder = yield* fs.makeTempDirectoryScoped()
  // With `exec` the shell that the suite starts becomes the client, and is killed with it.
  const command = `exec node ${fileURLToPath(new URL("client.ts", import.meta.url))}`
  const { exitCode, stderr } = yield* spawn(run.suite, [
    "client",
    "--command",
    command,
    "--scenario",
    run.scenario,
    "--timeout",
    "20000",
    "-o",
    folder,
    ...run.revision === undefined ? [] : ["--spec-version", run.revision, ...run.suite === "0.2" ? ["--force"] : []]
  ])
  const [saved] = yield* fs.readDirectory(folder)
  const checks = saved === undefined
    ? []
    : yield* Schema.decodeEffect(Checks)(yield* fs.readFileString(`${folder}/${saved}/checks.json`))
  const failures = checks.filter(({ status }) => status === "FAILURE" || status === "WARNING")
  const passed = checks.filter(({ status }) => status === "SUCCESS").length
  const problems = failures.map(({ errorMessage, id }) => `${id}: ${errorMessage ?? "failed"}`)
  if (exitCode !== 0 && problems.length === 0) problems.push(`exit code ${exitCode}: ${stderr.trim().slice(-600)}`)
  if (passed === 0 && problems.length === 0) problems.push("nothing was checked")
  return {
    run,
    passed,
    failed: failures.length,
    skipped: checks.filter(({ status }) => status === "SKIPPED").length,
    problems
  }
}, Effect.scoped)

const cell = ({ failed, passed, problems, skipped }: Outcome): string =>
  `${problems.length === 0 ? "pass" : "FAIL"} ${passed}/${passed + failed}` +
  (skipped === 0 ? "" : `, ${skipped} skipped`)

const table = (all: ReadonlyArray<Run>, outcomes: ReadonlyArray<Outcome>): string => {
  const names = [...new Set(all.map(({ scenario }) => scenario))].toSorted()
  const rows = names.map((scenario) => [
    scenario,
    ...columns.map((column) => {
      const run = all.find((run) => run.scenario === scenario && run.column === column)
      const outcome = outcomes.find((outcome) => outcome.run === run)
      return run === undefined ? "" : outcome === undefined ? "later (OAuth)" : cell(outcome)
    })
  ])
  const lines = [["scenario", ...columns], ...rows]
  const width = (column: number) => Math.max(...lines.map((line) => line[column]?.length ?? 0))
  return lines.map((line) => line.map((text, column) => text.padEnd(width(column))).join("  ").trimEnd()).join("\n")
}

const program = Effect.gen(function*() {
  const only = process.argv.slice(2)
  const all = (yield* runs).filter(({ scenario }) => only.length === 0 || only.includes(scenario))
  const outcomes = yield* Effect.forEach(all.filter((run) => !isOAuth(run)), execute, { concurrency: 2 })
  yield* Console.log(table(all, outcomes))
  const failed = outcomes.filter(({ problems }) => problems.length > 0)
  for (const { problems, run } of failed) {
    yield* Console.log(`\n${run.scenario} (${run.column})\n${problems.map((problem) => `  ${problem}`).join("\n")}`)
  }
  const sum = (key: "passed" | "failed" | "skipped") => outcomes.reduce((total, outcome) => total + outcome[key], 0)
  yield* Console.log(
    `\n${outcomes.length - failed.length} of ${outcomes.length} runs passed, ${failed.length} failed, ` +
      `${all.filter(isOAuth).length} come with OAuth; ` +
      `checks: ${sum("passed")} passed, ${sum("failed")} failed, ${sum("skipped")} skipped`
  )
  if (failed.length > 0 || outcomes.length === 0) process.exitCode = 1
})

program.pipe(Effect.provide(NodeServices.layer), NodeRuntime.runMain)
