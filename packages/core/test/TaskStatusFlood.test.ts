/** A server that sends the status of a task again and again is not asked for it as often. */
import { assert, describe, it } from "@effect/vitest"
import type * as McpSession from "@universal-mcp/core/McpSession"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { TestClock } from "effect/testing"
import { connect, type Handlers, initialized, modern, text, type Wire } from "./fixtures/wire.ts"

type Session = McpSession.McpSession["Service"]

const capabilities = { tools: {}, tasks: { requests: { tools: { call: {} } } } }

const task = (status: string, more: object = {}) => ({
  taskId: "t1",
  status,
  createdAt: "2026-01-01T00:00:00.000Z",
  lastUpdatedAt: "2026-01-01T00:00:00.000Z",
  ttl: 60_000,
  pollInterval: 10_000,
  pollIntervalMs: 10_000,
  ...more
})

const notify = (wire: Wire, method: string, params: object) => wire.send({ jsonrpc: "2.0", method, params })

/** As many as are in flight at once, after each of so many `tasks/get`. */
const flood = { statuses: 20, answers: 300 }

/** Answers `tasks/get` with the status and sends it many times, in one way or another. */
const flooding = (method: string, state: object, statusOf: (count: number) => object): Handlers => ({
  "tasks/get": (request, to) => {
    to.answer(request, { resultType: "complete", ...state })
    const asked = to.all("tasks/get").length
    if (asked > flood.answers) return
    for (let count = 0; count < flood.statuses; count++) {
      notify(to, method, { ...state, ...statusOf(count + asked * flood.statuses) })
    }
  }
})

const legacy: Handlers = {
  initialize: (request, to) => to.answer(request, { ...initialized, capabilities }),
  "tools/list": (request, to) =>
    to.answer(request, {
      tools: [{ name: "slow", inputSchema: { type: "object" }, execution: { taskSupport: "required" } }]
    }),
  "tools/call": (request, to) => to.answer(request, { task: task("working") }),
  "tasks/cancel": (request, to) => to.answer(request, task("cancelled"))
}

const call = (session: Session): Effect.Effect<unknown, unknown> => session.callTool("slow", {}, { timeout: "1 hour" })

const result = (session: Session): Effect.Effect<unknown, unknown> => session.tasks.result("t1", { timeout: "1 hour" })

interface Case {
  readonly name: string
  readonly handlers: Handlers
  readonly method: string
  readonly run: (session: Session) => Effect.Effect<unknown, unknown>
}

const ofStatus = "notifications/tasks/status"
const working = task("working")

const cases: ReadonlyArray<Case> = [
  {
    name: "the same status",
    handlers: { ...legacy, ...flooding(ofStatus, working, () => ({})) },
    method: ofStatus,
    run: call
  },
  {
    name: "statuses that differ",
    handlers: { ...legacy, ...flooding(ofStatus, working, (count) => ({ statusMessage: `step ${count}` })) },
    method: ofStatus,
    run: call
  },
  {
    name: "statuses that say that it is done, which it is not",
    handlers: { ...legacy, ...flooding(ofStatus, working, () => ({ status: "completed" })) },
    method: ofStatus,
    run: call
  },
  {
    name: "statuses of a task that waits for input",
    handlers: { ...legacy, ...flooding(ofStatus, task("input_required"), () => ({})) },
    method: ofStatus,
    run: call
  },
  {
    name: "statuses of a task of an earlier session",
    handlers: { ...legacy, ...flooding(ofStatus, working, () => ({})) },
    method: ofStatus,
    run: result
  },
  {
    name: "statuses of revision 2026-07-28",
    handlers: {
      ...modern,
      "tools/call": (request, to) => to.answer(request, { resultType: "task", ...working }),
      "tasks/cancel": (request, to) => to.answer(request, { resultType: "complete" }),
      ...flooding("notifications/tasks", working, () => ({}))
    },
    method: "notifications/tasks",
    run: call
  },
  {
    name: "statuses beside answers that are refused",
    handlers: {
      ...legacy,
      "tasks/get": (request, to) => {
        const asked = to.all("tasks/get").length
        if (asked % 3 === 0) to.answer(request, working)
        else to.refuse(request, -32603, "busy")
        if (asked <= flood.answers) {
          for (let count = 0; count < flood.statuses; count++) {
            notify(to, ofStatus, working)
          }
        }
      }
    },
    method: ofStatus,
    run: call
  }
]

describe("a task whose status comes again and again", () => {
  it.effect.each(cases)(
    "is asked for ten times a second at most: $name",
    ({ handlers, method, run }) =>
      Effect.gen(function*() {
        const { session, wire } = yield* connect(handlers)
        const running = yield* Effect.forkChild(Effect.exit(run(session)))
        yield* wire.next(run === call ? "tools/call" : "tasks/get")
        yield* TestClock.adjust(1)
        notify(wire, method, working)
        for (let passed = 0; passed < 1000; passed += 50) yield* TestClock.adjust(50)
        const asked = wire.all("tasks/get").length
        assert.isAtLeast(asked, 5)
        assert.isAtMost(asked, 12)
        yield* Fiber.interrupt(running)
      })
  )

  it.effect("is asked for at once after one status, and again after the next", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect({
        ...legacy,
        "tasks/get": (request, to) =>
          to.answer(request, to.all("tasks/get").length === 1 ? working : task("completed")),
        "tasks/result": (request, to) => to.answer(request, text("done"))
      })
      const running = yield* Effect.forkChild(call(session))
      yield* wire.next("tools/call")
      yield* TestClock.adjust(1)
      notify(wire, ofStatus, working)
      yield* wire.next("tasks/get")
      yield* TestClock.adjust(1000)
      notify(wire, ofStatus, task("completed"))
      assert.deepStrictEqual<unknown>(yield* Fiber.join(running), text("done"))
      assert.lengthOf(wire.all("tasks/get"), 2)
    }))
})
