/**
 * Whatever a server answers, a session gives its typed value or its typed failure: never a defect, and a message that is
 * one line.
 */
import { assert, describe, it } from "@effect/vitest"
import * as AiMcpClient from "@universal-mcp/core/AiMcpClient"
import { Elicitation } from "@universal-mcp/core/Elicitation"
import type { McpSession } from "@universal-mcp/core/McpSession"
import { Roots } from "@universal-mcp/core/Roots"
import { Sampling } from "@universal-mcp/core/Sampling"
import * as Skills from "@universal-mcp/core/Skills"
import * as Telemetry from "@universal-mcp/core/Telemetry"
import { Cause, Effect, Exit, Logger, Stream } from "effect"
import * as McpSchema from "effect/ai/McpSchema"
import { Choices, spoiled, spoiledOnce } from "../../../test/spoil.ts"
import * as tracer from "./fixtures/tracer.ts"
import { connect, discovered, type Handlers, initialized } from "./fixtures/wire.ts"

type Session = McpSession["Service"]

const uri = "skill://s/SKILL.md"

const schema = { type: "object", properties: { a: { type: "integer", "x-mcp-header": "A" } }, required: ["a"] }

/** What the specification wants as the answer to each method. */
const answers: Readonly<Record<string, unknown>> = {
  "tools/list": {
    tools: [{ name: "t", title: "T", description: "d", inputSchema: schema, outputSchema: schema, annotations: {} }]
  },
  "tools/call": {
    content: [
      { type: "text", text: "x" },
      { type: "image", data: "AAAA", mimeType: "image/png" },
      { type: "resource_link", uri: "x://y", name: "n" },
      { type: "resource", resource: { uri: "x://y", text: "t" } }
    ],
    structuredContent: { a: 1 },
    isError: true
  },
  "prompts/list": { prompts: [{ name: "p", description: "d", arguments: [{ name: "a", required: true }] }] },
  "prompts/get": { description: "d", messages: [{ role: "user", content: { type: "text", text: "x" } }] },
  "resources/list": { resources: [{ uri: "x://y", name: "n", mimeType: "text/plain", size: 1 }] },
  "resources/templates/list": { resourceTemplates: [{ uriTemplate: "x://{y}", name: "n" }] },
  "resources/read": { contents: [{ uri, text: "---\nname: a\n---\n", mimeType: "text/plain" }] },
  "completion/complete": { completion: { values: ["a"], total: 1, hasMore: false } },
  "logging/setLevel": {},
  "ping": {},
  "tasks/list": { tasks: [{ taskId: "1", status: "completed", ttl: 1, pollInterval: 1, statusMessage: "m" }] },
  "tasks/get": { taskId: "1", status: "failed", error: { code: 1, message: "m", data: {} }, result: { content: [] } },
  "tasks/cancel": {},
  "tasks/result": { content: [] },
  "skills/list": {
    skills: [{ uri, frontmatter: { name: "a", description: "d" }, resources: "dynamic" }]
  }
}

/** The operations that read the result of a method. */
const uses: Readonly<Record<string, ReadonlyArray<string>>> = {
  "tools/list": ["listTools", "callTool", "ai.listTools"],
  "tools/call": ["callTool", "callToolOrFail", "callToolStream", "ai.callTool"],
  "prompts/list": ["listPrompts", "ai.listPrompts"],
  "prompts/get": ["getPrompt"],
  "resources/list": ["listResources", "ai.listResources"],
  "resources/templates/list": ["listResourceTemplates"],
  "resources/read": ["readResource", "skills.read", "ai.readResource"],
  "completion/complete": ["complete"],
  "tasks/list": ["tasks.list"],
  "tasks/get": ["tasks.get"],
  "skills/list": ["skills.list"]
}

const capabilities = {
  tools: {},
  prompts: {},
  resources: { subscribe: true },
  completions: {},
  logging: {},
  tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } },
  extensions: { "io.modelcontextprotocol/skills": {} }
}

const options = { timeout: "200 millis" } as const

