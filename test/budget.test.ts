import { assert, describe, it } from "vitest"
import { type Report, spentBy } from "./budget.ts"

const report = (...files: ReadonlyArray<readonly [name: string, seconds: number]>): Report => ({
  startTime: 0,
  testResults: files.map(([name, seconds]) => ({
    name: `/project/${name}`,
    startTime: 1000,
    endTime: (seconds + 1) * 1000
  }))
})

const seconds = (report: Report, slowness = 1) => spentBy("/project", report, slowness).map(({ seconds }) => seconds)

describe("the time budget", () => {
  it("adds up the files of a part, which run side by side on two cores", () =>
    assert.deepStrictEqual(
      seconds(report(["packages/core/test/a.test.ts", 10], ["examples/test/b.test.ts", 20], ["test/c.test.ts", 4])),
      [15, 2]
    ))

  it("divides by the slowness of the machine", () =>
    assert.deepStrictEqual(seconds(report(["packages/cli/test/a.test.ts", 40]), 4), [5, 0]))

  it("knows where each file belongs", () =>
    assert.throws(
      () => seconds(report(["packages/new/test/a.test.ts", 1])),
      /packages\/new\/test\/a.test.ts has no share/
    ))
})
