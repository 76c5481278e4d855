/** Servers whose messages are too large. */
import type { Message, StdioCase, StdioHandlers } from "../case.ts"

const mebibyte = 1024 * 1024

const begin = ({ id }: Message) =>
  `{"jsonrpc":"2.0","id":${id},"result":{"content":[{"type":"text","text":"done"}],"x":`

/** An answer whose `x` is this. */
const answers = (x: () => string): StdioHandlers => ({
  "tools/call": ({ write }, message) => {
    write(begin(message))
    write(x())
    write("}}\n")
  }
})

const list = (item: string, bytes: number): string =>
  `[${Array.from({ length: Math.ceil(bytes / (item.length + 1)) }, () => item).join(",")}]`

const tooLarge = { call: "CallError TooLarge answered", ping: "pong" }

export const cases: ReadonlyArray<StdioCase> = [
  {
    name: "an answer of 10 MB, a single string",
    heavy: true,
    stdio: answers(() => `"${"x".repeat(10 * mebibyte)}"`),
    expect: { call: "done", ping: "pong" }
  },
  {
    name: "an answer of 2 MB, of small objects",
    heavy: true,
    stdio: answers(() => list("{\"a\":1,\"b\":\"text\"}", 2 * mebibyte)),
    expect: { call: "done", ping: "pong" }
  },
  {
    name: "an answer of 10 MB, of small objects",
    heavy: true,
    stdio: answers(() => list("{\"a\":1,\"b\":\"text\"}", 10 * mebibyte)),
    expect: { call: ["done", "CallError TooLarge answered", "CallError InvalidResult answered"], ping: "pong" }
  },
  {
    name: "an answer of 31 MB, of empty lists",
    heavy: true,
    stdio: answers(() => list("[]", 31 * mebibyte)),
    expect: { call: ["done", "CallError TooLarge answered", "CallError InvalidResult answered"], ping: "pong" }
  },
  {
    name: "an answer of 100 MB",
    heavy: true,
    stdio: {
      "tools/call": ({ write }, message) => {
        const piece = "x".repeat(mebibyte)
        write(`${begin(message)}"`)
        for (let i = 0; i < 100; i++) write(piece)
        write("\"}}\n")
      }
    },
    expect: tooLarge
  },
  {
    name: "an answer without end",
    heavy: true,
    stdio: {
      "tools/call": ({ write }, message) => {
        const piece = "x".repeat(mebibyte)
        write(`${begin(message)}"`)
        for (;;) write(piece)
      }
    },
    expect: { call: ["CallError TooLarge answered", "CallError Timeout unknown"] },
    options: { requestTimeout: 3000, gracePeriod: 300 }
  },
  {
    name: "a line without end at the start",
    heavy: true,
    stdio: {
      start: ({ write }) => {
        const piece = "x".repeat(mebibyte)
        for (;;) write(piece)
      }
    },
    expect: { connect: "ConnectionError negotiate" },
    options: { timeout: 3000, gracePeriod: 300 }
  },
  {
    name: "a notification of 40 MB before the answer",
    heavy: true,
    stdio: {
      "tools/call": ({ answer, write }, message) => {
        write("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{\"level\":\"info\",\"data\":\"")
        const piece = "x".repeat(mebibyte)
        for (let i = 0; i < 40; i++) write(piece)
        write("\"}}\n")
        answer(message)
      }
    },
    expect: { call: "done", ping: "pong" }
  },
  {
    name: "an error of 8 MB",
    heavy: true,
    stdio: {
      "tools/call": ({ send }, { id }) =>
        send({ id, error: { code: -32000, message: "x".repeat(4 * mebibyte), data: "y".repeat(4 * mebibyte) } })
    },
    expect: { call: "CallError Rejected(-32000) answered", ping: "pong" }
  },
  {
    name: "more than the limit that was set",
    stdio: answers(() => `"${"x".repeat(2000)}"`),
    options: { maxMessageSize: 1500 },
    expect: tooLarge
  }
]
