// The last line of `.ci/run`: the counts of all runs together. A file that did not load counts as one failure.
import { existsSync, readFileSync } from "node:fs"

let passed = 0
let failed = 0
for (const report of process.argv.slice(2).filter((file) => existsSync(file))) {
  const { numFailedTests, numPassedTests, testResults } = JSON.parse(readFileSync(report, "utf8"))
  const broken = testResults.filter((file) => file.status === "failed" && file.assertionResults.length === 0).length
  passed += numPassedTests
  failed += numFailedTests + broken
}
console.log(`${passed} passed, ${failed} failed`)
