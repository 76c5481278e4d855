/** The servers of the interop matrix: how to start them, what to ask of them, and what must be true of them. */
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { folderOf } from "./published.ts"

export type Asked = "elicitation" | "roots" | "sampling"

export interface Call {
  readonly tool: string
  readonly args?: Readonly<Record<string, unknown>>
  /** In the text of the answer. Without it any answer will do, because the server does its work over the network. */
  readonly answer?: string
}

export interface Server {
  readonly name: string
  /** The package and its version, and what it is built on. */
  readonly builtOn: string
  readonly transport: "stdio" | "sse" | "streamable-http"
  /** The arguments of `node`; `{port}` is the port to listen on and `{folder}` a folder of the run. */
  readonly args: ReadonlyArray<string>
  readonly env?: Readonly<Record<string, string>>
  readonly pin?: "legacy"
  readonly era: "legacy" | "modern"
  readonly starts?: number
  readonly call: Call
  /** What makes the server ask something of us; without a `tool` it does so by itself. */
  readonly asks?: { readonly what: ReadonlyArray<Asked>; readonly tools?: ReadonlyArray<Call> }
}

// ---------------------------------------------------------------------------------------------------------------------
// Our own
// ---------------------------------------------------------------------------------------------------------------------

const fixture = (name: string) => fileURLToPath(new URL(`servers/${name}.ts`, import.meta.url))

interface Manifest {
  readonly version: string
  readonly bin?: Readonly<Record<string, string>>
}

const manifestOf = (name: string) => JSON.parse(readFileSync(`${folderOf(name)}package.json`, "utf8")) as Manifest

const versionOf = (name: string) => `${name} ${manifestOf(name).version}`

const echo: Call = { tool: "echo", args: { message: "hello" }, answer: "hello" }

const ask = { what: ["elicitation"], tools: [{ tool: "ask", answer: "nobody" }] } as const

const sdk1 = { builtOn: versionOf("@modelcontextprotocol/sdk"), era: "legacy", call: echo } as const
const sdk2 = { builtOn: versionOf("@modelcontextprotocol/server"), call: echo } as const
const effect = { builtOn: `${versionOf("effect")} (effect/ai)`, call: echo, asks: ask } as const

const ours: ReadonlyArray<Server> = [
  { ...sdk1, name: "SDK 1.x", transport: "stdio", args: [fixture("sdk1"), "stdio"], asks: ask },
  {
    ...sdk1,
    name: "SDK 1.x, exits when probed",
    transport: "stdio",
    args: [fixture("sdk1"), "exits"],
    asks: ask,
    starts: 2
  },
  { ...sdk1, name: "SDK 1.x", transport: "sse", args: [fixture("sdk1"), "sse"], asks: ask },
  {
    ...sdk1,
    name: "SDK 1.x, stateful",
    transport: "streamable-http",
    args: [fixture("sdk1"), "stateful"],
    asks: ask
  },
  { ...sdk1, name: "SDK 1.x, stateless", transport: "streamable-http", args: [fixture("sdk1"), "stateless"] },
  ...(["stdio", "http"] as const).flatMap((way): ReadonlyArray<Server> => {
    const transport = way === "http" ? "streamable-http" : way
    const args = (era: string) => [fixture("sdk2"), way, era]
    return [
      { ...sdk2, name: "SDK 2.x, legacy only", transport, args: args("legacy"), era: "legacy", asks: ask },
      { ...sdk2, name: "SDK 2.x, modern only", transport, args: args("modern"), era: "modern", asks: ask },
      { ...sdk2, name: "SDK 2.x, dual", transport, args: args("dual"), era: "modern", asks: ask },
      {
        ...sdk2,
        name: "SDK 2.x, dual, pinned to legacy",
        transport,
        args: args("dual"),
        era: "legacy",
        pin: "legacy",
        // Over HTTP the SDK serves the legacy era without sessions, so that it cannot ask.
        ...(way === "http" ? {} : { asks: ask })
      },
      { ...effect, name: "effect/ai, legacy only", transport, args: [fixture("effect"), way, "legacy"], era: "legacy" },
      { ...effect, name: "effect/ai, dual", transport, args: [fixture("effect"), way, "dual"], era: "modern" }
    ]
  })
]

