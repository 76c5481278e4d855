/** Checks of what servers say of tasks, under the names of both revisions. */
import type { CallToolResult } from "../Protocol.ts"
import type { Task, TaskStatus } from "../Task.ts"
import { isRecord } from "./json.ts"
import * as numbers from "./numbers.ts"
import * as results from "./results.ts"

/** A task and, in 2026-07-28, what goes with its status. */
export interface State {
  readonly task: Task
  readonly result?: CallToolResult
  /** A warning about the result. */
  readonly warning?: string
  readonly error?: Readonly<Record<string, unknown>>
  readonly inputRequests?: Readonly<Record<string, unknown>>
}

/** What `tools/call` gives: a task where the server wants to take its time. */
export type Called =
  | { readonly _tag: "Task"; readonly state: State }
  | { readonly _tag: "Result"; readonly result: CallToolResult; readonly warning?: string }

export interface RawTask {
  readonly taskId: string
  readonly status: TaskStatus
  readonly [key: string]: unknown
}

export const isTask = (value: unknown): value is RawTask =>
  isRecord(value) && typeof value["taskId"] === "string" && statuses.some((status) => status === value["status"])

export const taskOf = (raw: RawTask): Task => {
  const { createdAt, lastUpdatedAt, status, statusMessage, taskId } = raw
  const ttl = raw["ttl"] ?? raw["ttlMs"]
  const pollInterval = raw["pollInterval"] ?? raw["pollIntervalMs"]
  return {
    taskId,
    status,
    ...(typeof statusMessage === "string" ? { statusMessage } : {}),
    ...(typeof createdAt === "string" ? { createdAt } : {}),
    ...(typeof lastUpdatedAt === "string" ? { lastUpdatedAt } : {}),
    ...(typeof ttl === "number" || ttl === null ? { ttl } : {}),
    ...(typeof pollInterval === "number" ? { pollInterval } : {})
  }
}

export const called: results.Check<Called> = (value) => {
  const created = value["resultType"] === "task" ? value : value["content"] === undefined ? value["task"] : undefined
  if (created === undefined) {
    const read = results.callToolResult(value)
    return typeof read === "string" ? read : { value: { _tag: "Result", ...read.value } }
  }
  const state = stateOf(created)
  return typeof state === "string" ? state : { value: { _tag: "Task", state: state.value } }
}

export const toolResult = results.callToolResult

export const state: results.Check<State> = (value) => stateOf(value)

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

const statuses: ReadonlyArray<TaskStatus> = ["working", "input_required", "completed", "failed", "cancelled"]

const stateOf = (value: unknown): { readonly value: State } | string => {
  if (!isTask(value)) return "the result is not a task with a taskId and a status"
  const { error, inputRequests } = value
  const completed = value.status === "completed" ? value["result"] : undefined
  if (completed !== undefined && !isRecord(completed)) return "the result is not an object"
  const result = completed === undefined
    ? undefined
    : results.callToolResult(numbers.withWarnings(completed, value["warnings"]))
  if (typeof result === "string") return result
  return {
    value: {
      task: taskOf(value),
      ...result?.value,
      ...(isRecord(error) ? { error } : {}),
      ...(isRecord(inputRequests) ? { inputRequests } : {})
    }
  }
}
