/** `docs/benchmarks.md`. */
import { arch, cpus, totalmem, type } from "node:os"
import { type ClientName, entryOf, isPeer, order, versionOf } from "./clients/all.ts"
import { plan } from "./plan.ts"
import { ratioOf, type Results, valueOf } from "./results.ts"
import { isReached, reached } from "./targets.ts"

interface Column {
  readonly key: string
  readonly title: string
  /** With this, ours in relation to it is told, and it counts for "where we are not ahead". */
  readonly better?: "higher" | "lower"
}

interface Section {
  readonly title: string
  readonly what?: string
  readonly cases: ReadonlyArray<readonly [name: string, title: string]>
  readonly columns: ReadonlyArray<Column>
}

const callColumns = (inFlight: number): ReadonlyArray<Column> => [
  { key: `rate ${inFlight}`, title: "calls/s", better: "higher" },
  { key: `cpu ${inFlight}`, title: "client CPU, µs/call", better: "lower" },
  { key: `p50 ${inFlight}`, title: "p50, µs", better: "lower" },
  { key: `p99 ${inFlight}`, title: "p99, µs", better: "lower" },
  { key: `server cpu ${inFlight}`, title: "server CPU, µs/call" }
]

const transports = [
  ["calls stdio", "stdio"],
  ["calls http json", "Streamable HTTP, JSON answers"],
  ["calls http sse", "Streamable HTTP, SSE answers"],
  ["calls legacy", "HTTP+SSE"]
] as const

