/** The tools of one connection: list, call, call with progress. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import { type CallError, InvalidStructuredContent, ToolFailed, ToolNotFound } from "../McpError.ts"
import type { CallEvent, CallOptions, McpSession } from "../McpSession.ts"
import type { CallToolResult } from "../Protocol.ts"
import type { Task } from "../Task.ts"
import type { Connection } from "./connection.ts"
import * as Definitions from "./definitions.ts"
import * as listen from "./listen.ts"
import * as paramHeaders from "./paramHeaders.ts"
import * as taskResults from "./taskResults.ts"
import * as tasks from "./tasks.ts"

export type Tools = Pick<McpSession["Service"], "listTools" | "callTool" | "callToolOrFail" | "callToolStream">

export const make = (connection: Connection): Tools => {
  const { server } = connection
  const definitions = Definitions.make(connection)
  const takesTasks = connection.era === "legacy" && connection.capabilities.tasks?.requests?.tools?.call !== undefined
  let lastToken = 0

  /** Servers say "unknown tool" in many ways; their list says it in one. Costs nothing while calls succeed. */
  const failIfUnknown = (
    tool: string,
    timeout: Duration.Input = Definitions.longestLook,
    refusal: { readonly text: string; readonly result?: CallToolResult }
  ): Effect.Effect<void, ToolNotFound> =>
    definitions.names().has(tool) ? Effect.void : definitions.list.pipe(
      Effect.timeout(Duration.min(Definitions.longestLook, Duration.fromInputUnsafe(timeout))),
      Effect.ignore,
      Effect.flatMap(() => {
        const names = definitions.names()
        return names.size === 0 || names.has(tool)
          ? Effect.void
          : Effect.fail(ToolNotFound.among(server, tool, names, refusal))
      })
    )

  const send = (name: string, args: Arguments, options: CallOptions | undefined) =>
    Effect.suspend(() => {
      const definition = definitions.get(name)
      const params = {
        name,
        ...(args === undefined ? {} : { arguments: args }),
        ...(takesTasks ? taskParams(definition, options?.task) : {}),
        ...(options?.meta === undefined ? {} : { _meta: options.meta })
      }
      return connection.request("tools/call", params, taskResults.called, {
        timeout: Duration.infinity,
        ...(definition === undefined ? {} : { headers: paramHeaders.of(definition.headers, args) })
      })
    })

  /** The server's list says which headers it wants: it is asked when it has refused those that it got. */
  const sendAgain = (name: string, args: Arguments, options: CallOptions | undefined) =>
    Effect.catchIf(
      send(name, args, options),
      ({ reason }) => connection.hasHttpHeaders && reason._tag === "Rejected" && reason.code === headerMismatch,
      (error) =>
        definitions.list.pipe(Effect.matchEffect({
          onFailure: () => Effect.fail(error),
          onSuccess: () => send(name, args, options)
        }))
    )

  const call = Effect.fn("McpSession.callTool")(function*(
    name: string,
    args: Arguments,
    options: CallOptions | undefined,
    onStatus: (task: Task) => void
  ): Effect.fn.Return<CallToolResult, CallError | ToolNotFound | InvalidStructuredContent> {
    if (takesTasks) yield* definitions.learn
    let mayBeUnknown = true
    const called = Effect.flatMap(sendAgain(name, args, options), (outcome) => {
      if (outcome._tag === "Result") return Effect.succeed(outcome.result)
      mayBeUnknown = false
      return tasks.run(connection, outcome.state, onStatus)
    })
    const result = yield* connection.within("tools/call", options?.timeout, called).pipe(
      Effect.tapError(({ reason }) =>
        reason._tag === "Rejected" && mayBeUnknown
          ? failIfUnknown(name, options?.timeout, { text: reason.description })
          : Effect.void
      )
    )
    if (result.isError === true) {
      if (mayBeUnknown) yield* failIfUnknown(name, options?.timeout, { text: textOf(result), result })
      return result
    }
    const issues = yield* definitions.issues(name, result)
    if (issues.length > 0) {
      return yield* new InvalidStructuredContent({ server, tool: name, issues, result, hint: invalidHint })
    }
    return result
  })

  const callTool: Tools["callTool"] = (name, args, options) => call(name, args, options, () => {})

  const callToolOrFail: Tools["callToolOrFail"] = Effect.fnUntraced(function*(name, args, options) {
    const result = yield* callTool(name, args, options)
    return result.isError === true
      ? yield* new ToolFailed({ server, tool: name, text: textOf(result), result })
      : result
  })

  const callToolStream: Tools["callToolStream"] = (name, args, options) =>
    Stream.callback<CallEvent, CallError | ToolNotFound | InvalidStructuredContent>(
      Effect.fnUntraced(function*(queue) {
        const token = `umcp-${++lastToken}`
        yield* listen.on(connection, ({ method, params = {} }) => {
          if (method === "notifications/message") Queue.offerUnsafe(queue, logEvent(params))
          else if (method === "notifications/progress" && params["progressToken"] === token) {
            Queue.offerUnsafe(queue, progressEvent(params))
          }
        })
        const withToken = { ...options, meta: { ...options?.meta, progressToken: token } }
        const result = yield* call(name, args, withToken, (task) => Queue.offerUnsafe(queue, { _tag: "Task", task }))
        yield* Queue.offer(queue, { _tag: "Result", result })
        yield* Queue.end(queue)
      }, (effect, queue) => Effect.catchCause(effect, (cause) => Queue.failCause(queue, cause))),
      { bufferSize: Number.POSITIVE_INFINITY }
    )

  return { listTools: definitions.list, callTool, callToolOrFail, callToolStream }
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

type Arguments = Readonly<Record<string, unknown>> | undefined

/** HeaderMismatch. */
const headerMismatch = -32020

const invalidHint =
  "what the tool answered is in `result`; tell the server's author that it breaks its own outputSchema"

/** A tool that forbids tasks, or does not speak of them, must not be called as one. */
const taskParams = (definition: Definitions.Definition | undefined, wanted: CallOptions["task"]) => {
  const support = definition?.tool.execution?.taskSupport
  const isTask = support === "required" || support === "optional" && wanted !== undefined
  const ttl = wanted === true ? undefined : wanted?.ttl
  return isTask ? { task: ttl === undefined ? {} : { ttl } } : {}
}

const number = (value: unknown): number | undefined => typeof value === "number" ? value : undefined

const progressEvent = (params: Readonly<Record<string, unknown>>): CallEvent => ({
  _tag: "Progress",
  progress: number(params["progress"]) ?? 0,
  total: number(params["total"]),
  message: typeof params["message"] === "string" ? params["message"] : undefined
})

const logEvent = (params: Readonly<Record<string, unknown>>): CallEvent => ({
  _tag: "Log",
  level: String(params["level"]),
  logger: typeof params["logger"] === "string" ? params["logger"] : undefined,
  data: params["data"]
})

const textOf = (result: CallToolResult): string => {
  const text = result.content.flatMap((block) => block.type === "text" ? [block.text] : []).join(" ").trim()
  return text === "" ? "it gave no reason" : text
}
