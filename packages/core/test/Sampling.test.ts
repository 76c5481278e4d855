import { assert, describe, it } from "@effect/vitest"
import type { McpServer } from "@modelcontextprotocol/server"
import * as McpSession from "@universal-mcp/core/McpSession"
import * as Sampling from "@universal-mcp/core/Sampling"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { ask, inputRequired } from "./fixtures/asking.ts"
import * as servers from "./fixtures/server.ts"
import { connect, type Handlers, modern, text } from "./fixtures/wire.ts"

type Service = Sampling.Sampling["Service"]

const writing = (createMessage: Service["createMessage"], tools?: boolean) =>
  Effect.provideService(Sampling.Sampling, { createMessage, tools })

const written = (words: string) => ({
  model: "small-1",
  role: "assistant" as const,
  content: { type: "text" as const, text: words }
})

const wanted = {
  messages: [{ role: "user" as const, content: { type: "text" as const, text: "a long text" } }],
  maxTokens: 100
}

const calculator = { name: "add", inputSchema: { type: "object" as const } }

describe("Sampling on the official SDK's server", () => {
  const onServer = <A>(sampling: Layer.Layer<Sampling.Sampling>, use: (server: McpServer["server"]) => Promise<A>) =>
    Effect.suspend(() => {
      let server: McpServer | undefined
      const configure = (made: McpServer) => {
        server = made
      }
      return McpSession.McpSession.use(() => Effect.promise(() => use(server!.server))).pipe(
        Effect.provide(servers.layer("calc", { configure }).pipe(Layer.provide(sampling)))
      )
    })

  it.effect("hands over the request with the server's name, and sends what was written", () =>
    Effect.gen(function*() {
      const seen: Array<Sampling.SamplingRequest> = []
      const sampling = Layer.succeed(Sampling.Sampling, {
        createMessage: (request) => {
          seen.push(request)
          return Effect.succeed(written("a text"))
        }
      })
      const result = yield* onServer(sampling, (server) => server.createMessage(wanted))
      assert.containSubset(result, written("a text"))
      assert.containSubset(seen, [{ server: "calc", ...wanted }])
    }))

  it.effect("rejects everything with layerDeny", () =>
    Effect.gen(function*() {
      const refused = yield* onServer(
        Sampling.layerDeny,
        (server) => server.createMessage(wanted).then(() => undefined, (error: unknown) => error)
      )
      assert.containSubset(refused, { code: -1, message: "User rejected sampling request" })
    }))

  it.effect("gives a model the server's tools where it takes them", () =>
    Effect.gen(function*() {
      const call = { type: "tool_use" as const, id: "1", name: "add", input: { a: 1 } }
      const sampling = Layer.succeed(Sampling.Sampling, {
        tools: true,
        createMessage: ({ tools }) =>
          tools?.[0]?.name === "add"
            ? Effect.succeed({ model: "small-1", role: "assistant", stopReason: "toolUse", content: [call] })
            : Effect.die("no tools")
      })
      const result = yield* onServer(sampling, (server) => server.createMessage({ ...wanted, tools: [calculator] }))
      assert.deepStrictEqual(result.content, [call])
      assert.strictEqual(result.stopReason, "toolUse")
    }))

  it.effect("is interrupted when the server takes its request back, and writes for it afterwards", () =>
    Effect.gen(function*() {
      const started = yield* Deferred.make<void>()
      const interrupted = yield* Deferred.make<void>()
      const sampling = Layer.succeed(Sampling.Sampling, {
        createMessage: ({ maxTokens }) =>
          maxTokens === 1
            ? Effect.succeed(written("short"))
            : Effect.andThen(Deferred.succeed(started, undefined), Effect.never).pipe(
              Effect.onInterrupt(() => Deferred.succeed(interrupted, undefined))
            )
      })
      const result = yield* onServer(sampling, async (server) => {
        const taken = new AbortController()
        const first = server.createMessage(wanted, { signal: taken.signal }).then(() => "written", () => "taken back")
        await Effect.runPromise(Deferred.await(started))
        taken.abort()
        await Effect.runPromise(Deferred.await(interrupted))
        return [await first, (await server.createMessage({ ...wanted, maxTokens: 1 })).content]
      })
      assert.deepStrictEqual(result, ["taken back", written("short").content])
    }))
})

