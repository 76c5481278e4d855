/** Every renderer, given whatever a server may send: it returns safe text, in time that is in proportion to what came. */
import { assert, beforeAll, describe, it } from "@effect/vitest"
import { CallError, ConfigError, Rejected } from "@universal-mcp/core/McpError"
import * as SafeText from "@universal-mcp/core/SafeText"
import { Arbitrary, Cause, Effect, Exit, Option, Schema, Tracer } from "effect"
import { cpuTime } from "../../../test/cpu.ts"
import { harmful } from "../../../test/hostile.ts"
import { parseTime } from "../../../test/parseTime.ts"
import * as promptArguments from "../src/internal/promptArguments.ts"
import * as checkup from "../src/render/checkup.ts"
import * as failure from "../src/render/failure.ts"
import { hiddenCharacters } from "../src/render/hiddenCharacters.ts"
import * as offers from "../src/render/offers.ts"
import * as result from "../src/render/result.ts"
import { heading, revision } from "../src/render/server.ts"
import { members, signature, signatureWithin } from "../src/render/signature.ts"
import { table } from "../src/render/table.ts"
import { target } from "../src/render/target.ts"
import { firstParagraph, indented, pad, prettyJson, truncate, unlines, wrap } from "../src/render/text.ts"
import { serverTools, toolDetails, toolEntry } from "../src/render/tools.ts"
import { tree } from "../src/render/trace.ts"
import { unsafeIn } from "./unsafe.ts"

type Json = Readonly<Record<string, unknown>>

const paint = (text: SafeText.SafeText) => SafeText.format`\u001b[31m${text}\u001b[39m`
const style = { bold: paint, dim: paint, red: paint, green: paint, yellow: paint, cyan: paint }
const screen = {
  out: style,
  err: style,
  width: 80,
  errWidth: 80,
  errLineWidth: 80,
  outIsTerminal: true,
  errIsTerminal: true
}

/** Only what core knows of an item is as the protocol wants it; the types of the protocol promise more. */
const asItem = (item: Json) => JSON.parse("{}", () => ({ ...item }))

const surveyed = (item: Json, listed: unknown) =>
  asItem({ config: { name: text(item["name"]) }, session: { server: item, transport: item["type"] }, listed })

const text = (value: unknown): string => typeof value === "string" ? value : "name"

const rejected = (item: Json) =>
  new CallError({
    server: text(item["name"]),
    method: "tools/call",
    delivery: "answered",
    reason: new Rejected({ code: -32042, description: text(item["title"]), data: item["data"] }),
    hint: text(item["description"])
  })

const badConfig = (item: Json) =>
  new ConfigError({ path: text(item["uri"]), found: text(item["title"]), allowed: [text(item["name"])] })

const step = (item: Json, status: "ok" | "failed") => ({
  step: "list" as const,
  status,
  milliseconds: 12,
  detail: text(item["title"]),
  evidence: [text(item["description"])],
  hint: text(item["name"])
})

const span = (item: Json): Tracer.Span => {
  const made = new Tracer.NativeSpan({
    name: text(item["name"]),
    parent: Option.none(),
    annotations: asItem({ mapUnsafe: new Map() }),
    links: [],
    startTime: 0n,
    kind: "internal",
    sampled: true
  })
  made.attribute("mcp.server", item["title"])
  made.end(1_000_000n, Exit.failCause(Cause.die(item["description"])))
  return made
}

