/** The fuzz as a test: in a process of its own, whose event loop nothing else holds up. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import { bin } from "../support.ts"

const run = fileURLToPath(new URL("run.ts", import.meta.url))

export const suite = (messages: number, seed: number): void => {
  describe("the fuzz", () => {
    it.live(`${messages} hostile messages, seed ${seed}: no defect, no exit code 70, no stall, nothing left`, () =>
      Effect.gen(function*() {
        const { code, output } = yield* fuzz(["--messages", String(messages), "--seed", String(seed), "--bin", bin])
        assert.strictEqual(code, 0, output)
      }))
  })
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

const fuzz = (args: ReadonlyArray<string>) =>
  Effect.callback<{ readonly code: number | null; readonly output: string }>((resume) => {
    const child = spawn(process.execPath, [run, ...args], { stdio: ["ignore", "pipe", "pipe"] })
    let output = ""
    child.stdout.setEncoding("utf8").on("data", (chunk) => output += chunk)
    child.stderr.setEncoding("utf8").on("data", (chunk) => output += chunk)
    child.on("close", (code) => resume(Effect.succeed({ code, output })))
    return Effect.sync(() => child.kill("SIGKILL"))
  })
