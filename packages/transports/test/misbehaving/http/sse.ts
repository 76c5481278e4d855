/** Servers of the old transport HTTP+SSE. */
import { event, result } from "../../fixtures/httpServer.ts"
import type { SseCase } from "../case.ts"

/** The event that says where messages go. */
const endpoint = (data: string): SseCase["sse"] => (say) => ({ GET: () => say(`event: endpoint\ndata: ${data}\n\n`) })

const silent: SseCase["sse"] = () => ({ GET: () => {} })

const soon = { timeout: 1000 }

/** The first call is dealt with in this way. */
const first = (act: (say: (text: string) => void, end: () => void) => void): SseCase["sse"] => {
  let count = 0
  return (say, end) => ({
    "tools/call": ({ message, response }) => {
      response.writeHead(202).end()
      if (count++ === 0) act(say, end)
      else say(event(result(message.id, "done")))
    }
  })
}

export const cases: ReadonlyArray<SseCase> = [
  {
    name: "well-behaved",
    sse: () => ({}),
    expect: { list: "1 tools", pair: "done, done", call: "done", ping: "pong" }
  },
  {
    name: "answers notifications under the id null",
    sse: (say) => ({
      "notifications/initialized": ({ response }) => {
        response.writeHead(202).end()
        say(event({ jsonrpc: "2.0", id: null, result: {} }))
      },
      "tools/call": ({ message, response }) => {
        response.writeHead(202).end()
        // Longer than the client waits for the true answer once it suspects another to be meant for the call. A real
        // server cannot see that time pass: core/test/StrayAnswers shows the same in virtual time.
        setTimeout(() => say(event(result(message.id, "done"))), 3000)
      }
    }),
    expect: { call: "done", ping: "pong" }
  },
  {
    name: "no endpoint",
    sse: silent,
    expect: { connect: ["ConnectionError http", "ConnectionError negotiate"] },
    options: soon
  },
  {
    name: "no endpoint, and the end",
    sse: (_, end) => ({ GET: () => end() }),
    expect: { connect: "ConnectionError http" }
  },
  {
    name: "an endpoint on another origin",
    sse: endpoint("http://127.0.0.1:1/messages"),
    // Our credentials would go there.
    expect: { connect: "ConnectionError http" }
  },
  { name: "an endpoint that is no URL", sse: endpoint("http://["), expect: { connect: "ConnectionError http" } },
  {
    name: "an endpoint that is not there",
    sse: (say) => ({
      GET: () => say("event: endpoint\ndata: /nowhere\n\n"),
      initialize: ({ response }) => void response.writeHead(404).end()
    }),
    expect: { connect: "ConnectionError http HTTP 404" }
  },
  {
    name: "two endpoints",
    sse: (say) => ({
      GET: () => say("event: endpoint\ndata: /one\n\nevent: endpoint\ndata: http://127.0.0.1:1/two\n\n")
    }),
    expect: { call: "done" }
  },
  {
    name: "words before the endpoint, and CR LF",
    sse: (say) => ({
      GET: () => say(": hello\r\n\r\nevent: hello\r\ndata: 1\r\n\r\nevent: endpoint\r\ndata: /messages\r\n\r\n")
    }),
    expect: { call: "done" }
  },
  {
    name: "a web page instead of events",
    sse: () => ({ GET: ({ response }) => void response.end() }),
    expect: { connect: "ConnectionError http" }
  },
  {
    name: "silence on initialize",
    sse: () => ({ initialize: ({ response }) => void response.writeHead(202).end() }),
    expect: { connect: "ConnectionError negotiate" },
    options: soon
  },
  {
    name: "the answer before HTTP 202",
    sse: (say) => ({
      "tools/call": ({ message, response }) => {
        say(event(result(message.id, "done")))
        setTimeout(() => response.writeHead(202).end(), 200)
      }
    }),
    expect: { call: "done", again: "done" }
  },
  {
    name: "the answer, and never HTTP 202",
    sse: (say) => ({ "tools/call": ({ message }) => say(event(result(message.id, "done"))) }),
    expect: { call: "done", again: "done" },
    within: 4000
  },
  {
    name: "HTTP 202, and never the answer",
    sse: () => ({ "tools/call": ({ response }) => void response.writeHead(202).end() }),
    expect: { call: "CallError Timeout unknown", ping: "pong" },
    options: { requestTimeout: 700 }
  },
  {
    name: "HTTP 500 to a call",
    sse: () => ({ "tools/call": ({ response }) => void response.writeHead(500).end("no") }),
    expect: { call: "CallError Rejected(500) unknown", ping: "pong" }
  },
  {
    name: "half a message in the stream",
    sse: (say) => ({
      "tools/call": ({ response }) => {
        response.writeHead(202).end()
        say("data: {\"jsonrpc\":\"2.0\",\"id\":\n\n")
      }
    }),
    expect: { call: "CallError InvalidResult answered", ping: "pong" }
  },
  {
    name: "the stream ends during a call",
    sse: first((_, end) => end()),
    expect: { call: "CallError Closed unknown", again: "done", ping: "pong" }
  },
  {
    name: "the stream is cut within an answer",
    sse: first((say, end) => {
      say("event: message\ndata: {\"jsonrpc\"")
      setTimeout(end, 50)
    }),
    expect: { call: "CallError Closed unknown", again: "done", ping: "pong" }
  },
  {
    name: "the stream is silent for longer than it may",
    sse: () => ({
      "ping": ({ response }) => void response.writeHead(202).end(),
      "tools/call": ({ response }) => void response.writeHead(202).end()
    }),
    expect: { call: "CallError Closed unknown" },
    options: { sseReadTimeout: 600 }
  },
  {
    name: "an event without end",
    heavy: true,
    sse: (say) => {
      const piece = "x".repeat(1024 * 1024)
      return {
        "tools/call": ({ message, response }) => {
          response.writeHead(202).end()
          say(`data: {"jsonrpc":"2.0","id":${message.id},"result":{"x":"`)
          for (let i = 0; i < 100; i++) say(piece)
        }
      }
    },
    expect: { call: "CallError TooLarge answered" }
  },
  {
    name: "100,000 notifications before the answer",
    heavy: true,
    sse: (say) => ({
      "tools/call": ({ message, response }) => {
        response.writeHead(202).end()
        const one = event({ jsonrpc: "2.0", method: "notifications/message", params: { level: "info", data: 1 } })
        for (let i = 0; i < 100; i++) say(one.repeat(1000))
        say(event(result(message.id, "done")))
      }
    }),
    expect: { call: "done", again: "done", ping: "pong" }
  }
]
