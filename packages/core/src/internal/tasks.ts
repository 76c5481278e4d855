/**
 * Calls that the server turns into tasks: asked after, answered where they need it, and fetched. Specification:
 * 2025-11-25, Tasks; for 2026-07-28 the extension io.modelcontextprotocol/tasks.
 */
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import { CallError, InvalidResult, Rejected, Unsupported } from "../McpError.ts"
import type { CallOptions, McpSession } from "../McpSession.ts"
import type { CallToolResult } from "../Protocol.ts"
import type { Task } from "../Task.ts"
import { excerpt, isRecord } from "./json.ts"
import * as listen from "./listen.ts"
import type { Budget } from "./questions.ts"
import * as redactErrors from "./redactErrors.ts"
import * as requests from "./requests.ts"
import * as results from "./results.ts"
import type { RequestOptions, Session } from "./session.ts"
import * as taskResults from "./taskResults.ts"

export type Tasks = McpSession["Service"]["tasks"]

export const make = (session: Session): Tasks => ({
  get: (taskId) => Effect.map(get(session, taskId), ({ task }) => task).pipe(session.telemetry.operation("tasks/get")),
  result: (taskId, options) => {
    const goesOn = hinted(`the task ${taskId} was not cancelled: ask for its result again with \`tasks.result\``)
    return Effect.suspend(() => {
      const fate = session.fate(options?.timeout)
      const state = get(session, taskId, { ...unlimited, fate, exactNumbers: options?.exactNumbers ?? false })
      return session.within(
        "tasks/result",
        fate,
        Effect.flatMap(state, (first) => follow(session, first, fate, () => {}, goesOn, options))
      )
    }).pipe(session.telemetry.operation("tasks/result"))
  },
  cancel: (taskId) =>
    Effect.asVoid(session.request("tasks/cancel", { taskId }, results.any)).pipe(
      session.telemetry.operation("tasks/cancel")
    ),
  list: Effect.suspend(() =>
    session.era === "modern"
      ? Effect.fail(
        requests.unsupported(session, "tasks/list", "not-sent", "a list of tasks: revision 2026-07-28 has none")
      )
      : Effect.map(
        requests.list(session, {
          isOffered: () => session.capabilities.tasks !== undefined,
          method: "tasks/list",
          key: "tasks",
          isItem: taskResults.isTask
        }),
        (tasks) => tasks.map(taskResults.taskOf)
      )
  ).pipe(session.telemetry.operation("tasks/list"))
})

/**
 * Waits for the task of a call and gives its result; `onStatus` hears of every change. Interrupted, or where the task
 * is lost or asks for what nobody here answers, it cancels the task.
 */
export const run = (
  session: Session,
  state: taskResults.State,
  budget: Budget,
  onStatus: (task: Task) => void,
  options: Numbers | undefined
): Effect.Effect<CallToolResult, CallError> => {
  const { taskId } = state.task
  const cancel = Effect.exit(session.request("tasks/cancel", { taskId }, results.any, { timeout: "1 second" }))
  const givenUp: Lost = (effect) =>
    Effect.catch(effect, (error) =>
      Effect.flatMap(cancel, (told) =>
        Effect.fail(withHint(
          error,
          Exit.isSuccess(told)
            ? `the server was told to cancel the task ${taskId}`
            : `the task ${taskId} may still be running: the server could not be told to cancel it`
        ))))
  return follow(session, state, budget, onStatus, givenUp, options).pipe(
    Effect.mapError(ofTheCall),
    Effect.onInterrupt(() => cancel)
  )
}

/** Whatever request has failed, the call itself was sent: it began the task. */
const ofTheCall = ({ delivery, hint, reason, server }: CallError): CallError =>
  new CallError({
    server,
    method: "tools/call",
    delivery: delivery === "not-sent" ? "unknown" : delivery,
    reason,
    ...(hint === undefined ? {} : { hint })
  })

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

const get = (session: Session, taskId: string, options?: RequestOptions) =>
  session.request("tasks/get", { taskId }, taskResults.state, options)

type Numbers = Pick<CallOptions, "exactNumbers">

const fetch = (session: Session, taskId: string, options: Numbers = {}, budget?: Budget) =>
  Effect.map(
    session.request("tasks/result", { taskId }, taskResults.toolResult, {
      ...unlimited,
      budget,
      exactNumbers: options.exactNumbers ?? false
    }),
    (answered) => withWarning(session, answered)
  )

