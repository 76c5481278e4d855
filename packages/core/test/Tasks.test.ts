import { assert, describe, it } from "@effect/vitest"
import * as Elicitation from "@universal-mcp/core/Elicitation"
import type * as McpSession from "@universal-mcp/core/McpSession"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import {
  connect,
  discovered,
  type Handlers,
  initialized,
  type Message,
  modern,
  text,
  type Wire
} from "./fixtures/wire.ts"

const capabilities = { tools: {}, tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } } }

const at = (second: number) => `2026-01-01T00:00:0${second}.000Z`

const task = (status: string, more: object = {}) => ({
  taskId: "t1",
  status,
  createdAt: at(0),
  lastUpdatedAt: at(0),
  ttl: 60_000,
  ...more
})

const tools = {
  tools: ["required", "optional", "forbidden"].map((taskSupport) => ({
    name: taskSupport,
    inputSchema: { type: "object" },
    execution: { taskSupport }
  }))
}

/** A server of the legacy era that makes each call a task; the `n`th `tasks/get` gets the `n`th state, then the last. */
const tasking = (states: ReadonlyArray<object>, more: Handlers = {}): Handlers => ({
  initialize: (request, to) => to.answer(request, { ...initialized, capabilities }),
  "tools/list": (request, to) => to.answer(request, tools),
  "tools/call": (request, to) => to.answer(request, request.params?.["task"] ? { task: states[0] } : text("at once")),
  "tasks/get": (request, to) => to.answer(request, states[to.all("tasks/get").length] ?? states.at(-1)),
  "tasks/result": (request, to) => to.answer(request, text("done")),
  "tasks/cancel": (request, to) => to.answer(request, task("cancelled")),
  ...more
})

/** The same of the modern era: each call is what the server wants it to be. */
const extended = (states: ReadonlyArray<object>, more: Handlers = {}): Handlers => ({
  ...modern,
  "tools/call": (request, to) => to.answer(request, { resultType: "task", ...states[0] }),
  "tasks/get": (request, to) =>
    to.answer(request, { resultType: "complete", ...states[to.all("tasks/get").length] ?? states.at(-1) }),
  "tasks/update": (request, to) => to.answer(request, { resultType: "complete" }),
  "tasks/cancel": (request, to) => to.answer(request, { resultType: "complete" }),
  ...more
})

const paramsOf = (messages: ReadonlyArray<Message>) =>
  messages.map(({ params }) => {
    const { _meta, ...rest } = params ?? {}
    return rest
  })

const status = (wire: Wire, params: object) =>
  wire.send({ jsonrpc: "2.0", method: "notifications/tasks/status", params })

const answering = (elicit: Elicitation.Elicitation["Service"]["elicit"]) =>
  Effect.provideService(Elicitation.Elicitation, { modes: ["form"], elicit })

const statuses = (events: ReadonlyArray<McpSession.CallEvent>) =>
  events.map((event) =>
    event._tag === "Task" ? `${event.task.status} ${event.task.statusMessage ?? ""}`.trim() : event._tag
  )

