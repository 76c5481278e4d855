/**
 * The server of the soak's legacy era, whatever carries it. It writes down what it runs before it answers: a call that
 * is in the log was executed, and one that is not was not.
 */
import { appendFileSync } from "node:fs"

export interface Message {
  readonly jsonrpc?: string
  readonly id?: number | string
  readonly method?: string
  readonly params?: Readonly<Record<string, unknown>>
}

export type Notify = (method: string, params: Readonly<Record<string, unknown>>) => void

export const execute = (log: string, id: unknown) => appendFileSync(log, `run ${String(id)}\n`)

export const pause = (milliseconds: unknown) =>
  Number(milliseconds) > 0 ? new Promise((resolve) => setTimeout(resolve, Number(milliseconds))) : undefined

const revisions: ReadonlyArray<unknown> = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"]

export const toolNames = ["echo", "write", "touch", "steps", "refuse"] as const

const tools = toolNames.map((name) => ({
  name,
  inputSchema: { type: "object" },
  ...(name === "echo" || name === "steps" ? { annotations: { readOnlyHint: true } } : {})
}))

const page = 40

const resources = Array.from({ length: 100 }, (_, index) => ({ uri: `soak://${index}`, name: `Resource ${index}` }))

const text = (text: unknown) => ({ content: [{ type: "text", text: String(text) }] })

const record = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null ? { ...value } : {}

const call = async (log: string, params: Readonly<Record<string, unknown>>, notify: Notify) => {
  const args = record(params["arguments"])
  switch (params["name"]) {
    case "write":
      await pause(args["before"])
      execute(log, args["id"])
      await pause(args["after"])
      return text(args["id"])
    case "echo":
      await pause(args["after"])
      return text("x".repeat(Number(args["size"] ?? 1)))
    case "touch":
      notify("notifications/resources/updated", { uri: args["uri"] })
      notify("notifications/tools/list_changed", {})
      return text("touched")
    case "steps": {
      const progressToken = record(params["_meta"])["progressToken"]
      for (let progress = 1; progress <= 5; progress++) {
        if (progressToken !== undefined) notify("notifications/progress", { progressToken, progress, total: 5 })
        notify("notifications/message", { level: "info", data: progress })
        await pause(args["after"])
      }
      return text("done")
    }
    case "refuse":
      return { ...text("no"), isError: true }
  }
}

const list = (items: ReadonlyArray<unknown>, key: string, params: Readonly<Record<string, unknown>>) => {
  const start = Number(params["cursor"] ?? 0)
  return {
    [key]: items.slice(start, start + page),
    ...(start + page < items.length ? { nextCursor: String(start + page) } : {})
  }
}

/** The result, or undefined where the method or the tool is not known. */
export const answer = async (log: string, { method, params = {} }: Message, notify: Notify) => {
  switch (method) {
    case "initialize":
      return {
        protocolVersion: revisions.includes(params["protocolVersion"]) ? params["protocolVersion"] : "2025-06-18",
        capabilities: {
          tools: { listChanged: true },
          resources: { subscribe: true },
          prompts: {},
          logging: {},
          completions: {}
        },
        serverInfo: { name: "soak", version: "1.0.0" }
      }
    case "ping":
    case "logging/setLevel":
    case "resources/subscribe":
    case "resources/unsubscribe":
      return {}
    case "tools/list":
      return list(tools, "tools", params)
    case "resources/list":
      return list(resources, "resources", params)
    case "prompts/list":
      return list([], "prompts", params)
    case "resources/templates/list":
      return list([], "resourceTemplates", params)
    case "resources/read":
      return { contents: [{ uri: params["uri"], text: "read" }] }
    case "tools/call":
      return await call(log, params, notify)
  }
}

/** What to send back: nothing for a notification or an answer. */
export const respond = async (log: string, message: Message, notify: Notify) => {
  if (message.id === undefined || message.method === undefined) return
  const result = await answer(log, message, notify)
  return {
    jsonrpc: "2.0" as const,
    id: message.id,
    ...(result === undefined ? { error: { code: -32601, message: "Method not found" } } : { result })
  }
}
