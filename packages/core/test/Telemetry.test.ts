import { assert, describe, it } from "@effect/vitest"
import * as Elicitation from "@universal-mcp/core/Elicitation"
import { Closed } from "@universal-mcp/core/McpError"
import * as McpSession from "@universal-mcp/core/McpSession"
import { TransportError } from "@universal-mcp/core/McpTransport"
import * as Roots from "@universal-mcp/core/Roots"
import * as Telemetry from "@universal-mcp/core/Telemetry"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import * as Tracer from "effect/Tracer"
import { Telemetry as SessionTelemetry } from "../src/internal/telemetry.ts"
import { ask } from "./fixtures/asking.ts"
import * as Traces from "./fixtures/tracer.ts"
import { connect, type Handlers, initialized, modern, text, wire } from "./fixtures/wire.ts"

const { attributesOf, endOf, parentOf, wordsOf } = Traces

const secret = "s3cr3t"

const talking: Handlers = {
  initialize: (request, wire) =>
    wire.answer(request, {
      ...initialized,
      capabilities: { tools: {}, prompts: {}, resources: { subscribe: true }, completions: {}, logging: {} }
    }),
  "tools/list": (request, wire) => wire.answer(request, { tools: [{ name: "echo", inputSchema: { type: "object" } }] }),
  "tools/call": (request, wire) => {
    const { name } = request.params ?? {}
    if (name === "refused") wire.refuse(request, -32602, `bad argument ${secret}`)
    else if (name === "failing") wire.answer(request, { ...text(`failed on ${secret}`), isError: true })
    else if (name !== "mute") wire.answer(request, text(`echo: ${secret}`))
  },
  "resources/list": (request, wire) => wire.answer(request, { resources: [] }),
  "resources/templates/list": (request, wire) => wire.answer(request, { resourceTemplates: [] }),
  "resources/read": (request, wire) => wire.answer(request, { contents: [] }),
  "resources/subscribe": (request, wire) => wire.answer(request, {}),
  "resources/unsubscribe": (request, wire) => wire.answer(request, {}),
  "prompts/list": (request, wire) => wire.answer(request, { prompts: [] }),
  "prompts/get": (request, wire) => wire.answer(request, { messages: [] }),
  "completion/complete": (request, wire) => wire.answer(request, { completion: { values: [] } }),
  "logging/setLevel": (request, wire) => wire.answer(request, {}),
  ping: (request, wire) => wire.answer(request, {}),
  "x/extension": (request, wire) => wire.answer(request, {})
}

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736"
const traceparent = `00-${traceId}-00f067aa0ba902b7-01`

const traceparentOf = (span: Tracer.AnySpan) => `00-${span.traceId}-${span.spanId}-01`

const metaOf = (message: { readonly params?: Record<string, unknown> } | undefined) => message?.params?.["_meta"]

/** What was measured, by name and attributes. */
const measured = Effect.map(
  Metric.snapshot,
  (snapshot) => snapshot.map(({ attributes, id, state }) => ({ id, attributes, state }))
)