describe("a call of a server of 2025-11-25", () => {
  it.effect("is a task where the tool requires it, and where we want it", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect(tasking([task("completed")]))
      assert.deepStrictEqual<unknown>(yield* session.callTool("required", { a: 1 }), text("done"))
      yield* session.callTool("required", {}, { task: { ttl: 5000 } })
      yield* session.callTool("optional", {}, { task: true })
      yield* session.callTool("optional", {}, { task: { ttl: 7 } })
      assert.deepStrictEqual<unknown>(yield* session.callTool("optional"), text("at once"))
      yield* session.callTool("forbidden", {}, { task: true })
      yield* session.callTool("unlisted", {}, { task: true })
      assert.deepStrictEqual(paramsOf(wire.all("tools/call")), [
        { name: "required", arguments: { a: 1 }, task: {} },
        { name: "required", arguments: {}, task: { ttl: 5000 } },
        { name: "optional", arguments: {}, task: {} },
        { name: "optional", arguments: {}, task: { ttl: 7 } },
        { name: "optional" },
        { name: "forbidden", arguments: {} },
        { name: "unlisted", arguments: {} }
      ])
      assert.deepStrictEqual(paramsOf(wire.all("tasks/result"))[0], { taskId: "t1" })
      assert.lengthOf(wire.all("tools/list"), 1)
    }))

  it.effect("is none where the server takes no tasks, whatever the tool says", () =>
    Effect.gen(function*() {
      const initialize: Handlers = { initialize: (request, to) => to.answer(request, initialized) }
      const { session, wire } = yield* connect(tasking([], initialize))
      yield* session.listTools
      yield* session.callTool("required", {}, { task: true })
      assert.deepStrictEqual(paramsOf(wire.all("tools/call")), [{ name: "required", arguments: {} }])
    }))

  it.effect("is asked after every hour at least, whatever the server says", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect(tasking([task("working", { pollInterval: 1e300 }), task("completed")]))
      const call = yield* Effect.forkChild(session.callTool("required", {}, { timeout: "Infinity" }))
      yield* wire.next("tools/call")
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual<unknown>(yield* Fiber.join(call), text("done"))
    }))

  it.effect.each<readonly [says: string, interval: object, milliseconds: number]>([
    ["wants", { pollInterval: 5000 }, 5000],
    ["wants, if it says nothing every second", {}, 1000],
    ["wants, but not without pause", { pollInterval: 0 }, 50]
  ])("is asked after as often as the server %s", ([, interval, milliseconds]) =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect(
        tasking([task("working", interval), task("working", interval), task("completed")])
      )
      const call = yield* Effect.forkChild(session.callTool("required"))
      yield* wire.next("tools/call")
      for (const asked of [1, 2]) {
        yield* TestClock.adjust(milliseconds - 1)
        assert.lengthOf(wire.all("tasks/get"), asked - 1)
        yield* TestClock.adjust(1)
        yield* wire.next("tasks/get", asked)
      }
      assert.deepStrictEqual<unknown>(yield* Fiber.join(call), text("done"))
      assert.lengthOf(wire.all("tasks/get"), 2)
    }))

  it.effect("tells each status once and in order, those included that the server tells by itself", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect(tasking([task("working"), task("completed", { lastUpdatedAt: at(3) })]))
      const run = yield* Effect.forkChild(Stream.runCollect(session.callToolStream("required")))
      yield* wire.next("tools/call")
      yield* TestClock.adjust(1)
      status(wire, { ...task("completed"), taskId: "another" })
      status(wire, task("working", { statusMessage: "half", lastUpdatedAt: at(1) }))
      status(wire, task("working", { statusMessage: "half", lastUpdatedAt: at(1) }))
      assert.deepStrictEqual(statuses(yield* Fiber.join(run)), ["working", "working half", "completed", "Result"])
      // No time has passed: what the server told was reason enough to ask.
      assert.lengthOf(wire.all("tasks/get"), 1)
    }))

  it.effect("lets the server ask while its result is waited for", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* answering(() => Effect.succeed({ action: "accept", content: { name: "Ada" } }))(
        connect(tasking([task("working"), task("input_required"), task("working")], {
          "tasks/result": (_, to) =>
            to.send({
              jsonrpc: "2.0",
              id: "q",
              method: "elicitation/create",
              params: {
                message: "Who?",
                requestedSchema: { type: "object", properties: { name: { type: "string" } } },
                _meta: { "io.modelcontextprotocol/related-task": { taskId: "t1" } }
              }
            })
        }))
      )
      const run = yield* Effect.forkChild(Stream.runCollect(session.callToolStream("required")))
      yield* wire.next("tools/call")
      yield* TestClock.adjust("1 second")
      const waiting = yield* wire.next("tasks/result")
      yield* TestClock.adjust("1 second")
      yield* wire.next("tasks/get", 2)
      const answer = wire.received.find(({ id }) => String(id) === "q")
      assert.deepInclude(answer?.result, { action: "accept", content: { name: "Ada" } })
      wire.answer(waiting, text("hello Ada"))
      const events = yield* Fiber.join(run)
      assert.deepStrictEqual(statuses(events), ["working", "input_required", "working", "Result"])
      assert.deepStrictEqual<unknown>(events.at(-1), { _tag: "Result", result: text("hello Ada") })
    }))

  it.effect("has one time-out for all of it, which cancels the task", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect(tasking([task("working")]))
      const call = yield* session.callTool("required", {}, { timeout: "2500 millis" }).pipe(
        Effect.flip,
        Effect.forkChild
      )
      yield* wire.next("tools/call")
      yield* TestClock.adjust("2500 millis")
      const error = yield* Fiber.join(call)
      assert.containSubset(error, {
        _tag: "CallError",
        method: "tools/call",
        reason: { _tag: "Timeout", milliseconds: 2500 }
      })
      assert.deepStrictEqual(paramsOf(wire.all("tasks/cancel")), [{ taskId: "t1" }])
      assert.lengthOf(wire.all("tasks/get"), 2)
    }))

  it.effect.each<readonly [what: string, fail: NonNullable<Handlers[string]>]>([
    ["refused", (request, to) => to.refuse(request, -32603, "busy")],
    ["answered with nonsense", (request, to) => to.answer(request, { status: "soon" })]
  ])("is not lost with an asking that is %s, and asks no faster", ([, fail]) =>
    Effect.gen(function*() {
      // Three in a row twice, and all is well in between.
      const { session, wire } = yield* connect(tasking([task("working")], {
        "tasks/get": (request, to) => {
          const asked = to.all("tasks/get").length
          if (asked === 8) return to.answer(request, task("completed"))
          return asked === 4 ? to.answer(request, task("working")) : fail(request, to)
        }
      }))
      const call = yield* Effect.forkChild(session.callTool("required"))
      yield* wire.next("tools/call")
      for (let asked = 1; asked <= 8; asked++) {
        yield* TestClock.adjust(999)
        assert.lengthOf(wire.all("tasks/get"), asked - 1)
        yield* TestClock.adjust(1)
        yield* wire.next("tasks/get", asked)
      }
      assert.deepStrictEqual<unknown>(yield* Fiber.join(call), text("done"))
      assert.lengthOf(wire.all("tasks/cancel"), 0)
    }))

  it.effect("is not lost with an asking that is not answered in the time of a request", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect(
        tasking([task("working")], {
          "tasks/get": (request, to) => {
            if (to.all("tasks/get").length > 1) to.answer(request, task("completed"))
          }
        }),
        { requestTimeout: "5 seconds" }
      )
      const call = yield* Effect.forkChild(session.callTool("required", {}, { timeout: "1 minute" }))
      yield* wire.next("tools/call")
      yield* TestClock.adjust("1 second")
      yield* wire.next("tasks/get")
      yield* TestClock.adjust("5 seconds")
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual<unknown>(yield* Fiber.join(call), text("done"))
    }))

  it.effect("fails with the fourth asking in a row that does, cancels the task, and names it", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect(tasking([task("working")], {
        "tasks/get": (request, to) => to.refuse(request, -32603, "busy")
      }))
      const call = yield* session.callTool("required").pipe(Effect.flip, Effect.forkChild)
      yield* wire.next("tools/call")
      yield* TestClock.adjust("4 seconds")
      const error = yield* Fiber.join(call)
      assert.containSubset(error, { _tag: "CallError", reason: { _tag: "Rejected", description: "busy" } })
      assert.match(error._tag === "CallError" && error.hint || "", /t1/)
      assert.lengthOf(wire.all("tasks/get"), 4)
      assert.deepStrictEqual(paramsOf(wire.all("tasks/cancel")), [{ taskId: "t1" }])
    }))

  it.effect.each([-32602, -32601])(
    "fails at once where asking again is of no use (%d)",
    (code) =>
      Effect.gen(function*() {
        const { session, wire } = yield* connect(tasking([task("working", { pollInterval: 50 })], {
          "tasks/get": (request, to) => to.refuse(request, code, "no")
        }))
        const call = yield* session.callTool("required").pipe(Effect.flip, Effect.forkChild)
        yield* wire.next("tools/call")
        yield* TestClock.adjust(50)
        yield* Fiber.join(call)
        assert.lengthOf(wire.all("tasks/get"), 1)
      })
  )

  it.effect("tells what it had to read in its own way", () =>
    Effect.gen(function*() {
      const { session } = yield* connect(tasking([task("completed")], {
        "tasks/result": (request, to) => to.answer(request, { content: ["done", null] })
      }))
      assert.deepStrictEqual<unknown>(yield* session.callTool("required"), text("done"))
      const [remark] = yield* session.warnings.pipe(Stream.take(1), Stream.runCollect)
      assert.match(String(remark?.description), /2 of the 2 content blocks/)
    }))

  it.effect("is cancelled when it is interrupted, and waits no more than a second for a server that is silent", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect(tasking([task("working")], { "tasks/cancel": () => {} }))
      const call = yield* Effect.forkChild(session.callTool("required"))
      yield* wire.next("tools/call")
      yield* TestClock.adjust("1 second")
      yield* wire.next("tasks/get")
      const interrupting = yield* Effect.forkChild(Fiber.interrupt(call))
      yield* wire.next("tasks/cancel")
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(interrupting)
    }))

  it.effect("fails as the task does", () =>
    Effect.gen(function*() {
      const { session } = yield* connect(tasking([task("failed")], {
        "tasks/result": (request, to) => to.refuse(request, -32000, "out of order")
      }))
      assert.containSubset(yield* Effect.flip(session.callTool("required")), {
        _tag: "CallError",
        reason: { _tag: "Rejected", code: -32000, description: "out of order" }
      })
    }))

  it.effect("fails when somebody else cancels the task", () =>
    Effect.gen(function*() {
      const { session } = yield* connect(tasking([task("cancelled", { statusMessage: "by the operator" })]))
      assert.include(
        (yield* Effect.flip(session.callTool("required"))).message,
        "the task was cancelled: by the operator"
      )
    }))

  it.effect("may be answered at once all the same", () =>
    Effect.gen(function*() {
      const { session } = yield* connect(
        tasking([], { "tools/call": (request, to) => to.answer(request, text("no task")) })
      )
      assert.deepStrictEqual<unknown>(yield* session.callTool("required"), text("no task"))
    }))

  it.effect("is refused with a task that is none", () =>
    Effect.gen(function*() {
      const { session } = yield* connect(tasking([{ taskId: 1 }]))
      assert.containSubset(yield* Effect.flip(session.callTool("required")), { reason: { _tag: "InvalidResult" } })
    }))
})