const renderers: Readonly<Record<string, (item: Json) => SafeText.SafeText>> = {
  "checkup.heading": (item) => checkup.heading(text(item["name"]), text(item["type"]), screen),
  "checkup.step": (item) => checkup.step(step(item, "failed"), screen),
  "checkup.summary": (item) =>
    checkup.summary({ name: text(item["name"]), transport: "stdio", steps: [step(item, "ok")] }, 10, screen),
  "failure.lines": (item) =>
    unlines([failure.lines(rejected(item), style, 80), failure.lines(badConfig(item), style, Infinity)]),
  "failure.jsonLine": (item) => failure.jsonLine(rejected(item)),
  "offers.messages": (item) => offers.messages(item, screen),
  "offers.prompts": (item) => offers.prompts(surveyed(item, [asItem(item)]), screen),
  "offers.resources": (item) =>
    offers.resources(surveyed(item, { resources: [asItem(item)], resourceTemplates: [asItem(item)] }), screen),
  "promptArguments.signature": (item) => promptArguments.signature(asItem(item)),
  "result.block": result.block,
  "result.label": (item) => result.label(Object.values(item), text(item["data"])),
  "result.result": result.result,
  "server.heading": (item) => heading(surveyed(item, []), screen, SafeText.format`nothing`),
  "server.revision": (item) => revision(surveyed(item, [])),
  "signature.members": (item) => unlines(members(item)),
  "signature.signature": (item) => signature(asItem(item)),
  "signature.signatureWithin": (item) => signatureWithin(asItem(item), 40, paint),
  "table": (item) => unlines(table([Object.values(item).map(SafeText.line), [SafeText.format`a`]])),
  "target": (item) =>
    unlines([
      target(asItem({ transport: "stdio", command: text(item["name"]), args: [text(item["title"])] })),
      target(asItem({ url: text(item["uri"]) }))
    ]),
  "text.indented": (item) => indented(SafeText.block(item["description"])),
  "text.pad": (item) => pad(SafeText.line(item["description"]), 90),
  "text.paragraph": (item) => firstParagraph(SafeText.block(item["description"])),
  "text.prettyJson": prettyJson,
  "text.truncate": (item) => truncate(SafeText.line(item["description"]), 20),
  "text.wrap": (item) => wrap(SafeText.block(item["description"]), 20),
  "tools.hiddenCharacters": (item) => hiddenCharacters(asItem(item)) ?? SafeText.format``,
  "tools.serverTools": (item) => serverTools(surveyed(item, [asItem(item)]), screen),
  "tools.toolDetails": (item) => toolDetails(asItem(item), screen),
  "tools.toolEntry": (item) => toolEntry(asItem(item), screen),
  "trace.tree": (item) => tree([span(item), span({ title: "other" })], style)
}

// ---------------------------------------------------------------------------------------------------------------------
// What comes
// ---------------------------------------------------------------------------------------------------------------------

const plainFields = "name title uri uriTemplate description mimeType size role type "
  .concat("text data blob version protocolVersion era progress const $ref required")
  .split(" ")
const nestedFields = "inputSchema outputSchema annotations structuredContent resource properties "
  .concat("items content messages arguments anyOf enum")
  .split(" ")

/** An object with all fields that a renderer looks at, and in each of them anything. */
const itemOf = (values: ReadonlyArray<unknown>, depth = 2): Json => {
  const at = (index: number) => values[index % Math.max(1, values.length)]
  const nested = (index: number) => {
    const inner = itemOf([...values.slice(index % 5), ...values.slice(0, index % 5)], depth - 1)
    return index % 2 === 0 ? inner : [inner, at(index)]
  }
  return Object.fromEntries([
    ...plainFields.map((field, index) => [field, at(index)]),
    ...nestedFields.map((field, index) => [field, depth === 0 ? at(index) : nested(index + values.length)])
  ])
}

const Hostile = Arbitrary.schema(
  Schema.Union([
    Schema.Literals([...harmful, "object", "array", "string", "text", "image", "resource_link", "#/properties/name"]),
    Schema.String,
    Schema.Json
  ])
)

/** Names and addresses are text, where core has made sure of it; half of the time all else is. */
const Item = Arbitrary.map(Arbitrary.array(Hostile), (values) => {
  const first = values.find((value) => typeof value === "string") ?? harmful[values.length % harmful.length]
  return { ...itemOf(values), name: first, uri: first, inputSchema: itemOf(values, 1) }
})

