/** What a session says of numbers that JavaScript changes: where, how long, at what cost, and where it says nothing. */
import { assert, describe, it } from "@effect/vitest"
import * as ExactNumbers from "@universal-mcp/core/ExactNumbers"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import { cpuTime } from "./fixtures/cpu.ts"
import { connect, server } from "./fixtures/textServer.ts"

const exactNumbers = true

const int64 = "9223372036854775807"

const resultOf = (members: string) => `{"content":[],${members}}`

const callFor = (members: string, options?: { readonly exactNumbers: boolean }) =>
  Effect.flatMap(connect(server(() => resultOf(members))), (session) => session.callTool("get", {}, options))

describe("a number written with an exponent", () => {
  it.each(["1e400", "-12345678901234567890e300", "1E499"])("is a bigint of up to 500 digits: %s", (text) => {
    assert.strictEqual(typeof Result.getOrThrow(ExactNumbers.parse(text)), "bigint")
  })

  it.effect.each(["-0", "-0.0", "0e5"])("that is zero is not changed: %s", (text) =>
    Effect.gen(function*() {
      assert.notProperty(yield* callFor(`"n":${text}`), "warnings")
    }))

  it.effect.each(["1e501", "1e4299", "-9.9e2000"])(
    "of more digits is a number, with a warning: %s",
    (text) =>
      Effect.gen(function*() {
        const { n, warnings } = yield* callFor(`"n":${text}`, { exactNumbers })
        assert.strictEqual(n, Number(text))
        assert.deepStrictEqual(warnings, [
          `n is ${text}, which JavaScript reads as ${n}; no JavaScript number holds it`
        ])
      })
  )

  it.effect.each(["1e4299", "1e499", "7.5e4000"])(
    "costs little, however many there are: %s",
    (text) =>
      Effect.gen(function*() {
        const session = yield* connect(server(() => resultOf(`"list":[${Array(100_000).fill(text).join()}]`)))
        assert.isBelow(yield* cpuTime(session.callTool("get", {}, { exactNumbers })), 5000)
      })
  )
})

describe("an answer with more than 250,000 values", () => {
  const list = (count: number) => `"list":[${Array(count).fill("1").join()}],"id":${int64}`

  it.effect.each([false, true])(
    "has a warning that numbers are not looked for; exactNumbers: %s",
    (exactNumbers) =>
      Effect.gen(function*() {
        const { id, warnings } = yield* callFor(list(260_000), { exactNumbers })
        assert.strictEqual(id, Number(int64))
        assert.deepStrictEqual(warnings, [
          "it has more than 250000 values: the numbers in it that JavaScript changes are not looked for"
        ])
      })
  )

  it.effect("is one whose values are no part of a text", () =>
    Effect.gen(function*() {
      const members = `"csv":${JSON.stringify("1,".repeat(400_000))},"id":${int64}`
      assert.strictEqual((yield* callFor(members, { exactNumbers })).id, BigInt(int64))
    }))

  it.effect("has its numbers in short of that", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* callFor(list(200_000), { exactNumbers })).id, BigInt(int64))
    }))
})

describe("numbers that are nested deeply", () => {
  const nested = (depth: number) => `"deep":${"[".repeat(depth)}${int64}${"]".repeat(depth)},"id":${int64}`

  it.effect.each([100, 990])(
    "are found, and the warning shows both ends of the path: %d levels",
    (depth) =>
      Effect.gen(function*() {
        const [first = ""] = (yield* callFor(nested(depth))).warnings ?? []
        assert.match(first, /^deep(\[0\])+(\[0)?….*\[0\] is 9223372036854775807, which/)
        assert.isBelow(first.length, 300)
      })
  )

  it.effect("and have long names", () =>
    Effect.gen(function*() {
      const [first = ""] = (yield* callFor(`"${"k".repeat(100_000)}":{"id":${int64}}`)).warnings ?? []
      assert.match(first, /^k{60}…k{57}\.id is /)
      assert.isBelow(first.length, 300)
    }))
})

describe("what no caller can get in another way", () => {
  it.effect("has no warnings: lists of tools, prompts and resources, tasks, pings", () =>
    Effect.gen(function*() {
      const item = `"name":"a","uri":"x://a","inputSchema":{"type":"object"},"_meta":{"max":${int64}}`
      const task = `"taskId":"t","status":"working","createdAt":"","lastUpdatedAt":"","ttl":${int64}`
      const session = yield* connect(server((method) => {
        const [, key] = /^(\w+)\/list$/.exec(method) ?? []
        return key === undefined ? `{${task},"n":${int64}}` : `{"${key}":[{${item}}],"n":${int64}}`
      }))
      yield* session.listTools
      yield* session.listPrompts
      yield* session.listResources
      yield* session.ping
      yield* session.tasks.get("t")
      yield* session.request("x/last")
      const [first] = yield* session.warnings.pipe(Stream.take(1), Stream.runCollect)
      assert.include(String(first?.description), "in the result of x/last, ")
    }))
})

describe("warnings that the server sends itself", () => {
  const ours = "n is 9223372036854775807, which JavaScript reads as 9223372036854776000; " +
    "call with exactNumbers: true to get a bigint"

  it.effect("stay in front of ours where they are texts", () =>
    Effect.gen(function*() {
      const { warnings } = yield* callFor(`"warnings":["slow disk"],"n":${int64}`)
      assert.deepStrictEqual(warnings, ["slow disk", ours])
      const exact = yield* callFor(`"warnings":["slow disk"],"n":${int64},"d":0.1234567890123456789`, { exactNumbers })
      assert.deepStrictEqual(exact.warnings?.[0], "slow disk")
      assert.lengthOf(exact.warnings ?? [], 2)
    }))

  it.effect.each(["{\"disk\":\"slow\"}", "[1]", "\"slow\"", "3"])(
    "stay alone where they are something else: %s",
    (own) =>
      Effect.gen(function*() {
        const session = yield* connect(server(() => resultOf(`"warnings":${own},"n":${int64}`)))
        assert.deepStrictEqual<unknown>((yield* session.callTool("get")).warnings, JSON.parse(own))
        const told = yield* session.warnings.pipe(Stream.take(2), Stream.runCollect)
        assert.include(JSON.stringify(told), ours)
      })
  )
})
