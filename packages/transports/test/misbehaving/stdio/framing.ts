/** Servers that write something else to stdout than messages, each on a line of its own. */
import type { Message, StdioCase, StdioHandler } from "../case.ts"

const text = ({ id }: Message, value = "done"): string =>
  JSON.stringify({ jsonrpc: "2.0", id, result: { content: [{ type: "text", text: value }] } })

/** Writes to stdout what is made of the call. */
const writes = (make: (message: Message) => string | Uint8Array): StdioHandler => ({ write }, message) =>
  write(make(message))

const call = (make: (message: Message) => string | Uint8Array) => ({ "tools/call": writes(make) })

/** Nobody can tell what the answer is; the timeout ends it. */
const unreadable = { call: "CallError Timeout unknown", ping: "pong" }
const soon = { requestTimeout: 700 }

/** Whose answer it is can be read, and that it is none. */
const broken = { call: "CallError InvalidResult answered", ping: "pong" }

const cut = (message: Message, at: string): readonly [Uint8Array, Uint8Array] => {
  const bytes = Buffer.from(`${text(message, "d€ne 😀")}\n`)
  const middle = bytes.indexOf(at) + 1
  return [bytes.subarray(0, middle), bytes.subarray(middle)]
}

export const cases: ReadonlyArray<StdioCase> = [
  {
    name: "a banner at the start",
    stdio: { start: ({ write }) => write("Welcome!\n\n  * version 1\n{ } [ ]\n") },
    expect: { call: "done" }
  },
  {
    name: "lines of a log around the answer",
    stdio: call((message) => `[info] a call\n{"level":"info"}\n42\n"text"\nnull\n${text(message)}\n[info] done\n`),
    expect: { call: "done", again: "done" }
  },
  { name: "CR LF", stdio: call((message) => `${text(message)}\r\n`), expect: { call: "done" } },
  {
    name: "empty lines and spaces",
    stdio: call((message) => `\n \n\t\r\n   ${text(message)}  \n\n`),
    expect: { call: "done" }
  },
  {
    name: "a byte order mark",
    stdio: { start: ({ write }) => write("\ufeff"), ...call((message) => `\ufeff${text(message)}\n`) },
    expect: { call: "done" }
  },
  { name: "NUL bytes", stdio: call((message) => `\0\0\n${text(message)}\n\0`), expect: { call: "done" } },
  {
    name: "byte by byte",
    stdio: {
      "tools/call": ({ write }, message) => {
        for (const byte of Buffer.from(`${text(message)}\n`)) write(Uint8Array.of(byte))
      }
    },
    expect: { call: "done" }
  },
  {
    name: "in two parts, cut inside a character",
    stdio: {
      "tools/call": ({ write }, message) => {
        const [first, second] = cut(message, "€")
        write(first)
        setTimeout(() => write(second), 50)
      }
    },
    expect: { call: "d€ne 😀" }
  },
  {
    name: "bytes that are not UTF-8",
    stdio: {
      "tools/call": ({ write }, message) => {
        const bytes = Buffer.from(`${text(message, "d~ne")}\n`)
        bytes[bytes.indexOf("~")] = 0xff
        write(bytes)
      }
    },
    expect: { call: "d\ufffdne" }
  },
  {
    name: "half a surrogate pair",
    stdio: call((message) => `${text(message, "d\ud83dne")}\n`),
    expect: { call: "d\ud83dne" }
  },
  {
    name: "UTF-16",
    stdio: { initialize: writes((message) => Buffer.from(`${text(message)}\n`, "utf16le")) },
    expect: { connect: "ConnectionError negotiate" },
    options: { timeout: 2000 }
  },
  {
    name: "no line feed after the last answer, and the end",
    stdio: {
      "tools/call": ({ write }, message) => {
        write(text(message))
        process.exit(0)
      }
    },
    expect: { call: "done" }
  },
  {
    name: "no line feed after an answer",
    stdio: call((message) => text(message)),
    expect: { call: "CallError Timeout unknown" },
    options: soon
  },
  {
    name: "an answer over several lines",
    stdio: call((message) => `${JSON.stringify(JSON.parse(text(message)), null, 2)}\n`),
    expect: unreadable,
    options: soon
  },
  {
    name: "two messages on one line",
    stdio: call((message) => `${text(message)}${text(message)}\n`),
    expect: broken
  },
  { name: "half an answer", stdio: call((message) => `${text(message).slice(0, -10)}\n`), expect: broken },
  {
    name: "NaN, which JSON has not",
    stdio: call(({ id }) => `{"jsonrpc":"2.0","id":${id},"result":{"content":[],"structuredContent":{"n":NaN}}}\n`),
    expect: broken
  },
  {
    name: "a broken answer while another call waits",
    stdio: {
      "tools/call": ({ answer, write }, message) => {
        const isOne = JSON.stringify(message.params).includes("one")
        if (isOne) write(`${text(message).slice(0, -10)}\n`)
        else answer(message)
      }
    },
    expect: { pair: "CallError InvalidResult answered, done", call: "done" }
  },
  {
    name: "a broken notification",
    stdio: call((message) => `{"jsonrpc":"2.0","method":"notifications/mess\n${text(message)}\n`),
    expect: { call: "done" }
  },
  {
    name: "frames with a Content-Length",
    stdio: { initialize: writes((message) => `Content-Length: ${text(message).length}\r\n\r\n${text(message)}`) },
    expect: { connect: "ConnectionError negotiate" },
    options: { timeout: 2000 }
  },
  {
    name: "answers on stderr",
    stdio: { "tools/call": ({ write }, message) => write(`${text(message)}\n`, 2) },
    expect: unreadable,
    options: soon
  },
  {
    name: "names twice in an object",
    stdio: call((message) => `{"id":4711,${text(message).slice(1)}\n`),
    expect: { call: "done" }
  },
  {
    name: "names of the prototype",
    stdio: call((message) =>
      `{"__proto__":{"id":1},"constructor":{"prototype":{"polluted":true}},${text(message).slice(1)}\n`
    ),
    expect: { call: "done" }
  },
  {
    name: "a megabyte of spaces before the answer",
    stdio: call((message) => `${" ".repeat(1_000_000)}${text(message)}\n`),
    expect: { call: "done" }
  },
  {
    name: "a colour on the line of the answer",
    stdio: call((message) => `\u001b[32m${text(message)}\u001b[0m\n`),
    expect: unreadable,
    options: soon
  }
]
