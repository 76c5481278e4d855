import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { Questions } from "../src/internal/questions.ts"
import { Refusal } from "../src/internal/serverRequests.ts"
import * as urlElicitation from "../src/internal/urlElicitation.ts"
import { CallError, Rejected } from "../src/McpError.ts"

const sign = (elicitationId: string) => ({
  mode: "url",
  message: "sign in",
  url: `https://example.org/${elicitationId}`,
  elicitationId
})

const nobody = new Refusal({ code: -32601, message: "nobody here answers that" })

/** A call that is refused `times` times, and the answers to what is asked meanwhile, in order. */
const calling = Effect.fnUntraced(
  function*(data: unknown, times: number, answers: ReadonlyArray<string>, code = -32042) {
    const asked: Array<unknown> = []
    let calls = 0
    const call = Effect.suspend(() => {
      if (++calls > times) return Effect.succeed("done")
      const reason = new Rejected({ code, description: "first sign in", data })
      return Effect.fail(new CallError({ server: "hand", method: "tools/call", delivery: "answered", reason }))
    })
    const session: Parameters<typeof urlElicitation.ask>[0] = {
      questions: new Questions({}, () => {}),
      answer: (method, params) => {
        const action = answers[asked.length]
        asked.push([method, params])
        return action === undefined ? Effect.fail(nobody) : Effect.succeed({ action })
      }
    }
    const outcome = yield* Effect.match(
      Effect.catch(call, (error) => urlElicitation.ask(session, error, { asked: 0 }, call)),
      { onFailure: ({ reason }) => reason.message, onSuccess: (done) => done }
    )
    return { outcome, asked, calls }
  }
)

describe("a call that is refused until the user has been somewhere", () => {
  it.effect("is repeated once all that it asks for is accepted, each in its turn", () =>
    Effect.gen(function*() {
      const data = { elicitations: [sign("a"), sign("b")] }
      assert.deepStrictEqual(yield* calling(data, 1, ["accept", "accept"]), {
        outcome: "done",
        asked: [["elicitation/create", sign("a")], ["elicitation/create", sign("b")]],
        calls: 2
      })
    }))

  it.effect.each<readonly [what: string, data: unknown, answers: ReadonlyArray<string>, asked: number, code?: number]>([
    ["one is declined", { elicitations: [sign("a"), sign("b"), sign("c")] }, ["accept", "decline"], 2],
    ["nobody can be asked", { elicitations: [sign("a")] }, [], 1],
    ["it asks for nothing", { elicitations: [] }, [], 0],
    ["it does not say for what", undefined, [], 0],
    ["it asks for a form", { elicitations: [{ mode: "form", message: "?" }] }, ["accept"], 0],
    ["it asks for nonsense", { elicitations: [null] }, ["accept"], 0],
    ["it was refused for another reason", { elicitations: [sign("a")] }, ["accept"], 0, -32000]
  ])("fails as it did where %s", ([, data, answers, expected, code]) =>
    Effect.gen(function*() {
      const { asked, calls, outcome } = yield* calling(data, 1, answers, code)
      assert.include(outcome, "first sign in")
      assert.lengthOf(asked, expected)
      assert.strictEqual(calls, 1)
    }))

  it.effect("is not repeated twice", () =>
    Effect.gen(function*() {
      const { asked, calls, outcome } = yield* calling({ elicitations: [sign("a")] }, 2, ["accept", "accept"])
      assert.include(outcome, "first sign in")
      assert.lengthOf(asked, 1)
      assert.strictEqual(calls, 2)
    }))
})