describe("spans", () => {
  it.effect("there is one for each operation, by the names of the conventions", () =>
    Effect.gen(function*() {
      const { spans, tracer } = Traces.make()
      yield* Effect.gen(function*() {
        const { session } = yield* connect(talking)
        yield* session.listTools
        yield* session.callTool("echo", { message: "hi" })
        yield* session.listResources
        yield* session.listResourceTemplates
        yield* session.readResource("file:///a.txt")
        yield* session.listPrompts
        yield* session.getPrompt("greet")
        yield* session.complete({ ref: { type: "ref/prompt", name: "greet" }, argument: { name: "a", value: "" } })
        yield* session.setLogLevel("info")
        yield* session.ping
        yield* session.request("x/extension")
      }).pipe(Effect.provideService(Tracer.Tracer, tracer))
      assert.deepStrictEqual(spans.map(({ kind, name }) => `${kind} ${name}`), [
        "client initialize",
        "client tools/list",
        "client tools/call echo",
        "client resources/list",
        "client resources/templates/list",
        "client resources/read",
        "client prompts/list",
        "client prompts/get greet",
        "client completion/complete greet",
        "client logging/setLevel",
        "client ping",
        "client x/extension"
      ])
      assert.deepStrictEqual(spans.map(endOf), spans.map(() => "ok"))
    }))

  it.effect("they carry the attributes of the conventions", () =>
    Effect.gen(function*() {
      const { named, tracer } = Traces.make()
      yield* Effect.gen(function*() {
        const { session } = yield* connect(talking, {
          transport: "sse",
          url: `https://api.example.com/mcp?key=${secret}`
        })
        yield* session.callTool("echo")
        yield* session.getPrompt("greet")
        yield* session.readResource("file:///a.txt")
        const local = yield* connect(talking, { name: "local", transport: "stdio" })
        yield* local.session.ping
      }).pipe(Effect.provideService(Tracer.Tracer, tracer))
      const common = {
        "mcp.server": "hand",
        "mcp.protocol.version": "2025-11-25",
        "network.transport": "tcp",
        "network.protocol.name": "http",
        "server.address": "api.example.com",
        "server.port": 443
      }
      assert.deepStrictEqual(attributesOf(named("tools/call echo")), {
        ...common,
        "mcp.method.name": "tools/call",
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "echo"
      })
      assert.deepStrictEqual(attributesOf(named("prompts/get greet")), {
        ...common,
        "mcp.method.name": "prompts/get",
        "gen_ai.prompt.name": "greet"
      })
      assert.deepStrictEqual(attributesOf(named("resources/read")), {
        ...common,
        "mcp.method.name": "resources/read",
        "mcp.resource.uri": "file:///a.txt"
      })
      assert.deepStrictEqual(attributesOf(named("ping")), {
        "mcp.method.name": "ping",
        "mcp.server": "local",
        "mcp.protocol.version": "2025-11-25",
        "network.transport": "pipe"
      })
    }))

  it.effect("connecting is one too, also when it fails", () =>
    Effect.gen(function*() {
      const { named, tracer } = Traces.make()
      yield* Effect.flip(connect({
        "server/discover": (request, wire) => wire.refuse(request, -32601, "Method not found"),
        initialize: (request, wire) => wire.refuse(request, -32603, `no ${secret} here`)
      })).pipe(Effect.provideService(Tracer.Tracer, tracer))
      assert.strictEqual(attributesOf(named("initialize"))["error.type"], "ConnectionError")
      assert.strictEqual(endOf(named("initialize")), "no connection: negotiate")
    }))

  it.effect("failures are told by their type and the server's code", () =>
    Effect.gen(function*() {
      const { named, tracer } = Traces.make()
      yield* Effect.gen(function*() {
        const { session } = yield* connect(talking)
        yield* Effect.exit(session.callTool("refused"))
        const mute = yield* Effect.forkChild(Effect.exit(session.callTool("mute", {}, { timeout: "1 second" })))
        yield* TestClock.adjust("1 second")
        yield* Fiber.join(mute)
        const cancelled = yield* Effect.forkChild(session.request("x/mute"), { startImmediately: true })
        yield* Fiber.interrupt(cancelled)
      }).pipe(Effect.provideService(Tracer.Tracer, tracer))
      // The list knows no such tool.
      assert.strictEqual(attributesOf(named("tools/call refused"))["error.type"], "ToolNotFound")
      assert.strictEqual(attributesOf(named("tools/call mute"))["error.type"], "Timeout")
      assert.strictEqual(endOf(named("tools/call mute")), "no answer within 1000 ms")
      assert.isUndefined(attributesOf(named("x/mute"))["error.type"])
      assert.notStrictEqual(endOf(named("x/mute")), "open")
    }))

  it.effect("a tool that answers isError, and a JSON-RPC error, fail their span", () =>
    Effect.gen(function*() {
      const { named, tracer } = Traces.make()
      const known = ["refused", "failing"].map((name) => ({ name, inputSchema: { type: "object" } }))
      yield* Effect.gen(function*() {
        const { session } = yield* connect({
          ...talking,
          "tools/list": (request, wire) => wire.answer(request, { tools: known })
        })
        yield* Effect.exit(session.callTool("refused"))
        yield* session.callTool("failing")
      }).pipe(Effect.provideService(Tracer.Tracer, tracer))
      assert.include(attributesOf(named("tools/call refused")), {
        "error.type": "-32602",
        "rpc.response.status_code": "-32602"
      })
      assert.strictEqual(endOf(named("tools/call refused")), "JSON-RPC error -32602")
      assert.strictEqual(attributesOf(named("tools/call failing"))["error.type"], "tool_error")
      assert.strictEqual(endOf(named("tools/call failing")), "the tool answered isError")
    }))

  it.effect("nothing that was sent or answered is in them, unless it is asked for", () =>
    Effect.gen(function*() {
      const use = Effect.gen(function*() {
        const { session } = yield* connect(talking, { url: `https://u:${secret}@example.com/${secret}?key=${secret}` })
        yield* Effect.exit(session.callTool("refused", { token: secret }, { meta: { token: secret } }))
        yield* Effect.exit(session.callTool("failing", { token: secret }))
        yield* session.callTool("echo", { token: secret })
        yield* session.getPrompt("greet", { token: secret })
        yield* session.readResource(`db://user:${secret}@host/table?token=${secret}#${secret}`)
        yield* session.request("x/extension", { token: secret })
      })
      const quiet = Traces.make()
      yield* use.pipe(Effect.provideService(Tracer.Tracer, quiet.tracer))
      assert.strictEqual(attributesOf(quiet.named("resources/read"))["mcp.resource.uri"], "db://host/table")
      for (const span of quiet.spans) assert.notInclude(wordsOf(span), secret)
      const open = Traces.make()
      yield* use.pipe(
        Effect.provideService(Tracer.Tracer, open.tracer),
        Effect.provideService(Telemetry.CaptureContent, true)
      )
      assert.include(attributesOf(open.named("tools/call echo")), {
        "gen_ai.tool.call.arguments": `{"token":"${secret}"}`,
        "gen_ai.tool.call.result": JSON.stringify(text(`echo: ${secret}`))
      })
      assert.include(String(attributesOf(open.named("resources/read"))["mcp.resource.uri"]), secret)
    }))

  it.effect("belong to the span they are made in, and what a call needs belongs to the call", () =>
    Effect.gen(function*() {
      const { named, tracer } = Traces.make()
      yield* Effect.gen(function*() {
        const { session } = yield* connect(talking)
        yield* Effect.exit(session.callTool("refused")).pipe(Effect.withSpan("mine"))
      }).pipe(Effect.provideService(Tracer.Tracer, tracer))
      assert.strictEqual(parentOf(named("tools/call refused")), "mine")
      assert.strictEqual(parentOf(named("tools/list")), "tools/call refused")
    }))

  it.effect("subscribing and its end are operations, as long as their requests", () =>
    Effect.gen(function*() {
      const { named, tracer } = Traces.make()
      yield* Effect.gen(function*() {
        const { session, wire } = yield* connect(talking)
        const reading = yield* Effect.forkChild(Stream.runDrain(session.subscribe("file:///a?b")))
        yield* wire.next("resources/subscribe")
        yield* TestClock.adjust("1 second")
        assert.strictEqual(endOf(named("resources/subscribe")), "ok")
        yield* Fiber.interrupt(reading)
      }).pipe(Effect.provideService(Tracer.Tracer, tracer))
      assert.strictEqual(attributesOf(named("resources/unsubscribe"))["mcp.resource.uri"], "file:///a")
    }))

  it.effect("where nobody collects there is none", () =>
    Effect.gen(function*() {
      const telemetry = new SessionTelemetry({ name: "s", transport: "stdio" })
      const current = Effect.option(Effect.currentSpan)
      const { tracer } = Traces.make()
      assert.isTrue(Option.isNone(yield* telemetry.operation("ping")(current)))
      assert.isTrue(
        Option.isNone(
          yield* telemetry.operation("ping")(current).pipe(
            Effect.withTracerEnabled(false),
            Effect.provideService(Tracer.Tracer, tracer)
          )
        )
      )
      const collected = yield* telemetry.operation("ping")(current).pipe(Effect.provideService(Tracer.Tracer, tracer))
      assert.strictEqual(Option.getOrThrow(collected).name, "ping")
      const { session, wire } = yield* connect(talking)
      yield* session.callTool("echo")
      assert.isUndefined(metaOf(wire.all("tools/call")[0]))
    }))
})

