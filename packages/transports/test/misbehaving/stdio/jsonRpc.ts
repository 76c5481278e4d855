/** Servers that take JSON-RPC lightly. */
import type { Message, Stdio, StdioCase, StdioHandler, StdioHandlers } from "../case.ts"

const content = (text = "done") => ({ content: [{ type: "text", text }] })

/** How a call is answered. */
const sends = (...make: ReadonlyArray<(message: Message) => object>): StdioHandlers => ({
  "tools/call": ({ send }, message) => make.forEach((one) => send(one(message)))
})

const word = ({ params }: Message): string => String(Reflect.get(Object(params?.["arguments"]), "word"))

const invalid = { call: "CallError InvalidResult answered", ping: "pong" }

/** Answers the first of two calls after the second. */
const inReverse = (): StdioHandlers => {
  const calls: Array<Message> = []
  return {
    "tools/call": ({ answer }, message) => {
      calls.unshift(message)
      if (calls.length === 2) { for (const call of calls) answer(call, word(call)) }
    }
  }
}

/** Asks something, and answers the call when it is answered. */
const asking = (question: object): StdioHandlers => {
  let call: Message | undefined
  const ask: StdioHandler = ({ send }, message) => {
    call = message
    send(question)
  }
  const answered = ({ answer }: Stdio, { error }: Message) => {
    if (call !== undefined) answer(call, error === undefined ? "answered" : "refused")
  }
  return { "tools/call": ask, "answer": answered }
}

