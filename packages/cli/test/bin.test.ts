import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { execFile } from "node:child_process"
import { existsSync, readdirSync } from "node:fs"
import { join } from "node:path"
import { bin, folder, umcp } from "./support.ts"

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

/** Runs it in a shell, which sends its output elsewhere. */
const redirected = (args: ReadonlyArray<string>, to: string) =>
  Effect.callback<readonly [code: unknown, stderr: string]>((resume) => {
    const command = [process.execPath, bin, ...args].map((word) => `'${word}'`).join(" ")
    execFile("bash", ["-o", "pipefail", "-c", `${command} ${to}`], (error, _, stderr) => {
      resume(Effect.succeed([error?.code ?? 0, stderr]))
    })
  })

describe("output that goes nowhere", () => {
  it.live.runIf(existsSync("/dev/full"))(
    "because there is no space left is told, and is no success",
    () =>
      Effect.gen(function*() {
        for (const args of [["--version"], ["servers", "--json", "--help"]]) {
          const [code, stderr] = yield* redirected(args, "> /dev/full")
          assert.strictEqual(code, 74)
          assert.match(stderr, /^umcp: the output could not be written: ENOSPC/)
        }
      })
  )

  it.live("because nobody reads on is none of our business", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* redirected(["--help"], "| true"), [0, ""])
    }))
})
