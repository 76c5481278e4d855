/** Servers that write more than anybody can read. */
import type { Stdio, StdioCase } from "../case.ts"

const note = (data: unknown) =>
  `${JSON.stringify({ jsonrpc: "2.0", method: "notifications/message", params: { level: "info", data } })}\n`

/** Writes a piece as often as there is nothing else to do, for ever. */
const forEver = (write: () => void): void => {
  write()
  setImmediate(() => forEver(write))
}

const thousand = (make: (i: number) => string): string => Array.from({ length: 1000 }, (_, i) => make(i)).join("")

const times = (count: number, act: (i: number) => void) => {
  for (let i = 0; i < count; i++) act(i)
}

const both = { call: "done", again: "done", ping: "pong" }

export const cases: ReadonlyArray<StdioCase> = [
  {
    name: "100,000 notifications before the answer",
    heavy: true,
    stdio: {
      "tools/call": ({ answer, write }, message) => {
        times(100, () => write(thousand(note)))
        answer(message)
      }
    },
    expect: both
  },
  {
    name: "notifications for ever",
    heavy: true,
    stdio: { "notifications/initialized": ({ write }) => forEver(() => write(thousand(note))) },
    expect: both
  },
  {
    name: "changes of the list for ever",
    heavy: true,
    stdio: {
      "notifications/initialized": ({ write }) => {
        const changed = thousand(() => "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/tools/list_changed\"}\n")
        forEver(() => write(changed))
      }
    },
    expect: both
  },
  {
    name: "a batch of 25,000 notifications",
    heavy: true,
    stdio: {
      "tools/call": ({ answer, write }, message) => {
        write(`[${Array.from({ length: 25_000 }, (_, i) => note(i).trim()).join(",")}]\n`)
        answer(message)
      }
    },
    expect: both
  },
  {
    name: "100,000 questions, whose answers it does not read",
    heavy: true,
    stdio: {
      "tools/call": ({ answer, write }, message) => {
        times(100, () => write(thousand((i) => `{"jsonrpc":"2.0","id":"q${i}","method":"ping"}\n`)))
        answer(message)
      }
    },
    expect: both
  },
  {
    name: "questions for ever, whose answers it does not read",
    heavy: true,
    stdio: {
      "tools/call": ({ write }: Stdio) => {
        const questions = thousand((i) => `{"jsonrpc":"2.0","id":"q${i}","method":"no/such/method"}\n`)
        for (;;) write(questions)
      }
    },
    expect: { call: "CallError Timeout unknown" },
    options: { requestTimeout: 4000, gracePeriod: 300 },
    within: 12_000
  },
  {
    name: "100,000 lines that are no messages",
    heavy: true,
    stdio: {
      "tools/call": ({ answer, write }, message) => {
        times(100, () => write(thousand((i) => `[debug] line ${i}\n`)))
        answer(message)
      }
    },
    expect: both
  },
  {
    name: "3 MB of empty lines",
    heavy: true,
    stdio: {
      "tools/call": ({ answer, write }, message) => {
        const empty = "\n".repeat(1_000_000)
        times(3, () => write(empty))
        answer(message)
      }
    },
    expect: both
  },
  {
    name: "100,000 reports of progress",
    heavy: true,
    stdio: {
      "tools/call": ({ answer, write }, message) => {
        const progress = (i: number) =>
          `{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":${message.id},"progress":${i}}}\n`
        times(100, () => write(thousand(progress)))
        answer(message)
      }
    },
    expect: both
  },
  {
    name: "progress for ever, and no answer",
    heavy: true,
    stdio: {
      "tools/call": ({ write }, message) =>
        void setInterval(() =>
          write(
            `{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":${message.id},"progress":1}}\n`
          ), 20)
    },
    expect: { call: "CallError Timeout unknown", ping: "pong" },
    options: { requestTimeout: 1000 }
  },
  {
    name: "50,000 answers that nobody waits for",
    heavy: true,
    stdio: {
      "tools/call": ({ answer, write }, message) => {
        times(50, () => write(thousand((i) => `{"jsonrpc":"2.0","id":${i + 5000},"result":{}}\n`)))
        answer(message)
      }
    },
    // Any of them may be meant for the one that waits.
    expect: {
      call: ["done", "CallError InvalidResult answered"],
      ping: ["pong", "CallError InvalidResult answered"]
    }
  },
  {
    name: "10 MB on stderr before the answer",
    heavy: true,
    stdio: {
      "tools/call": ({ answer, write }, message) => {
        times(100, () => write(thousand(() => `${"e".repeat(99)}\n`), 2))
        answer(message)
      }
    },
    expect: both
  },
  {
    name: "10 MB on stderr at the start, in one line",
    heavy: true,
    stdio: { start: ({ write }) => write("e".repeat(10_000_000), 2) },
    expect: both
  },
  {
    name: "stderr for ever",
    heavy: true,
    stdio: { "notifications/initialized": ({ write }) => forEver(() => write(`${"e".repeat(100_000)}\n`, 2)) },
    expect: both
  }
]