// ---------------------------------------------------------------------------------------------------------------------
// Published
// ---------------------------------------------------------------------------------------------------------------------

const binOf = (name: string) => {
  const [file = ""] = Object.values(manifestOf(name).bin ?? {})
  return `${folderOf(name)}${file}`
}

const published = (name: string, ...args: ReadonlyArray<string>) => ({
  name: name.replace(/^@[^/]+\//, ""),
  builtOn: versionOf(name),
  era: "legacy" as const,
  args: [binOf(name), ...args]
})

const everything = "@modelcontextprotocol/server-everything"
const memory = "@modelcontextprotocol/server-memory"

const asksEverything = {
  what: ["elicitation", "roots", "sampling"],
  tools: [
    { tool: "get-roots-list", answer: "file://" },
    { tool: "trigger-sampling-request", args: { prompt: "hello" }, answer: "a sample" },
    { tool: "trigger-elicitation-request", answer: "provided" }
  ]
} as const

const graph: Call = { tool: "read_graph", answer: "entities" }

const library: Call = { tool: "resolve-library-id", args: { libraryName: "effect", query: "layers" } }

const theirs: ReadonlyArray<Server> = [
  { ...published(everything, "stdio"), transport: "stdio", call: echo, asks: asksEverything },
  { ...published(everything, "sse"), transport: "sse", call: echo, asks: asksEverything },
  { ...published(everything, "streamableHttp"), transport: "streamable-http", call: echo, asks: asksEverything },
  {
    ...published("@modelcontextprotocol/server-filesystem", "{folder}"),
    transport: "stdio",
    call: { tool: "list_allowed_directories", answer: "Allowed directories" },
    asks: { what: ["roots"] }
  },
  { ...published(memory), transport: "stdio", call: graph, env: { MEMORY_FILE_PATH: "{folder}/memory.jsonl" } },
  {
    ...published("@modelcontextprotocol/server-sequential-thinking"),
    transport: "stdio",
    call: {
      tool: "sequentialthinking",
      args: { thought: "one", nextThoughtNeeded: false, thoughtNumber: 1, totalThoughts: 1 },
      answer: "thoughtNumber"
    }
  },
  { ...published("@upstash/context7-mcp"), transport: "stdio", era: "modern", call: library },
  {
    ...published("@upstash/context7-mcp", "--transport", "http", "--port", "{port}"),
    transport: "streamable-http",
    era: "modern",
    call: library
  },
  {
    ...published("effect-mcp"),
    transport: "stdio",
    call: { tool: "effect_docs_search", args: { query: "layer" } }
  }
]

const keyed: ReadonlyArray<Server> = [
  {
    ...published("ref-tools-mcp"),
    transport: "stdio",
    env: { REF_API_KEY: "none" },
    call: { tool: "ref_search_documentation", args: { query: "effect" } }
  },
  {
    ...published("tavily-mcp"),
    transport: "stdio",
    env: { TAVILY_API_KEY: "none" },
    call: { tool: "tavily_search", args: { query: "effect" } }
  }
]

const bridge = (...args: ReadonlyArray<string>) => ({
  ...published("supergateway", "--stdio", `node ${binOf(memory)}`, "--port", "{port}", "--logLevel", "none", ...args),
  name: "supergateway over server-memory",
  env: { MEMORY_FILE_PATH: "{folder}/memory.jsonl" },
  call: graph
})

const bridged: ReadonlyArray<Server> = [
  { ...bridge("--outputTransport", "sse"), transport: "sse" },
  { ...bridge("--outputTransport", "streamableHttp"), transport: "streamable-http" }
]

export const servers: ReadonlyArray<Server> = [...ours, ...theirs, ...keyed, ...bridged]
