/** A server that says a lot holds up nobody for longer than reading it as JSON takes. */
import { assert, describe, it } from "@effect/vitest"
import { CallError, Closed, ConnectionError, Rejected } from "@universal-mcp/core/McpError"
import * as ServerConfig from "@universal-mcp/core/ServerConfig"
import * as Effect from "effect/Effect"
import * as redactErrors from "../src/internal/redactErrors.ts"
import { cpuTime } from "./fixtures/cpu.ts"

const redact = ServerConfig.redactor({
  url: "https://me:open%20sesame@example.com/?key=q1w2e3r4",
  headers: { Authorization: "Bearer abc.def.ghi", "X-Api-Key": `eyJ${"abcdefg123".repeat(80)}` },
  secrets: ["correct horse battery", "x9y8", "a/b?c#d-secret-value"]
}) ?? ((text: string) => text)

const size = 32 * 1024 * 1024

/** Texts that look like the beginning of a secret, and ordinary ones. */
const texts = ["x", "correct ", "correct  horse ", "eyJabcdefg123", "%2", "\"", "an error at line 7, because "].map((
  piece
) => piece.repeat(size / piece.length))

/** As many as are kept of standard error, each as long as one may be. */
const lines = Array.from({ length: 50 }, (_, index) => (texts[index % texts.length] ?? "").slice(0, 64 * 1024))

const call = (reason: Rejected | Closed) =>
  new CallError({ server: "one", method: "tools/call", delivery: "unknown", reason })

describe("hiding secrets in what is very large", () => {
  it.live("takes no longer than JSON.parse takes", () =>
    Effect.gen(function*() {
      const message = JSON.stringify({ items: Array.from({ length: size / 32 }, () => ({ a: "0123456789abcdef" })) })
      const limit = yield* cpuTime(Effect.sync(() => JSON.parse(message)))
      const data = Array.from({ length: 200_000 }, (_, index) => ({ index, text: "an error" }))
      const error = { server: "one", transport: "stdio", phase: "spawn", description: "" } as const
      const attempts: ReadonlyArray<() => unknown> = [
        ...texts.map((text) => () =>
          redactErrors.callError(call(new Rejected({ code: 1, description: text, data: text })), redact)
        ),
        () => redactErrors.callError(call(new Rejected({ code: 1, description: "", data })), redact),
        () => redactErrors.notification({ method: "notifications/message", params: { level: "error", data } }, redact),
        () => redactErrors.connectionError(new ConnectionError({ ...error, stderr: lines }), redact)
      ]
      for (const attempt of attempts) assert.isBelow(yield* cpuTime(Effect.sync(attempt)), limit)
    }))

  it("is done once for all calls that fail with the same end of the server", () => {
    let texts = 0
    const counting = (text: string) => {
      texts += 1
      return redact(text)
    }
    const closed = new Closed({ description: "", stderr: lines })
    for (let count = 0; count < 1000; count++) redactErrors.callError(call(closed), counting)
    assert.strictEqual(texts, lines.length + 1)
  })

  it("leaves out what lies too deep", () => {
    const deep: unknown = JSON.parse(`${"[".repeat(5000)}"correct horse battery"${"]".repeat(5000)}`)
    const { reason } = redactErrors.callError(call(new Rejected({ code: 1, description: "", data: deep })), redact)
    assert.include(JSON.stringify(reason), "left out")
    assert.notInclude(JSON.stringify(reason), "correct horse")
  })
})
