/** A task may ask with anything for a method: the call fails at once, and says what was asked for. */
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { connect, discovered, type Handlers } from "./fixtures/wire.ts"

const asks: ReadonlyArray<readonly [string, unknown, string]> = [
  ["an object", { method: { toString: 1 } }, "{\"toString\":1}"],
  ["an object without a text", { method: { toString: null, valueOf: null } }, "{\"toString\":null,\"valueOf\":null}"],
  ["a list", { method: [[], {}] }, "[[],{}]"],
  ["nothing", null, "nothing"],
  ["a name of every object", { method: "constructor" }, "\"constructor\""]
]

it.effect.each(asks)("a task that asks with %s", ([, request, said]) =>
  Effect.gen(function*() {
    const task = { resultType: "task", taskId: "1", status: "input_required", inputRequests: { a: request } }
    const handlers: Handlers = {
      "server/discover": (request, to) => to.answer(request, discovered),
      "tools/call": (request, to) => to.answer(request, task),
      "tasks/cancel": (request, to) => to.answer(request, {})
    }
    const { session } = yield* connect(handlers, { protocolVersion: "modern" })
    const error = yield* Effect.flip(session.callTool("t"))
    if (error._tag !== "CallError") return assert.fail(error.message)
    assert.strictEqual(error.reason._tag, "Unsupported")
    assert.include(error.message, `the task asks for ${said}`)
  }))