const withWarning = (session: Session, { warning, result }: results.ToolResult): CallToolResult => {
  if (warning !== undefined) session.warn(warning)
  return result
}

const unlimited: RequestOptions = { timeout: Duration.infinity }

/** What becomes of a task that nobody can follow any more. */
type Lost = <A>(effect: Effect.Effect<A, CallError>) => Effect.Effect<A, CallError>

const hinted = (what: string): Lost => Effect.mapError((error) => withHint(error, what))

const withHint = ({ delivery, hint, method, reason, server }: CallError, what: string): CallError =>
  new CallError({ server, method, delivery, reason, hint: hint === undefined ? what : `${hint}; ${what}` })

const follow = (
  session: Session,
  first: taskResults.State,
  budget: Budget,
  onStatus: (task: Task) => void,
  lost: Lost,
  options: Numbers | undefined
) =>
  Effect.scoped(Effect.gen(function*() {
    const { taskId } = first.task
    const woken = yield* Queue.sliding<void>(1)
    let last: Task | undefined
    const tell = (task: Task) => {
      if (last !== undefined && !isNews(last, task)) return
      last = task
      onStatus(redactErrors.task(task, session.redact))
    }
    yield* listen.on(session, ({ method, params }) => {
      if (!statusMethods.includes(method) || !taskResults.isTask(params) || params.taskId !== taskId) return
      tell(taskResults.taskOf(params))
      Queue.offerUnsafe(woken, undefined)
    })
    let askedAt = -Infinity
    // One status is a reason to ask at once, a flood of them is not.
    const pause = Effect.flatMap(
      Clock.currentTimeMillis,
      (now) => Effect.sleep(Math.max(askedAt + shortestPause - now, 0))
    )
    const noteTime = Effect.map(Clock.currentTimeMillis, (now) => {
      askedAt = now
    })
    const ask = ({ pollInterval }: Task) =>
      Effect.raceFirst(Effect.sleep(intervalOf(pollInterval)), Effect.andThen(Queue.take(woken), pause)).pipe(
        Effect.andThen(noteTime),
        Effect.andThen(get(session, taskId, { budget, exactNumbers: options?.exactNumbers ?? false })),
        Effect.retry({ times: 3, while: (error) => !session.hasEnded() && mayPass(error) }),
        Effect.tap((state) => Effect.sync(() => tell(state.task)))
      )
    tell(first.task)
    return yield* session.era === "modern"
      ? modern(session, first, budget, ask, lost)
      : legacy(session, first, budget, ask, lost, options)
  }))

type Ask = (task: Task) => Effect.Effect<taskResults.State, CallError>

const legacy = Effect.fnUntraced(function*(
  session: Session,
  first: taskResults.State,
  budget: Budget,
  ask: Ask,
  lost: Lost,
  options: Numbers | undefined
) {
  let { task } = first
  while (task.status === "working") task = (yield* lost(ask(task))).task
  if (task.status === "cancelled") return yield* cancelled(session, task)
  const fetched = fetch(session, task.taskId, options, budget)
  if (task.status !== "input_required") return yield* fetched
  // A refusal is how the task ended.
  const result = Effect.catchIf(
    fetched,
    ({ reason }) => reason._tag !== "Rejected" && !isFinal(task),
    (error) => lost(Effect.fail(error))
  )
  // What the server asks comes while its result is waited for; how it stands meanwhile is told by asking on.
  const asking = Effect.gen(function*() {
    while (!isFinal(task)) task = (yield* ask(task)).task
    return yield* Effect.never
  })
  return yield* Effect.raceFirst(result, Effect.catch(asking, () => Effect.never))
})

