/** Servers whose answers are not complete, not JSON, or in an encoding of their own. */
import * as zlib from "node:zlib"
import { type Exchange, json, result } from "../../fixtures/httpServer.ts"
import type { HttpCase } from "../case.ts"

const answer = (exchange: Exchange): string => JSON.stringify(result(exchange.message.id, "done"))

/** How a call is answered. */
const call = (handler: (exchange: Exchange) => unknown): HttpCase["http"] => () => ({
  "tools/call": (exchange) => void handler(exchange)
})

/** As JSON of this encoding. */
const encoded = (encoding: string, encode: (text: string) => Uint8Array) =>
  call((exchange) =>
    exchange.response.writeHead(200, { "content-type": "application/json", "content-encoding": encoding })
      .end(encode(answer(exchange)))
  )

const typed = (type: string, body: (exchange: Exchange) => string) =>
  call((exchange) => exchange.response.writeHead(200, { "content-type": type }).end(body(exchange)))

/** Past node:http. */
const raw = (text: (body: string) => string, then: (exchange: Exchange) => void = () => {}) =>
  call((exchange) => {
    exchange.response.socket?.write(text(answer(exchange)))
    then(exchange)
  })

const reset = ({ response }: Exchange) => void setTimeout(() => response.socket?.resetAndDestroy(), 50)

const head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"

const lost = { call: "CallError Closed unknown", ping: "pong" }
const invalid = { call: ["CallError InvalidResult answered", "CallError InvalidResult unknown"], ping: "pong" }
const late = { call: "CallError Timeout unknown", ping: "pong" }
const soon = { requestTimeout: 700 }

const ping = (exchange: Exchange) => json(exchange, { jsonrpc: "2.0", id: exchange.message.id, result: {} })