const sections: ReadonlyArray<Section> = [
  {
    title: "Calls, 64 in flight",
    what: "64 callers, each calling a tool that answers at once, one call after the other.",
    cases: transports,
    columns: callColumns(64)
  },
  {
    title: "Calls, sequential",
    what:
      "One caller. On stdio and a fast server most of the time is the operating system's: it wakes two processes a call.",
    cases: transports,
    columns: callColumns(1)
  },
  {
    title: "Large results",
    what: "One text in one line, with an escape every 80 characters; for stdio it is one line of JSON.",
    cases: [
      ["payloads stdio", "stdio"],
      ["payloads http json", "Streamable HTTP, JSON answers"],
      ["payloads http sse", "Streamable HTTP, SSE answers"]
    ],
    columns: [
      { key: "cpu kb1", title: "1 kB, CPU ms", better: "lower" },
      { key: "wall mb1", title: "1 MB, ms", better: "lower" },
      { key: "cpu mb1", title: "1 MB, CPU ms", better: "lower" },
      { key: "wall mb10", title: "10 MB, ms", better: "lower" },
      { key: "cpu mb10", title: "10 MB, CPU ms", better: "lower" },
      { key: "peak", title: "peak RSS, MiB", better: "lower" }
    ]
  },
  {
    title: "Connecting over stdio",
    what:
      "Sessions opened side by side and their tools listed once; the first in its process by itself. Each starts a " +
      "Node process, on the same cores.",
    cases: [["connecting stdio", "stdio"]],
    columns: [1, 10, 50].flatMap((count) => [
      { key: `wall ${count}`, title: `${count}, ms`, better: "lower" as const },
      { key: `cpu ${count}`, title: `${count}, CPU ms`, better: "lower" as const }
    ])
  },
  {
    title: "Connecting over HTTP",
    cases: [["connecting http", "Streamable HTTP"]],
    columns: [1, 200].flatMap((count) => [
      { key: `wall ${count}`, title: `${count}, ms`, better: "lower" as const },
      { key: `cpu ${count}`, title: `${count}, CPU ms`, better: "lower" as const }
    ])
  },
  {
    title: "Many tools",
    what:
      "Connected and listed, 100 tools on a page, by a session that does not know them. SDK 2.x with `listMaxPages: 0`; " +
      "with its default it fails above 64 pages, as @openai/agents does, which then has 0.",
    cases: [["catalogs stdio", "stdio"], ["catalogs http", "Streamable HTTP"]],
    columns: [1000, 10_000].flatMap((count) => [
      { key: `listed ${count}`, title: `${count}, listed` },
      { key: `wall ${count}`, title: `${count}, ms`, better: "lower" as const },
      { key: `cpu ${count}`, title: `${count}, CPU ms`, better: "lower" as const }
    ])
  },
  {
    title: "10,000 progress notifications",
    what: "In one call, sent together with its answer.",
    cases: [["progress stdio", "stdio"], ["progress http", "Streamable HTTP, SSE answers"]],
    columns: [
      { key: "wall", title: "ms", better: "lower" },
      { key: "cpu", title: "CPU ms", better: "lower" },
      { key: "lost", title: "lost", better: "lower" }
    ]
  },
  {
    title: "Memory of an idle session",
    what:
      "After connecting, listing and one call: the slope between few sessions and many, after collection. The resident " +
      "set is that of the process as the system sees it, and moves in steps.",
    cases: [["memory stdio", "stdio"], ["memory http", "Streamable HTTP"]],
    columns: [
      { key: "heap", title: "heap, KiB a session", better: "lower" },
      { key: "rss", title: "resident, KiB a session", better: "lower" }
    ]
  },
  {
    title: "1,000 times connect, call, close",
    what:
      "What grows from the 200th to the 1,000th, and what is open after the last. One round. So few show code that is " +
      "being compiled rather than a leak: with `\"cycles\":4000` over HTTP ours grew by -60 bytes a cycle.",
    cases: [["churn stdio", "stdio"], ["churn http", "Streamable HTTP"]],
    columns: [
      { key: "wall", title: "ms a cycle", better: "lower" },
      { key: "cpu", title: "CPU ms a cycle", better: "lower" },
      { key: "growth", title: "heap growth, bytes a cycle", better: "lower" },
      { key: "processes", title: "processes left" },
      { key: "sockets", title: "sockets left" }
    ]
  },
  {
    title: "Loading and size",
    what:
      "The least program that connects over stdio, calls and closes: a process that only loads it, from `node_modules` " +
      "(ours compiled, with deep imports) and bundled (rolldown, minified, all chunks; the first that are needed are loaded).",
    cases: [["programs", "program"]],
    columns: [
      { key: "wall installed", title: "installed, ms", better: "lower" },
      { key: "cpu installed", title: "installed, CPU ms", better: "lower" },
      { key: "wall bundled", title: "bundled, ms", better: "lower" },
      { key: "cpu bundled", title: "bundled, CPU ms", better: "lower" },
      { key: "minified", title: "bundle, kB", better: "lower" },
      { key: "gzip", title: "gzip, kB", better: "lower" }
    ]
  },
  {
    title: "Command lines",
    what:
      "From the start of the process to its end; CPU is that of the command line alone, without its server and, for umcp, " +
      "without the `sh` that watches over it. After the first round umcp finds what Node has compiled in its cache, as it " +
      "does after its first run on any machine. SDK 2.x is a script of 20 lines, not bundled.",
    cases: [["commands", "command line"]],
    columns: (["list", "call"] as const).flatMap((what) => [
      { key: `wall ${what}`, title: `${what}, ms`, better: "lower" as const },
      { key: `cpu ${what}`, title: `${what}, CPU ms`, better: "lower" as const },
      { key: `peak ${what}`, title: `${what}, peak MiB`, better: "lower" as const }
    ])
  }
]

