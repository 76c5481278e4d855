// The last line of `.ci/run`: the tests' counts. A file that did not load counts as one failure.
import { readFileSync } from "node:fs"

const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(process.argv[2], "utf8"))
const broken = testResults.filter((file) => file.status === "failed" && file.assertionResults.length === 0).length
console.log(`${numPassedTests} passed, ${numFailedTests + broken} failed`)
