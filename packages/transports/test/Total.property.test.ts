/** Whatever a server's HTTP answers, headers and standard error say, each reader of them gives a value. */
import { assert, describe, it } from "@effect/vitest"
import * as HttpHeaders from "@universal-mcp/core/HttpHeaders"
import { ConnectionError } from "@universal-mcp/core/McpError"
import { decode, encode } from "@universal-mcp/core/McpTransport"
import { Cause, Effect, Exit, Result, Schema } from "effect"
import { Choices, spoiled, Text } from "../../../test/spoil.ts"
import * as content from "../src/internal/content.ts"
import * as cookies from "../src/internal/cookies.ts"
import * as events from "../src/internal/events.ts"
import * as lostSession from "../src/internal/lostSession.ts"
import * as messages from "../src/internal/messages.ts"
import * as networkFailure from "../src/internal/networkFailure.ts"
import { answeredBy } from "../src/internal/oversized.ts"
import { Cursor } from "../src/internal/reconnect.ts"
import * as requestHeaders from "../src/internal/requestHeaders.ts"
import * as responseHeaders from "../src/internal/responseHeaders.ts"
import * as retryAfter from "../src/internal/retryAfter.ts"
import * as spawnFailure from "../src/internal/spawnFailure.ts"
import * as status from "../src/internal/status.ts"
import { Chunks, cut } from "./fixtures/arbitraries.ts"
import { initializeResult, result, serve } from "./fixtures/httpServer.ts"
import { connect, live } from "./fixtures/httpSupport.ts"

const property = <const S extends Record<string, Schema.Decoder<unknown>>>(
  name: string,
  fields: S,
  body: (values: { readonly [K in keyof S]: S[K]["Type"] }) => void
) => it.effect.prop(name, fields, (values) => Effect.sync(() => body(values)))

const line = (text: string | undefined) => assert.notMatch(text ?? "", /[\n\r]/)

describe("readers of text", () => {
  property("what is said of a failure is one line of bounded length", { text: Text }, ({ text }) => {
    const said = status.excerpt(text)
    line(said)
    assert.isAtMost(said.length, 201)
    assert.isBoolean(lostSession.isSaid(text) || lostSession.isUnknown(text) || lostSession.mayHaveBegun(text))
  })

  property("Retry-After is a time or nothing", { text: Text }, ({ text }) => {
    const wait = retryAfter.parse(text, 0) ?? 0
    assert.isTrue(wait >= 0 && wait <= 3_600_000)
  })

  property("headers are texts", { text: Text, other: Text }, ({ other, text }) => {
    for (const name of ["content-type", "retry-after", "www-authenticate", "content-encoding", "mcp-session-id"]) {
      assert.isString(responseHeaders.get({ [name]: text }, name))
      assert.isString(responseHeaders.get({ [name]: [text, other] }, name))
    }
    assert.isTrue(/^[\t\x20-\x7e\x80-\xff]*$/.test(requestHeaders.utf8(text)))
    assert.isTrue(Effect.isEffect(HttpHeaders.check({ [text]: other })))
  })

  property("cookies are kept or not", { text: Text, other: Text }, ({ other, text }) => {
    const jar = cookies.make(() => 0)
    const url = new URL("https://example.com/mcp")
    jar.take(url, [`a=${text}`, text, `${text}=${other}; Path=${text}; Expires=${other}; Domain=${text}`])
    assert.match(jar.header(url) ?? "", /^[\x20-\x7e\x80-\xff]*$/)
  })

  property("standard error has a reason and a hint, or none", { lines: Schema.Array(Text) }, ({ lines }) => {
    const error = new ConnectionError({
      server: "s",
      transport: "stdio",
      phase: "spawn",
      description: lines.join(" "),
      stderr: [...lines]
    })
    line(error.message)
    assert.isTrue([spawnFailure.hintFrom(lines), spawnFailure.hintWhileSilent(lines), ""].some((hint) => hint !== null))
  })

  property("the ends of a message name a request, or none", { head: Text, tail: Text }, ({ head, tail }) => {
    assert.include(["string", "number", "undefined"], typeof (answeredBy({ head, tail }) ?? undefined))
  })
})