export const cases: ReadonlyArray<StdioCase> = [
  {
    name: "an answer under another id, while only one call waits",
    stdio: sends(() => ({ id: 987_654, result: content() })),
    expect: invalid
  },
  {
    name: "an answer under no id",
    stdio: sends(() => ({ result: content() })),
    expect: invalid
  },
  {
    name: "an answer under the id null",
    stdio: sends(() => ({ id: null, result: content() })),
    expect: invalid
  },
  {
    name: "the id as a string",
    stdio: sends(({ id }) => ({ id: String(id), result: content() })),
    expect: { call: "done" }
  },
  {
    name: "an error under another id",
    stdio: sends(() => ({ id: -32603, error: { code: 1, message: "Unknown request tag" } })),
    expect: { call: "CallError Rejected(1) answered", ping: "pong" }
  },
  {
    name: "a parse error under the id null",
    stdio: sends(() => ({ id: null, error: { code: -32700, message: "Parse error" } })),
    expect: { call: "CallError Rejected(-32700) answered", ping: "pong" }
  },
  {
    name: "an error about something else under the id null, then the answer",
    stdio: sends(
      () => ({ id: null, error: { code: -32601, message: "Method not found: notifications/initialized" } }),
      ({ id }) => ({ id, result: content() })
    ),
    expect: { call: "done" }
  },
  {
    name: "every answer twice",
    stdio: sends(({ id }) => ({ id, result: content() }), ({ id }) => ({ id, result: content("again") })),
    expect: { call: "done", again: "done", ping: "pong" }
  },
  {
    name: "an answer that comes after its timeout",
    stdio: {
      "tools/call": () => {},
      "notifications/cancelled": ({ answer }, { params }) => answer({ id: Number(params?.["requestId"]) }, "late")
    },
    expect: { call: "CallError Timeout unknown", again: "CallError Timeout unknown", ping: "pong" },
    options: { requestTimeout: 400 }
  },
  {
    name: "answers in another order than that of the calls",
    stdio: inReverse(),
    expect: { pair: "one, two" }
  },
  { name: "neither a result nor an error", stdio: sends(({ id }) => ({ id })), expect: invalid },
  {
    name: "a result and an error",
    stdio: sends(({ id }) => ({ id, result: content(), error: { code: -32000, message: "failed" } })),
    expect: { call: ["CallError Rejected(-32000) answered", "CallError InvalidResult answered"] }
  },
  {
    name: "a result, and null for the error",
    stdio: sends(({ id }) => ({ id, result: content(), error: null })),
    expect: { call: "done" }
  },
  {
    name: "an error, and null for the result",
    stdio: sends(({ id }) => ({ id, result: null, error: { code: -32000, message: "failed" } })),
    expect: { call: "CallError Rejected(-32000) answered" }
  },
  { name: "null for the error", stdio: sends(({ id }) => ({ id, error: null })), expect: invalid },
  { name: "null for the result", stdio: sends(({ id }) => ({ id, result: null })), expect: invalid },
  { name: "a list for the result", stdio: sends(({ id }) => ({ id, result: [content()] })), expect: invalid },
  { name: "a string for the result", stdio: sends(({ id }) => ({ id, result: "done" })), expect: invalid },
  { name: "a string for the error", stdio: sends(({ id }) => ({ id, error: "failed" })), expect: invalid },
  {
    name: "an error without a code",
    stdio: sends(({ id }) => ({ id, error: { message: "failed" } })),
    expect: invalid
  },
  {
    name: "an error with a string for its code",
    stdio: sends(({ id }) => ({ id, error: { code: "E_FAILED", message: "failed" } })),
    expect: invalid
  },
  {
    name: "an error without a message",
    stdio: sends(({ id }) => ({ id, error: { code: -32000 } })),
    expect: { call: ["CallError InvalidResult answered", "CallError Rejected(-32000) answered"] }
  },
  {
    name: "no jsonrpc",
    stdio: sends(({ id }) => ({ jsonrpc: undefined, id, result: content() })),
    expect: { call: ["done", "CallError InvalidResult answered"] }
  },
  {
    name: "a batch",
    stdio: {
      "tools/call": ({ write }, { id }) =>
        write(`${
          JSON.stringify([
            { jsonrpc: "2.0", method: "notifications/message", params: { level: "info", data: 1 } },
            { jsonrpc: "2.0", id, result: content() }
          ])
        }\n`)
    },
    expect: { call: "done" }
  },
  {
    name: "batches that are empty, and of nonsense",
    stdio: {
      "tools/call": ({ answer, write }, message) => {
        write("[]\n[[]]\n[null,1,\"x\",{}]\n")
        answer(message)
      }
    },
    expect: { call: "done" }
  },
  {
    name: "a question that nobody knows",
    stdio: asking({ id: "q", method: "no/such/method" }),
    expect: { call: "refused" }
  },
  {
    name: "a question that nobody here may be asked",
    stdio: asking({ id: "q", method: "sampling/createMessage", params: {} }),
    expect: { call: "refused" }
  },
  {
    name: "a notification with an id",
    stdio: asking({ id: 0, method: "notifications/message" }),
    expect: { call: "refused" }
  },
  { name: "a ping before it answers", stdio: asking({ id: 0, method: "ping" }), expect: { call: "answered" } },
  {
    name: "a question under the id of our call",
    stdio: {
      "tools/call": ({ answer, send }, message) => {
        send({ id: message.id, method: "ping" })
        setTimeout(() => answer(message), 50)
      }
    },
    expect: { call: "done" }
  },
  {
    name: "progress that nobody asked for, before and after the answer",
    stdio: {
      "tools/call": ({ answer, send }, message) => {
        const progress = { method: "notifications/progress", params: { progressToken: message.id, progress: 1 } }
        send(progress)
        send({ ...progress, params: null })
        answer(message)
        send(progress)
      }
    },
    expect: { call: "done", again: "done" }
  },
  {
    name: "cancels our call, and answers it",
    stdio: {
      "tools/call": ({ answer, send }, message) => {
        send({ method: "notifications/cancelled", params: { requestId: message.id } })
        answer(message)
      }
    },
    expect: { call: "done" }
  },
  {
    name: "notifications with all sorts of params",
    stdio: {
      "tools/call": ({ answer, send }, message) => {
        for (const params of [null, [], "text", 7, { level: 3 }, undefined]) {
          for (const method of ["message", "progress", "tools/list_changed", "resources/updated", "cancelled", ""]) {
            send({ method: `notifications/${method}`, params })
          }
        }
        answer(message)
      }
    },
    expect: { call: "done", again: "done" }
  },
  {
    name: "wrong ids while two calls wait",
    stdio: { "tools/call": ({ send }) => send({ id: 987_654, result: content() }) },
    // To whom they belong nobody can tell, until only one is left.
    expect: { pair: "CallError Timeout unknown, CallError Timeout unknown", ping: "pong" },
    options: { requestTimeout: 700 }
  }
]
