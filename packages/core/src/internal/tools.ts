/** The tools of one connection: list, call, call with progress. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import { type CallError, ToolFailed, ToolNotFound } from "../McpError.ts"
import type { CallEvent, McpSession } from "../McpSession.ts"
import type { CallToolResult, Tool } from "../Protocol.ts"
import type { Connection } from "./connection.ts"
import * as listen from "./listen.ts"
import * as names from "./names.ts"
import { pages } from "./pages.ts"
import * as results from "./results.ts"

export type Tools = Pick<McpSession["Service"], "listTools" | "callTool" | "callToolOrFail" | "callToolStream">

export const make = (connection: Connection): Tools => {
  const { server } = connection
  const known = new Set<string>()
  let lastToken = 0

  const listTools = connection.capabilities.tools === undefined
    ? Effect.succeed<ReadonlyArray<Tool>>([])
    : pages(connection, "tools/list", toolsPage).pipe(
      Effect.map((items) => {
        const tools = items.filter(results.isTool)
        if (tools.length < items.length) {
          const invalid = items.filter((item) => !results.isTool(item))
          connection.warn(
            `left out ${invalid.length} tool(s) that are not valid: ${JSON.stringify(invalid).slice(0, 300)}`
          )
        }
        known.clear()
        for (const tool of tools) known.add(tool.name)
        return tools
      }),
      Effect.withSpan("McpSession.listTools", { attributes: { "mcp.server": server } })
    )

  /** Servers say "unknown tool" in many ways; their list says it in one. Costs nothing while calls succeed. */
  const failIfUnknown = (tool: string, timeout: Duration.Input = longestLook): Effect.Effect<void, ToolNotFound> =>
    known.has(tool) ? Effect.void : listTools.pipe(
      Effect.timeout(Duration.min(longestLook, Duration.fromInputUnsafe(timeout))),
      Effect.ignore,
      Effect.flatMap(() =>
        known.size === 0 || known.has(tool)
          ? Effect.void
          : Effect.fail(new ToolNotFound({ server, tool, closest: names.closest(tool, known) }))
      )
    )

  const callTool: Tools["callTool"] = Effect.fn("McpSession.callTool")(function*(name, args, options) {
    const params = {
      name,
      ...(args === undefined ? {} : { arguments: args }),
      ...(options?.meta === undefined ? {} : { _meta: options.meta })
    }
    const result = yield* connection.request("tools/call", params, results.callToolResult, options).pipe(
      Effect.tapError((error) => error.reason._tag === "Rejected" ? failIfUnknown(name, options?.timeout) : Effect.void)
    )
    if (result.isError === true) yield* failIfUnknown(name, options?.timeout)
    return result
  })

  const callToolOrFail: Tools["callToolOrFail"] = Effect.fnUntraced(function*(name, args, options) {
    const result = yield* callTool(name, args, options)
    return result.isError === true
      ? yield* new ToolFailed({ server, tool: name, text: textOf(result), result })
      : result
  })

  const callToolStream: Tools["callToolStream"] = (name, args, options) =>
    Stream.callback<CallEvent, CallError | ToolNotFound>(
      Effect.fnUntraced(function*(queue) {
        const token = `umcp-${++lastToken}`
        yield* listen.on(connection, ({ method, params = {} }) => {
          if (method === "notifications/message") Queue.offerUnsafe(queue, logEvent(params))
          else if (method === "notifications/progress" && params["progressToken"] === token) {
            Queue.offerUnsafe(queue, progressEvent(params))
          }
        })
        const result = yield* callTool(name, args, { ...options, meta: { ...options?.meta, progressToken: token } })
        yield* Queue.offer(queue, { _tag: "Result", result })
        yield* Queue.end(queue)
      }, (effect, queue) => Effect.catchCause(effect, (cause) => Queue.failCause(queue, cause))),
      { bufferSize: Number.POSITIVE_INFINITY }
    )

  return { listTools, callTool, callToolOrFail, callToolStream }
}

/** How long telling an unknown tool from another failure may take, beyond the call. */
const longestLook = Duration.seconds(5)

const toolsPage = results.page("tools")

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
