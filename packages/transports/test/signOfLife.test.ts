import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import * as signOfLife from "../src/internal/signOfLife.ts"

const asker = Effect.fnUntraced(function*(answers: ReadonlyArray<Effect.Effect<signOfLife.Sign>>) {
  const run = yield* FiberSet.makeRuntime<never>()
  let pings = 0
  const life = signOfLife.make(() => answers[pings++] ?? Effect.never, run)
  const ask = Effect.callback<signOfLife.Sign>((resume) => life.ask((sign) => resume(Effect.succeed(sign))))
  return { ask, pings: () => pings }
})

describe("a sign of life", () => {
  it.effect("is shared by those who ask meanwhile", () =>
    Effect.gen(function*() {
      const { ask, pings } = yield* asker([Effect.succeed("lost")])
      const signs = yield* Effect.all([ask, ask, ask], { concurrency: "unbounded" })
      assert.deepStrictEqual(signs, ["lost", "lost", "lost"])
      assert.strictEqual(pings(), 1)
    }))

  it.effect("that fails with a defect is none, and the next who asks gets another", () =>
    Effect.gen(function*() {
      const { ask, pings } = yield* asker([Effect.die("a bug"), Effect.die("another"), Effect.succeed("alive")])
      assert.strictEqual(yield* ask, "none")
      assert.strictEqual(yield* ask, "none")
      assert.strictEqual(yield* ask, "alive")
      assert.strictEqual(pings(), 3)
    }))
})
