/** Which `HttpClient` carries a session: the one that the user has, with all that the user has put around it. */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { assert, describe, it } from "@effect/vitest"
import type { JSONRPCMessage } from "@modelcontextprotocol/client"
import * as NodeTransports from "@universal-mcp/transports/NodeTransports"
import * as StreamableHttpTransport from "@universal-mcp/transports/StreamableHttpTransport"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as ChildProcess from "effect/process/ChildProcess"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import { fileURLToPath } from "node:url"
import * as http from "../src/internal/http.ts"
import * as streamableHttp from "../src/internal/streamableHttp.ts"
import { event, json, result, serve, stream } from "./fixtures/httpServer.ts"
import { connect, live, text } from "./fixtures/httpSupport.ts"
import { node } from "./support.ts"

const hangsUp = fileURLToPath(new URL("fixtures/hangsUp.ts", import.meta.url))

const decorated = Layer.effect(
  HttpClient.HttpClient,
  Effect.map(HttpClient.HttpClient, HttpClient.mapRequest(HttpClientRequest.setHeader("x-mine", "yes")))
).pipe(Layer.provide(NodeTransports.platform))

describe("the HttpClient", () => {
  live("that the user has made of ours is used", () =>
    Effect.gen(function*() {
      const server = yield* serve()
      const session = yield* connect(server.url)
      assert.strictEqual(text(yield* session.callTool("echo")), "done")
      yield* server.until(() => server.seen("GET").length === 1)
      for (const one of server.exchanges) assert.strictEqual(one.headers["x-mine"], "yes")
    }), decorated)

  live("takes the options for undici that the session is made with", () =>
    Effect.gen(function*() {
      const server = yield* serve()
      yield* connect(server.url).pipe(Effect.provideService(NodeHttpClient.UndiciOptions, { reset: true }))
      for (const one of server.exchanges) assert.strictEqual(one.headers["connection"], "close")
    }))

  live(
    "takes the options for undici that it was made with",
    () =>
      Effect.gen(function*() {
        const server = yield* serve()
        yield* connect(server.url)
        for (const one of server.exchanges) assert.strictEqual(one.headers["connection"], "close")
      }),
    Layer.provide(NodeTransports.platform, Layer.succeed(NodeHttpClient.UndiciOptions, { reset: true }))
  )

  for (const as of ["json", "events"]) {
    it.live(`opens a connection for each of 64 calls at a time that are answered as ${as}, and leaves none`, () =>
      Effect.scoped(Effect.gen(function*() {
        const together: Array<() => void> = []
        const server = yield* serve({
          "tools/call": (exchange) => {
            together.push(() => {
              const answer = result(exchange.message.id, "done")
              if (as === "json") return json(exchange, answer)
              stream(exchange, event(answer))
              exchange.response.end()
            })
            if (together.length === 64) { for (const answer of together.splice(0)) answer() }
          }
        })
        yield* Effect.gen(function*() {
          const session = yield* StreamableHttpTransport.make({ name: "web", url: server.url })
          for (let round = 0; round < 3; round++) {
            const calls = Array.from({ length: 64 }, () => session.callTool("echo"))
            const results = yield* Effect.all(calls, { concurrency: "unbounded" })
            assert.deepStrictEqual(new Set(results.map(text)), new Set(["done"]))
          }
          assert.isAtLeast(server.sockets.size, 64)
          assert.isAtMost(server.sockets.size, 68)
        }).pipe(Effect.scoped, Effect.provide(NodeTransports.platform))
        yield* server.until(() => server.sockets.size === 0)
      })))
  }

  it.live(
    "learns that a server hangs up after each answer without having said so: then no call meets the end of a connection",
    () =>
      Effect.gen(function*() {
        // In this process its end of a connection would always come before the next call.
        const server = yield* ChildProcess.make(node, [hangsUp])
        const port = yield* server.stdout.pipe(Stream.decodeText, Stream.splitLines, Stream.runHead)
        const session = yield* connect(`http://127.0.0.1:${Option.getOrThrow(port)}`, { reconnect: false })
        const calls = yield* Effect.forEach(Array.from({ length: 1000 }), () => Effect.result(session.callTool("echo")))
        // Without it a dozen or more are lost.
        assert.isAtMost(calls.filter(Result.isFailure).length, 3)
        assert.isFalse(calls.slice(-900).some(Result.isFailure))
      }).pipe(Effect.scoped, Effect.provide(NodeTransports.platform))
  )

  live("gives back the streams that a server leaves open after their answers", () =>
    Effect.gen(function*() {
      let most = 0
      const server = yield* serve({
        "tools/call": (exchange) => {
          most = Math.max(most, server.sockets.size)
          stream(exchange, event(result(exchange.message.id, "done")))
        }
      })
      const session = yield* connect(server.url)
      for (let call = 0; call < 300; call++) assert.strictEqual(text(yield* session.callTool("echo")), "done")
      assert.isAtMost(most, 140)
    }))
})

describe("a request that nobody waits for any more", () => {
  live("is given up, before and after its answer has begun, and only that one", () =>
    Effect.gen(function*() {
      const server = yield* serve({
        "first": () => {},
        "second": (exchange) => stream(exchange, ": soon\n\n"),
        "third": (exchange) => json(exchange, result(exchange.message.id, "done"))
      })
      const transport = yield* Effect.flatMap(
        http.make({ url: server.url }),
        (client) => streamableHttp.make(client, {})
      )
      const messages: Array<JSONRPCMessage> = []
      const answered = yield* Deferred.make<void>()
      transport.onmessage = (message) => {
        messages.push(message)
        Deferred.doneUnsafe(answered, Effect.void)
      }
      for (const [at, method] of ["first", "second"].entries()) {
        yield* Effect.promise(() => transport.send({ jsonrpc: "2.0", id: at + 1, method }))
      }
      yield* server.until(() => server.exchanges.length === 2 && server.open() === 2)
      transport.abandon?.(1)
      transport.abandon?.(2)
      transport.abandon?.(17)
      yield* server.until(() => server.open() === 0)
      assert.deepStrictEqual(server.exchanges.map((one) => one.aborted), [true, true])
      yield* Effect.promise(() => transport.send({ jsonrpc: "2.0", id: 3, method: "third" }))
      yield* Deferred.await(answered)
      assert.deepStrictEqual(messages.map((message) => "id" in message ? message.id : undefined), [3])
    }))
})
