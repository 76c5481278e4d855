/**
 * What happens when things break, ours beside other clients: `pnpm resilience` runs every scenario of `resilience/` with
 * every client, each in a process of its own, and writes `docs/resilience.md`. With `--check` it writes nothing, leaves
 * out what takes a peer over 5 s, and fails where ours does, or where a mark is another than on the page. Any other
 * argument is a word that the names of scenario and client must contain; then nothing is written.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Cause, Clock, Console, Effect, Exit } from "effect"
import { readFileSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { folderOf } from "./published.ts"
import { type ClientName, clients, open, type Scenario, type Seen } from "./resilience/harness.ts"
import * as http from "./resilience/http.ts"
import * as stdio from "./resilience/stdio.ts"

const page = fileURLToPath(new URL("../docs/resilience.md", import.meta.url))

const versionOf = (name: string) => {
  const manifest: unknown = JSON.parse(readFileSync(`${folderOf(name)}package.json`, "utf8"))
  return typeof manifest === "object" && manifest !== null && "version" in manifest ? String(manifest.version) : ""
}

const titles: Readonly<Record<ClientName, string>> = {
  ours: "Universal MCP",
  sdk1: `@modelcontextprotocol/sdk ${versionOf("@modelcontextprotocol/sdk")}`,
  sdk2: `@modelcontextprotocol/client ${versionOf("@modelcontextprotocol/client")}`,
  mcporter: `mcporter ${versionOf("mcporter")}`,
  effect: `effect/ai ${versionOf("effect")}`
}

const scenarios: ReadonlyArray<Scenario> = [...stdio.scenarios, ...http.scenarios]

interface Result {
  readonly scenario: Scenario
  readonly client: ClientName
  readonly seen: Seen
}

const run = Effect.fnUntraced(function*(scenario: Scenario, client: ClientName) {
  const before = yield* Clock.currentTimeMillis
  const exit = yield* Effect.flatMap(open(client), scenario.run).pipe(
    Effect.scoped,
    Effect.timeout("60 seconds"),
    Effect.exit
  )
  const seen: Seen = Exit.isSuccess(exit)
    ? exit.value
    : { ok: false, text: Cause.prettyErrors(exit.cause).map(({ message }) => message).join(", ").slice(0, 200) }
  const took = (yield* Clock.currentTimeMillis) - before
  yield* Console.log(`${mark(seen)} ${scenario.name}  ${client}: ${seen.text}  (${took} ms)`)
  return { scenario, client, seen } satisfies Result
})

// ---------------------------------------------------------------------------------------------------------------------
// The page
// ---------------------------------------------------------------------------------------------------------------------

const mark = ({ ok }: Seen) => ok ? "✓" : "✗"

const cell = (results: ReadonlyArray<Result>, scenario: Scenario, client: ClientName): string => {
  const seen = results.find((result) => result.scenario === scenario && result.client === client)?.seen
  return seen === undefined ? "–" : `${mark(seen)} ${seen.text}`
}

const table = (lines: ReadonlyArray<ReadonlyArray<string>>): string => {
  const widths = (lines[0] ?? []).map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)))
  const [head, ...body] = lines.map((line) =>
    `| ${line.map((text, column) => text.padEnd(widths[column] ?? 0)).join(" | ")} |`
  )
  return [head, `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`, ...body].join("\n")
}

/** Not run here: `pnpm test` runs it. */
const flapping = ["one hour of flapping", "a test in virtual time", ...clients.slice(1).map(() => "–")]

const flappingWhat =
  "`packages/core/test/Flapping.test.ts`: a server that is up for 6 to 20 s and down for up to 5 s, for an hour. Every " +
  "read is answered, no write runs twice, and nothing is left."

const document = (results: ReadonlyArray<Result>): string => {
  const rows = scenarios.map((scenario) => [
    scenario.name,
    ...clients.map((client) => cell(results, scenario, client))
  ])
  return `# Resilience

What was seen of Universal MCP and of other clients when things break. \`pnpm resilience\` writes this page: each cell but the
last row's is a run on real processes and sockets, the client in a process of its own, used as its documentation says, with its defaults.
CI runs ours, and the others where that takes under 5 s, with \`--check\`, which fails where ours fails and where a mark
is another than here. Times are those of one run; "no end" is the time that was waited.

- ✓ says that what is wanted was seen. The servers write down what they run: that a write ran once is what they say.
- **–**: the client does not do such a thing by itself.

${table([["", ...clients.map((client) => titles[client])], ...rows, flapping])}

What was done, and what is wanted:

${
    [...scenarios, { name: flapping[0], what: flappingWhat }].map(({ name, what }) => `- **${name}**: ${what}`).join(
      "\n"
    )
  }
`
}

/** The mark that the page has for it. */
const written = (text: string, { client, scenario }: Result): string | undefined =>
  text.split("\n").find((line) => line.startsWith(`| ${scenario.name} `))
    ?.split(" | ")[clients.indexOf(client) + 1]?.trim()[0]

const program = Effect.gen(function*() {
  const flags = process.argv.slice(2)
  const isCheck = flags.includes("--check")
  const words = flags.filter((flag) => flag !== "--check")
  const pairs = scenarios.flatMap((scenario) =>
    (scenario.clients ?? clients)
      .filter((client) => !isCheck || client === "ours" || !scenario.slow?.includes(client))
      .filter((client) => words.every((word) => `${scenario.name} ${client}`.includes(word)))
      .map((client) => [scenario, client] as const)
  )
  const results = yield* Effect.forEach(pairs, ([scenario, client]) => run(scenario, client))
  const failed = results.filter(({ client, seen }) => client === "ours" && !seen.ok)
  if (failed.length > 0) process.exitCode = 1
  if (words.length > 0) return
  if (!isCheck) return yield* Effect.sync(() => writeFileSync(page, document(results)))
  const text = readFileSync(page, "utf8")
  for (const result of results.filter((result) => written(text, result) !== mark(result.seen))) {
    process.exitCode = 1
    yield* Console.error(`docs/resilience.md has it otherwise: ${result.scenario.name}, ${result.client}`)
  }
})

NodeRuntime.runMain(program)
