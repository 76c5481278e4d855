import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import * as Elicitation from "@universal-mcp/core/Elicitation"
import type { CallEvent } from "@universal-mcp/core/McpSession"
import * as StdioTransport from "@universal-mcp/transports/StdioTransport"
import { Effect, Fiber, Layer, Stream } from "effect"
import { everything, node } from "./support.ts"

const tool = "simulate-research-query"

const asked: Array<string> = []

/** Answers with the first value that the form allows. */
const Answering = Layer.succeed(Elicitation.Elicitation)({
  modes: ["form"],
  elicit: (request) =>
    Effect.sync(() => {
      asked.push(request.message)
      return { action: "accept", content: { interpretation: "snake" } }
    })
})

/** It offers the tool only some time after the handshake. */
const session = Effect.gen(function*() {
  const opened = yield* StdioTransport.make({ name: "everything", command: node, args: [everything] })
  yield* opened.notifications.pipe(
    Stream.filter(({ method }) => method === "notifications/tools/list_changed"),
    Stream.mapEffect(() => opened.listTools),
    Stream.filter((tools) => tools.some(({ name }) => name === tool)),
    Stream.runHead
  )
  return opened
}).pipe(Effect.provide([NodeServices.layer, Answering]))

const statuses = (events: ReadonlyArray<CallEvent>) =>
  events.flatMap((event) => event._tag === "Task" ? [event.task.status] : [])

/** Each of its four stages takes a second. */
describe("the tool of server-everything that requires a task", { concurrent: true }, () => {
  it.live("is a plain call", () =>
    Effect.scoped(Effect.gen(function*() {
      const { callTool } = yield* session
      const { content: [block] } = yield* callTool(tool, { topic: "tides" })
      assert.include(block?.type === "text" ? block.text : "", "# Research Report: tides")
    })))

  it.live("asks on the way, and tells how it stands", () =>
    Effect.scoped(Effect.gen(function*() {
      const { callToolStream, tasks } = yield* session
      const events = yield* Stream.runCollect(callToolStream(tool, { topic: "python", ambiguous: true }))
      assert.deepStrictEqual([...new Set(statuses(events))], ["working", "input_required", "completed"])
      assert.include(asked.join(), "python")
      const last = events.at(-1)
      const block = last?._tag === "Result" ? last.result.content[0] : undefined
      assert.include(block?.type === "text" ? block.text : "", "python (snake)")
      const task = events.find((event) => event._tag === "Task")
      const taskId = task?._tag === "Task" ? task.task.taskId : ""
      assert.deepInclude(yield* tasks.get(taskId), { taskId, status: "completed" })
      assert.include((yield* tasks.list).map((one) => one.taskId), taskId)
    })))

  it.live("is cancelled with the call", () =>
    Effect.scoped(Effect.gen(function*() {
      const { callToolStream, tasks } = yield* session
      const begun = yield* callToolStream(tool, { topic: "tides" }).pipe(
        Stream.filter((event) => event._tag === "Task"),
        Stream.runHead,
        Effect.flatMap(Effect.fromOption),
        Effect.forkChild
      )
      const { task } = yield* Fiber.join(begun)
      assert.strictEqual((yield* tasks.get(task.taskId)).status, "cancelled")
    })))
})