describe("Sampling on the wire", () => {
  it.effect("is advertised exactly when the service is there, with tools exactly when it takes them", () =>
    Effect.gen(function*() {
      const advertised = Effect.gen(function*() {
        const { wire } = yield* connect()
        return (yield* wire.next("initialize")).params?.["capabilities"]
      })
      const createMessage = () => Effect.succeed(written("a text"))
      assert.deepStrictEqual(yield* advertised, {})
      assert.deepStrictEqual(yield* writing(createMessage)(advertised), { sampling: {} })
      assert.deepStrictEqual(yield* writing(createMessage, false)(advertised), { sampling: {} })
      assert.deepStrictEqual(yield* writing(createMessage, true)(advertised), { sampling: { tools: {} } })
    }))

  it.effect("refuses tools where it does not take them, and malformed requests, without being asked", () =>
    Effect.gen(function*() {
      const { wire } = yield* writing(() => Effect.die("must not be asked"))(connect())
      const codes = yield* Effect.forEach([
        ask(wire, "sampling/createMessage", { ...wanted, tools: [calculator] }),
        ask(wire, "sampling/createMessage", { ...wanted, toolChoice: { mode: "auto" } }),
        ask(wire, "sampling/createMessage", { maxTokens: 1 })
      ], Effect.map(({ error }) => error?.code))
      assert.deepStrictEqual(codes, [-32602, -32602, -32602])
    }))

  it.effect("passes on keys that it does not know", () =>
    Effect.gen(function*() {
      const seen: Array<unknown> = []
      const { wire } = yield* writing((request) => {
        seen.push(request)
        return Effect.succeed(written("a text"))
      })(connect())
      const params = { ...wanted, "x-effort": { level: 3 } }
      yield* ask(wire, "sampling/createMessage", params)
      assert.deepStrictEqual(seen, [{ ...params, server: "hand" }])
    }))

  it.effect("tells the server the code and the description of a rejection", () =>
    Effect.gen(function*() {
      const rejected = new Sampling.SamplingRejected({ code: -32000, description: "the model is overloaded" })
      const { wire } = yield* writing(() => Effect.fail(rejected))(connect())
      assert.deepStrictEqual(yield* ask(wire, "sampling/createMessage", wanted), {
        error: { code: -32000, message: "the model is overloaded" }
      })
    }))

  it.effect("writes side by side", () =>
    Effect.gen(function*() {
      const second = yield* Deferred.make<void>()
      const { wire } = yield* writing(({ maxTokens }) =>
        (maxTokens === 1 ? Deferred.await(second) : Deferred.succeed(second, undefined)).pipe(
          Effect.as(written(String(maxTokens)))
        )
      )(connect())
      const asking = yield* Effect.forEach([1, 2], (maxTokens) =>
        Effect.forkChild(ask(wire, "sampling/createMessage", { ...wanted, maxTokens }), { startImmediately: true }))
      const contents = (yield* Fiber.joinAll(asking)).map(({ result }) =>
        result?.["content"]
      )
      assert.deepStrictEqual(contents, [written("1").content, written("2").content])
    }))
})

describe("Sampling of the modern era", () => {
  const server: Handlers = {
    ...modern,
    "tools/list": (request, to) => to.refuse(request, -32601, "Method not found"),
    "tools/call": (request, to) =>
      to.all("tools/call").length === 1
        ? to.answer(request, inputRequired({ s: { method: "sampling/createMessage", params: wanted } }, "state"))
        : to.answer(request, { resultType: "complete", ...text("done") })
  }

  it.effect("writes what a result asks for", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* writing(() => Effect.succeed(written("a text")))(connect(server))
      yield* session.callTool("summarize")
      const { params } = yield* wire.next("tools/call", 2)
      assert.deepStrictEqual(params?.["inputResponses"], { s: written("a text") })
      assert.strictEqual(params?.["requestState"], "state")
    }))

  it.effect("fails the call that needs it when it is rejected", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect(server).pipe(Effect.provide(Sampling.layerDeny))
      assert.containSubset(yield* Effect.flip(session.callTool("summarize")), {
        _tag: "CallError",
        server: "hand",
        reason: { _tag: "Rejected", code: -1, description: "User rejected sampling request" }
      })
      assert.strictEqual(wire.all("tools/call").length, 1)
    }))
})
