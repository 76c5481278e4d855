/** What servers ask of us: by requests in the legacy era, in their answers in the modern one. */
import type { ClientCapabilities, CreateMessageRequestParams, JSONRPCRequest } from "@modelcontextprotocol/client"
import * as Data from "effect/Data"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { Elicitation, type ElicitationRequest, type ElicitationResult } from "../Elicitation.ts"
import type { RequestId } from "../Protocol.ts"
import { Roots } from "../Roots.ts"
import { defaultTimeout, Sampling } from "../Sampling.ts"
import type { Connection } from "./connection.ts"
import * as form from "./form.ts"
import * as formSchema from "./formSchema.ts"
import { excerpt, isRecord, text } from "./json.ts"
import type { Outcome } from "./jsonRpc.ts"
import * as pageUrl from "./pageUrl.ts"
import { PersonTime } from "./personTime.ts"
import type { Budget, Questions } from "./questions.ts"
import type { Telemetry } from "./telemetry.ts"
import type { Waiting } from "./waiting.ts"

type Connected = Pick<Connection, "ended" | "era" | "notify" | "warn">

/** The calls in which a server may ask. */
export interface Calls {
  /** Of those in flight, the budget of the call with the fewest questions: no request says which call it belongs to. */
  leastAsked(): Budget | undefined
  readonly lastBudget: Budget
}

/** Why there is no answer, as the server is told. */
export class Refusal extends Data.TaggedError("Refusal")<{
  readonly code: number
  readonly message: string
  /** Nobody here answers such requests. */
  readonly isUnknown?: boolean
}> {}

export const make = Effect.fnUntraced(function*(
  server: string,
  waiting: Waiting,
  telemetry: Telemetry,
  questions: Questions
): Effect.fn.Return<ServerRequests> {
  return new ServerRequests(server, waiting, telemetry, questions, {
    roots: Option.getOrUndefined(yield* Effect.serviceOption(Roots)),
    sampling: Option.getOrUndefined(yield* Effect.serviceOption(Sampling)),
    elicitation: Option.getOrUndefined(yield* Effect.serviceOption(Elicitation))
  })
})

export class ServerRequests {
  readonly questions: Questions
  readonly #server: string
  readonly #waiting: Waiting
  readonly #telemetry: Telemetry
  readonly #services: Services
  readonly #connected = Deferred.makeUnsafe<Connected>()
  #handlers: ReadonlyMap<string, Handler> | undefined
  #asked: Map<RequestId, Fiber.Fiber<void>> | undefined
  #isOver = false

  constructor(server: string, waiting: Waiting, telemetry: Telemetry, questions: Questions, services: Services) {
    this.questions = questions
    this.#server = server
    this.#waiting = waiting
    this.#telemetry = telemetry
    this.#services = services
  }

  get capabilities(): ClientCapabilities {
    const { elicitation, roots, sampling } = this.#services
    const modes = elicitation?.modes ?? []
    return {
      ...(roots === undefined ? {} : { roots: { listChanged: true } }),
      ...(sampling === undefined ? {} : { sampling: sampling.tools === true ? { tools: {} } : {} }),
      // Without a mode it would mean forms.
      ...(modes.length === 0 ? {} : { elicitation: Object.fromEntries(modes.map((mode) => [mode, {}])) })
    }
  }

