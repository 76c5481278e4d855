/** With `redact`, nothing that a session tells of its server by other ways than results has a secret in it. */
import { assert, describe, it } from "@effect/vitest"
import * as ServerConfig from "@universal-mcp/core/ServerConfig"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { connect, type Handlers, initialized, modern, text } from "./fixtures/wire.ts"

const secret = "q1w2e3r4t5y6"
const redact = ServerConfig.redactor({ secrets: [secret] })

const task = (status: string) => ({
  taskId: "t1",
  status,
  statusMessage: `${status} with ${secret}`,
  createdAt: "2026-01-01T00:00:00.000Z",
  lastUpdatedAt: "2026-01-01T00:00:00.000Z",
  ttl: 60_000
})

/** Every call is a task with this state. */
const tasking = (state: object): Handlers => ({
  ...modern,
  "tools/call": (request, to) => to.answer(request, { resultType: "task", ...state }),
  "tasks/cancel": (request, to) => to.answer(request, { resultType: "complete" })
})

describe("a session that hides secrets", () => {
  it.effect("does so in the status and the end of a task", () =>
    Effect.gen(function*() {
      for (const status of ["failed", "cancelled"]) {
        const { session } = yield* connect(tasking(task(status)), { redact })
        const events: Array<unknown> = []
        const error = yield* Effect.flip(
          Stream.runForEach(session.callToolStream("any"), (event) => Effect.sync(() => events.push(event)))
        )
        const all = JSON.stringify([events, error, error.message])
        assert.include(all, `${status} with <redacted>`)
        assert.notInclude(all, secret)
      }
    }).pipe(Effect.scoped))

  it.effect("does so in the error of a task", () =>
    Effect.gen(function*() {
      const state = { ...task("failed"), error: { code: -32000, message: `no ${secret}`, data: { [secret]: secret } } }
      const { session } = yield* connect(tasking(state), { redact })
      const error = yield* Effect.flip(session.callTool("any"))
      assert.include(error.message, "no <redacted>")
      assert.notInclude(JSON.stringify(error), secret)
    }).pipe(Effect.scoped))

  it.effect("does so in the cursor of a list that never ends", () =>
    Effect.gen(function*() {
      const { session } = yield* connect({
        "tools/list": (request, to) => to.answer(request, { tools: [], nextCursor: `page-${secret}` })
      }, { redact })
      const error = yield* Effect.flip(session.listTools)
      assert.include(error.message, "the cursor \"page-<redacted>\" came again")
    }).pipe(Effect.scoped))

  it.effect("does so in log messages, progress and warnings, with the names of their members", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect({
        "tools/list": (request, to) => to.answer(request, { tools: [{ name: 1, [secret]: secret }] })
      }, { redact })
      wire.send({
        jsonrpc: "2.0",
        method: "notifications/message",
        params: { level: "info", data: { [secret]: [secret] } }
      })
      wire.send({
        jsonrpc: "2.0",
        method: "notifications/progress",
        params: { progressToken: 1, progress: 1, message: secret }
      })
      yield* session.listTools
      const heard = yield* Stream.runCollect(Stream.take(session.notifications, 2))
      const all = JSON.stringify([heard, yield* Stream.runCollect(Stream.take(session.warnings, 1))])
      assert.include(all, "{\"<redacted>\":[\"<redacted>\"]}")
      assert.include(all, "\"message\":\"<redacted>\"")
      assert.include(all, "left out 1 of the tools")
      assert.notInclude(all, secret)
    }).pipe(Effect.scoped))

  it.effect("leaves results as they are, and other notifications", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect({
        initialize: (request, to) => to.answer(request, initialized),
        "tools/call": (request, to) => to.answer(request, text(secret))
      }, { redact })
      assert.deepStrictEqual<unknown>(yield* session.callTool("any"), text(secret))
      wire.send({ jsonrpc: "2.0", method: "notifications/other", params: { a: secret } })
      const [other] = yield* Stream.runCollect(Stream.take(session.notifications, 1))
      assert.deepStrictEqual(other?.params, { a: secret })
    }).pipe(Effect.scoped))

  it.effect("hides nothing where nothing is secret", () =>
    Effect.gen(function*() {
      const { session } = yield* connect({ "ping": (request, to) => to.refuse(request, -32000, `no ${secret}`) })
      assert.include((yield* Effect.flip(session.ping)).message, `no ${secret}`)
    }).pipe(Effect.scoped))
})