const big = 100_000
const nest = (depth: number, inner: (value: unknown) => unknown): unknown => {
  let value: unknown = 1
  for (let level = 0; level < depth; level++) value = inner(value)
  return value
}
const many = (count: number, make: (index: number) => unknown) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`p${index}`, make(index)]))
const everywhere = (value: unknown) => ({ ...itemOf([value], 0), name: text(value), uri: text(value) })
const schema = (inputSchema: Json) => ({ name: "t", uri: "x", inputSchema, outputSchema: inputSchema })
const loop = { $ref: "#/$defs/A" }

const large: Readonly<Record<string, Json>> = {
  "one word": everywhere("x".repeat(big)),
  "spaces": everywhere(` ${" ".repeat(big)}x`),
  "words": everywhere("x ".repeat(big / 2)),
  "indented words": everywhere(`${" ".repeat(big / 2)}${"x ".repeat(big / 4)}`),
  "blank lines": everywhere(`${"\n \n\t\r".repeat(big / 5)}x`),
  "Chinese": everywhere("漢".repeat(big / 3)),
  "combining marks": everywhere(`e${"\u0301".repeat(big / 3)}`),
  "zero-width spaces": everywhere("\u200b".repeat(big / 3)),
  "emoji with joiners": everywhere("👩\u200d".repeat(big / 8)),
  "escapes": everywhere("\u001b".repeat(big / 4)),
  "backslashes": everywhere("\\u001".repeat(big / 5)),
  "padding": everywhere(`${"=".repeat(big)}x`),
  "a list": everywhere(Array.from({ length: big / 300 }, () => harmful)),
  "deep lists": everywhere(nest(100_000, (value) => [value])),
  "lists as deep as can be written": everywhere(
    nest(900, (value) => [value, value === 1 ? Array(big / 100).fill(1) : 1])
  ),
  "deep schemas": schema({ properties: { a: nest(100_000, (value) => ({ type: "array", items: value })) } }),
  "deep alternatives": schema({ properties: { a: nest(100_000, (value) => ({ anyOf: [{}, value] })) } }),
  "deep constants": schema({ properties: { a: { const: nest(100_000, (value) => ({ a: value })) } } }),
  "many properties": schema({ required: Object.keys(many(big / 2, () => 1)), properties: many(big / 2, () => ({})) }),
  "many values": schema({ properties: { a: { enum: Array.from({ length: big }, (_, index) => index) } } }),
  "many types": schema({ properties: { a: { type: Array(big).fill("string") } } }),
  "many alternatives": schema({ properties: { a: { oneOf: Array(big / 2).fill({ type: "string" }) } } }),
  "wide references to themselves": schema({
    properties: { a: loop },
    $defs: { A: { type: "object", required: Object.keys(many(50_000, () => 1)), properties: many(50_000, () => loop) } }
  }),
  "alternatives of themselves": schema({
    properties: many(1000, () => loop),
    $defs: { A: { anyOf: Array(1000).fill(loop) } }
  }),
  "alternatives of a few, again and again": schema({
    properties: many(1000, () => ({ $ref: "#/$defs/0" })),
    $defs: many(15, (index) => ({ anyOf: [{ $ref: `#/$defs/p${index + 1}` }, { $ref: `#/$defs/p${index + 1}` }] }))
  }),
  "long references": schema({
    properties: many(100, () => ({ $ref: `#/${"x/".repeat(10_000)}` }))
  })
}

/** What takes more than linear time takes a hundred times that long. The details of a tool are printed whole. */
let limit = 0
beforeAll(() => Effect.runPromise(Effect.map(parseTime, (time) => limit = 3 * time)))

describe.each(Object.entries(renderers))("%s", (_, render) => {
  it.effect.prop("gives safe text, whatever comes", { item: Item }, ({ item }) =>
    Effect.sync(() => {
      for (const one of [item, { name: item.name, uri: item.uri, inputSchema: {} }]) {
        assert.deepStrictEqual(unsafeIn(render(one)), [])
      }
    }))

  it.live.each(Object.entries(large))(
    "takes time in proportion to what came: %s",
    ([, item]) =>
      Effect.gen(function*() {
        const time = yield* cpuTime(Effect.sync(() => assert.isBelow(render(item).length, 400 * big)))
        assert.isBelow(time, limit)
      })
  )
})