describe("trace context", () => {
  it.effect("goes to the server in _meta, in both eras, whatever else is there", () =>
    Effect.gen(function*() {
      for (const era of [{}, modern]) {
        const { named, tracer } = Traces.make()
        yield* Effect.gen(function*() {
          const { session, wire } = yield* connect({ ...talking, ...era })
          yield* session.callTool("echo", {}, { meta: { mine: 1 } })
          yield* session.listTools
          const connecting = { traceparent: traceparentOf(named("initialize")) }
          assert.include(metaOf(wire.all("server/discover")[0]), connecting)
          if (session.server.era === "legacy") assert.include(metaOf(wire.all("initialize")[0]), connecting)
          const called = metaOf(wire.all("tools/call")[0])
          assert.include(called, { mine: 1, traceparent: traceparentOf(named("tools/call echo")) })
          assert.notProperty(called, "tracestate")
          assert.include(metaOf(wire.all("tools/list")[0]), { traceparent: traceparentOf(named("tools/list")) })
        }).pipe(Effect.provideService(Tracer.Tracer, tracer))
      }
    }))

  it.effect("what the caller has set stays; an unsampled trace stays one; tracestate is carried on", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect(talking)
      const parent = Tracer.externalSpan({
        traceId,
        spanId: "00f067aa0ba902b7",
        sampled: false,
        annotations: Context.make(Telemetry.TraceState, "vendor=value")
      })
      yield* session.callTool("echo").pipe(Effect.withParentSpan(parent))
      const meta = metaOf(wire.all("tools/call")[0])
      assert.include(meta, { tracestate: "vendor=value" })
      assert.match(JSON.stringify(meta), new RegExp(`"00-${traceId}-(?!00f067aa0ba902b7)[0-9a-f]{16}-00"`))
      yield* session.callTool("echo", {}, { meta: { traceparent: "mine" } }).pipe(Effect.withParentSpan(parent))
      assert.deepStrictEqual(metaOf(wire.all("tools/call")[1]), { traceparent: "mine" })
    }))

  it.effect("ids that are not W3C's are not sent", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect(talking)
      const parent = Tracer.externalSpan({ traceId: "0".repeat(32), spanId: "1" })
      yield* session.callTool("echo").pipe(Effect.withParentSpan(parent))
      assert.isUndefined(metaOf(wire.all("tools/call")[0]))
    }))

  const rooted = Roots.Roots.of({ list: Effect.withSpan(Effect.succeed([]), "listing"), changes: Stream.empty })

  it.effect("what the server asks continues the trace that it names", () =>
    Effect.gen(function*() {
      const { named, tracer } = Traces.make()
      yield* Effect.gen(function*() {
        const { wire } = yield* connect(talking)
        yield* ask(wire, "roots/list", { _meta: { traceparent, tracestate: "vendor=value" } })
      }).pipe(Effect.provideService(Tracer.Tracer, tracer), Effect.provideService(Roots.Roots, rooted))
      const served = named("roots/list")
      assert.strictEqual(served.kind, "server")
      assert.strictEqual(served.traceId, traceId)
      assert.strictEqual(parentOf(served), "00f067aa0ba902b7")
      assert.include(attributesOf(served), { "mcp.method.name": "roots/list", "mcp.server": "hand" })
      assert.strictEqual(parentOf(named("listing")), "roots/list")
    }))

  it.effect("else it belongs to the request in flight, if there is just one; a bad traceparent is none", () =>
    Effect.gen(function*() {
      const { spans, tracer } = Traces.make()
      yield* Effect.gen(function*() {
        const { session, wire } = yield* connect(talking)
        const one = yield* Effect.forkChild(session.callTool("mute"), { startImmediately: true })
        yield* wire.next("tools/call")
        yield* ask(wire, "roots/list", { _meta: { traceparent: "00-zz" } })
        const other = yield* Effect.forkChild(session.request("x/mute"), { startImmediately: true })
        yield* wire.next("x/mute")
        yield* ask(wire, "roots/list")
        yield* Fiber.interruptAll([one, other])
      }).pipe(Effect.provideService(Tracer.Tracer, tracer), Effect.provideService(Roots.Roots, rooted))
      const served = spans.filter(({ name }) => name === "roots/list").map(parentOf)
      assert.strictEqual(served[0], "tools/call mute")
      assert.notStrictEqual(served[1], "tools/call mute")
      assert.notStrictEqual(served[1], "x/mute")
    }))

  it.effect("what a person is asked and answers is in no span", () =>
    Effect.gen(function*() {
      const { spans, tracer } = Traces.make()
      const person = Elicitation.Elicitation.of({
        modes: ["form"],
        elicit: () => Effect.die(new Error(secret))
      })
      yield* Effect.gen(function*() {
        const { wire } = yield* connect(talking)
        yield* ask(wire, "elicitation/create", {
          message: secret,
          requestedSchema: { type: "object", properties: { a: { type: "string" } } }
        })
      }).pipe(Effect.provideService(Tracer.Tracer, tracer), Effect.provideService(Elicitation.Elicitation, person))
      assert.include(spans.map(({ name }) => name), "elicitation/create")
      for (const span of spans) assert.notInclude(wordsOf(span), secret)
    }))
})

