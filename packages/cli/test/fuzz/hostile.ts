/** Values that a client does not expect. Where the name of the key says what belongs there, half of them are made for it. */
import { texts, values } from "../../../../test/hostile.ts"
import { isRecord, Raw } from "./json.ts"
import type { Random } from "./random.ts"

export const hostile = (key: string, random: Random): unknown => {
  const made = Object.entries(forKeys).find(([keys]) => keys.split(" ").includes(key))?.[1]
  if (random.chance(0.005)) return random.oneOf(["x", "=", "-", "\n", "a/"]).repeat(2 ** 21)
  return copy((made !== undefined && random.chance(0.5) ? random.oneOf(made) : random.oneOf(general))(random))
}

/** Names that objects have by themselves, and some that are unlikely. */
export const names = [
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "valueOf",
  "toJSON",
  "then",
  "hasOwnProperty",
  "length",
  "message",
  "_tag",
  "",
  "a\u001b[31mb",
  "x".repeat(5000)
]

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

type Make = (random: Random) => unknown

/** What is changed later must not be what others get. */
const copy = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(copy)
    : isRecord(value)
    ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, copy(item)]))
    : value

const always = (...values: ReadonlyArray<unknown>): ReadonlyArray<Make> => values.map((value) => () => value)

const deep: Make = ({ oneOf }) => {
  const depth = oneOf([100, 1500, 6000, 20_000])
  const [open = "", middle = "", close = ""] = oneOf([
    ["[", "", "]"],
    ["{\"a\":", "1", "}"],
    ["[{\"items\":", "[]", "}]"]
  ])
  return new Raw(open.repeat(depth) + middle + close.repeat(depth))
}

const long: Make = ({ oneOf }) =>
  oneOf(["x", "\u{1f600}", "a b ", "\n", "=", "-", "\u001b["]).repeat(oneOf([300, 70_000]))

const general: ReadonlyArray<Make> = [
  ...always(
    ...values,
    ...texts,
    new Raw("\"\\udc00\\ud800\""),
    new Raw("-0"),
    new Raw("1e999"),
    new Raw("-1e999"),
    new Raw("12345678901234567890"),
    new Raw("0.1000000000000000055"),
    new Raw(`1${"0".repeat(5000)}`),
    new Raw("{\"then\":1}"),
    new Raw("{\"a\":1,\"a\":{\"toString\":2}}")
  ),
  deep,
  deep,
  long,
  long,
  () => Array.from({ length: 3000 }, (_, index) => index),
  () => Object.fromEntries(Array.from({ length: 2000 }, (_, index) => [`key${index}`, index]))
]

const schemas: ReadonlyArray<Make> = [
  ...always(
    true,
    false,
    {},
    { $async: true, type: "object", required: ["x"] },
    { $schema: { toString: 1 } },
    { $schema: "http://json-schema.org/draft-04/schema#", id: 1 },
    { $ref: "#" },
    { $ref: "#/properties/a", properties: { a: { $ref: "#/properties/a" } } },
    { $ref: "https://example.com/schema.json" },
    { $dynamicRef: "#node", $dynamicAnchor: "node" },
    { $id: "__proto__", $defs: { __proto__: null } },
    { type: "object", properties: { n: { type: { toString: 1 } } } },
    { type: "object", required: "n", properties: [] },
    { type: ["object", "object"], nullable: true, discriminator: { propertyName: "n" } },
    { pattern: "(a+)+$", patternProperties: { "(": {}, "^(a|a)*$": false } },
    { properties: { n: { $data: "1/items" }, items: { format: { toString: 1 } } } },
    { not: {}, if: true, else: { $ref: "#/else" } },
    { multipleOf: 0, minimum: "1", maxLength: -1, minItems: 1.5 }
  ),
  (random) => ({ type: "object", properties: { n: { const: deep(random) } } }),
  () => ({ enum: Array.from({ length: 1000 }, (_, index) => `value ${index}`) }),
  () => ({ anyOf: Array.from({ length: 300 }, (_, index) => ({ const: index })) }),
  () => ({ patternProperties: Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`^a${index}`, false])) }),
  () => ({
    properties: Object.fromEntries(
      Array.from({ length: 300 }, (_, index) => [`p${index}`, { type: "string", title: `P${index}` }])
    )
  }),
  () => ({
    properties: Object.fromEntries(
      Array.from({ length: 5000 }, (_, index) => [`p${index}`, { type: "string", "x-mcp-header": `H${index}` }])
    )
  }),
  ({ upTo }) => {
    const depth = 5 + upTo(60)
    return new Raw(`${"{\"properties\":{\"a\":".repeat(depth)}{}${"}}".repeat(depth)}`)
  }
]

const urls = always(
  "javascript:alert(1)",
  "file:///etc/passwd",
  "data:text/html,<b>",
  "ssh://-oProxyCommand=x",
  "http://[::1",
  "https://bank.example@evil.example/",
  "https://xn--80ak6aa92e.com",
  "//evil.example",
  "http://127.0.0.1:1/",
  "fuzz://one#fragment",
  `fuzz://${"a/".repeat(5000)}`,
  `skill://${"a".repeat(5000)}/SKILL.md`,
  "skill://one/../../SKILL.md",
  "{+a,b*}{"
)

const base64 = always(
  `${"=".repeat(30_000)}x`,
  `${"A".repeat(30_000)}=x`,
  "####",
  "aGVsbG8",
  "aGVs\nbG8=",
  "-_-_"
)

const numbers = always(-1, 0, 0.5, 1e21, new Raw("1e999"), new Raw("-1e999"), "1", new Raw("-0"), 2 ** 31, 2 ** 53)

const markdown = always(
  `---\n${"a\n".repeat(20_000)}`,
  `---\n${"-".repeat(20_000)}\n---`,
  "---\na: &a [*a]\n---",
  "---\n__proto__: {x: 1}\n---\n",
  `---\n${"- ".repeat(3000)}\n---`,
  `${"---\n".repeat(10_000)}`
)

/** By the names of the keys. */
const forKeys: Readonly<Record<string, ReadonlyArray<Make>>> = {
  "inputSchema outputSchema requestedSchema": schemas,
  "uri url uriTemplate src websiteUrl": urls,
  "data blob": base64,
  "text": markdown,
  "ttl ttlMs pollInterval pollIntervalMs progress total size priority maxTokens code": numbers,
  "protocolVersion supportedVersions supported": always(
    "2024-11-05",
    ["2024-11-05"],
    ["2026-07-28", { toString: 1 }],
    "2099-01-01",
    ["2099-01-01"]
  ),
  "status": always("working", "input_required", "completed", "failed", "cancelled", "paused"),
  "taskId name nextCursor progressToken requestId elicitationId": names.map((name) => () => name),
  "mode": always("form", "url", "page"),
  "type": always("text", "image", "audio", "resource", "resource_link", "tool_use", "object", "array"),
  "mimeType": always("text/plain\u001b]52;c;ZXZpbA==\u0007", "text/html; charset=\"", "/", `a/${"b".repeat(5000)}`)
}
