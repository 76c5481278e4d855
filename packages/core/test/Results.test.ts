import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as results from "../src/internal/results.ts"
import { ask } from "./fixtures/asking.ts"
import { accept, answering, nameForm } from "./fixtures/person.ts"
import { connect, modern, text } from "./fixtures/wire.ts"

const good = { type: "text", text: "good" }

const image = { type: "image", data: "AA==", mimeType: "image/png" }

describe("what a tool answers", () => {
  it.each<readonly [what: string, content: unknown, read: ReadonlyArray<unknown>, warning: RegExp | undefined]>([
    ["no content", undefined, [], undefined],
    ["content that is null", null, [], undefined],
    [
      "kinds that nobody knows",
      [{ type: "hologram", text: 5 }, good],
      [{ type: "hologram", text: 5 }, good],
      undefined
    ],
    ["one that is null", [good, null, image], [good, image], /^1 of the 3 content blocks .*: \[null\]$/],
    ["text for a block", ["bare", good], [{ type: "text", text: "bare" }, good], /^1 of the 2 .*: \["bare"\]$/],
    [
      "a text without its type",
      [{ text: "a", _meta: { b: 1 } }],
      [{ type: "text", text: "a", _meta: { b: 1 } }],
      /1 of/
    ],
    ["one without a type", [{ data: 1 }, good], [good], /1 of the 2/],
    ["a text that is an object", [{ type: "text", text: { a: [1] } }], [{ type: "text", text: "{\"a\":[1]}" }], /1 of/],
    ["a text that is null", [{ type: "text", text: null }, good], [good], /1 of the 2/],
    ["a block for the list", good, [good], /not a list but one block/],
    ["text for the list", "bare", [{ type: "text", text: "bare" }], /"bare"/],
    ["a number for the list", 5, [], /5/]
  ])("is read with %s", (_, content, read, warning) => {
    const checked = results.callToolResult({ content, isError: true, structuredContent: { n: 1 } })
    if (typeof checked === "string") return assert.fail(checked)
    assert.deepStrictEqual<unknown>(checked.value.result, { content: read, isError: true, structuredContent: { n: 1 } })
    if (warning === undefined) assert.isUndefined(checked.value.warning)
    else assert.match(checked.value.warning ?? "", warning)
    assert.isBelow(checked.value.warning?.length ?? 0, 500)
  })

  it.effect("is told what had to be read in another way", () =>
    Effect.gen(function*() {
      const { session } = yield* connect({
        "tools/call": (request, to) => to.answer(request, { content: [good, null] })
      })
      assert.deepStrictEqual<unknown>(yield* session.callTool("a"), { content: [good] })
      const [warning] = yield* session.warnings.pipe(Stream.take(1), Stream.runCollect)
      assert.match(String(warning?.description), /^tool "a": 1 of the 2 content blocks .*\[null\]$/)
    }))
})

describe("what a tool tells meanwhile", () => {
  it.effect("is left out where it says nothing; numbers may be text", () =>
    Effect.gen(function*() {
      const { session } = yield* connect({
        "tools/call": (request, to) => {
          const progressToken = Object(request.params?.["_meta"])["progressToken"]
          const progress = (params: object) =>
            to.send({ jsonrpc: "2.0", method: "notifications/progress", params: { progressToken, ...params } })
          progress({ progress: "5", total: "10.5" })
          progress({ progress: "soon" })
          progress({ progress: "" })
          progress({ progress: null })
          progress({ progress: 6, total: "many", message: 7 })
          const log = (params: unknown) => to.send({ jsonrpc: "2.0", method: "notifications/message", params })
          log(null)
          log({ data: "no level" })
          log({ level: "info" })
          to.answer(request, { content: [] })
        }
      })
      const none = { total: undefined, message: undefined }
      assert.deepStrictEqual<unknown>(yield* Stream.runCollect(session.callToolStream("a")), [
        { _tag: "Progress", progress: 5, total: 10.5, message: undefined },
        { _tag: "Progress", progress: 6, ...none },
        { _tag: "Log", level: "info", logger: undefined, data: undefined },
        { _tag: "Result", result: { content: [] } }
      ])
    }))
})

describe("_meta that is no object", () => {
  for (const _meta of [null, [], "a"]) {
    it.effect.each([["legacy", {}], ["modern", modern]] as const)(
      `costs no answer: ${JSON.stringify(_meta)}, %s`,
      ([, era]) =>
        Effect.gen(function*() {
          const { session } = yield* connect({
            ...era,
            "tools/call": (request, to) => to.answer(request, { resultType: "complete", ...text("a"), _meta }),
            "tools/list": (request, to) =>
              to.answer(request, { tools: [{ name: "a", inputSchema: { type: "object" }, _meta }], _meta })
          })
          assert.deepStrictEqual((yield* session.callTool("a")).content, text("a").content as never)
          assert.deepStrictEqual((yield* session.listTools).map(({ name }) => name), ["a"])
        }),
      5000
    )

    it.effect(`costs no question: ${JSON.stringify(_meta)}`, () =>
      Effect.gen(function*() {
        const { wire } = yield* answering(accept({ name: "Ada" }))(connect())
        assert.deepStrictEqual(yield* ask(wire, "elicitation/create", { ...nameForm, _meta }), {
          result: { action: "accept", content: { name: "Ada" } }
        })
        assert.deepStrictEqual(yield* ask(wire, "ping", { _meta }), { result: {} })
      }))
  }
})
