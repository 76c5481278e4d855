import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { existsSync, readdirSync } from "node:fs"
import { join } from "node:path"
import { folder, umcp } from "./support.ts"

const version = (env: Readonly<Record<string, string>>) =>
  Effect.map(umcp(["--version"], { env: { NODE_COMPILE_CACHE: "", XDG_CACHE_HOME: "", ...env } }), ({ stdout }) => {
    assert.match(stdout, /^umcp \d/)
  })

/** What was compiled, of whichever version of Node. */
const compiled = (folder: string) =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true, withFileTypes: true }).filter((file) => file.isFile())
    : []

describe("what umcp compiles", () => {
  it.live("is kept in the user's cache folder", () =>
    Effect.gen(function*() {
      const home = yield* folder
      const caches = yield* folder
      yield* version({ HOME: home })
      assert.isAbove(
        compiled(join(home, process.platform === "darwin" ? "Library/Caches" : ".cache", "umcp")).length,
        0
      )
      if (process.platform === "darwin") return
      yield* version({ HOME: home, XDG_CACHE_HOME: caches })
      assert.isAbove(compiled(join(caches, "umcp")).length, 0)
    }))

  it.live("is not kept where it shall not be, or in a home that is none", () =>
    Effect.gen(function*() {
      const home = yield* folder
      yield* version({ HOME: home, NODE_DISABLE_COMPILE_CACHE: "1" })
      assert.deepStrictEqual(compiled(home), [])
      const missing = join(home, "missing")
      yield* version({ HOME: missing })
      assert.isFalse(existsSync(missing))
    }))
})
