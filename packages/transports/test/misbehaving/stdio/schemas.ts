/** Output schemas that are made to harm whoever checks by them. */
import type { Message, StdioCase, StdioHandlers } from "../case.ts"

/** How a call is answered, by a tool of this output schema. */
const gives = (structuredContent: unknown, outputSchema: unknown): StdioHandlers => ({
  "tools/list": ({ send }, { id }) =>
    send({ id, result: { tools: [{ name: "echo", inputSchema: { type: "object" }, outputSchema }] } }),
  "tools/call": ({ send }, { id }) =>
    send({ id, result: { content: [{ type: "text", text: "done" }], structuredContent } })
})

const range = (count: number, make: (i: number) => unknown): ReadonlyArray<unknown> =>
  Array.from({ length: count }, (_, i) => make(i))

const named = (count: number, make: (i: number) => unknown): unknown =>
  Object.fromEntries(range(count, (i) => [`k${i}`, make(i)]).map((entry) => entry as [string, unknown]))

/** Its tools, with a schema that is too deep to be written with `JSON.stringify`. */
const rawSchema = (schema: string): StdioHandlers => ({
  ...gives({ a: 1 }, {}),
  "tools/list": ({ write }: { readonly write: (text: string) => void }, { id }: Message) =>
    write(
      `{"jsonrpc":"2.0","id":${id},"result":{"tools":[{"name":"echo","inputSchema":{"type":"object"},` +
        `"outputSchema":${schema}}]}}\n`
    )
})

export const cases: ReadonlyArray<StdioCase> = [
  {
    name: "a schema that wants a promise",
    stdio: gives({ n: 1 }, { $async: true, type: "object", required: ["x"] }),
    expect: { list: "1 tools", call: "InvalidStructuredContent", ping: "pong" }
  },
  {
    name: "a dialect that is an object",
    stdio: gives({ n: 1 }, { $schema: { toString: 1 }, type: "object" }),
    expect: { list: "1 tools", call: "done", ping: "pong" }
  },
  {
    name: "objects for the values of keywords",
    stdio: gives({ n: 1 }, { required: { length: 1 }, pattern: {}, $id: [], minProperties: { valueOf: 1 } }),
    expect: { list: "1 tools", call: "done", ping: "pong" }
  },
  {
    name: "a schema of 50,000 levels",
    heavy: true,
    stdio: rawSchema(`${`{"items":`.repeat(50_000)}{}${"}".repeat(50_000)}`),
    expect: { list: "CallError InvalidResult answered", call: "done", ping: "pong" }
  },
  {
    name: "a constant of 50,000 levels",
    heavy: true,
    stdio: rawSchema(`{"properties":{"a":{"const":${"[".repeat(50_000)}${"]".repeat(50_000)}}}}`),
    expect: { list: "CallError InvalidResult answered", call: "done", ping: "pong" }
  },
  {
    name: "20,000 items of 5,000 constants",
    heavy: true,
    stdio: gives(
      { a: range(20_000, () => "c4999") },
      { properties: { a: { items: { enum: range(5000, (i) => `c${i}`) } } } }
    ),
    expect: { call: "done", ping: "pong" }
  },
  {
    name: "20,000 properties by pattern, all forbidden",
    heavy: true,
    stdio: gives({ a: 1 }, { patternProperties: named(20_000, () => false) }),
    expect: { call: "done", ping: "pong" }
  },
  {
    name: "a thousand references for each of 20,000 items",
    heavy: true,
    stdio: gives(
      { a: range(20_000, () => 1) },
      {
        properties: { a: { items: { not: { anyOf: range(1000, () => ({ $ref: "#/$defs/a" })) } } } },
        $defs: { a: false }
      }
    ),
    expect: { call: "done", ping: "pong" }
  }
]
