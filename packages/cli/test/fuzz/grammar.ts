/** Valid messages of the protocol in both eras: what `mutate.ts` makes hostile. */
import type { Random } from "./random.ts"

export type Era = "legacy" | "modern"

export type Json = Readonly<Record<string, unknown>>

export interface Context {
  readonly random: Random
  readonly era: Era
  readonly params: Json
}

/** The result of a request. */
export const resultOf = (method: string, context: Context): Json => {
  const result = results[method]?.(context) ?? {}
  const { era, random } = context
  if (era === "legacy" || result["resultType"] !== undefined) return result
  return { resultType: "complete", ...result, ...(random.chance(0.3) ? { ttlMs: 1000, cacheScope: "private" } : {}) }
}

/** An error of any known code, with its data. */
export const errorOf = ({ random }: Context): Json => random.oneOf(errors)

/** What a server asks of the client. */
export const requestOf = ({ random }: Context): Json => random.oneOf(serverRequests)(random)

/** What a server tells by itself; `params` are those of the request that it belongs to. */
export const notificationOf = (context: Context): Json => context.random.oneOf(notifications)(context)

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

const object = (properties: Json, required: ReadonlyArray<string> = []) => ({ type: "object", properties, required })

const icons = [{ src: "https://example.com/icon.png", mimeType: "image/png", sizes: ["48x48"], theme: "dark" }]

const annotations = { audience: ["user", "assistant"], priority: 0.5, lastModified: "2026-07-28T00:00:00Z" }

const capabilities = {
  tools: { listChanged: true },
  resources: { listChanged: true, subscribe: true },
  prompts: { listChanged: true },
  completions: {},
  logging: {},
  tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } },
  extensions: { "io.modelcontextprotocol/skills": {}, "io.modelcontextprotocol/tasks": {} }
}

const serverInfo = {
  name: "hostile",
  title: "A hostile server",
  version: "1.0.0",
  description: "Says what it wants",
  websiteUrl: "https://example.com",
  icons
}

const tools = [
  {
    name: "echo",
    title: "Echo",
    description: "Says it again",
    inputSchema: object({ text: { type: "string", description: "What to say" } }, ["text"]),
    annotations: { title: "Echo", readOnlyHint: true, idempotentHint: true, openWorldHint: false },
    execution: { taskSupport: "optional" },
    icons,
    _meta: { "example.com/key": 1 }
  },
  {
    name: "count",
    inputSchema: {
      $schema: "https://json-schema.org/draft/2020-12/schema",
      ...object({
        number: { type: "number", minimum: 0, default: 1 },
        choice: { type: "string", enum: ["a", "b"] },
        list: { type: "array", items: { $ref: "#/$defs/item" } },
        region: { type: "string", "x-mcp-header": "Region" }
      }),
      $defs: { item: { anyOf: [{ type: "string" }, { type: "null" }] } }
    },
    outputSchema: {
      ...object({ n: { type: "number" }, items: { type: "array", items: { type: "string", pattern: "^a+$" } } }, ["n"]),
      additionalProperties: false
    },
    annotations: { destructiveHint: true }
  }
]

const resource = {
  uri: "fuzz://one",
  name: "one",
  title: "One",
  description: "The first",
  mimeType: "text/plain",
  size: 5,
  annotations,
  icons
}

const prompt = {
  name: "greet",
  title: "Greet",
  description: "Greets somebody",
  arguments: [{ name: "name", title: "Name", description: "Whom", required: true }, { name: "tone" }],
  icons
}

const text = { type: "text", text: "hello", annotations }

const blocks: ReadonlyArray<Json> = [
  text,
  { type: "image", data: "aGVsbG8=", mimeType: "image/png", annotations },
  { type: "audio", data: "aGVsbG8=", mimeType: "audio/wav" },
  { type: "resource_link", ...resource },
  { type: "resource", resource: { uri: "fuzz://two", mimeType: "text/plain", text: "inside" }, annotations },
  { type: "resource", resource: { uri: "fuzz://three", mimeType: "image/png", blob: "aGVsbG8=" } },
  { type: "example.com/chart", points: [1, 2, 3] }
]

const skill = {
  uri: "skill://one/SKILL.md",
  frontmatter: { name: "one", description: "A skill" },
  resources: [{ uri: "skill://one/SKILL.md", digest: `sha256:${"0".repeat(64)}`, size: 5 }]
}