export const page = (results: Results): string => {
  const rounds = Math.max(
    0,
    ...Object.values(results).flatMap((ofCase) => Object.values(ofCase).map(({ length }) => length))
  )
  return `# Benchmarks

Universal MCP beside the other clients of the Model Context Protocol in TypeScript. \`pnpm bench\` writes this page and its
chart. Read ratios: each measurement is a process of its own, in random order inside each of up to ${rounds} rounds, each "×" is the
median of the ratios inside a round, and each number the median of the rounds. In a column "ours" is ours in relation to that
client. Ours is measured as users call it:
\`session.callTool\` of a session from a transport's layer, in a fiber, with its time-outs, cancellation and validation. The
others are used as their documentation says, with their defaults, speaking 2025-11-25.

![Calls per second, 64 in flight, by client](benchmarks.svg)

## What was wanted, and what was reached

${targetTable(results)}

"Best" is the best of all other clients in that line. Rates want to be at least the ratio, costs at most. "Raw floor" is where
the floor stands in relation to the same client, in the same rounds: what is wanted beyond it, no client can reach on this
machine. One call after the other is at the mercy of how soon the system wakes a process, which on a virtual machine is twice
as long in one minute as in the next.

## Where we are not ahead

${notAhead(results)}

## Distance to the floor

The floor is a hundred lines without a client: JSON, the pipe, or undici's dispatcher; nothing checked, cancelled or timed.
Client CPU, ours to the floor's:

${floorTable(results)}

What remains is, by the profiles of Node (after \`pnpm bench calls stdio floor\`, which builds the server):

\`\`\`sh
node --cpu-prof --expose-gc benchmarks/host.ts ours calls '{"inFlight":{"64":{"milliseconds":4000}},
  "target":{"transport":"stdio","command":"node","args":["benchmarks/build/servers/stdio.mjs","6"]}}'
\`\`\`

${remaining}
${sections.map((section) => sectionOf(results, section)).join("")}
## How it is measured

- **Machine**: ${cpus().length} cores (${arch()}), ${
    Math.round(totalmem() / 2 ** 30)
  } GiB, ${type()}, Node ${process.versions.node}.
- **Versions**: ${
    order.flatMap((client) => {
      const { package: name } = entryOf(client)
      return name === undefined ? [] : [`${name.replace("peers/", "")} ${versionOf(name)}`]
    }).join(", ")
  }.
- **Again**: \`npx -y pnpm@12 bench\` (all of it), \`bench --quick\` (three minutes), \`bench calls stdio ours sdk2\` (some),
  with \`--rounds n\` and \`--seed n\` for another order.
- **Servers** are ours, without a library and prebuilt: they read no more of a request than its id and its tool, and answer all
  that came together with one write. "Server CPU" tells that they are not what is measured. Their HTTP sessions are closed with
  DELETE by those clients that do so; ours does.
- **Loops**: a caller of ours and of effect/ai is a fiber, of the others an async function. Before it counts, each has run for
  as long as then.
- **–** says that the client does not do such a thing, or failed: ${without()}.
- **CI** runs \`pnpm bench --check\`: it fails where a ratio to SDK 2.x is 30 % worse than \`benchmarks/guard.json\` has it. It
  looks at CPU and memory, never at absolute times.
`
}

/** As profiled when this was written; not measured again with the page. */
const remaining =
  `- **stdio, sequential**: more than half is the system call that writes the request and wakes the server (\`writeUtf8String\`),
  which the floor makes too; a tenth is garbage collection, a tenth Effect and Node's streams, and under a fifth our own code.
- **stdio, 64 in flight**: requests of one turn leave in one write, so that JSON and the call's own work are most of it: a fiber
  that waits and goes on (Effect makes an \`AsyncResource\` each time), a span's and a metric's place, a deadline, a place among
  the calls in flight.
- **HTTP**: undici and the socket are nine tenths. Ours is 9 to 15 %, half of it \`JSON.parse\` and \`JSON.stringify\`. One call
  after the other also waits for one turn of the event loop more than the floor does: so long a connection is not used again
  after an answer, because a server may hang up with it, and a call that meets that end is lost.
- **The heap of an idle session** (\`node --expose-gc benchmarks/heap.ts ours http\`): of 26 kB in a snapshot, 5 are the definitions of the six
  tools that it has listed, by which answers are checked (SDK 2.x keeps 4 of them as text, @ai-sdk/mcp nothing); 4 the
  transport; 4 the scopes of session and connection, with what they close; 2 each the metrics, the layer, and the fiber that
  watches time-outs until the last would have been over. Over stdio 11 more are the process and its three pipes, as Node and
  Effect's spawner keep them; SDK 2.x's is 5, with two.
- **Connecting over stdio**: the watchdog's \`sh\`, once for all servers that are open, which the others do not have; then Effect's
  code and ours before it is compiled. A part of the bundle is re2js, which is loaded when an output schema is met; most of
  the rest is Effect.`

