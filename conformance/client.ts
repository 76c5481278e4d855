/**
 * What the official conformance suite runs against its own servers: `node conformance/client.ts <url>`, with the scenario
 * in `MCP_CONFORMANCE_SCENARIO`. See `run.ts`.
 */
import { NodeRuntime } from "@effect/platform-node"
import * as Elicitation from "@universal-mcp/core/Elicitation"
import * as McpSession from "@universal-mcp/core/McpSession"
import * as Roots from "@universal-mcp/core/Roots"
import * as Sampling from "@universal-mcp/core/Sampling"
import * as Skills from "@universal-mcp/core/Skills"
import * as NodeTransports from "@universal-mcp/transports/NodeTransports"
import * as StreamableHttpTransport from "@universal-mcp/transports/StreamableHttpTransport"
import { Config, Effect, Layer, Schema } from "effect"

type Session = McpSession.McpSession["Service"]

const callAll = Effect.fnUntraced(function*(session: Session, args: Readonly<Record<string, unknown>> = {}) {
  for (const tool of yield* session.listTools) yield* session.callTool(tool.name, args)
})

const verified = Effect.fnUntraced(function*(session: Session) {
  const skills = Skills.make(session)
  for (const skill of yield* skills.list) {
    const read = Effect.forEach(["SKILL.md", "references/FORMS.md"], (file) => skills.read(skill, file))
    yield* Effect.catchTag(read, "SkillRejected", (rejected) => Effect.logInfo(rejected.message))
  }
})

/** `http-custom-headers` tells which tools to call with what. */
const Context = Schema.fromJsonString(Schema.Struct({
  toolCalls: Schema.Array(
    Schema.Struct({ name: Schema.String, arguments: Schema.Record(Schema.String, Schema.Unknown) })
  )
}))

const scenarios: Readonly<Record<string, (session: Session) => Effect.Effect<unknown, unknown>>> = {
  "initialize": (session) => session.listTools,
  "tools_call": (session) => Effect.andThen(session.listTools, session.callTool("add_numbers", { a: 5, b: 3 })),
  "elicitation-sep1034-client-defaults": (session) => callAll(session),
  "sse-retry": (session) => callAll(session),
  "request-metadata": (session) => session.listTools,
  "sep-2322-client-request-state": (session) => callAll(session),
  "http-standard-headers": Effect.fnUntraced(function*(session) {
    yield* callAll(session)
    for (const { uri } of yield* session.listResources) yield* session.readResource(uri)
    for (const { name } of yield* session.listPrompts) yield* session.getPrompt(name)
  }),
  "http-custom-headers": Effect.fnUntraced(function*(session) {
    const { toolCalls } = yield* Config.schema(Context, "MCP_CONFORMANCE_CONTEXT")
    yield* session.listTools
    for (const call of toolCalls) yield* session.callTool(call.name, call.arguments)
  }),
  "http-invalid-tool-headers": (session) => callAll(session, { region: "us-west1" }),
  "json-schema-ref-no-deref": (session) => session.listTools,
  "json-schema-2020-12-preservation": Effect.fnUntraced(function*(session) {
    const tool = (yield* session.listTools).find(({ name }) => name === "json_schema_2020_12_tool")
    yield* session.callTool("json_schema_echo", { schema: tool?.inputSchema })
  }),
  "sep-2640-client-no-prefetch": (session) => Skills.make(session).list,
  "sep-2640-client-verify-digest": verified,
  "sep-2640-client-verify-size": verified,
  "sep-2640-client-verify-frontmatter": verified
}

/** A user who confirms every form as it stands, with the defaults filled in. */
const user = Layer.mergeAll(
  Layer.succeed(Elicitation.Elicitation, {
    modes: ["form"],
    elicit: (request) =>
      Effect.succeed(
        request._tag === "Url"
          ? { action: "accept" }
          : { action: "accept", content: Elicitation.withDefaults(request.requestedSchema, {}) }
      )
  }),
  Sampling.layerDeny,
  Roots.layerOf(["."])
)

const program = Effect.gen(function*() {
  const name = yield* Config.String("MCP_CONFORMANCE_SCENARIO")
  const scenario = scenarios[name]
  if (scenario === undefined) return yield* Effect.die(`no such scenario: ${name}`)
  yield* scenario(yield* McpSession.McpSession)
})

const Server = StreamableHttpTransport.layer({ name: "conformance", url: process.argv[2] ?? "" })

program.pipe(
  Effect.provide(Server.pipe(Layer.provide(user), Layer.provide(NodeTransports.platform))),
  NodeRuntime.runMain
)