const skillFile = "---\nname: one\ndescription: A skill\n---\nhello"

const form = object({
  name: { type: "string", title: "Name", minLength: 1, maxLength: 50, default: "Ada" },
  email: { type: "string", format: "email" },
  born: { type: "string", format: "date-time" },
  age: { type: "integer", minimum: 0, maximum: 150 },
  agree: { type: "boolean", default: false },
  colour: { type: "string", enum: ["red", "green"], enumNames: ["Red", "Green"] },
  size: { type: "string", oneOf: [{ const: "s", title: "Small" }, { const: "l", title: "Large" }] },
  many: { type: "array", items: { anyOf: [{ const: "a", title: "A" }, { const: "b", title: "B" }] }, minItems: 1 }
}, ["name"])

const asked = {
  form: { method: "elicitation/create", params: { mode: "form", message: "Who are you?", requestedSchema: form } },
  url: {
    method: "elicitation/create",
    params: { mode: "url", message: "Sign in", url: "https://example.com/login", elicitationId: "e1" }
  },
  sampling: {
    method: "sampling/createMessage",
    params: {
      messages: [{ role: "user", content: text }, { role: "assistant", content: [text] }],
      modelPreferences: { hints: [{ name: "small" }], costPriority: 0.5, speedPriority: 1 },
      systemPrompt: "Be brief",
      includeContext: "none",
      temperature: 0.5,
      maxTokens: 100,
      stopSequences: ["\n"],
      metadata: {},
      tools: [{ name: "t", inputSchema: object({}) }],
      toolChoice: { mode: "auto" }
    }
  },
  roots: { method: "roots/list" }
}

const serverRequests: ReadonlyArray<(random: Random) => Json> = [
  () => asked.form,
  () => asked.form,
  () => asked.url,
  () => asked.sampling,
  () => asked.roots,
  () => ({ method: "ping" }),
  ({ oneOf }) => ({ method: oneOf(["tasks/get", "tools/call", "example/unknown"]), params: { taskId: "t1" } })
]

const statuses = ["working", "input_required", "completed", "failed", "cancelled"]

const toolResult = ({ oneOf, upTo }: Random): Json => ({
  content: Array.from({ length: 1 + upTo(3) }, () => oneOf(blocks)),
  structuredContent: { n: 1, items: ["a", "aa"] },
  isError: false,
  _meta: { "example.com/key": [1] }
})

const taskOf = ({ era, random }: Context, status = random.oneOf(statuses)): Json => ({
  taskId: "t1",
  status,
  statusMessage: "so far",
  createdAt: "2026-07-28T00:00:00Z",
  lastUpdatedAt: "2026-07-28T00:00:01Z",
  ...(era === "legacy" ? { ttl: 60_000, pollInterval: 50 } : { ttlMs: 60_000, pollIntervalMs: 50 }),
  ...(era === "modern" && status === "completed" ? { result: toolResult(random) } : {}),
  ...(era === "modern" && status === "failed" ? { error: { code: -32603, message: "failed" } } : {}),
  ...(era === "modern" && status === "input_required" ? { inputRequests: inputRequests(random) } : {})
})

const inputRequests = ({ chance, oneOf }: Random): Json => ({
  first: oneOf([asked.form, asked.url, asked.sampling, asked.roots]),
  ...(chance(0.3) ? { second: asked.form } : {})
})

const listed = (key: string, items: ReadonlyArray<unknown>) => ({ random }: Context): Json => ({
  [key]: items,
  ...(random.chance(0.2) ? { nextCursor: `page-${random.upTo(5)}` } : {})
})

const called = (context: Context): Json => {
  const { era, params, random } = context
  const isTask = params["task"] !== undefined || era === "modern" && random.chance(0.15)
  if (isTask && random.chance(0.7)) {
    const task = taskOf(context)
    return era === "legacy" ? { task } : { resultType: "task", ...task }
  }
  if (era === "modern" && random.chance(0.2)) {
    return { resultType: "input_required", inputRequests: inputRequests(random), requestState: "state" }
  }
  return toolResult(random)
}

const contents = ({ params, random }: Context): Json => {
  const uri = params["uri"] ?? "fuzz://one"
  return {
    contents: [
      random.chance(0.7)
        ? { uri, mimeType: "text/markdown", text: skillFile }
        : { uri, mimeType: "image/png", blob: "aGVsbG8=" }
    ]
  }
}

