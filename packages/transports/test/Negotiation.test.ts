import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { McpServer } from "@modelcontextprotocol/server"
import * as NegotiationCache from "@universal-mcp/core/NegotiationCache"
import * as StdioTransport from "@universal-mcp/transports/StdioTransport"
import { type Duration, Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { fileURLToPath } from "node:url"
import * as z from "zod"
import { type Exchange, type Handler, json, serve } from "./fixtures/httpServer.ts"
import { connect as connectHttp, live, refused, text } from "./fixtures/httpSupport.ts"
import * as sdkHttp from "./fixtures/sdkHttp.ts"
import { alive, fixture, Log, mark, node } from "./support.ts"

const sdk = fileURLToPath(new URL("fixtures/sdkStdio.ts", import.meta.url))

const connect = (file: string, flags: ReadonlyArray<string>, options: Partial<StdioTransport.Options> = {}) =>
  StdioTransport.make({ name: "fixture", command: node, args: [file, ...flags], ...options })

/** How long a server may take for the first answer. */
const probing = (timeout: Duration.Input) => Effect.provideService(NegotiationCache.ProbeTimeout, timeout)

/** A cache of its own for each test, so that they do not learn from one another. */
const fresh = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.suspend(() => Effect.provideService(effect, NegotiationCache.NegotiationCache, NegotiationCache.make()))

describe("negotiation over stdio", () => {
  it.layer(NodeServices.layer, { excludeTestServices: true })((it) => {
    const starts = (log: Log["Service"]) => log.lines().filter((line) => line.startsWith("start")).length

    it.effect.each([
      { what: "a legacy server", file: fixture, flags: [], era: "legacy", times: 1 },
      {
        what: "one that answers under a wrong id",
        file: fixture,
        flags: ["--discover=wrong-id"],
        era: "legacy",
        times: 1
      },
      { what: "one that answers with silence", file: fixture, flags: ["--discover=silence"], era: "legacy", times: 1 },
      { what: "one that exits", file: fixture, flags: ["--discover=exit"], era: "legacy", times: 2 },
      { what: "a modern server", file: sdk, flags: ["--legacy=reject"], era: "modern", times: 1 },
      { what: "one that speaks both eras", file: sdk, flags: [], era: "modern", times: 1 }
    ])(
      "starts $what $times time(s), and leaves no other behind",
      ({ era, file, flags, times }) =>
        Effect.gen(function*() {
          const log = yield* Log
          const word = yield* mark
          const open = connect(file, [...flags, `--log=${log.path}`, `--mark=${word}`])
          // Only silence is waited out.
          const session = yield* probing(flags.includes("--discover=silence") ? "100 millis" : "10 minutes")(open)
          assert.strictEqual(session.server.era, era)
          assert.strictEqual(session.server.protocolVersion, era === "modern" ? "2026-07-28" : "2025-11-25")
          assert.strictEqual(session.server.instructions, "be kind")
          assert.strictEqual(text(yield* session.callTool("echo", { message: "hi" })), "hi")
          assert.strictEqual(starts(log), times)
          assert.strictEqual(alive(word).length, 1)

          // And never again, now that it is known.
          yield* Effect.scoped(probing("10 minutes")(open))
          assert.strictEqual(starts(log), times + 1)
        }).pipe(fresh, Effect.provide(Log.layer))
    )

    it.effect("a server that cannot start is started again once, and both are gone", () =>
      Effect.gen(function*() {
        const word = yield* mark
        const error = yield* Effect.flip(connect(fixture, ["--exit-at-start=4", `--mark=${word}`]))
        assert.strictEqual(error.exitCode, 4)
        assert.deepStrictEqual(error.stderr, ["cannot find my configuration"])
        assert.deepStrictEqual(alive(word), [])
        const cache = yield* NegotiationCache.NegotiationCache
        const verdicts = yield* cache.get(
          JSON.stringify(["stdio", node, [fixture, "--exit-at-start=4", `--mark=${word}`], "."])
        )
        assert.isUndefined(verdicts)
      }).pipe(fresh))

    it.effect("a verdict that proves wrong is dropped, and the session negotiates anew", () =>
      Effect.gen(function*() {
        const args = [sdk, "--legacy=reject"]
        const key = JSON.stringify(["stdio", node, args, "."])
        const cache = yield* NegotiationCache.NegotiationCache
        yield* cache.set(key, "legacy")
        const session = yield* connect(sdk, ["--legacy=reject"])
        assert.strictEqual(session.server.era, "modern")
        assert.strictEqual(yield* cache.get(key), "modern")

        const old = JSON.stringify(["stdio", node, [fixture], "."])
        yield* cache.set(old, "modern")
        assert.strictEqual((yield* connect(fixture, [])).server.era, "legacy")
        assert.strictEqual(yield* cache.get(old), "legacy")
      }).pipe(fresh))

    it.effect("an era or a revision can be pinned, and nothing else is then taken", () =>
      Effect.gen(function*() {
        const dual = yield* connect(sdk, [], { protocolVersion: "legacy" })
        assert.strictEqual(dual.server.protocolVersion, "2025-11-25")
        const old = yield* connect(sdk, [], { protocolVersion: "2025-03-26" })
        assert.strictEqual(old.server.protocolVersion, "2025-03-26")
        const modern = yield* connect(sdk, [], { protocolVersion: "2026-07-28" })
        assert.strictEqual(modern.server.era, "modern")

        const notModern = yield* Effect.flip(connect(fixture, [], { protocolVersion: "modern" }))
        assert.match(
          `${notModern.message} ${notModern.hint}`,
          /does not speak revision 2026-07-28.*leave `protocolVersion` out/
        )
        const notLegacy = yield* Effect.flip(connect(sdk, ["--legacy=reject"], { protocolVersion: "legacy" }))
        assert.match(`${notLegacy.message} ${notLegacy.hint}`, /speaks only.*2026-07-28.*configured as legacy/)
        const other = yield* Effect.flip(connect(fixture, [], { protocolVersion: "2025-03-26" }))
        assert.match(`${other.message} ${other.hint}`, /chose protocol revision 2025-11-25.*configured as 2025-03-26/)
      }).pipe(fresh))
  })
})

describe("negotiation over Streamable HTTP", () => {
  const methods = (exchanges: ReadonlyArray<Exchange>) => exchanges.map((one) => one.message.method ?? one.method)

  /** What only the server itself can have said is remembered; an outage may look like the rest. */
  const questions: ReadonlyArray<
    readonly [what: string, answer: Handler, isRemembered?: boolean, isSilent?: boolean]
  > = [
    [
      "an error of JSON-RPC",
      (exchange) => json(exchange, { jsonrpc: "2.0", id: exchange.message.id, error: { code: -32601, message: "no" } })
    ],
    [
      "HTTP 400 under no id",
      (exchange) => json(exchange, { jsonrpc: "2.0", id: null, error: { code: -32000, message: "no" } }, 400)
    ],
    ["HTTP 404", ({ response }) => response.writeHead(404).end()],
    ["HTTP 500", ({ response }) => response.writeHead(500).end("oops"), false],
    ["a page", ({ response }) => response.writeHead(200, { "content-type": "text/html" }).end("<html></html>"), false],
    ["another result", (exchange) => json(exchange, { jsonrpc: "2.0", id: exchange.message.id, result: {} })],
    ["silence", () => {}, false, true],
    [
      "an event stream that stays empty",
      (exchange) => exchange.response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders(),
      false,
      true
    ]
  ]
  for (const [what, answer, isRemembered = true, isSilent = false] of questions) {
    live(
      `connects to a legacy server that answers the question with ${what}, which is given up`,
      () =>
        fresh(
          Effect.gen(function*() {
            const server = yield* serve({ "server/discover": answer })
            // Time goes by only where the server is silent, once it was asked.
            const open = Effect.fnUntraced(function*(questions: number) {
              const connecting = yield* Effect.forkScoped(probing("1 second")(connectHttp(server.url)))
              yield* server.until(() => server.seen("server/discover").length === questions)
              if (isSilent) yield* TestClock.adjust("1 second")
              return yield* Fiber.join(connecting)
            })
            const session = yield* open(1)
            assert.strictEqual(session.server.era, "legacy")
            assert.strictEqual(text(yield* session.callTool("echo")), "done")
            assert.deepStrictEqual(methods(server.exchanges).slice(0, 3), [
              "server/discover",
              "initialize",
              "notifications/initialized"
            ])
            yield* server.until(() =>
              server.exchanges[0]?.response.writableEnded === true || server.exchanges[0]?.aborted === true
            )

            yield* open(isRemembered ? 1 : 2)
            assert.strictEqual(server.seen("server/discover").length, isRemembered ? 1 : 2)
          }).pipe(Effect.provide(TestClock.layer()))
        )
    )
  }

  live("who is not let in is told so at once", () =>
    fresh(Effect.gen(function*() {
      const server = yield* serve({
        "server/discover": ({ response }) => response.writeHead(401, { "www-authenticate": "Bearer" }).end()
      })
      const error = yield* refused(server.url)
      assert.strictEqual(error.phase, "auth")
      assert.strictEqual(error.wwwAuthenticate, "Bearer")
      assert.deepStrictEqual(methods(server.exchanges), ["server/discover"])
    })))

  live(
    "asks again where the server refuses the revision first and supports it all the same",
    () =>
      fresh(Effect.gen(function*() {
        let refusals = 0
        const server = yield* serve({
          "server/discover": (exchange) =>
            refusals++ === 0
              ? json(exchange, {
                jsonrpc: "2.0",
                id: null,
                error: { code: -32022, message: "Unsupported protocol version", data: { supported: ["2026-07-28"] } }
              }, 400)
              : json(exchange, {
                jsonrpc: "2.0",
                id: exchange.message.id,
                result: {
                  resultType: "complete",
                  supportedVersions: ["2026-07-28"],
                  capabilities: { tools: true },
                  ttlMs: -5
                }
              })
        })
        const session = yield* connectHttp(server.url)
        assert.deepInclude(session.server, { era: "modern", name: "web", version: "", capabilities: { tools: {} } })
        assert.deepStrictEqual(methods(server.exchanges), ["server/discover", "server/discover"])
      }))
  )

  it.live("the SDK's modern server: every request stands for itself, and an interruption closes its answer", () =>
    Effect.gen(function*() {
      const server = yield* modern
      const session = yield* connectHttp(server.url)
      assert.deepInclude(session.server, {
        era: "modern",
        protocolVersion: "2026-07-28",
        name: "sdk",
        version: "2.0.0"
      })
      assert.deepStrictEqual((yield* session.listTools).map((tool) => tool.name), ["echo", "hang", "naïve"])
      assert.strictEqual(text(yield* session.callTool("echo", { message: "hi" })), "hi")
      assert.strictEqual(text(yield* session.callTool("naïve")), "naïve")
      const hanging = yield* Effect.forkChild(session.callTool("hang"))
      yield* Effect.promise(() => server.called)
      yield* Fiber.interrupt(hanging)
      yield* Effect.promise(() => server.cancelled)
      assert.sameMembers([...new Set(server.methods)], ["server/discover", "tools/list", "tools/call"])
    }).pipe(fresh, Effect.scoped, Effect.provide(NodeHttpClient.layerUndici)))
})

/** The SDK 2.x behind a real socket. */
const modern = Effect.gen(function*() {
  const called = Promise.withResolvers<void>()
  const cancelled = Promise.withResolvers<void>()
  const { methods, url } = yield* sdkHttp.make(() => {
    const server = new McpServer({ name: "sdk", version: "2.0.0" })
    server.registerTool("echo", { inputSchema: z.object({ message: z.string() }) }, ({ message }) => ({
      content: [{ type: "text", text: message }]
    }))
    server.registerTool("hang", {}, (context) =>
      new Promise((resolve) => {
        context.mcpReq.signal.addEventListener("abort", () => {
          cancelled.resolve()
          resolve({ content: [] })
        })
        called.resolve()
      }))
    server.registerTool("naïve", {}, () => ({ content: [{ type: "text", text: "naïve" }] }))
    return server
  })
  return { url, called: called.promise, cancelled: cancelled.promise, methods }
})
