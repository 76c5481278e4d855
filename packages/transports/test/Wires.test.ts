/** What both ways to send a request keep to, whatever the client below them does. */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as HttpClient from "effect/http/HttpClient"
import * as Scope from "effect/Scope"
import * as direct from "../src/internal/direct.ts"
import * as general from "../src/internal/general.ts"
import type { Receiver, WireRequest } from "../src/internal/wire.ts"

const request: WireRequest = {
  method: "POST",
  url: new URL("http://127.0.0.1:1/mcp"),
  headers: {},
  body: "{}"
}

const onFailureOnly = (onFailure: Receiver["onFailure"]): Receiver => ({
  onHead: () => {},
  onData: () => undefined,
  onEnd: () => {},
  onFailure
})

type Options = Parameters<direct.Dispatcher["dispatch"]>[0]
type Handler = Parameters<direct.Dispatcher["dispatch"]>[1]

const dispatcher = (dispatch: (options: Options, handler: Handler) => void): direct.Dispatcher => ({
  dispatch: (options, handler) => {
    dispatch(options, handler)
    return true
  },
  on: () => undefined
})

describe("the general wire", () => {
  it.live("tells of a request after its scope has closed, but not before it has returned", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const wire = yield* Effect.flatMap(HttpClient.HttpClient, general.make).pipe(Scope.provide(scope))
      yield* Scope.close(scope, Exit.void)
      const failed = yield* Deferred.make<boolean>()
      let hasReturned = false
      wire(request, onFailureOnly(() => Deferred.doneUnsafe(failed, Exit.succeed(hasReturned))))
      hasReturned = true
      assert.isTrue(yield* Deferred.await(failed))
    }).pipe(Effect.provide(NodeHttpClient.layerUndici)))
})

describe("the direct wire", () => {
  const make = (below: direct.Dispatcher, soon: (freed: () => void) => void) =>
    direct.make(below, {}, soon, () => false)

  it.live("sends those that wait behind one that its dispatcher throws for", () =>
    Effect.gen(function*() {
      const sent: Array<string> = []
      let free = () => {}
      const below = dispatcher(({ body, path }, handler) => {
        if (body === "throws") throw new Error("cannot be sent")
        sent.push(`${path} ${body}`)
        if (body === "first") handler.onResponseEnd()
      })
      const wire = make(below, (freed) => {
        free = freed
      })
      const failures: Array<string> = []
      const failing = onFailureOnly((error) => failures.push(error.message))
      for (const body of ["first", "throws", "second", "third"]) wire({ ...request, body }, failing)
      yield* Effect.yieldNow
      free()
      assert.deepStrictEqual(sent, ["/mcp first", "/mcp second", "/mcp third"])
      assert.deepStrictEqual(failures, ["the request to 127.0.0.1:1 failed: cannot be sent"])
    }))

  it.live("fails a request that its dispatcher throws for, after it has returned", () =>
    Effect.gen(function*() {
      const failed = yield* Deferred.make<boolean>()
      const wire = make(
        dispatcher(() => {
          throw new Error("cannot be sent")
        }),
        () => {}
      )
      let hasReturned = false
      wire(request, onFailureOnly(() => Deferred.doneUnsafe(failed, Exit.succeed(hasReturned))))
      hasReturned = true
      assert.isTrue(yield* Deferred.await(failed))
    }))

  it("sets no limit of its own to the time that an answer takes", () => {
    const limits: Array<number> = []
    const wire = make(
      dispatcher(({ bodyTimeout, headersTimeout }) => limits.push(bodyTimeout, headersTimeout)),
      () => {}
    )
    wire(request, onFailureOnly(() => {}))
    assert.deepStrictEqual(limits, [0, 0])
  })
})