describe("a call of a server of 2026-07-28", () => {
  const nameForm = {
    method: "elicitation/create",
    params: {
      mode: "form",
      message: "Who?",
      requestedSchema: { type: "object", properties: { name: { type: "string" } } }
    }
  }

  it.effect("is a task where the server wants it, and says that we know how", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect(
        extended([task("working", { pollIntervalMs: 200 }), task("completed", { result: text("done") })])
      )
      const run = yield* Effect.forkChild(Stream.runCollect(session.callToolStream("any")))
      const { params } = yield* wire.next("tools/call")
      assert.containSubset(params?.["_meta"], {
        "io.modelcontextprotocol/clientCapabilities": { extensions: { "io.modelcontextprotocol/tasks": {} } }
      })
      yield* TestClock.adjust(199)
      assert.lengthOf(wire.all("tasks/get"), 0)
      yield* TestClock.adjust(1)
      const events = yield* Fiber.join(run)
      assert.deepStrictEqual(statuses(events), ["working", "completed", "Result"])
      assert.deepStrictEqual<unknown>(events.at(-1), { _tag: "Result", result: text("done") })
      assert.lengthOf(wire.all("tasks/result"), 0)
    }))

  it.effect("answers what the task asks, each once", () =>
    Effect.gen(function*() {
      const asking = task("input_required", { inputRequests: { who: nameForm } })
      let asked = 0
      const { session, wire } = yield* answering(() =>
        Effect.sync(() => {
          asked++
          return { action: "accept", content: { name: "Ada" } }
        })
      )(connect(extended([task("working"), asking, asking, task("completed", { result: text("hello Ada") })])))
      const call = yield* Effect.forkChild(session.callTool("any"))
      yield* wire.next("tools/call")
      for (const n of [1, 2, 3]) {
        yield* TestClock.adjust("1 second")
        yield* wire.next("tasks/get", n)
      }
      assert.deepStrictEqual<unknown>(yield* Fiber.join(call), text("hello Ada"))
      assert.strictEqual(asked, 1)
      assert.deepStrictEqual(paramsOf(wire.all("tasks/update")), [
        { taskId: "t1", inputResponses: { who: { action: "accept", content: { name: "Ada" } } } }
      ])
    }))

  it.effect("takes back what the task no longer needs to know", () =>
    Effect.gen(function*() {
      const shown = yield* Deferred.make<void>()
      const gone = yield* Deferred.make<void>()
      const { session, wire } = yield* answering(() =>
        Deferred.succeed(shown, undefined).pipe(
          Effect.andThen(Effect.never),
          Effect.onInterrupt(() => Deferred.succeed(gone, undefined))
        )
      )(connect(extended([
        task("input_required", { inputRequests: { who: nameForm } }),
        task("input_required", { inputRequests: { who: nameForm } }),
        task("completed", { result: text("never mind") })
      ])))
      const call = yield* Effect.forkChild(session.callTool("any"))
      yield* wire.next("tools/call")
      yield* TestClock.adjust("1 second")
      yield* Deferred.await(shown)
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual<unknown>(yield* Fiber.join(call), text("never mind"))
      yield* Deferred.await(gone)
    }))

  it.effect("fails, and cancels the task, where nobody can answer", () =>
    Effect.gen(function*() {
      const asking = task("input_required", { inputRequests: { who: nameForm } })
      const { session, wire } = yield* connect(extended([task("working"), asking]))
      const call = yield* session.callTool("any").pipe(Effect.flip, Effect.forkChild)
      yield* wire.next("tools/call")
      yield* TestClock.adjust("1 second")
      const error = yield* Fiber.join(call)
      assert.containSubset(error, { _tag: "CallError", reason: { _tag: "Unsupported" } })
      assert.include(error.message, "elicitation/create")
      assert.lengthOf(wire.all("tasks/cancel"), 1)
    }))

  it.effect("fails as the task does", () =>
    Effect.gen(function*() {
      const { session } = yield* connect(
        extended([task("failed", { error: { code: -32603, message: "rate limit", data: { until: 5 } } })])
      )
      assert.containSubset(yield* Effect.flip(session.callTool("any")), {
        _tag: "CallError",
        method: "tools/call",
        delivery: "answered",
        reason: { _tag: "Rejected", code: -32603, description: "rate limit", data: { until: 5 } }
      })
    }))

  it.effect("is refused where the task is completed and has no result", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect(extended([task("completed"), task("completed")]))
      const call = yield* session.callTool("any").pipe(Effect.flip, Effect.forkChild)
      yield* wire.next("tools/call")
      yield* TestClock.adjust("1 second")
      assert.containSubset(yield* Fiber.join(call), { reason: { _tag: "InvalidResult" } })
    }))
})

