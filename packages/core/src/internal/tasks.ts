/**
 * Calls that the server turns into tasks: asked after, answered where they need it, and fetched. Specification:
 * 2025-11-25, Tasks; for 2026-07-28 the extension io.modelcontextprotocol/tasks.
 */
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import { CallError, InvalidResult, Rejected, Unsupported } from "../McpError.ts"
import type { McpSession } from "../McpSession.ts"
import type { CallToolResult } from "../Protocol.ts"
import type { Task } from "../Task.ts"
import type { Connection, RequestOptions } from "./connection.ts"
import { excerpt, isRecord } from "./guard.ts"
import * as listen from "./listen.ts"
import * as requests from "./requests.ts"
import * as results from "./results.ts"
import * as schemas from "./taskResults.ts"

export type Tasks = McpSession["Service"]["tasks"]

export const make = (connection: Connection): Tasks => ({
  get: Effect.fn("McpSession.tasks.get")(function*(taskId) {
    return (yield* get(connection, taskId)).task
  }),
  result: Effect.fn("McpSession.tasks.result")(function*(taskId, options) {
    const result = Effect.flatMap(get(connection, taskId, unlimited), (state) => follow(connection, state, () => {}))
    return yield* connection.within("tools/call", options?.timeout, result)
  }),
  cancel: Effect.fn("McpSession.tasks.cancel")(function*(taskId) {
    yield* connection.request("tasks/cancel", { taskId }, results.any)
  }),
  list: connection.era === "modern"
    ? Effect.fail(
      requests.unsupported(connection, "tasks/list", "not-sent", "a list of tasks: revision 2026-07-28 has none")
    )
    : Effect.map(
      requests.list(connection, {
        isOffered: connection.capabilities.tasks !== undefined,
        method: "tasks/list",
        key: "tasks",
        isItem: schemas.isTask
      }),
      (tasks) => tasks.map(schemas.taskOf)
    ).pipe(requests.span(connection, "tasks.list"))
})

/**
 * Waits for the task of a call and gives its result; `onStatus` hears of every change. Interrupted, or where the server
 * asks for what nobody here answers, it cancels the task.
 */
