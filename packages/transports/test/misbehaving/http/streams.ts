/** Servers whose event streams break off, go on or say something else. */
import { patience } from "../../../../../test/patience.ts"
import { event, type Exchange, type Handlers, json, result, stream } from "../../fixtures/httpServer.ts"
import type { HttpCase } from "../case.ts"

const done = ({ message }: Exchange, text = "done"): string => event(result(message.id, text))

/** How a call is answered. */
const call = (handler: (exchange: Exchange) => unknown) => ({
  "tools/call": (exchange: Exchange) => void handler(exchange)
})

/** A stream with this in it, which then ends. */
const says = (text: (exchange: Exchange) => string | Uint8Array) =>
  call((exchange) => {
    stream(exchange)
    exchange.response.end(text(exchange))
  })

const cut = ({ response }: Exchange) => void setTimeout(() => response.destroy(), 50)

const listening = (get: (exchange: Exchange) => void): Handlers => ({ GET: get })

const lost = { call: "CallError Closed unknown", ping: "pong" }
const late = { call: "CallError Timeout unknown", ping: "pong" }
const soon = { requestTimeout: 700 }

const stray = { jsonrpc: "2.0", id: null, error: { code: -32601, message: "Method not found" } }

const beats = ({ response }: Exchange, text: string) => {
  const timer = setInterval(() => response.write(text), 300)
  response.on("close", () => clearInterval(timer))
}

const ping = (exchange: Exchange) => json(exchange, { jsonrpc: "2.0", id: exchange.message.id, result: {} })

