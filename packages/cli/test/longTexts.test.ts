/** A list shows the beginning of each text, and takes less time than reading the message did. */
import { assert, beforeAll, describe, it } from "@effect/vitest"
import * as SafeText from "@universal-mcp/core/SafeText"
import { Effect } from "effect"
import { cpuTime } from "../../../test/cpu.ts"
import { parseTime } from "../../../test/parseTime.ts"
import * as offers from "../src/render/offers.ts"
import { heading } from "../src/render/server.ts"
import { toolDetails, toolEntry } from "../src/render/tools.ts"

const plain = (text: SafeText.SafeText) => text
const style = { bold: plain, dim: plain, red: plain, green: plain, yellow: plain, cyan: plain }
const screen = {
  out: style,
  err: style,
  width: 80,
  errWidth: 80,
  errLineWidth: 80,
  outIsTerminal: true,
  errIsTerminal: true
}

const length = 8 * 1024 * 1024

/** The renderers take what the protocol says; this is what a server may say. */
const from = (server: object) => JSON.parse("{}", () => server)

const listOf = (listed: unknown, server: object = { name: "s", version: "1" }) =>
  from({ config: { name: "s" }, session: { server, transport: "stdio" }, listed })

const lists: Readonly<Record<string, (text: string) => SafeText.SafeText>> = {
  "a tool's name": (name) => toolEntry(from({ name, inputSchema: {} }), screen),
  "a tool's description": (description) => toolEntry(from({ name: "t", description, inputSchema: {} }), screen),
  "a parameter's name": (name) => toolEntry(from({ name: "t", inputSchema: { properties: { [name]: {} } } }), screen),
  "a parameter's value": (value) =>
    toolEntry(from({ name: "t", inputSchema: { properties: { a: { enum: [value] } } } }), screen),
  "a server's name": (name) => heading(listOf([], { name, version: "1" }), screen, SafeText.format`nothing`),
  "a prompt's description": (description) => offers.prompts(listOf([{ name: "p", description }]), screen),
  "an argument's name": (name) =>
    offers.prompts(listOf([{ name: "p", arguments: [{ name, description: "d" }] }]), screen),
  "a resource's name": (name) =>
    offers.resources(listOf({ resources: [{ uri: "x", name }], resourceTemplates: [] }), screen),
  "a template's URI": (uriTemplate) =>
    offers.resources(listOf({ resources: [], resourceTemplates: [{ uriTemplate, name: "n" }] }), screen)
}

const pieces = { letters: "x", words: "word ", joiners: "\u200d", Chinese: "漢", "blank lines": "\n \n" }

let limit = 0
beforeAll(() => Effect.runPromise(Effect.map(parseTime, (time) => limit = time)))

describe.each(Object.entries(lists))("%s of 8 Mi characters", (_, render) => {
  it.live.each(Object.entries(pieces))("is cut in a list: %s", ([, piece]) =>
    Effect.gen(function*() {
      const text = piece.repeat(length / piece.length)
      let shown = ""
      const time = yield* cpuTime(Effect.sync(() => shown = render(text)))
      // An argument's name stands in two places, and each hidden character takes six.
      assert.isBelow(shown.length, 300_000)
      assert.isBelow(time, 2 * limit)
    }))
})

describe("a description of more than 20,000 characters", () => {
  const description = `${"a".repeat(30_000)}.`

  it("says in a list how many more there are", () => {
    const shown = toolEntry(from({ name: "t", description, inputSchema: {} }), screen)
    assert.include(shown.replaceAll(/\s+/g, " "), "a… 10001 more characters")
  })

  it("is shown whole where one tool is asked for", () => {
    assert.include(toolDetails(from({ name: "t", description, inputSchema: {} }), screen), description)
  })
})
