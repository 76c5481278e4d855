import { assert, describe } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Tracer from "effect/Tracer"
import { serve } from "./fixtures/httpServer.ts"
import { connect, live } from "./fixtures/httpSupport.ts"

const secret = "s3cr3t"

/** A tracer that keeps every span. */
const collecting = () => {
  const spans: Array<Tracer.Span> = []
  const tracer = Tracer.make({
    span: (options) => {
      const span = new Tracer.NativeSpan(options)
      spans.push(span)
      return span
    }
  })
  return { spans, tracer }
}

const wordsOf = ({ attributes, name, status }: Tracer.Span): string =>
  JSON.stringify([name, [...attributes]]) +
  (status._tag === "Ended" && status.exit._tag === "Failure" ? Cause.pretty(status.exit.cause) : "")

describe("telemetry over HTTP", () => {
  live(
    "spans tell the address and the session, and nothing of URLs, headers and bodies; there are no others",
    () =>
      Effect.gen(function*() {
        const { spans, tracer } = collecting()
        const server = yield* serve()
        const url = new URL(server.url)
        yield* Effect.gen(function*() {
          const session = yield* connect(`${server.url}?key=${secret}`, {
            headers: { Authorization: Redacted.make(`Bearer ${secret}`), "X-Key": secret }
          })
          yield* session.callTool("echo", { token: secret })
        }).pipe(Effect.scoped, Effect.provideService(Tracer.Tracer, tracer))
        assert.deepStrictEqual(spans.map(({ name }) => name), ["initialize", "tools/call echo"])
        const [connecting, call] = spans
        for (const span of [connecting, call]) {
          assert.deepInclude(Object.fromEntries(span?.attributes ?? []), {
            "mcp.session.id": "session-1",
            "network.transport": "tcp",
            "network.protocol.name": "http",
            "server.address": url.hostname,
            "server.port": Number(url.port)
          })
        }
        for (const span of spans) assert.notInclude(wordsOf(span), secret)
        const [called] = server.exchanges.filter(({ message }) => message.method === "tools/call")
        assert.include(JSON.stringify(called?.message), `"traceparent":"00-${call?.traceId}-${call?.spanId}-01"`)
      })
  )

  live("a server that cannot be reached is told without its URL", () =>
    Effect.gen(function*() {
      const { spans, tracer } = collecting()
      yield* Effect.flip(connect(`http://127.0.0.1:1/${secret}?key=${secret}`)).pipe(
        Effect.scoped,
        Effect.provideService(Tracer.Tracer, tracer)
      )
      assert.deepStrictEqual(spans.map(({ name }) => name), ["initialize"])
      for (const span of spans) assert.notInclude(wordsOf(span), secret)
      assert.include(wordsOf(spans[0]!), "no connection: connect")
    }))
})