const table = (lines: ReadonlyArray<ReadonlyArray<string>>): string => {
  const widths = (lines[0] ?? []).map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)))
  const [head, ...body] = lines.map((line) =>
    `| ${line.map((text, column) => text.padEnd(widths[column] ?? 0)).join(" | ")} |`
  )
  return [head, `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`, ...body].join("\n")
}

const format = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 })

const times = (ratio: number) => Number.isNaN(ratio) ? "–" : `${format.format(ratio)}×`

const titleOf = (client: ClientName) => entryOf(client).title

const targetTable = (results: Results): string =>
  table([
    ["work", "to SDK 2.x", "wanted", "", "raw floor", "to the best other", "wanted", "", "raw floor", "best other"],
    ...reached(results).map(({ best, bestPeer, floor, sdk2, target }) => {
      const sign = target.isRate ? "≥" : "≤"
      const yes = (ratio: number, wanted: number) => isReached(ratio, wanted, target.isRate) ? "yes" : "**no**"
      return [
        target.title,
        times(sdk2),
        `${sign} ${target.sdk2}×`,
        yes(sdk2, target.sdk2),
        times(floor.sdk2),
        times(best),
        `${sign} ${target.best}×`,
        yes(best, target.best),
        times(floor.best),
        bestPeer === undefined ? "–" : titleOf(bestPeer)
      ]
    })
  ])

const clientsOf = (results: Results, name: string) => order.filter((client) => results[name]?.[client] !== undefined)

/** All in which some other client is better by more than the noise. */
const notAhead = (results: Results): string => {
  const lines = sections.flatMap(({ cases, columns, title }) =>
    cases.flatMap(([name, caseTitle]) =>
      columns.filter(({ better }) => better !== undefined).flatMap(({ better, key, title: column }) => {
        const ahead = clientsOf(results, name).filter(isPeer).map((client) =>
          [client, ratioOf(results, name, client, key)] as const
        )
          .filter(([, ratio]) => better === "higher" ? ratio < 0.95 : ratio > 1.05)
        const who = ahead.map(([client, ratio]) => `${titleOf(client)} (ours ${times(ratio)})`).join(", ")
        return ahead.length === 0 ? [] : [`- ${title}, ${caseTitle}, ${column}: ${who}`]
      })
    )
  )
  return lines.length === 0 ? "Nowhere in what is measured here." : lines.join("\n")
}

const floorTable = (results: Results): string =>
  table([
    ["", "64 in flight", "sequential"],
    ...transports.map(([name, title]) => [
      title,
      times(ratioOf(results, name, "floor", "cpu 64")),
      times(ratioOf(results, name, "floor", "cpu 1"))
    ])
  ])

const sectionOf = (results: Results, { cases, columns, title, what }: Section): string => {
  const tables = cases.filter(([name]) => results[name] !== undefined).map(([name, caseTitle]) => {
    const head = [
      caseTitle,
      ...columns.flatMap(({ better, title }) => better === undefined ? [title] : [title, "ours"])
    ]
    const rows = clientsOf(results, name).map((client) => [
      titleOf(client),
      ...columns.flatMap(({ better, key }) => {
        const value = valueOf(results, name, client, key)
        const shown = Number.isNaN(value) ? "–" : format.format(value)
        return better === undefined
          ? [shown]
          : [shown, client === "ours" ? "" : times(ratioOf(results, name, client, key))]
      })
    ])
    return table([head, ...rows])
  })
  return tables.length === 0
    ? ""
    : `\n## ${title}\n\n${what === undefined ? "" : `${what}\n\n`}${tables.join("\n\n")}\n`
}

const without = () =>
  [...new Set(plan(false).flatMap(({ without }) => without === undefined ? [] : [without]))].join("; ")