const results: Readonly<Record<string, (context: Context) => Json>> = {
  "initialize": () => ({ protocolVersion: "2025-11-25", capabilities, serverInfo, instructions: "Be kind" }),
  "server/discover": () => ({
    supportedVersions: ["2026-07-28"],
    capabilities,
    instructions: "Be kind",
    ttlMs: 1000,
    cacheScope: "private",
    _meta: { "io.modelcontextprotocol/serverInfo": serverInfo }
  }),
  "tools/list": listed("tools", tools),
  "tools/call": called,
  "resources/list": listed("resources", [resource, { ...resource, uri: "fuzz://two" }]),
  "resources/templates/list": listed("resourceTemplates", [
    { uriTemplate: "fuzz://{id}", name: "any", title: "Any", mimeType: "text/plain", annotations, icons }
  ]),
  "resources/read": contents,
  "prompts/list": listed("prompts", [prompt]),
  "prompts/get": ({ random }) => ({
    description: "A greeting",
    messages: [{ role: "user", content: random.oneOf(blocks) }, { role: "assistant", content: text }]
  }),
  "completion/complete": () => ({ completion: { values: ["Ada", "Alan"], total: 2, hasMore: false } }),
  "tasks/get": (context) => taskOf(context),
  "tasks/result": ({ random }) => toolResult(random),
  "tasks/list": (context) => listed("tasks", [taskOf(context), taskOf(context)])(context),
  "skills/list": listed("skills", [skill, { ...skill, resources: "dynamic" }])
}

const errors: ReadonlyArray<Json> = [
  { code: -32700, message: "Parse error" },
  { code: -32600, message: "Invalid Request" },
  { code: -32601, message: "Method not found" },
  { code: -32602, message: "Unknown tool: echo", data: { tool: "echo" } },
  { code: -32603, message: "Internal error", data: ["stack"] },
  { code: -32000, message: "Connection closed" },
  { code: -32001, message: "Session not found" },
  { code: -32002, message: "Resource not found", data: { uri: "fuzz://one" } },
  { code: -32003, message: "Missing capability", data: { requiredCapabilities: { sampling: {} } } },
  { code: -32020, message: "Header mismatch", data: { header: "Mcp-Name" } },
  { code: -32021, message: "Missing capability", data: { requiredCapabilities: { elicitation: {} } } },
  {
    code: -32022,
    message: "Unsupported protocol version",
    data: { supported: ["2025-11-25"], requested: "2026-07-28" }
  },
  {
    code: -32042,
    message: "Sign in first",
    data: { elicitations: [{ mode: "url", message: "Sign in", url: "https://example.com/login", elicitationId: "e1" }] }
  },
  { code: -1, message: "User rejected the request" }
]

const progressToken = ({ params }: Context): unknown => {
  const { _meta: meta } = params
  return typeof meta === "object" && meta !== null && "progressToken" in meta ? meta.progressToken : 1
}

const notifications: ReadonlyArray<(context: Context) => Json> = [
  (context) => ({
    method: "notifications/progress",
    params: { progressToken: progressToken(context), progress: 1, total: 2, message: "half" }
  }),
  ({ random }) => ({
    method: "notifications/message",
    params: {
      level: random.oneOf(["debug", "info", "warning", "error", "emergency"]),
      logger: random.oneOf(["server", "universal-mcp"]),
      data: random.oneOf(["a line", { key: ["value"] }, 1])
    }
  }),
  ({ random }) => ({ method: "notifications/cancelled", params: { requestId: random.upTo(5), reason: "no need" } }),
  ({ random }) => ({ method: `notifications/${random.oneOf(["tools", "resources", "prompts"])}/list_changed` }),
  () => ({ method: "notifications/resources/updated", params: { uri: "fuzz://one" } }),
  (context) => ({ method: "notifications/tasks/status", params: taskOf(context) }),
  (context) => ({ method: "notifications/tasks", params: taskOf(context) }),
  () => ({ method: "notifications/elicitation/complete", params: { elicitationId: "e1" } }),
  () => ({
    method: "notifications/subscriptions/acknowledged",
    params: {
      notifications: { toolsListChanged: true, resourceSubscriptions: ["fuzz://one"] },
      _meta: { "io.modelcontextprotocol/subscriptionId": 1 }
    }
  })
]