const all: ReadonlyArray<HttpCase> = [
  {
    name: "well-behaved",
    http: () => ({}),
    expect: { list: "1 tools", pair: "done, done", call: "done", ping: "pong" }
  },
  { name: "nothing, with HTTP 200", http: call(({ response }) => response.writeHead(200).end()), expect: invalid },
  { name: "HTTP 202 to a request", http: call(({ response }) => response.writeHead(202).end()), expect: invalid },
  { name: "HTTP 204 to a request", http: call(({ response }) => response.writeHead(204).end()), expect: invalid },
  {
    name: "a login page",
    http: typed("text/html", () => "<html><title>Log in</title><form></form></html>"),
    expect: invalid
  },
  { name: "JSON that is no answer", http: typed("application/json", () => "{\"status\":\"ok\"}"), expect: invalid },
  { name: "JSON that is null", http: typed("application/json", () => "null"), expect: invalid },
  {
    name: "half the JSON",
    http: typed("application/json", (exchange) => answer(exchange).slice(0, -9)),
    expect: invalid
  },
  {
    name: "the answer to another request",
    http: call((exchange) => json(exchange, result(987_654, "done"))),
    expect: invalid
  },
  {
    name: "an error under the id null",
    http: call((exchange) => json(exchange, { jsonrpc: "2.0", id: null, error: { code: -32000, message: "no" } })),
    expect: { call: "CallError Rejected(-32000) answered", ping: "pong" }
  },
  {
    name: "an error under the id null and the answer, in a batch",
    http: call((exchange) =>
      json(exchange, [
        { jsonrpc: "2.0", id: null, error: { code: -32601, message: "Method not found" } },
        result(exchange.message.id, "done")
      ])
    ),
    expect: { call: "done", ping: "pong" }
  },
  {
    name: "a batch",
    http: call((exchange) => json(exchange, [result(exchange.message.id, "done")])),
    expect: { call: "done" }
  },
  { name: "an answer that says it is text", http: typed("text/plain", answer), expect: { call: "done" } },
  {
    name: "an answer that does not say what it is",
    http: call((exchange) => exchange.response.writeHead(200).end(answer(exchange))),
    expect: { call: "done" }
  },
  {
    name: "events that say they are JSON",
    http: typed("application/json", (exchange) => `event: message\ndata: ${answer(exchange)}\n\n`),
    expect: { call: "done", again: "done", ping: "pong" }
  },
  {
    name: "JSON that says it is events",
    http: typed("text/event-stream", answer),
    expect: { call: "done", again: "done", ping: "pong" }
  },
  {
    name: "a byte order mark",
    http: typed("application/json", (exchange) => `\ufeff${answer(exchange)}`),
    expect: { call: "done" }
  },
  {
    name: "a type with capitals and parameters",
    http: typed("Application/JSON; Charset=\"utf-8\"", answer),
    expect: { call: "done" }
  },
  { name: "gzip", http: encoded("gzip", zlib.gzipSync), expect: { call: "done" } },
  { name: "deflate", http: encoded("deflate", zlib.deflateSync), expect: { call: "done" } },
  {
    name: "brotli",
    http: encoded("br", zlib.brotliCompressSync),
    expect: { ...invalid, call: ["done", ...invalid.call] }
  },
  {
    name: "zstd",
    http: encoded("zstd", zlib.zstdCompressSync),
    expect: { ...invalid, call: ["done", ...invalid.call] }
  },
  {
    name: "gzip that is none",
    http: encoded("gzip", Buffer.from),
    expect: { ...invalid, call: ["done", ...invalid.call] }
  },
  {
    name: "gzip, cut",
    http: encoded("gzip", (text) => zlib.gzipSync(text).subarray(0, 60)),
    expect: { ...lost, call: [...invalid.call, lost.call] }
  },
  {
    name: "no HTTP at all",
    http: raw(() => "220 ready\r\n", reset),
    expect: { ...invalid, call: [...invalid.call, lost.call] }
  },
  { name: "the connection is reset before an answer", http: call(reset), expect: lost },
  { name: "the connection is reset within the headers", http: raw(() => head, reset), expect: lost },
  {
    name: "the connection is reset within the body",
    http: raw((body) => `${head}Content-Length: ${body.length}\r\n\r\n${body.slice(0, 20)}`, reset),
    expect: lost
  },
  {
    name: "less than the length it told",
    http: raw((body) => `${head}Content-Length: 999\r\n\r\n${body}`, ({ response }) => void response.socket?.end()),
    expect: lost
  },
  {
    name: "a chunk that is not complete",
    http: raw(
      (body) => `${head}Transfer-Encoding: chunked\r\n\r\nfff\r\n${body}`,
      ({ response }) => void response.socket?.end()
    ),
    expect: lost
  },
  {
    name: "headers of 100 KB",
    http: raw((body) => `${head}X-Long: ${"x".repeat(100_000)}\r\n\r\n${body}`, reset),
    expect: { ...invalid, call: [...invalid.call, lost.call] }
  },
  { name: "silence", http: call(() => {}), expect: late, options: soon },
  {
    name: "headers that never end",
    http: call(({ response }) => {
      const timer = setInterval(() => response.socket?.write("X"), 50)
      response.socket?.write(head)
      response.on("close", () => clearInterval(timer))
    }),
    expect: late,
    options: soon
  },
  {
    name: "a body that stops",
    http: raw((body) => `${head}Content-Length: ${body.length}\r\n\r\n${body.slice(0, 20)}`),
    expect: late,
    options: soon
  },
  {
    name: "a body that comes byte by byte, and never ends",
    http: call(({ response }) => {
      response.writeHead(200, { "content-type": "application/json" })
      const timer = setInterval(() => response.write(" "), 50)
      response.on("close", () => clearInterval(timer))
    }),
    expect: late,
    options: soon
  },
  {
    name: "hints before the answer",
    http: call((exchange) => {
      exchange.response.writeProcessing()
      exchange.response.writeEarlyHints({ link: "</a>; rel=preload" })
      json(exchange, result(exchange.message.id, "done"))
    }),
    expect: { call: "done" }
  }
]

export const cases: ReadonlyArray<HttpCase> = all.map((one) => ({ ...one, http: () => ({ ping, ...one.http() }) }))
