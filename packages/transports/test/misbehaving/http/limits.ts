/** Servers that send more than anybody can take. */
import type { ServerResponse } from "node:http"
import * as zlib from "node:zlib"
import { event, type Exchange, type Handlers, json, result, stream } from "../../fixtures/httpServer.ts"
import type { HttpCase } from "../case.ts"

const mebibyte = Buffer.alloc(1024 * 1024, "x")

/** Writes for as long as somebody reads. */
const endless = (response: ServerResponse, piece: Uint8Array | string) => {
  const write = () => {
    if (!response.destroyed) response.write(piece, () => setImmediate(write))
  }
  write()
}

const thousand = (text: string): string => text.repeat(1000)

const call = (handler: (exchange: Exchange) => void) => (): Handlers => ({ ping, "tools/call": handler })

const ping = (exchange: Exchange) => json(exchange, { jsonrpc: "2.0", id: exchange.message.id, result: {} })

const note = (data: unknown) =>
  event({ jsonrpc: "2.0", method: "notifications/message", params: { level: "info", data } })

const begin = ({ message }: Exchange): string => `{"jsonrpc":"2.0","id":${message.id},"result":{"x":"`

const tooLarge = { call: "CallError TooLarge answered", ping: "pong" }

/** As JSON in this encoding, many times as long. */
const bomb = (encoding: string, compress: (text: Uint8Array) => Uint8Array) =>
  call((exchange) => {
    const zeros = Buffer.alloc(100 * mebibyte.length, "0")
    zeros.write(begin(exchange))
    exchange.response.writeHead(200, { "content-type": "application/json", "content-encoding": encoding })
      .end(compress(zeros))
  })

export const cases: ReadonlyArray<HttpCase> = [
  {
    name: "JSON without end",
    heavy: true,
    http: call((exchange) => {
      exchange.response.writeHead(200, { "content-type": "application/json" }).write(begin(exchange))
      endless(exchange.response, mebibyte)
    }),
    expect: tooLarge
  },
  {
    name: "JSON of 100 MB, with its length",
    heavy: true,
    http: call((exchange) => {
      const body = Buffer.alloc(100 * mebibyte.length, "x")
      body.write(begin(exchange))
      exchange.response.writeHead(200, { "content-type": "application/json", "content-length": body.length }).end(body)
    }),
    expect: tooLarge
  },
  {
    name: "JSON of 10 MB, a single string",
    heavy: true,
    http: call((exchange) => json(exchange, result(exchange.message.id, "x".repeat(10 * mebibyte.length)))),
    // The text is the answer.
    expect: { ping: "pong" }
  },
  {
    name: "a bomb in gzip",
    heavy: true,
    http: bomb("gzip", (text) => zlib.gzipSync(text, { level: 1 })),
    expect: tooLarge
  },
  {
    name: "a bomb in deflate",
    heavy: true,
    http: bomb("deflate", (text) => zlib.deflateSync(text, { level: 1 })),
    expect: tooLarge
  },
  {
    name: "a bomb in brotli",
    heavy: true,
    http: bomb("br", (text) => zlib.brotliCompressSync(text, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 1 } })),
    expect: { call: ["CallError TooLarge answered", "CallError InvalidResult answered"], ping: "pong" }
  },
  {
    name: "a web page without end, with HTTP 500",
    heavy: true,
    http: call(({ response }) => {
      response.writeHead(500, { "content-type": "text/html" })
      endless(response, mebibyte)
    }),
    expect: { call: "CallError Rejected(500) unknown", ping: "pong" }
  },
  {
    name: "an event without end",
    heavy: true,
    http: call((exchange) => {
      stream(exchange, `data: ${begin(exchange)}`)
      endless(exchange.response, mebibyte)
    }),
    expect: tooLarge
  },
  {
    name: "an event of lines without end",
    heavy: true,
    http: call((exchange) => {
      stream(exchange, `data: ${begin(exchange)}\n`)
      endless(exchange.response, thousand(`data: ${"x".repeat(1000)}\n`))
    }),
    expect: tooLarge
  },
  {
    name: "comments without end",
    heavy: true,
    http: call((exchange) => {
      stream(exchange)
      endless(exchange.response, thousand(": x\n\n"))
    }),
    expect: { call: "CallError Timeout unknown", ping: "pong" },
    options: { requestTimeout: 2000 }
  },
  {
    name: "a comment without end",
    heavy: true,
    http: call((exchange) => {
      stream(exchange, ": ")
      endless(exchange.response, mebibyte)
    }),
    expect: { call: ["CallError Timeout unknown", "CallError TooLarge answered"], ping: "pong" },
    options: { requestTimeout: 2000 }
  },
  {
    name: "50,000 notifications before the answer",
    heavy: true,
    http: call((exchange) => {
      stream(exchange)
      for (let i = 0; i < 50; i++) exchange.response.write(thousand(note(i)))
      exchange.response.end(event(result(exchange.message.id, "done")))
    }),
    expect: { call: "done", again: "done", ping: "pong" }
  },
  {
    name: "notifications without end, and no answer",
    heavy: true,
    http: call((exchange) => {
      stream(exchange)
      endless(exchange.response, thousand(note(1)))
    }),
    expect: { call: "CallError Timeout unknown", ping: "pong" },
    options: { requestTimeout: 2000 }
  },
  {
    name: "notifications without end in a stream of their own",
    heavy: true,
    http: () => ({
      ping,
      GET: (exchange) => {
        stream(exchange)
        endless(exchange.response, thousand(note(1)))
      }
    }),
    expect: { call: "done", again: "done", ping: "pong" }
  },
  {
    name: "a hundred times the id of an event",
    heavy: true,
    http: call((exchange) => {
      stream(exchange)
      for (let i = 0; i < 100; i++) exchange.response.write(`id: ${"x".repeat(100_000)}\n`)
      exchange.response.end(event(result(exchange.message.id, "done")))
    }),
    expect: { call: "done", ping: "pong" }
  },
  {
    name: "more than the limit that was set",
    http: call((exchange) => json(exchange, result(exchange.message.id, "x".repeat(5000)))),
    expect: tooLarge,
    options: { maxMessageSize: 4000 }
  }
]