describe("readers of messages", () => {
  const message = { jsonrpc: "2.0", id: 1, method: "m", result: {}, error: { code: 1, message: "m", data: "d" } }

  property("any JSON is messages, and each can be asked what it is", { choices: Choices }, ({ choices }) => {
    const text = JSON.stringify(spoiled([message, message], choices))
    for (const one of messages.parseBeginning(text)) {
      assert.isBoolean(messages.answers(one, 1) || messages.isErrorForNone(one) || messages.isForNone(one))
      assert.isTrue(["string", "undefined"].includes(typeof messages.errorText(one)))
    }
    line(status.excerpt(text, messages.parseBeginning(text)[0]))
  })

  property("any text is messages or nothing", { text: Text }, ({ text }) => {
    decode(text, { exactNumbers: true })
    decode(text, { keepsDigits: true })
    assert.isArray(messages.parseBeginning(text))
    const sent = encode({ jsonrpc: "2.0", method: text, params: { [text]: text } })
    assert.isTrue(Result.isSuccess(sent))
  })

  property("any bytes are events or nothing", { text: Text, sizes: Chunks }, ({ sizes, text }) => {
    const parser = events.makeParser({ limit: 1000, onEvent: () => {}, onOversized: () => false })
    for (const chunk of cut(`data: ${text}\nid: ${text}\nretry: ${text}\n\n`, sizes)) {
      content.kindOf(chunk)
      parser.push(chunk)
    }
  })
})

describe("failures of the network", () => {
  property("any error has words", { choices: Choices, text: Text }, ({ choices, text }) => {
    const error = spoiled(
      { code: "ECONNRESET", syscall: "connect", name: "n", message: text, cause: { code: text } },
      choices
    )
    line(networkFailure.ofBody(error).message)
  })
})

describe("where a stream is opened again", () => {
  it("is no id of more than 8 KiB: no request has room for it", () => {
    const cursor = new Cursor("call")
    for (const size of [8 * 1024 + 1, 1_000_000, 30_000_000]) {
      cursor.onId("short")
      cursor.onId("x".repeat(size))
      assert.isUndefined(cursor.lastEventId)
    }
    cursor.onId("x".repeat(8 * 1024))
    assert.isDefined(cursor.lastEventId)
    assert.lengthOf(requestHeaders.utf8("é".repeat(1_000_000)), 2_000_000)
  })
})

describe("an HTTP answer", () => {
  const kinds = ["application/json", "text/event-stream", "text/html", "", "x"]
  const statuses = [200, 202, 204, 400, 401, 403, 404, 410, 429, 500, 503]

  live("may be anything: the call has a result or fails, and the next works", () =>
    Effect.gen(function*() {
      let round = 0
      const bodies = [
        "",
        "{",
        "[]",
        "null",
        "\uFEFF{}",
        "<script>".repeat(500),
        "data: {\n\n",
        "data: ".repeat(5000),
        "id: \0\nretry: 1e9\ndata: []\n\n",
        "{\"error\":{\"toString\":1}}",
        "{\"jsonrpc\":\"2.0\",\"id\":{\"toString\":1},\"result\":{}}",
        "{\"jsonrpc\":\"2.0\",\"id\":[],\"error\":{\"code\":{},\"message\":{}}}",
        "[".repeat(20_000)
      ]
      const server = yield* serve({
        "tools/call": ({ message, response }) => {
          if (message.params?.["name"] === "well") {
            return response.writeHead(200, { "content-type": "application/json" })
              .end(JSON.stringify(result(message.id, "done")))
          }
          response.writeHead(statuses[round % statuses.length] ?? 200, {
            "content-type": kinds[round % kinds.length] ?? "",
            "www-authenticate": "Bearer resource_metadata=\"".repeat(20),
            "retry-after": "0x1"
          }).end(bodies[round % bodies.length])
        },
        "ping": ({ message, response }) => {
          response.writeHead(200, { "content-type": "application/json" })
            .end(JSON.stringify({ ...initializeResult(message.id), result: {} }))
        }
      })
      const session = yield* connect(server.url, { reconnect: { delay: "10 millis" } })
      for (; round < statuses.length * bodies.length; round++) {
        const exit = yield* Effect.exit(session.callTool("ill", {}, { timeout: "50 millis" }))
        if (Exit.isFailure(exit)) assert.isFalse(Cause.hasDies(exit.cause), `${round}: ${Cause.pretty(exit.cause)}`)
      }
      yield* session.callTool("well")
    }))
})