  /**
   * Answers a request, in its own time; at once where there are too many. One that comes between calls counts for the
   * last; a list of roots costs nobody anything then, and a server may want it whenever the roots have changed.
   */
  receive(
    { id, method, params }: JSONRPCRequest,
    respond: (outcome: Outcome) => void,
    calls: Calls
  ): void {
    const handler = this.#handler(method)
    if (handler === undefined) return respond({ error: { code: methodNotFound, message: "Method not found" } })
    if (this.#isOver) return
    const budget = calls.leastAsked() ?? (method === "roots/list" ? undefined : calls.lastBudget)
    const refusal = this.questions.enter(budget)
    if (refusal !== undefined) return respond({ error: { code: busy, message: refusal } })
    const asked = this.#asked ??= new Map()
    asked.get(id)?.interruptUnsafe()
    let isOpen = true
    const leave = () => {
      if (isOpen) this.questions.leave()
      isOpen = false
    }
    // There is room again before the server hears of it: it may ask the next at once.
    const answer = (outcome: Outcome) => {
      leave()
      respond(outcome)
    }
    const fiber = this.#waiting.run(
      Effect.match(Effect.andThen(Deferred.await(this.#connected), handler(params ?? {})), {
        onFailure: ({ code, message }) => answer({ error: { code, message } }),
        onSuccess: (result) => answer({ result })
      })
    )
    asked.set(id, fiber)
    fiber.addObserver(() => {
      leave()
      if (asked.get(id) === fiber) asked.delete(id)
    })
  }

  /** The server does not want to know any more. */
  cancel(id: unknown): void {
    if (typeof id === "string" || typeof id === "number") this.#asked?.get(id)?.interruptUnsafe()
  }

  /** What the same handlers say to a request that came by another way. */
  answer(method: string, asked: unknown = {}): Reply {
    const handler = this.#handler(method)
    return handler === undefined ? Effect.fail(unknown) : inTurn(this.questions, handler(asked))
  }

  afterConnect(connection: Connected): Effect.Effect<void, never, Scope.Scope> {
    return Effect.suspend(() => {
      Deferred.doneUnsafe(this.#connected, Exit.succeed(connection))
      const { roots } = this.#services
      if (roots === undefined || connection.era === "modern") return Effect.void
      return roots.changes.pipe(
        Stream.runForEach(() => Effect.ignore(connection.notify("notifications/roots/list_changed"))),
        Effect.raceFirst(connection.ended),
        Effect.forkScoped({ startImmediately: true })
      )
    })
  }

  /** Nobody is there any more to be answered. */
  get end(): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.#isOver = true
      return this.#asked === undefined ? Effect.void : Fiber.interruptAll([...this.#asked.values()])
    })
  }

  #handler(method: string): Handler | undefined {
    this.#handlers ??= handlersOf(this.#server, this.#services, {
      connected: Deferred.await(this.#connected),
      waiting: this.#waiting,
      telemetry: this.#telemetry
    })
    return this.#handlers.get(method)
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

interface Services {
  readonly roots: Roots["Service"] | undefined
  readonly sampling: Sampling["Service"] | undefined
  readonly elicitation: Elicitation["Service"] | undefined
}

const handlersOf = (
  server: string,
  { elicitation, roots, sampling }: Services,
  { connected, telemetry, waiting }: {
    readonly connected: Effect.Effect<Connected>
    readonly waiting: Waiting
    readonly telemetry: Telemetry
  }
): ReadonlyMap<string, Handler> => {
  const modes = elicitation?.modes ?? []

  const warn = (description: string) => Effect.map(connected, (connection) => connection.warn(description))

  /** Nobody is there any more to be answered. */
  const gone = connected.pipe(
    Effect.flatMap(({ ended }) => ended),
    Effect.andThen(refuse(internalError, "Connection closed"))
  )

  const fitting = Effect.fnUntraced(function*(request: ElicitationRequest, result: ElicitationResult) {
    if (result.action !== "accept") return { action: result.action }
    if (request._tag === "Url") return { action: result.action }
    const content = result.content ?? {}
    const issues = form.formIssues(request.requestedSchema, content)
    if (issues.length === 0) return { action: result.action, content }
    yield* warn(
      `the answer to ${excerpt(request.message)} of "${server}" was not sent, because ${issues.join(" and ")}; ` +
        "the server was told cancel"
    )
    return { action: "cancel" }
  })

  /** A model may hang, and the call's own clock does not end what it asked for. */
  const inTime = (timeout: Duration.Duration, reply: Reply): Reply =>
    Effect.suspend(() => {
      const own = waiting.another()
      const after = Duration.format(timeout)
      return reply.pipe(
        own.timeoutOrElse({
          deadline: own.deadline(Duration.toMillis(timeout)),
          orElse: () =>
            Effect.andThen(
              warn(`sampling for "${server}" was ended after ${after}, the \`timeout\` of Sampling`),
              refuse(timedOut, `no answer within ${after}`)
            )
        }),
        Effect.provideService(PersonTime, { during: (effect) => waiting.during(own.during(effect)) }),
        Effect.ensuring(Effect.sync(() => own.stop()))
      )
    })

  const handlers = new Map<string, Handler>()
  const handle = <A>(method: string, is: (value: unknown) => value is A, reply: (asked: A) => Reply) => {
    handlers.set(
      method,
      (asked) =>
        Effect.suspend(() => is(asked) ? reply(asked) : refuse(invalidParams, "not what the specification says")).pipe(
          Effect.catchDefect((defect) =>
            Effect.andThen(
              warn(`${method} of "${server}" was refused, because our handler of it is broken: ${text(defect)}`),
              refuse(internalError, "Internal error")
            )
          ),
          Effect.raceFirst(gone),
          telemetry.serving(method, asked)
        )
    )
  }

  if (roots !== undefined) {
    handle("roots/list", isRecord, () => Effect.map(roots.list, (list) => ({ roots: [...list] })))
  }
  if (sampling !== undefined) {
    handle(
      "sampling/createMessage",
      isSampling,
      (asked) =>
        sampling.tools !== true && (asked.tools !== undefined || asked.toolChoice !== undefined)
          ? refuse(invalidParams, "Client does not support tools in sampling")
          : inTime(
            Duration.fromInputUnsafe(sampling.timeout ?? defaultTimeout),
            Effect.mapError(
              Effect.map(sampling.createMessage({ ...asked, server }), (result) => ({ ...result })),
              (rejected) => new Refusal({ code: rejected.code ?? userRejected, message: rejected.message })
            )
          )
    )
  }
  if (elicitation !== undefined && modes.length > 0) {
    handle("elicitation/create", isRecord, (asked) => {
      const mode = asked["mode"] ?? "form"
      if (!modes.some((offered) => offered === mode)) {
        const name = excerpt(mode, 50).replaceAll("\"", "")
        return refuse(invalidParams, `Client does not support ${name}-mode elicitation requests`)
      }
      const read = elicitationOf(server, asked)
      const question = `the question ${excerpt(asked["message"])}`
      if (Result.isFailure(read)) {
        return Effect.andThen(
          warn(
            `${question} was refused, because ${read.failure}: ${excerpt(asked["url"] ?? asked["requestedSchema"])}`
          ),
          refuse(invalidParams, `the elicitation request is not valid: ${read.failure}`)
        )
      }
      const { request, warnings } = read.success
      return Effect.forEach(warnings, (warning) => warn(`${question}: ${warning}`)).pipe(
        Effect.andThen(waiting.during(elicitation.elicit(request))),
        Effect.flatMap((result) => fitting(request, result))
      )
    })
  }
  return handlers
}

