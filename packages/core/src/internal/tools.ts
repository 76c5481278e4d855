/** The tools of one session: list, call, call with progress. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { type CallError, InvalidStructuredContent, ToolFailed, ToolNotFound } from "../McpError.ts"
import type { CallEvent, CallOptions, McpSession } from "../McpSession.ts"
import type { CallToolResult } from "../Protocol.ts"
import type { Task } from "../Task.ts"
import * as Bounded from "./bounded.ts"
import * as Definitions from "./definitions.ts"
import * as listen from "./listen.ts"
import * as paramHeaders from "./paramHeaders.ts"
import type { Fate, Session } from "./session.ts"
import * as taskResults from "./taskResults.ts"
import * as tasks from "./tasks.ts"
import * as urlElicitation from "./urlElicitation.ts"

export type Tools = Pick<McpSession["Service"], "listTools" | "callTool" | "callToolOrFail" | "callToolStream">

export const make = (session: Session): Tools => {
  const { server } = session
  const definitions = Definitions.make(session)
  const takesTasks = () => session.era === "legacy" && session.capabilities.tasks?.requests?.tools?.call !== undefined
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

  const send = (name: string, args: Arguments, options: CallOptions | undefined, fate: Fate) =>
    Effect.suspend(() => {
      const definition = definitions.get(name)
      const params = {
        name,
        ...(args === undefined ? {} : { arguments: args }),
        ...(takesTasks() ? taskParams(definition, options?.task) : {}),
        ...(options?.meta === undefined ? {} : { _meta: options.meta })
      }
      return session.request("tools/call", params, taskResults.called, {
        timeout: Duration.infinity,
        isRepeatable: options?.idempotent ?? definitions.isRepeatable(name),
        whileReconnecting: options?.whileReconnecting,
        fate,
        ...(definition === undefined ? {} : { headers: paramHeaders.of(definition.headers, args) })
      })
    })

  /** The server's list says which headers it wants: it is asked when it has refused those that it got. */
  const sendAgain = (name: string, args: Arguments, options: CallOptions | undefined, fate: Fate) =>
    Effect.catchIf(
      send(name, args, options, fate),
      ({ reason }) => session.hasHttpHeaders && reason._tag === "Rejected" && reason.code === headerMismatch,
      (error) =>
        definitions.list.pipe(Effect.matchEffect({
          onFailure: () => Effect.fail(error),
          onSuccess: () => send(name, args, options, fate)
        }))
    )

  const call = Effect.fnUntraced(function*(
    name: string,
    args: Arguments,
    options: CallOptions | undefined,
    onStatus: (task: Task) => void
  ): Effect.fn.Return<CallToolResult, CallError | ToolNotFound | InvalidStructuredContent> {
    if (takesTasks()) yield* definitions.learn
    let mayBeUnknown = true
    const called = (fate: Fate) =>
      Effect.flatMap(urlElicitation.asking(session)(sendAgain(name, args, options, fate)), (outcome) => {
        if (outcome._tag === "Result") {
          if (outcome.remark !== undefined) session.warn(`tool "${name}": ${outcome.remark}`)
          return Effect.succeed(outcome.result)
        }
        mayBeUnknown = false
        return tasks.run(session, outcome.state, onStatus)
      })
    const result = yield* session.within("tools/call", options?.timeout, called).pipe(
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
  }, (effect, tool, args) => session.telemetry.operation("tools/call", { tool, arguments: args })(effect))

  const callTool: Tools["callTool"] = (name, args, options) => call(name, args, options, () => {})

  const callToolOrFail: Tools["callToolOrFail"] = Effect.fnUntraced(function*(name, args, options) {
    const result = yield* callTool(name, args, options)
    return result.isError === true
      ? yield* new ToolFailed({ server, tool: name, text: textOf(result), result })
      : result
  })

  const callToolStream: Tools["callToolStream"] = (name, args, options) =>
    Bounded.stream<CallEvent, CallError | ToolNotFound | InvalidStructuredContent, Scope.Scope>(
      lostEvent,
      Effect.fnUntraced(function*(offer) {
        const token = `umcp-${++lastToken}`
        yield* listen.on(session, ({ method, params = {} }) => {
          const event = method === "notifications/message"
            ? logEvent(params)
            : method === "notifications/progress" && params["progressToken"] === token
            ? progressEvent(params)
            : undefined
          if (event !== undefined) offer(event)
        })
        const withToken = { ...options, meta: { ...options?.meta, progressToken: token } }
        const result = yield* call(name, args, withToken, (task) => offer({ _tag: "Task", task }))
        offer({ _tag: "Result", result })
      })
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

/** Some servers write numbers as text. */
const number = (value: unknown): number | undefined => {
  const read = typeof value === "string" && value.trim() !== "" ? Number(value) : value
  return typeof read === "number" && Number.isFinite(read) ? read : undefined
}

/** Nothing of what says nothing. */
const progressEvent = (params: Readonly<Record<string, unknown>>): CallEvent | undefined => {
  const progress = number(params["progress"])
  return progress === undefined ? undefined : {
    _tag: "Progress",
    progress,
    total: number(params["total"]),
    message: typeof params["message"] === "string" ? params["message"] : undefined
  }
}

const logEvent = ({ data, level, logger }: Readonly<Record<string, unknown>>): CallEvent | undefined =>
  typeof level === "string"
    ? { _tag: "Log", level, logger: typeof logger === "string" ? logger : undefined, data }
    : undefined

const lostEvent = (count: number): CallEvent => ({
  _tag: "Log",
  level: "warning",
  logger: "universal-mcp",
  data: `${count} events were lost, because they were not read fast enough`
})

const textOf = (result: CallToolResult): string => {
  const text = result.content.flatMap((block) => block.type === "text" ? [block.text] : []).join(" ").trim()
  return text === "" ? "it gave no reason" : text
}
