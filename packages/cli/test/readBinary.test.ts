import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { folder, umcp } from "./support.ts"

const bytes = Buffer.from([62, 255, 0, 191, 251, 10, 63])

const serverWith = (blob: string) => `
  require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => {
    const { id, method, params } = JSON.parse(line)
    const results = {
      initialize: { protocolVersion: "2025-11-25", capabilities: { resources: {} }, serverInfo: { name: "r", version: "1" } },
      "resources/read": { contents: [{ uri: "x://y", blob: ${JSON.stringify(blob)} }] }
    }
    if (id === undefined) return
    const answer = results[method] ? { result: results[method] } : { error: { code: -32601, message: "no" } }
    console.log(JSON.stringify({ jsonrpc: "2.0", id, ...answer }))
  })
`

const read = Effect.fnUntraced(function*(blob: string) {
  const cwd = yield* folder
  writeFileSync(join(cwd, "server.cjs"), serverWith(blob))
  const outcome = yield* umcp(["read", "x://y", "-o", "out", "--stdio", `'${process.execPath}' server.cjs`], { cwd })
  const out = join(cwd, "out")
  return { ...outcome, written: existsSync(out) ? readFileSync(out) : undefined }
})

describe("umcp read -o", () => {
  it.live.each<readonly [string, string]>([
    ["data: URLs", `data:application/octet-stream;base64,${bytes.toString("base64")}`],
    ["indented lines", bytes.toString("base64url").replaceAll(/.{3}/g, "$&\n    ")],
    ["too much padding", `${bytes.toString("base64")}==`]
  ])("writes the bytes of %s", ([, blob]) =>
    Effect.gen(function*() {
      const { code, written } = yield* read(blob)
      assert.deepStrictEqual({ code, written }, { code: 0, written: bytes })
    }))

  it.live("says what is no base64, and writes nothing", () =>
    Effect.gen(function*() {
      const { code, stderr, written } = yield* read("<html>not found</html>")
      assert.deepStrictEqual({ code, written }, { code: 2, written: undefined })
      assert.include(stderr, "x://y is not valid base64")
    }))
})
