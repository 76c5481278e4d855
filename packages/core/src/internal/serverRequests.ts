/**
 * What servers ask of us, as the SDK's request handlers: the same serve the requests of the legacy era and, through the
 * SDK, the multi-round-trip results of the modern one.
 */
import {
  Client,
  type ClientCapabilities,
  type ClientContext,
  type CreateMessageRequestParams,
  type JSONRPCRequest,
  ProtocolError,
  ProtocolErrorCode,
  type Result,
  SdkError,
  SdkErrorCode,
  type StandardSchemaV1
} from "@modelcontextprotocol/client"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import * as Option from "effect/Option"
import * as EffectResult from "effect/Result"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { Elicitation, type ElicitationRequest, type ElicitationResult } from "../Elicitation.ts"
import { Roots } from "../Roots.ts"
import { Sampling } from "../Sampling.ts"
import type { Connection } from "./connection.ts"
import * as form from "./form.ts"
import { excerpt, isRecord } from "./guard.ts"
import type { Telemetry } from "./telemetry.ts"
import type { Waiting } from "./waiting.ts"

export interface ServerRequests {
  readonly capabilities: ClientCapabilities
  readonly register: (client: Client) => void
  /** What the same handlers say to a request that came by another way; fails with why there is no answer. */
  readonly answer: (method: string, params: unknown) => Effect.Effect<Result, string>
  readonly afterConnect: (connection: Connected) => Effect.Effect<void, never, Scope.Scope>
}

type Connected = Pick<Connection, "ended" | "era" | "notify" | "warn">

/** The SDK would check forms before us, and refuse them whole and at length for a null. */
export class AskedClient extends Client {
  protected override _wrapHandler(method: string, handler: SdkHandler): SdkHandler {
    return method === "elicitation/create" ? handler : super._wrapHandler(method, handler)
  }
}

type SdkHandler = (request: JSONRPCRequest, context: ClientContext) => Promise<Result>