const operations = (session: Session): Readonly<Record<string, Effect.Effect<unknown, Error>>> => {
  const ai = AiMcpClient.fromSession(session)
  const tool = McpSchema.Tool.make({ name: "t", inputSchema: { type: "object" } })
  const skill = { uri, frontmatter: { name: "a", description: "d" }, resources: "dynamic" } as const
  return {
    listTools: session.listTools,
    callTool: session.callTool("t", { a: 1 }, options),
    callToolOrFail: session.callToolOrFail("t", { a: 1 }, options),
    callToolExactly: session.callTool("t", {}, { ...options, exactNumbers: true }),
    callToolStream: Stream.runCollect(Stream.scoped(session.callToolStream("t", {}, options))),
    listPrompts: session.listPrompts,
    getPrompt: session.getPrompt("p", {}, options),
    listResources: session.listResources,
    listResourceTemplates: session.listResourceTemplates,
    readResource: session.readResource(uri, options),
    complete: session.complete({ ref: { type: "ref/prompt", name: "p" }, argument: { name: "a", value: "" } }, options),
    setLogLevel: session.setLogLevel("info"),
    ping: session.ping,
    "tasks.get": session.tasks.get("1"),
    "tasks.list": session.tasks.list,
    "tasks.cancel": session.tasks.cancel("1"),
    "skills.list": Skills.make(session).list,
    "skills.read": Skills.make(session).read(skill),
    "ai.listTools": ai.listTools(),
    "ai.listPrompts": ai.listPrompts(),
    "ai.listResources": ai.listResources(),
    "ai.callTool": ai.callTool({ tool, arguments: {} }, options),
    "ai.readResource": ai.readResource({ uri }, options)
  }
}

const isTotal = (name: string, exit: Exit.Exit<unknown, Error>) => {
  if (Exit.isSuccess(exit)) return
  assert.isFalse(Cause.hasDies(exit.cause), `${name}: ${Cause.pretty(exit.cause)}`)
  for (const reason of exit.cause.reasons) {
    if (reason._tag !== "Fail") continue
    assert.isString(reason.error.message, name)
    assert.notInclude(reason.error.message, "\u001B", name)
  }
}

/** Of what is left out of a list, the log tells. */
const silently = Effect.provide(Logger.layer([]))

const eras = { legacy: "initialize", modern: "server/discover" } as const

describe.each(["legacy", "modern"] as const)("in the %s era", (era) => {
  const good = era === "legacy" ? { ...initialized, capabilities } : { ...discovered, capabilities }

  const handlers = (answer: (method: string) => Record<string, unknown>): Handlers =>
    Object.fromEntries(
      Object.keys(answers).map((method) => [
        method,
        (request, to) => to.send({ jsonrpc: "2.0", id: request.id, ...answer(method) })
      ])
    )

  const all = Effect.fnUntraced(function*(answering: Handlers) {
    const { session } = yield* connect(
      { ...answering, [eras[era]]: (request, to) => to.answer(request, good) },
      { requestTimeout: "200 millis", protocolVersion: era }
    )
    for (const [name, operation] of Object.entries(operations(session))) {
      isTotal(name, yield* Effect.exit(operation))
    }
  })

  it.live.each(Object.keys(uses))("one odd part in the result of %s", (method) =>
    Effect.gen(function*() {
      let answer: unknown
      const { session } = yield* connect({
        ...handlers((method) => ({ result: answers[method] })),
        [method]: (request, to) => to.answer(request, answer),
        [eras[era]]: (request, to) => to.answer(request, good)
      }, { requestTimeout: "200 millis", protocolVersion: era })
      const all = operations(session)
      for (answer of spoiledOnce(answers[method])) {
        for (const name of uses[method] ?? []) isTotal(name, yield* Effect.exit(all[name] ?? Effect.void))
      }
    }).pipe(Effect.scoped, silently))

  it.live.prop(
    "any result is a value or a failure",
    { choices: Choices },
    ({ choices }) =>
      all(handlers((method) => ({ result: spoiled(answers[method], choices) }))).pipe(
        Effect.scoped,
        silently,
        Effect.withTracer(tracer.make().tracer),
        Effect.provideService(Telemetry.CaptureContent, true)
      )
  )

  it.live.prop("any error is a failure", { choices: Choices }, ({ choices }) =>
    all(handlers((method) => ({
      error: spoiled({ code: -32042, message: "no", data: { elicitations: [{ url: "x", message: "m" }] } }, choices),
      ...(method === "ping" ? { result: choices } : {})
    }))).pipe(Effect.scoped))

  it.live.prop(
    "any description of itself is a session or a failure",
    { choices: Choices },
    ({ choices }) =>
      Effect.gen(function*() {
        const exit = yield* Effect.exit(connect(
          { [eras[era]]: (request, to) => to.answer(request, spoiled(good, choices)) },
          { requestTimeout: "200 millis", timeout: "500 millis", protocolVersion: era }
        ))
        if (Exit.isFailure(exit)) return isTotal("connecting", exit)
        const { session } = exit.value
        assert.isString(session.server.name + session.server.version)
        AiMcpClient.fromSession(session)
      }).pipe(Effect.scoped)
  )
})