export const run = (
  connection: Connection,
  state: schemas.State,
  onStatus: (task: Task) => void
): Effect.Effect<CallToolResult, CallError> => {
  const { taskId } = state.task
  const cancel = connection.request("tasks/cancel", { taskId }, results.any, { timeout: "1 second" })
  return follow(connection, state, onStatus).pipe(
    Effect.tapError(({ reason }) => reason._tag === "Unsupported" ? Effect.ignore(cancel) : Effect.void),
    Effect.onInterrupt(() => Effect.ignore(cancel))
  )
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

const get = (connection: Connection, taskId: string, options?: RequestOptions) =>
  connection.request("tasks/get", { taskId }, schemas.state, options)

const fetch = (connection: Connection, taskId: string) =>
  connection.request("tasks/result", { taskId }, schemas.toolResult, unlimited)

const unlimited: RequestOptions = { timeout: Duration.infinity }

const follow = (connection: Connection, first: schemas.State, onStatus: (task: Task) => void) =>
  Effect.scoped(Effect.gen(function*() {
    const { taskId } = first.task
    const woken = yield* Queue.sliding<void>(1)
    let last: Task | undefined
    const tell = (task: Task) => {
      if (last !== undefined && !isNews(last, task)) return
      last = task
      onStatus(task)
    }
    yield* listen.on(connection, ({ method, params }) => {
      if (!statusMethods.includes(method) || !schemas.isTask(params) || params.taskId !== taskId) return
      tell(schemas.taskOf(params))
      Queue.offerUnsafe(woken, undefined)
    })
    const ask = Effect.fnUntraced(function*({ pollInterval }: Task) {
      yield* Effect.raceFirst(Effect.sleep(intervalOf(pollInterval)), Queue.take(woken))
      const state = yield* get(connection, taskId, unlimited)
      tell(state.task)
      return state
    })
    tell(first.task)
    return yield* connection.era === "modern"
      ? modern(connection, first, ask)
      : legacy(connection, first, ask)
  }))

type Ask = (task: Task) => Effect.Effect<schemas.State, CallError>

const legacy = Effect.fnUntraced(function*(connection: Connection, first: schemas.State, ask: Ask) {
  let { task } = first
  while (task.status === "working") task = (yield* ask(task)).task
  if (task.status === "cancelled") return yield* cancelled(connection, task)
  const result = fetch(connection, task.taskId)
  if (task.status !== "input_required") return yield* result
  // What the server asks comes while its result is waited for; how it stands meanwhile is told by asking on.
  const asking = Effect.gen(function*() {
    while (!isFinal(task)) task = (yield* ask(task)).task
    return yield* Effect.never
  })
  return yield* Effect.raceFirst(result, Effect.catch(asking, () => Effect.never))
})

const modern = Effect.fnUntraced(function*(
  connection: Connection,
  first: schemas.State,
  ask: Ask
): Effect.fn.Return<CallToolResult, CallError, Scope.Scope> {
  const answered = new Set<string>()
  const unanswered = yield* Deferred.make<never, CallError>()
  // What begins a task says how it stands and no more.
  let state = first.task.status === "completed" && first.result === undefined ? yield* ask(first.task) : first
  while (!isFinal(state.task)) {
    for (const [key, request] of Object.entries(state.inputRequests ?? {})) {
      if (answered.has(key)) continue
      answered.add(key)
      // As long as the task itself: what it no longer needs to know is taken back.
      yield* reply(connection, state.task.taskId, key, request).pipe(
        Effect.catch((error) => Deferred.fail(unanswered, error)),
        Effect.forkScoped({ startImmediately: true })
      )
    }
    state = yield* Effect.raceFirst(ask(state.task), Deferred.await(unanswered))
  }
  if (state.task.status === "cancelled") return yield* cancelled(connection, state.task)
  return state.result ?? (yield* state.task.status === "failed" ? failed(connection, state) : empty(connection))
})

const reply = Effect.fnUntraced(function*(
  connection: Connection,
  taskId: string,
  key: string,
  request: unknown
): Effect.fn.Return<void, CallError> {
  const { method, params } = isRecord(request) ? request : {}
  const answer = yield* connection.answer(String(method), params).pipe(
    Effect.mapError((why) =>
      new CallError({
        server: connection.server,
        method: "tasks/update",
        delivery: "not-sent",
        reason: new Unsupported({ description: `the task asks for ${excerpt(method)}, and ${why}` })
      })
    )
  )
  yield* connection.request("tasks/update", { taskId, inputResponses: { [key]: answer } }, results.any)
})

const rejected = (connection: Connection, rejection: Rejected) =>
  Effect.fail(
    new CallError({ server: connection.server, method: "tools/call", delivery: "answered", reason: rejection })
  )

const failed = (connection: Connection, { error = {}, task }: schemas.State) => {
  const { code, data, message } = error
  return rejected(
    connection,
    new Rejected({
      code: typeof code === "number" ? code : internalError,
      description: typeof message === "string" ? message : task.statusMessage ?? "the task failed and does not say why",
      ...(data === undefined ? {} : { data })
    })
  )
}

const empty = ({ server }: Connection) =>
  Effect.fail(
    new CallError({
      server,
      method: "tasks/get",
      delivery: "answered",
      reason: new InvalidResult({ description: "the task is completed and has no result" })
    })
  )

const cancelled = (connection: Connection, { statusMessage }: Task) =>
  rejected(
    connection,
    new Rejected({
      code: internalError,
      description: `the task was cancelled${statusMessage === undefined ? "" : `: ${statusMessage}`}`
    })
  )

const internalError = -32603

const statusMethods: ReadonlyArray<string> = ["notifications/tasks/status", "notifications/tasks"]

const isFinal = ({ status }: Task): boolean => status === "completed" || status === "failed" || status === "cancelled"

/** An answer to a question that was asked before may tell what is no longer so. */
const isNews = (last: Task, task: Task): boolean =>
  !isFinal(last) && (task.lastUpdatedAt ?? "") >= (last.lastUpdatedAt ?? "") &&
  (task.status !== last.status || task.statusMessage !== last.statusMessage)

/** In milliseconds. A server that says 0 is not asked without pause. */
const intervalOf = (pollInterval = 1000): number => Math.max(pollInterval, 50)
