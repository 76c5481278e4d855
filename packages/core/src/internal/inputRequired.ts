/**
 * Results that ask for input: it is given, and the request sent again with it, until there is a result. Specification:
 * 2026-07-28, Multi Round-Trip Requests.
 */
import * as Effect from "effect/Effect"
import type { CallError } from "../McpError.ts"
import { InvalidResult, Rejected, Unsupported } from "../McpError.ts"
import { TransportError } from "../McpTransport.ts"
import { excerpt, isRecord } from "./json.ts"
import type { ServerRequests } from "./serverRequests.ts"

type Result = Readonly<Record<string, unknown>>

export interface Options {
  readonly answer: ServerRequests["answer"]
  /** Why so many more questions are too many, if they are. */
  readonly charge: (count: number) => string | undefined
  /** Fails what takes longer than the call may. */
  readonly within: <A>(effect: Effect.Effect<A, CallError>) => Effect.Effect<A, CallError>
  /** Sends the request again, with more parameters. */
  readonly again: (more: Record<string, unknown>) => Effect.Effect<Result, CallError>
  /** What the request fails with. */
  readonly failed: (why: TransportError) => CallError
}

export const isQuestion = (result: Result): boolean => result["resultType"] === "input_required"

export const fulfil = Effect.fnUntraced(function*(
  first: Result,
  { again, answer, charge, failed, within }: Options
): Effect.fn.Return<Result, CallError> {
  let result = first
  for (let round = 1; isQuestion(result); round++) {
    if (round > mostRounds) return yield* failed(invalid(`it still requires input after ${mostRounds} rounds`))
    const { inputRequests, requestState } = result
    const asked = isRecord(inputRequests) ? Object.entries(inputRequests) : []
    if (asked.length === 0) {
      if (typeof requestState !== "string") return yield* failed(invalid("it requires input, and does not say which"))
      // The server just wants to be asked later.
      yield* within(Effect.sleep(pause))
    }
    const refusal = charge(asked.length)
    if (refusal !== undefined) return yield* failed(invalid(refusal))
    const answers = yield* Effect.forEach(
      asked,
      ([key, request]) => Effect.map(reply(key, request, answer), (given) => [key, given] as const),
      { concurrency: "unbounded" }
    ).pipe(Effect.mapError(failed), within)
    result = yield* again({
      ...(answers.length === 0 ? {} : { inputResponses: Object.fromEntries(answers) }),
      ...(typeof requestState === "string" ? { requestState } : {})
    })
  }
  return result
})

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

const mostRounds = 10

const pause = "250 millis"

/** What may be asked for in a result. */
const kinds: ReadonlyArray<string> = ["elicitation/create", "roots/list", "sampling/createMessage"]

const reply = (
  key: string,
  request: unknown,
  answer: ServerRequests["answer"]
): Effect.Effect<unknown, TransportError> => {
  const { method, params } = isRecord(request) ? request : {}
  if (typeof method !== "string" || !kinds.includes(method)) {
    return Effect.fail(
      invalid(`it requires as input ${JSON.stringify(key)} what cannot be asked for: ${excerpt(method)}`)
    )
  }
  return Effect.mapError(answer(method, isRecord(params) ? params : {}), (refusal) =>
    answered(
      refusal.isUnknown
        ? new Unsupported({ description: `it needs ${method}, which nobody here provides` })
        : new Rejected({ code: refusal.code, description: refusal.message })
    ))
}

const invalid = (description: string): TransportError => answered(new InvalidResult({ description }))

const answered = (reason: TransportError["reason"]): TransportError =>
  new TransportError({ phase: "negotiate", delivery: "answered", reason })