const inputRequests = {
  a: { method: "elicitation/create", params: { message: "m", requestedSchema: { type: "object", properties: {} } } }
}

describe("what a call is answered with instead of a result", () => {
  const call = (first: unknown, then: Handlers) =>
    Effect.gen(function*() {
      const { session } = yield* connect({
        "server/discover": (request, to) => to.answer(request, { ...discovered, capabilities }),
        "tools/call": (request, to) =>
          to.answer(request, request.params?.["inputResponses"] === undefined ? first : { content: [] }),
        ...then
      }, { requestTimeout: "100 millis", protocolVersion: "modern" })
      isTotal("callTool", yield* Effect.exit(session.callTool("t", {}, { timeout: "100 millis" })))
    }).pipe(Effect.scoped)

  it.live.prop(
    "may be any question",
    { choices: Choices },
    ({ choices }) => call(spoiled({ resultType: "input_required", inputRequests, requestState: "s" }, choices), {})
  )

  it.live.prop("may be any task", { choices: Choices }, ({ choices }) => {
    const task = { resultType: "task", taskId: "1", status: "input_required", inputRequests, pollIntervalMs: 1 }
    return call({ ...task, inputRequests: spoiled(inputRequests, choices) }, {
      "tasks/get": (request, to) =>
        to.answer(request, spoiled({ ...task, status: "completed", result: { content: [] } }, choices)),
      "tasks/update": (request, to) => to.answer(request, {}),
      "tasks/cancel": (request, to) => to.answer(request, {})
    })
  })
})

describe("what a server sends by itself", () => {
  const asked = [
    {
      method: "elicitation/create",
      params: { message: "m", requestedSchema: { type: "object", properties: { a: {} } } }
    },
    { method: "elicitation/create", params: { mode: "url", message: "m", url: "https://x", elicitationId: "1" } },
    {
      method: "sampling/createMessage",
      params: { maxTokens: 1, messages: [{ role: "user", content: { type: "text" } }] }
    },
    { method: "roots/list", params: {} },
    { method: "tools/call", params: {} }
  ]

  it.live.prop(
    "as a request is answered, whatever it is",
    { choices: Choices },
    ({ choices }) =>
      Effect.gen(function*() {
        const { wire } = yield* connect()
        for (const [id, { method, params }] of asked.entries()) {
          wire.send({ jsonrpc: "2.0", id: `r${id}`, method, params: spoiled(params, choices) })
        }
        const isAnswered = (id: number) => wire.received.some((message) => String(message.id) === `r${id}`)
        yield* Effect.yieldNow.pipe(Effect.repeat({ until: () => asked.every((_, id) => isAnswered(id)) }))
      }).pipe(
        Effect.scoped,
        Effect.provideService(Elicitation, {
          modes: ["form", "url"],
          elicit: () => Effect.succeed({ action: "accept", content: {} })
        }),
        Effect.provideService(Sampling, {
          createMessage: () => Effect.succeed({ model: "m", role: "user", content: [] })
        }),
        Effect.provideService(Roots, { list: Effect.succeed([]), changes: Stream.empty })
      )
  )

  const told = [
    { method: "notifications/message", params: { level: "info", logger: "l", data: {} } },
    { method: "notifications/progress", params: { progressToken: "umcp-1", progress: 1, total: 2, message: "m" } },
    { method: "notifications/cancelled", params: { requestId: 1, reason: "r" } },
    { method: "notifications/tasks/status", params: { taskId: "1", status: "working", pollInterval: 1 } },
    { method: "notifications/resources/updated", params: { uri: "x://y" } },
    { method: "notifications/tools/list_changed", params: {} }
  ]

  it.live.prop(
    "as a notification, or as nothing at all, costs the session nothing",
    { choices: Choices },
    ({ choices }) =>
      Effect.gen(function*() {
        const { session, wire } = yield* connect({
          "tools/call": (request, to) => {
            for (const message of told) to.send(spoiled({ jsonrpc: "2.0", ...message }, choices))
            for (const message of told) {
              to.send({ jsonrpc: "2.0", ...message, params: spoiled(message.params, choices) })
            }
            to.send(spoiled([{ jsonrpc: "2.0", id: 999, result: {} }], choices))
            to.answer(request, { content: [] })
          }
        })
        const events = yield* Stream.runCollect(Stream.scoped(session.callToolStream("t")))
        assert.strictEqual(events.at(-1)?._tag, "Result")
        assert.isFalse(wire.closed)
      }).pipe(Effect.scoped)
  )
})
