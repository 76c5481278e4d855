/** The type tests of the packages (`typetest/`): each expectation is checked by the compiler. */
import { spawnSync } from "node:child_process"
import { assert, it } from "vitest"

const root = new URL("..", import.meta.url).pathname

for (const name of ["core", "transports"]) {
  it(`types of ${name}`, () => {
    const args = ["-b", `packages/${name}/tsconfig.test.json`, "--pretty", "false"]
    const tsc = spawnSync(`${root}node_modules/.bin/tsc`, args, { cwd: root, encoding: "utf8" })
    assert.strictEqual(tsc.stdout, "")
    assert.strictEqual(tsc.status, 0, tsc.stderr)
  })
}
