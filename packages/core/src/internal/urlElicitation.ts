/**
 * Calls that are refused until the user has been somewhere. Specification: 2025-11-25, Elicitation, URL Elicitation
 * Required Error.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { CallError } from "../McpError.ts"
import { isRecord } from "./json.ts"
import type { Budget } from "./questions.ts"
import type { Session } from "./session.ts"

/** Shows the user what a refused call asks for, one after the other, and repeats it once where all is accepted. */
export const ask = <A>(
  session: Pick<Session, "answer" | "questions">,
  refused: CallError,
  budget: Budget,
  again: Effect.Effect<A, CallError>
): Effect.Effect<A, CallError> => {
  const elicitations = elicitationsOf(refused)
  return elicitations.length === 0 || session.questions.charge(budget, elicitations.length) !== undefined
    ? Effect.fail(refused)
    : Effect.flatMap(accepted(session, elicitations), (all) => all ? again : Effect.fail(refused))
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

const urlElicitationRequired = -32042

const elicitationsOf = ({ reason }: CallError): ReadonlyArray<unknown> => {
  const data = reason._tag === "Rejected" && reason.code === urlElicitationRequired ? reason.data : undefined
  return isRecord(data) && Array.isArray(data["elicitations"]) ? data["elicitations"] : []
}

const accepted = Effect.fnUntraced(function*(
  session: Pick<Session, "answer">,
  elicitations: ReadonlyArray<unknown>
): Effect.fn.Return<boolean> {
  for (const elicitation of elicitations) {
    // A form has no place here: what it was filled in with would go nowhere.
    if (!isRecord(elicitation) || elicitation["mode"] !== undefined && elicitation["mode"] !== "url") return false
    const answer = yield* Effect.result(session.answer("elicitation/create", { ...elicitation, mode: "url" }))
    if (Result.isFailure(answer) || answer.success["action"] !== "accept") return false
  }
  return true
})
