import { assert, describe, it } from "vitest"
import * as guard from "../guard.ts"
import { page } from "../page.ts"
import { bestOf, ratioOf, type Results, valueOf } from "../results.ts"
import { median, ratio, shuffle } from "../statistics.ts"
import { reached } from "../targets.ts"

describe("statistics", () => {
  it("the median is the middle, or between the two in the middle", () => {
    assert.strictEqual(median([9, 1, 5]), 5)
    assert.strictEqual(median([10, 2, 9, 1]), 5.5)
    assert.strictEqual(median([3, Number.NaN, 1, 2]), 2)
    assert.isNaN(median([]))
  })

  it("a ratio is the median of those inside a round, so that a slow round does not count twice", () => {
    // The ratio of the medians were 20 / 10.
    assert.strictEqual(ratio([20, 40, 4], [10, 10, 4]), 2)
    assert.strictEqual(ratio([30, 40, 200], [10, 20, 40]), 3)
    assert.strictEqual(ratio([30, undefined, 40, 8], [10, 20, undefined, 4]), 2.5)
    assert.isNaN(ratio([undefined], [1]))
  })

  it("an order is a permutation, the same for the same seed", () => {
    const values = Array.from({ length: 50 }, (_, index) => index)
    assert.deepStrictEqual(shuffle(values, 7), shuffle(values, 7))
    assert.notDeepEqual(shuffle(values, 7), shuffle(values, 8))
    assert.deepStrictEqual(shuffle(values, 7).toSorted((a, b) => a - b), values)
  })
})

const results: Results = {
  "calls stdio": {
    ours: [{ "rate 64": 300, "cpu 64": 4 }, { "rate 64": 100, "cpu 64": 10 }, { "rate 64": 90, "cpu 64": 6 }],
    sdk1: [{ "rate 64": 100, "cpu 64": 8 }, { "rate 64": 100, "cpu 64": 10 }, null],
    sdk2: [{ "rate 64": 100, "cpu 64": 2 }, { "rate 64": 20, "cpu 64": 5 }, { "rate 64": 30, "cpu 64": 2 }],
    floor: [{ "rate 64": 900, "cpu 64": 1 }, { "rate 64": 900, "cpu 64": 1 }, { "rate 64": 900, "cpu 64": 1 }]
  }
}

describe("results", () => {
  it("values and ratios are those of the rounds that did not fail", () => {
    assert.strictEqual(valueOf(results, "calls stdio", "sdk1", "cpu 64"), 9)
    assert.strictEqual(ratioOf(results, "calls stdio", "sdk1", "rate 64"), 2)
    assert.strictEqual(ratioOf(results, "calls stdio", "sdk2", "rate 64"), 3)
    assert.isNaN(ratioOf(results, "calls stdio", "mcporter", "rate 64"))
  })

  it("the best is the highest of rates and the lowest of costs, of those who count", () => {
    const peers = (client: string) => client !== "ours" && client !== "floor"
    assert.strictEqual(bestOf(results, "calls stdio", "rate 64", true, peers), "sdk1")
    assert.strictEqual(bestOf(results, "calls stdio", "cpu 64", false, peers), "sdk2")
    assert.isUndefined(bestOf(results, "calls stdio", "no such", false, peers))
  })

  it("targets are told with the best peer, and what was not measured is not reached", () => {
    const [first, ...others] = reached(results)
    assert.deepInclude(first, { sdk2: 3, best: 2, bestPeer: "sdk1" })
    assert.isNaN(others.at(-1)?.sdk2)
    const lines = page(results).split("\n")
    const row = lines.find((line) => line.startsWith("| stdio, 64 in flight"))
    assert.deepStrictEqual(row?.split("|").map((cell) => cell.trim()).slice(2, -1), [
      "3×",
      "≥ 3×",
      "yes",
      "30×",
      "2×",
      "≥ 1.5×",
      "yes",
      "9×",
      "SDK 1.x"
    ])
    assert.include(lines.find((line) => line.startsWith("| `umcp list`")), "**no**")
    assert.include(lines, "- Calls, 64 in flight, stdio, client CPU, µs/call: SDK 2.x (ours 2×)")
  })
})

describe("guard", () => {
  const recorded = { "calls stdio": { "cpu 64": 0.5 } }
  const marks = (results: Results) => guard.compare(recorded, results).map(({ isWorse }) => isWorse)

  it("holds up to 30 %, and fails above and where nothing was measured", () => {
    const with30 = (factor: number): Results => ({
      "calls stdio": { ours: [{ "cpu 64": factor }], sdk2: [{ "cpu 64": 2 }] }
    })
    assert.deepStrictEqual(marks(with30(1)), [false])
    assert.deepStrictEqual(marks(with30(1.29)), [false])
    assert.deepStrictEqual(marks(with30(1.31)), [true])
    assert.deepStrictEqual(marks({}), [true])
  })

  it("what is measured again counts with what was measured first", () => {
    const once: Results = { a: { ours: [{ x: 1 }], sdk2: [null] }, b: { ours: [{ x: 2 }] } }
    assert.deepStrictEqual(guard.join(once, { a: { ours: [{ x: 3 }], sdk2: [{ x: 4 }] } }), {
      a: { ours: [{ x: 1 }, { x: 3 }], sdk2: [null, { x: 4 }] },
      b: { ours: [{ x: 2 }] }
    })
  })
})
