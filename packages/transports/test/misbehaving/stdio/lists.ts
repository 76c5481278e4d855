/** Servers whose lists of tools are long, endless or not lists. */
import type { Message, StdioCase, StdioHandlers } from "../case.ts"

const tool = (name: string, more: object = {}) => ({ name, inputSchema: { type: "object" }, ...more })

/** How the list is answered; `page` counts from 0, by the cursor. */
const page = (result: (page: number) => object | null): StdioHandlers => ({
  "tools/list": ({ send }, message) => send({ id: message.id, result: result(cursor(message)) })
})

const cursor = ({ params }: Message): number => Number(params?.["cursor"] ?? 0)

const invalid = { list: "CallError InvalidResult answered", call: "done" }

export const cases: ReadonlyArray<StdioCase> = [
  {
    name: "the same cursor for ever",
    stdio: page(() => ({ tools: [tool("echo")], nextCursor: "7" })),
    expect: invalid,
    seen: { "tools/list": 4 }
  },
  {
    name: "two cursors in turn",
    stdio: page((page) => ({ tools: [tool("echo")], nextCursor: page === 1 ? "2" : "1" })),
    expect: invalid,
    seen: { "tools/list": 6 }
  },
  {
    name: "a new cursor for ever",
    stdio: page((page) => ({ tools: [tool(`echo-${page}`)], nextCursor: String(page + 1) })),
    expect: invalid,
    within: 20_000,
    seen: { "tools/list": 2100 }
  },
  {
    name: "a new cursor for ever, and slowly",
    stdio: {
      "tools/list": ({ send }, message) =>
        void setTimeout(
          () => send({ id: message.id, result: { tools: [], nextCursor: String(cursor(message) + 1) } }),
          100
        )
    },
    expect: { list: ["CallError InvalidResult answered", "CallError Timeout unknown"], ping: "pong" },
    // Ten times what one page may take.
    options: { requestTimeout: 300 }
  },
  {
    name: "300 pages",
    stdio: page((page) => ({
      tools: [tool(`echo-${page}`)],
      ...(page === 299 ? {} : { nextCursor: String(page + 1) })
    })),
    expect: { list: "300 tools" }
  },
  {
    name: "null for the cursor",
    stdio: page(() => ({ tools: [tool("echo")], nextCursor: null })),
    expect: { list: "1 tools" }
  },
  {
    name: "an empty cursor",
    stdio: page(() => ({ tools: [tool("echo")], nextCursor: "" })),
    expect: { list: "1 tools" }
  },
  {
    name: "a number for the cursor",
    stdio: page(() => ({ tools: [tool("echo")], nextCursor: 1 })),
    expect: { list: ["1 tools", "CallError InvalidResult answered"] }
  },
  { name: "null for the list", stdio: page(() => ({ tools: null })), expect: invalid },
  { name: "no list", stdio: page(() => ({})), expect: invalid },
  { name: "an object for the list", stdio: page(() => ({ tools: { echo: tool("echo") } })), expect: invalid },
  { name: "no result", stdio: page(() => null), expect: invalid },
  {
    name: "tools that are none among one that is",
    stdio: page(() => ({ tools: [null, 1, "echo", [], {}, { name: 7 }, tool("echo"), { inputSchema: {} }] })),
    expect: { list: "1 tools", call: "done" }
  },
  {
    name: "a tool without a schema",
    stdio: page(() => ({ tools: [{ name: "bare" }, { name: "null", inputSchema: null }, tool("echo")] })),
    expect: { list: "1 tools", call: "done" }
  },
  {
    name: "two tools of one name",
    stdio: page(() => ({ tools: [tool("echo"), tool("echo", { title: "another" })] })),
    expect: { list: ["1 tools", "2 tools"], call: "done" }
  },
  {
    name: "names that are odd",
    stdio: page(() => ({
      tools: ["", " ", "__proto__", "constructor", "a/b", "😀", "x".repeat(100_000), "echo"].map((name) => tool(name))
    })),
    expect: { list: "8 tools", call: "done" }
  },
  {
    name: "annotations and titles of all sorts",
    stdio: page(() => ({
      tools: [tool("echo", { title: 7, description: null, annotations: "none", icons: {}, _meta: [], execution: 1 })]
    })),
    expect: { list: "1 tools", call: "done" }
  },
  {
    name: "an error on the second page",
    stdio: {
      "tools/list": ({ send }, message) =>
        cursor(message) === 0
          ? send({ id: message.id, result: { tools: [tool("echo")], nextCursor: "1" } })
          : send({ id: message.id, error: { code: -32603, message: "no more" } })
    },
    expect: { list: "CallError Rejected(-32603) answered", call: "done" }
  },
  {
    name: "silence on the second page",
    stdio: {
      "tools/list": ({ send }, message) =>
        cursor(message) === 0
          ? send({ id: message.id, result: { tools: [tool("echo")], nextCursor: "1" } })
          : undefined
    },
    expect: { list: "CallError Timeout unknown", ping: "pong" },
    options: { requestTimeout: 500 }
  },
  {
    name: "tools/list is refused",
    stdio: { "tools/list": ({ send }, { id }) => send({ id, error: { code: -32601, message: "Method not found" } }) },
    // Many a real server says in this way that it has none.
    expect: { list: "0 tools", call: "done" }
  },
  {
    name: "the list changes whenever it is read",
    stdio: {
      "tools/list": ({ send }, { id }) => {
        send({ method: "notifications/tools/list_changed" })
        send({ id, result: { tools: [tool("echo")] } })
        send({ method: "notifications/tools/list_changed" })
      }
    },
    expect: { list: "1 tools", call: "done", again: "done" },
    seen: { "tools/list": 10 }
  },
  {
    name: "the process ends while it lists, the first time",
    stdio: {
      "tools/list": ({ life, send }, { id }) =>
        life === 1 ? process.exit(5) : send({ id, result: { tools: [tool("echo")] } })
    },
    // A read: it is made again.
    expect: { list: "1 tools", call: "done" }
  },
  {
    name: "50,000 tools on one page",
    heavy: true,
    stdio: page(() => ({ tools: Array.from({ length: 50_000 }, (_, i) => tool(`echo-${i}`)) })),
    expect: { list: "50000 tools", call: "done" }
  },
  {
    name: "100,000 tools on 50 pages",
    heavy: true,
    stdio: page((page) => ({
      tools: Array.from({ length: 2000 }, (_, i) => tool(`echo-${page}-${i}`)),
      ...(page === 49 ? {} : { nextCursor: String(page + 1) })
    })),
    expect: { list: "100000 tools", call: "done" }
  },
  {
    name: "big pages for ever",
    heavy: true,
    // All that is kept of a list is in memory: it is given up long before its pages are counted.
    stdio: page((page) => ({
      tools: [tool(`echo-${page}`, { description: "x".repeat(1_000_000) })],
      nextCursor: String(page + 1)
    })),
    expect: { list: ["CallError InvalidResult answered", "CallError TooLarge answered"], call: "done" }
  }
]
