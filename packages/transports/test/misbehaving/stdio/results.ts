/** Servers that answer a call with something else than a result of a tool, or than what the tool declares. */
import type { Message, StdioCase, StdioHandlers } from "../case.ts"

/** How a call is answered, by a tool of this output schema. */
const gives = (result: unknown, outputSchema?: unknown): StdioHandlers => ({
  "tools/list": ({ send }, { id }) =>
    send({ id, result: { tools: [{ name: "echo", inputSchema: { type: "object" }, outputSchema }] } }),
  "tools/call": ({ send }, { id }) => send({ id, result })
})

const text = [{ type: "text", text: "done" }]

const count = { type: "object", properties: { n: { type: "integer" } }, required: ["n"] }

/** `{"a":{"a":…}}`, so deep. */
const nested = (depth: number): string => `${"{\"a\":".repeat(depth)}1${"}".repeat(depth)}`

const raw = (result: string) => ({
  "tools/call": ({ write }: { readonly write: (text: string) => void }, { id }: Message) =>
    write(`{"jsonrpc":"2.0","id":${id},"result":${result}}\n`)
})

/** Each level is looked at twice by the one above it. */
const doubling = {
  $ref: "#/$defs/l40",
  $defs: Object.fromEntries(Array.from({ length: 41 }, (_, i) => [
    `l${i}`,
    i === 0 ? { type: "object" } : { allOf: [{ $ref: `#/$defs/l${i - 1}` }, { $ref: `#/$defs/l${i - 1}` }] }
  ]))
}

/** Where `content` is not what it should be, what can be read of it is as good as an error. */
export const cases: ReadonlyArray<StdioCase> = [
  { name: "isError", stdio: gives({ content: text, isError: true }), expect: { call: "isError: done" } },
  { name: "no content", stdio: gives({ structuredContent: { n: 1 } }), expect: { call: "" } },
  { name: "nothing at all", stdio: gives({}), expect: { call: ["", "CallError InvalidResult answered"] } },
  {
    name: "null for the content",
    stdio: gives({ content: null }),
    expect: { call: ["", "CallError InvalidResult answered"], ping: "pong" }
  },
  {
    name: "an object for the content",
    stdio: gives({ content: text[0] }),
    expect: { call: ["done", "CallError InvalidResult answered"], ping: "pong" }
  },
  {
    name: "a string for the content",
    stdio: gives({ content: "done" }),
    expect: { call: ["done", "CallError InvalidResult answered"], ping: "pong" }
  },
  {
    name: "null among the content",
    stdio: gives({ content: [null] }),
    expect: { call: ["", "CallError InvalidResult answered"], ping: "pong" }
  },
  {
    name: "content without a type",
    stdio: gives({ content: [{ text: "done" }] }),
    expect: { call: ["done", "CallError InvalidResult answered"], ping: "pong" }
  },
  {
    name: "content of a type that nobody knows",
    stdio: gives({ content: [{ type: "hologram", data: 7 }, ...text] }),
    expect: { call: "[hologram] done" }
  },
  {
    name: "an image that is not base64",
    stdio: gives({ content: [{ type: "image", data: "%%%", mimeType: 7 }] }),
    expect: { call: "[image]" }
  },
  {
    name: "null and lists for what is left out",
    stdio: gives({ content: text, structuredContent: null, _meta: null, isError: null }),
    expect: { call: "done" }
  },
  { name: "a string for isError", stdio: gives({ content: text, isError: "no" }), expect: { call: "done" } },
  {
    name: "structured content that breaks the schema",
    stdio: gives({ content: text, structuredContent: { n: "one" } }, count),
    expect: { call: "InvalidStructuredContent" }
  },
  {
    name: "no structured content, though the schema wants it",
    stdio: gives({ content: text }, count),
    expect: { list: "1 tools", call: ["InvalidStructuredContent", "done"] }
  },
  {
    name: "isError, and none of the structured content",
    stdio: gives({ content: text, isError: true }, count),
    expect: { list: "1 tools", call: "isError: done" }
  },
  {
    name: "a schema with a reference to nowhere",
    stdio: gives({ content: text, structuredContent: { n: 1 } }, { $ref: "#/$defs/none" }),
    expect: { list: "1 tools", call: "done" }
  },
  {
    name: "a schema with a reference to the web",
    stdio: gives({ content: text, structuredContent: { n: 1 } }, { $ref: "http://127.0.0.1:1/schema.json" }),
    expect: { list: "1 tools", call: "done" }
  },
  {
    name: "a schema that is none",
    stdio: gives({ content: text, structuredContent: { n: 1 } }, { type: "no-such-type", properties: 7 }),
    expect: { list: "1 tools", call: ["done", "InvalidStructuredContent"] }
  },
  {
    name: "null for the schema",
    stdio: gives({ content: text, structuredContent: { n: 1 } }, null),
    expect: { list: "1 tools", call: "done" }
  },
  {
    name: "a schema of itself",
    stdio: gives({ content: text, structuredContent: { a: { a: {} } } }, {
      type: "object",
      properties: { a: { $ref: "#" } }
    }),
    expect: { list: "1 tools", call: "done" }
  },
  {
    name: "a result of 50,000 levels",
    heavy: true,
    stdio: raw(`{"content":[{"type":"text","text":"done"}],"structuredContent":${nested(50_000)}}`),
    expect: { call: ["done", "CallError InvalidResult answered"], ping: "pong" }
  },
  {
    name: "50,000 levels against a schema of itself",
    heavy: true,
    stdio: {
      ...gives({}, { type: "object", properties: { a: { $ref: "#" } } }),
      ...raw(`{"content":[{"type":"text","text":"done"}],"structuredContent":${nested(50_000)}}`)
    },
    expect: { call: ["done", "InvalidStructuredContent", "CallError InvalidResult answered"], ping: "pong" }
  },
  {
    name: "a pattern that backtracks for ever",
    heavy: true,
    stdio: gives({ content: text, structuredContent: { s: `${"a".repeat(100)}!` } }, {
      type: "object",
      properties: { s: { type: "string", pattern: "^(a+)+$" } }
    }),
    expect: { call: "InvalidStructuredContent", ping: "pong" }
  },
  {
    name: "a pattern on a megabyte",
    heavy: true,
    stdio: gives({ content: text, structuredContent: { s: `${"a".repeat(1_000_000)}!` } }, {
      type: "object",
      properties: { s: { type: "string", pattern: "^(a+)+$" } }
    }),
    expect: { call: ["InvalidStructuredContent", "done"], ping: "pong" }
  },
  {
    name: "20,000 items that are to be unique",
    heavy: true,
    stdio: gives({ content: text, structuredContent: { l: Array.from({ length: 20_000 }, (_, i) => ({ i })) } }, {
      type: "object",
      properties: { l: { type: "array", uniqueItems: true } }
    }),
    expect: { call: "done", ping: "pong" }
  },
  {
    name: "a schema that takes twice as long with each of 40 levels",
    heavy: true,
    stdio: gives({ content: text, structuredContent: { n: 1 } }, doubling),
    expect: { call: "done", ping: "pong" }
  },
  {
    name: "a schema of 20,000 properties",
    heavy: true,
    stdio: gives({ content: text, structuredContent: { n: 1 } }, {
      type: "object",
      properties: Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`p${i}`, { type: "string" }]))
    }),
    expect: { call: "done", ping: "pong" }
  }
]
