import { assert, describe } from "@effect/vitest"
import type { ConnectionError } from "@universal-mcp/core/McpError"
import type { McpSession } from "@universal-mcp/core/McpSession"
import * as AutoTransport from "@universal-mcp/transports/AutoTransport"
import * as SseTransport from "@universal-mcp/transports/SseTransport"
import * as StreamableHttpTransport from "@universal-mcp/transports/StreamableHttpTransport"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import type * as HttpClient from "effect/http/HttpClient"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as everything from "./fixtures/httpEverything.ts"
import { live, text } from "./fixtures/httpSupport.ts"

type Connect = (
  url: string
) => Effect.Effect<McpSession["Service"], ConnectionError, HttpClient.HttpClient | Scope.Scope>

const streamable: Connect = (url) => StreamableHttpTransport.make({ name: "everything", url })
const sse: Connect = (url) => SseTransport.make({ name: "everything", url })
const automatic: Connect = (url) => AutoTransport.make({ name: "everything", url })

const tour = (mode: "streamableHttp" | "sse", connect: Connect, transport: string, ended: string) => () =>
  Effect.gen(function*() {
    const server = yield* everything.serve(mode)
    yield* Effect.scoped(Effect.gen(function*() {
      const session = yield* connect(`${server.origin}/${mode === "sse" ? "sse" : "mcp"}`)
      assert.strictEqual(session.transport, transport)
      assert.strictEqual(session.server.name, "mcp-servers/everything")
      assert.include((yield* session.listTools).map((tool) => tool.name), "echo")
      assert.strictEqual(text(yield* session.callTool("echo", { message: "hello" })), "Echo: hello")

      const run = { duration: 0.2, steps: 4 }
      const events = yield* Stream.runCollect(session.callToolStream("trigger-long-running-operation", run))
      assert.deepStrictEqual(
        events.filter((one) => one._tag !== "Log").map((one) => one._tag === "Progress" ? one.progress : one._tag),
        [1, 2, 3, 4, "Result"]
      )

      const begun = yield* Effect.forkChild(
        session.callToolStream("trigger-long-running-operation", { duration: 60, steps: 600 }).pipe(
          Stream.filter((one) => one._tag === "Progress"),
          Stream.runHead
        )
      )
      assert.isTrue((yield* Fiber.join(begun))._tag === "Some")
      assert.strictEqual(text(yield* session.callTool("echo", { message: "still here" })), "Echo: still here")
    }))
    yield* server.until(ended)
  })

describe("server-everything", () => {
  const deleted = "Received session termination request"
  live("over Streamable HTTP", tour("streamableHttp", streamable, "streamable-http", deleted))
  live(
    "over Streamable HTTP, with fetch",
    tour("streamableHttp", streamable, "streamable-http", deleted),
    FetchHttpClient.layer
  )
  live("over HTTP+SSE", tour("sse", sse, "sse", "Client Disconnected"))
  live("over HTTP+SSE, with fetch", tour("sse", sse, "sse", "Client Disconnected"), FetchHttpClient.layer)
  live("over what answers, Streamable HTTP", tour("streamableHttp", automatic, "streamable-http", deleted))
  live("over what answers, HTTP+SSE", tour("sse", automatic, "sse", "Client Disconnected"))
})