describe("metrics", () => {
  const provideRegistry = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.provideService(effect, Metric.MetricRegistry, new Map())

  it.effect("durations by server, method, tool and error", () =>
    Effect.gen(function*() {
      const { session } = yield* connect(talking)
      yield* session.listTools
      yield* session.callTool("echo")
      yield* session.callTool("echo")
      const mute = yield* Effect.forkChild(Effect.exit(session.callTool("mute", {}, { timeout: "3 seconds" })))
      yield* TestClock.adjust("3 seconds")
      yield* Fiber.join(mute)
      const durations = (yield* measured).filter(({ id }) => id === "mcp.client.operation.duration")
      const common = { "mcp.server": "hand", unit: "s" }
      const call = { ...common, "mcp.method.name": "tools/call", "gen_ai.operation.name": "execute_tool" }
      assert.sameDeepMembers(durations.map(({ attributes }) => attributes), [
        { ...common, "mcp.method.name": "initialize" },
        { ...common, "mcp.method.name": "tools/list" },
        { ...call, "gen_ai.tool.name": "echo" },
        { ...call, "gen_ai.tool.name": "mute", "error.type": "Timeout" }
      ])
      const stateOf = (tool: string) =>
        durations.find(({ attributes }) => attributes?.["gen_ai.tool.name"] === tool)?.state
      assert.deepInclude(stateOf("echo"), { count: 2 })
      assert.deepInclude(stateOf("mute"), { count: 1, sum: 3 })
    }).pipe(provideRegistry))

  it.effect("what is in flight, until it has ended, however", () =>
    Effect.gen(function*() {
      const inFlight = Effect.map(measured, (all) => all.find(({ id }) => id === "mcp.client.in_flight")?.state)
      const { session, wire } = yield* connect(talking)
      const calls = yield* Effect.forEach([1, 2], () => Effect.forkChild(session.callTool("mute")))
      yield* wire.next("tools/call", 2)
      assert.deepStrictEqual(yield* inFlight, { value: 2 })
      yield* Fiber.interruptAll(calls)
      assert.deepStrictEqual(yield* inFlight, { value: 0 })
    }).pipe(provideRegistry))

  it.effect("a server that was lost and reached again", () =>
    Effect.gen(function*() {
      const first = yield* wire(talking)
      const ends = [first, yield* wire(talking)]
      const session = yield* McpSession.make(
        Effect.suspend(() => Effect.orDie(Effect.fromNullishOr(ends.shift()?.near))),
        {
          name: "hand",
          transport: "in-memory"
        }
      )
      const again = yield* session.state.changes.pipe(
        Stream.dropUntil(({ _tag }) => _tag === "Reconnecting"),
        Stream.filter(({ _tag }) => _tag === "Ready"),
        Stream.take(1),
        Stream.runDrain,
        Effect.forkChild({ startImmediately: true })
      )
      const reason = new Closed({ description: "gone", stderr: [] })
      Object.assign(first.near, { lost: new TransportError({ phase: "connect", delivery: "unknown", reason }) })
      yield* Effect.promise(() => first.far.close())
      yield* Fiber.join(again)
      yield* session.ping
      const [reconnects] = (yield* measured).filter(({ id }) => id === "mcp.client.reconnects")
      assert.deepStrictEqual(reconnects?.attributes, { "mcp.server": "hand" })
      assert.deepInclude(reconnects?.state, { count: 1 })
    }).pipe(provideRegistry))

  it.effect("more than 1000 tools share one duration", () =>
    Effect.gen(function*() {
      const telemetry = new SessionTelemetry({ name: "s", transport: "stdio" })
      for (let i = 0; i < 1010; i++) yield* telemetry.operation("tools/call", { tool: `t${i}` })(Effect.void)
      yield* telemetry.operation("tools/call", { tool: "t3" })(Effect.void)
      const durations = (yield* measured).filter(({ id }) => id === "mcp.client.operation.duration")
      assert.lengthOf(durations, 1001)
      const countOf = (tool: string) =>
        durations.find(({ attributes }) => attributes?.["gen_ai.tool.name"] === tool)?.state
      assert.deepInclude(countOf("_other"), { count: 10 })
      assert.deepInclude(countOf("t3"), { count: 2 })
    }).pipe(provideRegistry))
})
