/**
 * A call that goes on by itself at the server and is asked after, as both revisions have it: 2025-11-25, and 2026-07-28
 * with its extension `io.modelcontextprotocol/tasks`.
 *
 * @since 0.1.0
 */

/**
 * `input_required`: the server waits for an answer of ours. The last three are final.
 *
 * @category models
 * @since 0.1.0
 */
export type TaskStatus = "working" | "input_required" | "completed" | "failed" | "cancelled"

/**
 * How a task stands.
 *
 * @category models
 * @since 0.1.0
 */
export interface Task {
  readonly taskId: string
  readonly status: TaskStatus
  readonly statusMessage?: string | undefined
  /** ISO 8601. */
  readonly createdAt?: string | undefined
  /** ISO 8601. */
  readonly lastUpdatedAt?: string | undefined
  /** How long the server keeps the task from its creation on, in milliseconds; null is without end. */
  readonly ttl?: number | null | undefined
  /** How often the server wants to be asked, in milliseconds. */
  readonly pollInterval?: number | undefined
}