export const make = Effect.fnUntraced(function*(
  server: string,
  waiting: Waiting,
  telemetry: Telemetry
): Effect.fn.Return<ServerRequests, never, Scope.Scope> {
  const roots = Option.getOrUndefined(yield* Effect.serviceOption(Roots))
  const sampling = Option.getOrUndefined(yield* Effect.serviceOption(Sampling))
  const elicitation = Option.getOrUndefined(yield* Effect.serviceOption(Elicitation))
  const modes = elicitation?.modes ?? []
  const connected = yield* Deferred.make<Connected>()
  const run = yield* FiberSet.makeRuntimePromise()

  const warn = (description: string) =>
    Effect.map(Deferred.await(connected), (connection) => connection.warn(description))

  /** The SDK's signal tells of a server that took its request back; only we can tell a modern one's end. */
  const gone = Deferred.await(connected).pipe(
    Effect.flatMap(({ ended }) => ended),
    Effect.andThen(Effect.fail(new SdkError(SdkErrorCode.ConnectionClosed, "Connection closed")))
  )

  const fitting = Effect.fnUntraced(function*(request: ElicitationRequest, result: ElicitationResult) {
    if (result.action !== "accept") return { action: result.action }
    if (request._tag === "Url") return { action: result.action }
    const content = result.content ?? {}
    const issues = form.formIssues(request.requestedSchema, content)
    if (issues.length === 0) return { action: result.action, content }
    yield* warn(
      `the answer to "${request.message}" of "${server}" was not sent, because ${issues.join(" and ")}; ` +
        "the server was told cancel"
    )
    return { action: "cancel" }
  })

  const handlers = new Map<string, Handler>()
  const handle = <A>(method: string, is: (value: unknown) => value is A, reply: (asked: A) => Reply<ProtocolError>) => {
    handlers.set(method, (asked) =>
      waiting.during(
        Effect.suspend(() => is(asked) ? reply(asked) : refuse("not what the specification says"))
      ).pipe(
        Effect.catchDefect((defect) =>
          Effect.andThen(
            warn(`${method} of "${server}" was refused, because our handler of it is broken: ${String(defect)}`),
            Effect.fail(new ProtocolError(ProtocolErrorCode.InternalError, "Internal error"))
          )
        ),
        Effect.raceFirst(gone),
        telemetry.serving(method, asked)
      ))
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
          ? refuse("Client does not support tools in sampling")
          : Effect.mapError(
            sampling.createMessage({ ...asked, server }),
            (rejected) => new ProtocolError(rejected.code ?? userRejected, rejected.message)
          )
    )
  }
  if (elicitation !== undefined && modes.length > 0) {
    handle("elicitation/create", isRecord, (asked) => {
      const mode = asked["mode"] ?? "form"
      if (!modes.some((offered) => offered === mode)) {
        return refuse(`Client does not support ${excerpt(mode, 50).replaceAll("\"", "")}-mode elicitation requests`)
      }
      const request = elicitationOf(server, asked)
      return EffectResult.isFailure(request)
        ? refuse(`the elicitation request is not valid: ${request.failure}`)
        : Effect.flatMap(elicitation.elicit(request.success), (result) => fitting(request.success, result))
    })
  }

  const capabilities: ClientCapabilities = {
    ...(roots === undefined ? {} : { roots: { listChanged: true } }),
    ...(sampling === undefined ? {} : { sampling: sampling.tools === true ? { tools: {} } : {} }),
    // Without a mode it would mean forms.
    ...(modes.length === 0 ? {} : { elicitation: Object.fromEntries(modes.map((mode) => [mode, {}])) })
  }

  return {
    capabilities,
    register: (client) => {
      for (const [method, handler] of handlers) {
        client.setRequestHandler(
          method,
          { params: anything },
          (asked, { mcpReq }) => run(handler(asked), { signal: mcpReq.signal })
        )
      }
    },
    answer: (method, asked = {}) =>
      Effect.mapError(handlers.get(method)?.(asked) ?? refuse("nobody here answers that"), (error) => error.message),
    afterConnect: Effect.fnUntraced(function*(connection) {
      yield* Deferred.succeed(connected, connection)
      if (roots === undefined || connection.era === "modern") return
      yield* roots.changes.pipe(
        Stream.runForEach(() => Effect.ignore(connection.notify("notifications/roots/list_changed"))),
        Effect.raceFirst(connection.ended),
        Effect.forkScoped({ startImmediately: true })
      )
    })
  }
})

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

type Reply<E> = Effect.Effect<Result, E>

type Handler = (asked: unknown) => Reply<ProtocolError | SdkError>

/** The specification's code for a user who said no to sampling. */
const userRejected = -1

const refuse = (description: string) => Effect.fail(new ProtocolError(ProtocolErrorCode.InvalidParams, description))

/** Keeps keys that the SDK does not know. It has checked the others already, against the revision that is spoken. */
const anything: StandardSchemaV1<unknown, unknown> = {
  "~standard": { version: 1, vendor: "universal-mcp", validate: (value) => ({ value }) }
}

const isSampling = (value: unknown): value is CreateMessageRequestParams =>
  isRecord(value) && Array.isArray(value["messages"])

/** No mode is the form. */
const elicitationOf = (
  server: string,
  asked: Readonly<Record<string, unknown>>
): EffectResult.Result<ElicitationRequest, string> => {
  const { message, ...others } = form.withoutNulls(asked)
  if (typeof message !== "string") return EffectResult.fail("it has no message")
  if (others["mode"] !== "url") {
    return EffectResult.map(
      form.read(others["requestedSchema"]),
      (requestedSchema) => ({ ...others, _tag: "Form", server, message, requestedSchema })
    )
  }
  const { elicitationId, url, ...more } = others
  if (typeof url !== "string" || !URL.canParse(url)) return EffectResult.fail("its url is not one")
  const id = typeof elicitationId === "string" ? { elicitationId } : {}
  return EffectResult.succeed({ ...more, _tag: "Url", server, message, url, ...id })
}
