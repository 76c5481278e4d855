/** Server-sent events: what was written is what is read, whatever the chunks and the line ends. */
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Schema } from "effect"
import * as events from "../src/internal/events.ts"
import { Chunks, cut, Text } from "./fixtures/arbitraries.ts"

interface Event {
  readonly id?: string | undefined
  readonly event?: string | undefined
  readonly data: string
}

const run = (chunks: ReadonlyArray<Uint8Array>, limit = Number.MAX_SAFE_INTEGER) => {
  const seen: Array<Event | "oversized"> = []
  const ids: Array<string> = []
  const parser = events.makeParser({
    limit,
    onEvent: ({ data, event, id }) => seen.push({ id, event, data }),
    onOversized: () => {
      seen.push("oversized")
      return true
    },
    onId: (id) => ids.push(id)
  })
  chunks.forEach(parser.push)
  return { seen, ids }
}

/** The fields of an event in any order, with comments and unknown fields between them. */
const lines = ({ data, event, id }: Event): ReadonlyArray<string> => [
  ": a comment",
  ...(id === undefined ? [] : [`id: ${id}`]),
  "unknown: field",
  ...(event === undefined ? [] : [`event:${event}`]),
  ...data.split("\n").map((line) => `data: ${line}`)
]

const write = (list: ReadonlyArray<{ readonly value: Event; readonly end: string }>) =>
  list.map(({ end, value }) => [...lines(value), "", ""].join(end)).join("")

const Data = Arbitrary.map(Text, (text) => text.replaceAll(/\r\n?/g, "\n"))
const End = Arbitrary.schema(Schema.Literals(["\n", "\r\n", "\r"]))
const Event = Arbitrary.all({
  id: Arbitrary.schema(Schema.UndefinedOr(Schema.Literals(["1", "a-2", "é", "7/3"]))),
  event: Arbitrary.schema(Schema.UndefinedOr(Schema.Literals(["message", "endpoint"]))),
  data: Data
})
const Events = Arbitrary.array(Arbitrary.all({ value: Event, end: End }), { maxLength: 10 })

describe("server-sent events", () => {
  it.prop(
    "are read as they were written",
    { list: Events, chunks: Chunks, mark: Schema.Boolean },
    ({ chunks, list, mark }) => {
      const { ids, seen } = run(cut((mark ? "\uFEFF" : "") + write(list), chunks))
      assert.deepStrictEqual(seen, list.map(({ value }) => value))
      assert.deepStrictEqual(ids, list.flatMap(({ value: { id } }) => id === undefined ? [] : [id]))
    }
  )

  it.prop(
    "over the limit are told once each, and those around them are whole",
    { list: Arbitrary.array(Arbitrary.all({ end: End, big: Arbitrary.schema(Schema.Boolean) })), chunks: Chunks },
    ({ chunks, list }) => {
      const values = list.map(({ big, end }, index) => ({
        end,
        big,
        value: { id: undefined, event: undefined, data: big ? `${index}`.padEnd(300, "é") : `${index}` }
      }))
      const { seen } = run(cut(write(values), chunks), 200)
      assert.deepStrictEqual(seen, values.map(({ big, value }) => big ? "oversized" : value))
    }
  )

  it.prop(
    "of many lines count as one, also when several of them are over the limit",
    {
      count: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 60 })),
      width: Schema.Literals([10, 250]),
      end: End,
      chunks: Chunks
    },
    ({ chunks, count, end, width }) => {
      const data = Array.from({ length: count }, () => "0123456789".padEnd(width, "x")).join("\n")
      const value = { id: undefined, event: undefined, data }
      const small = { id: undefined, event: undefined, data: "after" }
      const { seen } = run(cut(write([{ value, end }, { value: small, end }]), chunks), 200)
      assert.deepStrictEqual(seen, [lines(value).join("").length > 200 ? "oversized" : value, small])
    }
  )

  it.prop(
    "come through after any garbage",
    { garbage: Text, chunks: Chunks, limit: Schema.Int.check(Schema.isBetween({ minimum: 20, maximum: 60 })) },
    ({ chunks, garbage, limit }) => {
      const { seen } = run(cut(`${garbage}\n\ndata: intact\n\n`, chunks), limit)
      const last = seen.at(-1)
      assert.isTrue(typeof last === "object" && last.data === "intact")
    }
  )

  it.prop(
    "are the same for all chunks, garbage too",
    { garbage: Text, chunks: Chunks, limit: Schema.Int.check(Schema.isBetween({ minimum: 5, maximum: 60 })) },
    ({ chunks, garbage, limit }) => {
      // A return before a line feed may count towards the limit or not.
      const text = garbage.replaceAll(/\r+\n/g, "\n")
      assert.deepStrictEqual(run(cut(text, chunks), limit), run(cut(text, []), limit))
    }
  )
})