const all: ReadonlyArray<HttpCase> = [
  { name: "ends before the answer", http: () => says(() => ""), expect: lost },
  {
    name: "ends after a notification",
    http: () => says(() => event({ jsonrpc: "2.0", method: "notifications/message", params: {} })),
    expect: lost
  },
  {
    name: "an error under no id, and the answer soon after",
    http: () =>
      call((exchange) => {
        stream(exchange)
        exchange.response.write(event(stray), () => setImmediate(() => exchange.response.end(done(exchange))))
      }),
    expect: { call: "done", ping: "pong" }
  },
  {
    name: "an error under no id, and heartbeats",
    http: () =>
      call((exchange) => {
        stream(exchange, event(stray))
        beats(exchange, ": ping\n\n")
      }),
    expect: { call: "CallError Rejected(-32601) answered", ping: "pong" }
  },
  {
    name: "an error under no id, and events without data",
    http: () =>
      call((exchange) => {
        stream(exchange, event(stray))
        beats(exchange, "event: ping\ndata:\n\n")
      }),
    expect: { call: "CallError Rejected(-32601) answered", ping: "pong" }
  },
  {
    name: "an error under no id, again and again",
    http: () =>
      call((exchange) => {
        stream(exchange, event(stray))
        beats(exchange, event(stray))
      }),
    expect: { call: "CallError Rejected(-32601) answered", ping: "pong" }
  },
  {
    name: "an error under no id, and the end",
    http: () => says(() => event({ jsonrpc: "2.0", id: null, error: { code: -32000, message: "no" } })),
    expect: { call: "CallError Rejected(-32000) answered", ping: "pong" }
  },
  {
    name: "an error under no id, and nothing more",
    http: () => call((exchange) => stream(exchange, event({ jsonrpc: "2.0", error: { code: -32000, message: "no" } }))),
    expect: { call: "CallError Rejected(-32000) answered", ping: "pong" }
  },
  {
    name: "is cut before the answer",
    http: () =>
      call((exchange) => {
        stream(exchange, ": hello\n\n")
        cut(exchange)
      }),
    expect: lost
  },
  {
    name: "is cut within the answer",
    http: () =>
      call((exchange) => {
        stream(exchange, done(exchange).slice(0, 30))
        cut(exchange)
      }),
    expect: lost
  },
  {
    name: "is cut after an id, and can be resumed",
    http: () => {
      let waiting: Exchange | undefined
      return {
        ...call((exchange) => {
          waiting = exchange
          stream(exchange, "id: 1\nretry: 100\ndata:\n\n")
          cut(exchange)
        }),
        GET: (exchange) => {
          if (exchange.headers["last-event-id"] !== "1" || waiting === undefined) {
            return void exchange.response.writeHead(405).end()
          }
          stream(exchange, done(waiting))
          exchange.response.end()
        }
      }
    },
    expect: { call: "done" }
  },
  {
    name: "is cut after an id, and cannot be resumed",
    http: () =>
      call((exchange) => {
        stream(exchange, "id: 1\nretry: 100\ndata:\n\n")
        cut(exchange)
      }),
    expect: lost
  },
  {
    name: "is cut whenever it is resumed",
    http: () => ({
      ...call((exchange) => {
        stream(exchange, "id: 1\nretry: 1\ndata:\n\n")
        exchange.response.end()
      }),
      GET: (exchange) => {
        if (exchange.headers["last-event-id"] === undefined) return void exchange.response.writeHead(405).end()
        stream(exchange, "id: 1\ndata:\n\n")
        exchange.response.end()
      }
    }),
    expect: { ...late, call: ["CallError Timeout unknown", "CallError Closed unknown"] },
    options: { requestTimeout: 2000 },
    // Whatever the server says, at most ten times in a second; and not once after the timeout.
    seen: { GET: patience(2000) / 100 + 5 }
  },
  {
    name: "wants to be resumed in a year",
    http: () =>
      call((exchange) => {
        stream(exchange, "id: 1\nretry: 31536000000\ndata:\n\n")
        exchange.response.end()
      }),
    expect: late,
    options: soon
  },
  { name: "is silent", http: () => call((exchange) => stream(exchange)), expect: late, options: soon },
  {
    name: "is silent for longer than it may",
    http: () => call((exchange) => stream(exchange)),
    expect: lost,
    options: { sseReadTimeout: 500 }
  },
  {
    name: "says nothing but comments",
    http: () =>
      call((exchange) => {
        stream(exchange)
        const timer = setInterval(() => exchange.response.write(": still here\n\n"), 50)
        exchange.response.on("close", () => clearInterval(timer))
      }),
    expect: late,
    options: soon
  },
  {
    name: "does not end after the answer",
    http: () => call((exchange) => stream(exchange, done(exchange))),
    expect: { call: "done", again: "done" },
    within: 5000
  },
  {
    name: "has the answer to another request first",
    http: () => says((exchange) => event(result(987_654, "other")) + done(exchange)),
    expect: { call: ["done", "CallError InvalidResult answered"] }
  },
  {
    name: "has only the answer to another request",
    http: () => says(() => event(result(987_654, "other"))),
    expect: { ...lost, call: ["CallError Closed unknown", "CallError InvalidResult answered"] }
  },
  {
    name: "has the answer twice",
    http: () => says((exchange) => done(exchange) + done(exchange, "again")),
    expect: { call: "done", again: "done" }
  },
  {
    name: "has a byte order mark",
    http: () => says((exchange) => `\ufeff${done(exchange)}`),
    expect: { call: "done" }
  },
  {
    name: "ends its lines with CR",
    http: () => says((exchange) => done(exchange).replaceAll("\n", "\r")),
    expect: { call: "done" }
  },
  {
    name: "ends its lines with CR LF",
    http: () => says((exchange) => done(exchange).replaceAll("\n", "\r\n")),
    expect: { call: "done" }
  },
  {
    name: "spreads an answer over lines",
    http: () =>
      says(({ message }) => `data: {"jsonrpc":"2.0",\ndata: "id":${message.id},\ndata: "result":{"content":[]}}\n\n`),
    expect: { call: "" }
  },
  {
    name: "does not end the event of the answer",
    http: () => says((exchange) => done(exchange).trimEnd()),
    // An event that is not complete is none, in HTML's words.
    expect: { ...lost, call: ["CallError Closed unknown", "done"] }
  },
  {
    name: "comes byte by byte",
    http: () =>
      call((exchange) => {
        stream(exchange)
        const bytes = [...Buffer.from(done(exchange, "d€ne"))]
        const next = () => {
          const byte = bytes.shift()
          if (byte === undefined) return void exchange.response.end()
          exchange.response.write(Uint8Array.of(byte), () => setImmediate(next))
        }
        next()
      }),
    expect: { call: "d€ne" }
  },
  {
    name: "has events of other types",
    http: () =>
      says((exchange) =>
        `event: ping\ndata: x\n\nevent: endpoint\ndata: /evil\n\nevent: error\ndata: no\n\n${done(exchange)}`
      ),
    expect: { call: "done" }
  },
  {
    name: "has fields that nobody knows",
    http: () => says((exchange) => `foo: bar\nretry: soon\nid\ndata\n\n:\n\n${done(exchange)}`),
    expect: { call: "done" }
  },
  {
    name: "has no event types",
    http: () => says((exchange) => done(exchange).replace("event: message\n", "")),
    expect: { call: "done" }
  },
  {
    name: "has an event that is half JSON",
    http: () => says(() => "data: {\"jsonrpc\":\"2.0\",\n\n"),
    expect: { call: "CallError InvalidResult answered", ping: "pong" }
  },
  {
    name: "has words before the answer",
    http: () => says((exchange) => `data: hello\n\n${done(exchange)}`),
    expect: { call: "done" }
  },
  {
    name: "has a batch",
    http: () => says(({ message }) => event([result(message.id, "done")])),
    expect: { call: "done" }
  },
  {
    name: "asks before it answers",
    http: () =>
      call((exchange) => {
        stream(exchange, event({ jsonrpc: "2.0", id: 1, method: "roots/list" }))
        setTimeout(() => exchange.response.end(done(exchange)), 100)
      }),
    expect: { call: "done" }
  },
  {
    name: "of notifications: HTTP 500",
    http: () => listening(({ response }) => void response.writeHead(500).end()),
    expect: { call: "done" }
  },
  {
    name: "of notifications: a web page",
    http: () => listening(({ response }) => void response.writeHead(200, { "content-type": "text/html" }).end("<p>hi")),
    expect: { call: "done" }
  },
  {
    name: "of notifications: silence",
    http: () => listening(() => {}),
    expect: { call: "done", ping: "pong" }
  },
  {
    name: "of notifications: is reset at once, always",
    http: () => listening(({ response }) => void response.socket?.resetAndDestroy()),
    expect: { call: "done", ping: "pong" },
    seen: { GET: 5 }
  },
  {
    name: "of notifications: words and half messages",
    http: () =>
      listening((exchange) => stream(exchange, "data: hello\n\ndata: {\"json\n\ndata: null\n\ndata: [7]\n\n")),
    expect: { call: "done", ping: "pong" }
  },
  {
    name: "of notifications: has the answer, and the call has none",
    http: () => {
      let open: Exchange | undefined
      return {
        ...call((exchange) => {
          exchange.response.writeHead(202).end()
          open?.response.write(done(exchange))
        }),
        GET: (exchange) => {
          open = exchange
          stream(exchange)
        }
      }
    },
    expect: { call: ["CallError InvalidResult answered", "done"], ping: "pong" }
  }
]

export const cases: ReadonlyArray<HttpCase> = all.map((one) => ({ ...one, http: () => ({ ping, ...one.http() }) }))
