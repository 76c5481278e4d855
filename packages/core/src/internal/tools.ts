/** The tools of one session: list, call, call with progress. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { type CallError, InvalidStructuredContent, ToolFailed, ToolNotFound } from "../McpError.ts"
import type { CallEvent, CallOptions, McpSession } from "../McpSession.ts"
import type { CallToolResult, Tool } from "../Protocol.ts"
import type { Task } from "../Task.ts"
import * as Bounded from "./bounded.ts"
import * as Definitions from "./definitions.ts"
import * as listen from "./listen.ts"
import * as paramHeaders from "./paramHeaders.ts"
import type { Fate, Session } from "./session.ts"
import * as taskResults from "./taskResults.ts"
import * as tasks from "./tasks.ts"
import * as urlElicitation from "./urlElicitation.ts"

type Contract = McpSession["Service"]

export class Tools {
  readonly #session: Session
  readonly #definitions: Definitions.Definitions
  #lastToken = 0

  constructor(session: Session) {
    this.#session = session
    this.#definitions = new Definitions.Definitions(session)
  }

  get listTools(): Contract["listTools"] {
    return this.#definitions.list
  }

  get callTool(): Contract["callTool"] {
    return (name, args, options) => this.#call(name, args, options, ignore)
  }

  get callToolOrFail(): Contract["callToolOrFail"] {
    return (name, args, options) =>
      Effect.flatMap(
        this.#call(name, args, options, ignore),
        (result): Effect.Effect<CallToolResult, ToolFailed> =>
          result.isError === true
            ? Effect.fail(new ToolFailed({ server: this.#session.server, tool: name, text: textOf(result), result }))
            : Effect.succeed(result)
      )
  }

  get callToolStream(): Contract["callToolStream"] {
    return (name, args, options) =>
      Bounded.stream<CallEvent, CallFailure, Scope.Scope>(
        lostEvent,
        (offer) =>
          Effect.gen({ self: this }, function*() {
            const token = `umcp-${++this.#lastToken}`
            yield* listen.on(this.#session, ({ method, params = {} }) => {
              const event = method === "notifications/message"
                ? logEvent(params)
                : method === "notifications/progress" && params["progressToken"] === token
                ? progressEvent(params)
                : undefined
              if (event !== undefined) offer(event)
            })
            const withToken = { ...options, meta: { ...options?.meta, progressToken: token } }
            const result = yield* this.#call(name, args, withToken, (task) => offer({ _tag: "Task", task }))
            offer({ _tag: "Result", result })
          })
      )
  }

  #call(
    name: string,
    args: Arguments,
    options: CallOptions | undefined,
    onStatus: (task: Task) => void
  ): Effect.Effect<CallToolResult, CallFailure> {
    return Effect.suspend(() => {
      const call: Call = { name, args, options, onStatus, fate: this.#session.fate(options?.timeout) }
      const sent = this.#takesTasks()
        ? Effect.andThen(this.#definitions.learn, Effect.suspend(() => this.#send(call)))
        : this.#send(call)
      return this.#session.telemetry.once(
        "tools/call",
        { tool: name, arguments: args },
        Effect.matchEffect(sent, {
          onFailure: (error) => Effect.flatMap(this.#recover(call, error), (outcome) => this.#read(call, outcome)),
          onSuccess: (outcome) => this.#read(call, outcome)
        })
      )
    })
  }

  #takesTasks(): boolean {
    return this.#session.era === "legacy" && this.#session.capabilities.tasks?.requests?.tools?.call !== undefined
  }

  /** Servers say "unknown tool" in many ways; their list says it in one. Costs nothing while calls succeed. */
  #failIfUnknown(
    tool: string,
    refusal: { readonly text: string; readonly result?: CallToolResult },
    timeout: Duration.Input = Definitions.longestLook
  ): Effect.Effect<void, ToolNotFound> {
    const definitions = this.#definitions
    return definitions.names.has(tool) ? Effect.void : definitions.list.pipe(
      Effect.timeout(Duration.min(Definitions.longestLook, Duration.fromInputUnsafe(timeout))),
      Effect.ignore,
      Effect.flatMap(() => {
        const { names } = definitions
        return names.size === 0 || names.has(tool)
          ? Effect.void
          : Effect.fail(ToolNotFound.among(this.#session.server, tool, names.keys(), refusal))
      })
    )
  }

  #send({ args, fate, name, options }: Call): Effect.Effect<taskResults.Called, CallError> {
    const headers = this.#definitions.headersOf(name)
    const params = {
      name,
      ...(args === undefined ? undefined : { arguments: args }),
      ...(this.#takesTasks() ? taskParams(this.#definitions.get(name), options?.task) : undefined),
      ...(options?.meta === undefined ? undefined : { _meta: options.meta })
    }
    return this.#session.request("tools/call", params, taskResults.called, {
      isRepeatable: options?.idempotent ?? Effect.suspend(() => this.#definitions.isRepeatable(name)),
      whileReconnecting: options?.whileReconnecting,
      exactNumbers: options?.exactNumbers ?? false,
      fate,
      headers: headers && paramHeaders.of(headers, args)
    })
  }

  #recover(call: Call, error: CallError): Effect.Effect<taskResults.Called, CallError | ToolNotFound> {
    const again = Effect.suspend(() => this.#send(call))
    // What the server refuses until it gets what it wants; its list says which headers it wants.
    const repeated = this.#session.hasHttpHeaders && codeOf(error) === headerMismatch
      ? Effect.matchEffect(this.#definitions.list, { onFailure: () => Effect.fail(error), onSuccess: () => again })
      : urlElicitation.ask(this.#session, error, call.fate, again)
    return Effect.tapError(repeated, ({ reason }) =>
      reason._tag === "Rejected"
        ? this.#failIfUnknown(call.name, { text: reason.description }, call.options?.timeout)
        : Effect.void)
  }

  #check(name: string, result: CallToolResult): Effect.Effect<CallToolResult, InvalidStructuredContent> {
    return Effect.flatMap(
      this.#definitions.issues(name, result),
      (issues) =>
        issues.length === 0 ? Effect.succeed(result) : Effect.fail(
          new InvalidStructuredContent({
            server: this.#session.server,
            tool: name,
            issues,
            result,
            hint: invalidHint
          })
        )
    )
  }

  #read(call: Call, outcome: taskResults.Called): Effect.Effect<CallToolResult, CallFailure> {
    const { fate, name, onStatus, options } = call
    const session = this.#session
    if (outcome._tag === "Task") {
      const run = session.within("tools/call", fate, tasks.run(session, outcome.state, fate, onStatus, options))
      return Effect.flatMap(
        run,
        (result) => result.isError === true ? Effect.succeed(result) : this.#check(name, result)
      )
    }
    const { warning, result } = outcome
    if (warning !== undefined) session.warn(`tool "${name}": ${warning}`)
    if (result.isError !== true) {
      return this.#definitions.isPlain(name, result) ? Effect.succeed(result) : this.#check(name, result)
    }
    return Effect.as(this.#failIfUnknown(name, { text: textOf(result), result }, options?.timeout), result)
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

type Arguments = Readonly<Record<string, unknown>> | undefined

interface Call {
  readonly name: string
  readonly args: Arguments
  readonly options: CallOptions | undefined
  readonly fate: Fate
  readonly onStatus: (task: Task) => void
}

type CallFailure = CallError | ToolNotFound | InvalidStructuredContent

const ignore = () => {}

const codeOf = ({ reason }: CallError): number | undefined => reason._tag === "Rejected" ? reason.code : undefined

/** HeaderMismatch. */
const headerMismatch = -32020

const invalidHint =
  "what the tool answered is in `result`; tell the server's author that it breaks its own outputSchema"

/** A tool that forbids tasks, or does not speak of them, must not be called as one. */
const taskParams = (tool: Tool | undefined, wanted: CallOptions["task"]) => {
  const support = tool?.execution?.taskSupport
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

const lostEvent = (count: number): CallEvent => ({ _tag: "Lost", count })

const textOf = (result: CallToolResult): string => {
  const text = result.content.flatMap((block) => block.type === "text" ? [block.text] : []).join(" ").trim()
  return text === "" ? "it gave no reason" : text
}