const modern = Effect.fnUntraced(function*(
  session: Session,
  first: taskResults.State,
  budget: Budget,
  ask: Ask,
  lost: Lost
): Effect.fn.Return<CallToolResult, CallError, Scope.Scope> {
  const answered = new Set<string>()
  const unanswered = yield* Deferred.make<never, CallError>()
  // What begins a task says how it stands and no more.
  let state = first.task.status === "completed" && first.result === undefined
    ? yield* lost(ask(first.task))
    : first
  while (!isFinal(state.task)) {
    for (const [key, request] of Object.entries(state.inputRequests ?? {})) {
      if (answered.has(key)) continue
      const refusal = session.questions.charge(budget, 1)
      if (refusal !== undefined) return yield* lost(Effect.fail(asksTooMuch(session, refusal)))
      answered.add(key)
      // As long as the task itself: what it no longer needs to know is taken back.
      yield* reply(session, state.task.taskId, key, request).pipe(
        Effect.catch((error) => Deferred.fail(unanswered, error)),
        Effect.forkScoped({ startImmediately: true })
      )
    }
    state = yield* lost(Effect.raceFirst(ask(state.task), Deferred.await(unanswered)))
  }
  if (state.task.status === "cancelled") return yield* cancelled(session, state.task)
  const { warning, result } = state
  if (result !== undefined) return withWarning(session, { result, ...(warning === undefined ? {} : { warning }) })
  return yield* state.task.status === "failed" ? failed(session, state) : empty(session)
})

const reply = Effect.fnUntraced(function*(
  session: Session,
  taskId: string,
  key: string,
  request: unknown
): Effect.fn.Return<void, CallError> {
  const { method, params } = isRecord(request) ? request : {}
  const answer = yield* session.answer(typeof method === "string" ? method : "", params).pipe(
    Effect.mapError((why) =>
      new CallError({
        server: session.server,
        method: "tasks/update",
        delivery: "not-sent",
        reason: new Unsupported({ description: `the task asks for ${excerpt(method)}, and ${why.message}` })
      })
    )
  )
  yield* session.request("tasks/update", { taskId, inputResponses: { [key]: answer } }, results.any)
})

const rejected = ({ redact, server }: Session, rejection: Rejected) => {
  const error = new CallError({ server, method: "tools/call", delivery: "answered", reason: rejection })
  return Effect.fail(redact === undefined ? error : redactErrors.callError(error, redact))
}

const failed = (session: Session, { error = {}, task }: taskResults.State) => {
  const { code, data, message } = error
  return rejected(
    session,
    new Rejected({
      code: Number.isSafeInteger(code) ? Number(code) : internalError,
      description: typeof message === "string" ? message : task.statusMessage ?? "the task failed and does not say why",
      ...(data === undefined ? {} : { data })
    })
  )
}

const empty = ({ server }: Session) =>
  Effect.fail(
    new CallError({
      server,
      method: "tasks/get",
      delivery: "answered",
      reason: new InvalidResult({ description: "the task is completed and has no result" })
    })
  )

const asksTooMuch = ({ server }: Session, description: string): CallError =>
  new CallError({ server, method: "tasks/get", delivery: "answered", reason: new InvalidResult({ description }) })

const cancelled = (session: Session, { statusMessage }: Task) =>
  rejected(
    session,
    new Rejected({
      code: internalError,
      description: `the task was cancelled${statusMessage === undefined ? "" : `: ${statusMessage}`}`
    })
  )

/** A server that is asked later may answer, unless it has said that there is nothing to ask for. */
const mayPass = ({ reason }: CallError): boolean =>
  reason._tag === "Rejected"
    ? reason.code !== -32602 && reason.code !== requests.methodNotFound
    : reason._tag !== "Unauthorized" && reason._tag !== "Unsupported"

const internalError = -32603

const statusMethods: ReadonlyArray<string> = ["notifications/tasks/status", "notifications/tasks"]

const isFinal = ({ status }: Task): boolean => status === "completed" || status === "failed" || status === "cancelled"

/** An answer to a question that was asked before may tell what is no longer so. */
const isNews = (last: Task, task: Task): boolean =>
  !isFinal(last) && (task.lastUpdatedAt ?? "") >= (last.lastUpdatedAt ?? "") &&
  (task.status !== last.status || task.statusMessage !== last.statusMessage)

/** In milliseconds. A server that says 0 is not asked without pause, one that says 1e999 is asked all the same. */
const intervalOf = (pollInterval = 1000): number => Math.min(Math.max(pollInterval, 50), longestInterval)

/** In milliseconds. */
const longestInterval = 3_600_000

/** In milliseconds, between two `tasks/get` of which the second follows a status that the server sent by itself. */
const shortestPause = 100