describe("McpSession.tasks", () => {
  it.effect("knows tasks by their id", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect(tasking([task("working", { pollInterval: 5 }), task("completed")], {
        "tasks/list": (request, to) =>
          to.answer(
            request,
            request.params?.["cursor"] === undefined
              ? { tasks: [task("working")], nextCursor: "more" }
              : { tasks: [{ ...task("completed"), taskId: "t2" }, { broken: true }] }
          )
      }))
      const { tasks } = session
      assert.deepStrictEqual((yield* tasks.list).map(({ taskId }) => taskId), ["t1", "t2"])
      assert.deepStrictEqual<unknown>(yield* tasks.get("t1"), task("completed"))
      assert.deepStrictEqual<unknown>(yield* tasks.result("t1"), text("done"))
      yield* tasks.cancel("t1")
      assert.deepStrictEqual(paramsOf(wire.all("tasks/cancel")), [{ taskId: "t1" }])
    }))

  it.effect("does not cancel a task that it only waits for", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect(tasking([task("working")]))
      const waiting = yield* session.tasks.result("t1", { timeout: "1 second" }).pipe(Effect.flip, Effect.forkChild)
      yield* wire.next("tasks/get")
      yield* TestClock.adjust("1 second")
      const error = yield* Fiber.join(waiting)
      assert.strictEqual(error.reason._tag, "Timeout")
      assert.strictEqual(error.method, "tasks/result")
      assert.lengthOf(wire.all("tasks/cancel"), 0)
    }))

  it.effect("says which task goes on where it can be followed no more", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect(tasking([task("working")], {
        "tasks/get": (request, to) =>
          to.all("tasks/get").length === 1
            ? to.answer(request, task("working", { pollInterval: 50 }))
            : to.refuse(request, -32603, "busy")
      }))
      const waiting = yield* session.tasks.result("t1").pipe(Effect.flip, Effect.forkChild)
      yield* wire.next("tasks/get")
      yield* TestClock.adjust(200)
      assert.match((yield* Fiber.join(waiting)).hint ?? "", /task t1 was not cancelled/)
      assert.lengthOf(wire.all("tasks/cancel"), 0)
    }))

  it.effect("speaks of tasks as 2026-07-28 does", () =>
    Effect.gen(function*() {
      const { session } = yield* connect(extended(
        [
          {},
          task("working", { ttl: undefined, ttlMs: null, pollIntervalMs: 7 }),
          task("completed", { result: text("done") })
        ],
        { "server/discover": (request, to) => to.answer(request, discovered) }
      ))
      assert.deepStrictEqual<unknown>(yield* session.tasks.get("t1"), task("working", { ttl: null, pollInterval: 7 }))
      assert.deepStrictEqual<unknown>(yield* session.tasks.result("t1"), text("done"))
      assert.strictEqual((yield* Effect.flip(session.tasks.list)).reason._tag, "Unsupported")
    }))

  it.effect("lists none of a server that has none, without asking", () =>
    Effect.gen(function*() {
      const { session, wire } = yield* connect()
      assert.deepStrictEqual(yield* session.tasks.list, [])
      assert.lengthOf(wire.all("tasks/list"), 0)
    }))
})
