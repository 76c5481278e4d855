/** What a program does with a session and a registry, by name; each reads all that it gets. */
import type * as McpError from "@universal-mcp/core/McpError"
import type * as McpSession from "@universal-mcp/core/McpSession"
import type * as ServerRegistry from "@universal-mcp/core/ServerRegistry"
import * as Skills from "@universal-mcp/core/Skills"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { Operation } from "./plan.ts"

type Session = McpSession.McpSession["Service"]

type Registry = ServerRegistry.ServerRegistry["Service"]

/** All that the operations may fail with. Anything else does not compile, or is a defect. */
export type Failure =
  | McpError.CallError
  | McpError.ConfigError
  | McpError.ConnectionError
  | McpError.InvalidStructuredContent
  | McpError.ServerAlreadyExists
  | McpError.ServerNotFound
  | McpError.ToolFailed
  | McpError.ToolNotFound
  | Skills.SkillRejected

export const tags: ReadonlySet<string> = new Set<Failure["_tag"]>([
  "CallError",
  "ConfigError",
  "ConnectionError",
  "InvalidStructuredContent",
  "ServerAlreadyExists",
  "ServerNotFound",
  "SkillRejected",
  "ToolFailed",
  "ToolNotFound"
])

type Act = (session: Session, registry: Registry) => Effect.Effect<unknown, Failure>

export const acts: Readonly<Record<Exclude<Operation, "connect">, Act>> = {
  listTools: (session) => session.listTools,
  listAllTools: (_, registry) => registry.listTools(),
  serverInfo: (session, registry) => registry.serverInfo(session.name),
  callTool: (session) => session.callTool("echo", { text: "hello" }),
  callToolOrFail: (session) => session.callToolOrFail("count", { number: 1, region: "north" }),
  callToolStream: (session, registry) =>
    Stream.runCollect(registry.callToolStream(session.name, "count", { number: 1 })),
  callExact: (session) => session.callTool("count", {}, { exactNumbers: true }),
  callTask: (session) => session.callTool("echo", { text: "hello" }, { task: { ttl: 1000 } }),
  listResources: (session) => session.listResources,
  listResourceTemplates: (session) => session.listResourceTemplates,
  readResource: (session) => session.readResource("fuzz://one"),
  subscribe: (session) => briefly(session.subscribe("fuzz://one")),
  changes: (session) =>
    Effect.all([briefly(session.changes), Effect.exit(session.callTool("echo"))], { concurrency: "unbounded" }),
  listPrompts: (session) => session.listPrompts,
  getPrompt: (session) => session.getPrompt("greet", { name: "Ada" }),
  complete: (session) =>
    session.complete({ ref: { type: "ref/prompt", name: "greet" }, argument: { name: "name", value: "A" } }),
  setLogLevel: (session) => session.setLogLevel("debug"),
  ping: (session) => session.ping,
  taskGet: (session) => session.tasks.get("t1"),
  taskResult: (session) => session.tasks.result("t1"),
  taskCancel: (session) => session.tasks.cancel("t1"),
  taskList: (session) => session.tasks.list,
  skills: (session) => {
    const skills = Skills.make(session)
    return Effect.flatMap(
      skills.list,
      (list) => Effect.forEach([...list.slice(0, 3), listed], (skill) => Effect.exit(skills.read(skill)))
    )
  },
  request: (session) => session.request("example/method", { key: "value" })
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

/** What comes within a short time. */
const briefly = <A, E>(stream: Stream.Stream<A, E>) =>
  Stream.runCollect(Stream.take(stream, 2)).pipe(Effect.timeoutOption("250 millis"))

/** Read also where the list of skills is not valid. */
const listed: Skills.Skill = {
  uri: "skill://one/SKILL.md",
  frontmatter: { name: "one", description: "A skill" },
  resources: "dynamic"
}