/** Waits for its turn, because there is no way to refuse what is asked in a result but to fail the call. */
const inTurn = (questions: Questions, reply: Reply): Reply =>
  Effect.uninterruptibleMask((restore) => {
    const freed = Effect.callback<void>((resume) => Effect.sync(questions.whenClosed(() => resume(Effect.void))))
    const begin: Reply = Effect.suspend(() => {
      if (!questions.hasRoom()) return Effect.andThen(restore(freed), begin)
      questions.enter(undefined)
      return Effect.ensuring(restore(reply), Effect.sync(() => questions.leave()))
    })
    return begin
  })

type Reply = Effect.Effect<Record<string, unknown>, Refusal>

type Handler = (asked: unknown) => Reply

/** The SDK's code for a request without an answer in time. */
const timedOut = -32001

const busy = -32000

const methodNotFound = -32601

const invalidParams = -32602

const internalError = -32603

/** The specification's code for a user who said no to sampling. */
const userRejected = -1

const refuse = (code: number, message: string) => Effect.fail(new Refusal({ code, message }))

const unknown = new Refusal({ code: methodNotFound, message: "nobody here answers that", isUnknown: true })

const isSampling = (value: unknown): value is CreateMessageRequestParams =>
  isRecord(value) && typeof value["maxTokens"] === "number" && Array.isArray(value["messages"]) &&
  value["messages"].every(isSamplingMessage)

const isSamplingMessage = (value: unknown): boolean =>
  isRecord(value) && (value["role"] === "user" || value["role"] === "assistant") &&
  (Array.isArray(value["content"]) ? value["content"].every(isContent) : isContent(value["content"]))

const isContent = (value: unknown): boolean => isRecord(value) && typeof value["type"] === "string"

interface Asked {
  readonly request: ElicitationRequest
  readonly warnings: ReadonlyArray<string>
}

/** No mode is the form. */
const elicitationOf = (
  server: string,
  asked: Readonly<Record<string, unknown>>
): Result.Result<Asked, string> => {
  const { message, ...others } = formSchema.withoutNulls(asked)
  if (typeof message !== "string") return Result.fail("it has no message")
  if (others["mode"] !== "url") {
    return Result.map(
      formSchema.read(others["requestedSchema"]),
      ({ form, warnings }) => ({
        request: { ...others, _tag: "Form", server, message, requestedSchema: form },
        warnings
      })
    )
  }
  const { elicitationId, url, ...more } = others
  const id = typeof elicitationId === "string" ? { elicitationId } : {}
  return Result.mapBoth(pageUrl.read(url), {
    onFailure: (issue) => `its url ${issue}`,
    onSuccess: (href) => ({ request: { ...more, _tag: "Url", server, message, url: href, ...id }, warnings: [] })
  })
}
