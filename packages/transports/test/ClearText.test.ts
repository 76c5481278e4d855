/** Credentials that go over a network in clear text are warned about, once per connection. */
import { assert, describe, it } from "@effect/vitest"
import * as HttpHeaders from "@universal-mcp/core/HttpHeaders"
import type * as McpSession from "@universal-mcp/core/McpSession"
import * as SseTransport from "@universal-mcp/transports/SseTransport"
import * as StreamableHttpTransport from "@universal-mcp/transports/StreamableHttpTransport"
import { Effect, Layer, Option, Redacted, Stream } from "effect"
import { FetchHttpClient, HttpClient, HttpClientRequest } from "effect/http"
import { serve as serveHttp } from "./fixtures/httpServer.ts"
import { serve as serveBoth } from "./fixtures/mcpHttp.ts"

const Authorization = Redacted.make("Bearer s3cret-s3cret")

/** A client for which every host is this machine. */
const everywhere = (port: string) =>
  Layer.effect(
    HttpClient.HttpClient,
    Effect.map(HttpClient.HttpClient, (client) =>
      HttpClient.mapRequest(client, (request) =>
        HttpClientRequest.setUrl(request, String(request.url).replace(/\/\/[^/]+/, `//127.0.0.1:${port}`))))
  ).pipe(Layer.provide(FetchHttpClient.layer))

const firstWarning = (session: McpSession.McpSession["Service"]) =>
  session.warnings.pipe(
    Stream.map(({ description }) => description),
    Stream.filter((text) => text.includes("clear text")),
    Stream.runHead,
    Effect.map(Option.getOrElse(() => "none"))
  )

describe("credentials in clear text", () => {
  it.live("are warned about over Streamable HTTP, and nothing of them is told", () =>
    Effect.gen(function*() {
      const web = yield* serveHttp()
      const session = yield* Effect.provide(
        StreamableHttpTransport.make({ name: "web", url: "http://mcp.example:8000/mcp", headers: { Authorization } }),
        everywhere(new URL(web.origin).port)
      )
      const warning = yield* firstWarning(session)
      assert.include(warning, "mcp.example:8000 in clear text")
      assert.include(warning, "the header Authorization")
      assert.include(warning, "https://")
      assert.notInclude(warning, "s3cret")
      assert.strictEqual(web.exchanges[0]?.headers["authorization"], "Bearer s3cret-s3cret")
    }).pipe(Effect.scoped))

  it.live("are warned about over HTTP+SSE", () =>
    Effect.gen(function*() {
      const origin = yield* serveBoth(() => {})
      const session = yield* Effect.provide(
        SseTransport.make({ name: "web", url: "http://mcp.example/sse/a", headers: { "X-Api-Key": "s3cret-s3cret" } }),
        everywhere(new URL(origin).port)
      )
      assert.include(yield* firstWarning(session), "the header X-Api-Key")
    }).pipe(Effect.scoped))

  it.live("are not where nothing is secret, or the host is this machine", () =>
    Effect.gen(function*() {
      const web = yield* serveHttp()
      const options = [
        [{ url: "http://mcp.example/mcp", headers: { Authorization } }, 1],
        [{ url: "http://mcp.example/mcp?v=1", headers: { Accept: "x" } }, 0],
        [{ url: web.url, headers: { Authorization } }, 0]
      ] as const
      for (const [option, expected] of options) {
        const stream = yield* Effect.scoped(Effect.map(
          Effect.provide(
            StreamableHttpTransport.make({ name: "web", ...option }),
            everywhere(new URL(web.origin).port)
          ),
          (session) => session.warnings
        ))
        const warnings = yield* Stream.runCollect(stream)
        assert.lengthOf(warnings.filter((one) => JSON.stringify(one).includes("clear text")), expected)
      }
    }).pipe(Effect.scoped))
})

describe("which credentials and which hosts", () => {
  it.each([
    "http://me:s3@example.com/",
    "http://example.com/?api_key=s3",
    "http://10.0.0.7/?token=s3",
    "http://192.168.1.2/?token=s3",
    "http://host.local/?sig=s3",
    "http://[fe80::1]/?key=s3",
    "http://localhost.example.com/?key=s3",
    "http://127.0.0.1.example.com/?key=s3",
    "http://128.0.0.1/?key=s3"
  ])("%s is warned about", (url) => {
    const warning = HttpHeaders.clearTextWarning({ url })
    assert.include(warning, new URL(url).host)
    assert.notInclude(warning, "s3")
  })

  it.each([
    "https://me:s3@example.com/",
    "http://localhost/?key=s3",
    "http://LOCALHOST.:80/?key=s3",
    "http://a.localhost/?key=s3",
    "http://127.1.2.3/?key=s3",
    "http://0x7f.1/?key=s3",
    "http://[::1]:8000/?key=s3",
    "http://[::ffff:127.0.0.1]/?key=s3",
    "http://example.com/?page=2",
    "no URL"
  ])("%s is not", (url) => assert.isUndefined(HttpHeaders.clearTextWarning({ url })))
})
