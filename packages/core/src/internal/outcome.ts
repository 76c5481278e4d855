/** How an operation ended, in words that are safe to keep: none that a server or a user has said. */
import * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import { CallError, ConnectionError } from "../McpError.ts"
import { isRecord } from "./json.ts"
import { ended } from "./words.ts"

export interface Outcome {
  /** The error's tag: one of few. */
  readonly tag: string
  /** OpenTelemetry's `error.type`: the code of JSON-RPC where the server gave one. Nothing for an interruption. */
  readonly type?: string
  readonly code?: number
  readonly description: string
  /** In the words of the error. */
  readonly message: string
  readonly exit?: Exit.Exit<unknown, unknown>
}

/** Nothing if it went well. */
export const of = (exit: Exit.Exit<unknown, unknown>): Outcome | undefined => {
  if (Exit.isSuccess(exit)) return isRecord(exit.value) && exit.value["isError"] === true ? toolError : undefined
  const error = Cause.findError(exit.cause)
  if (Result.isSuccess(error)) return ofError(error.success)
  if (Cause.hasInterruptsOnly(exit.cause)) {
    return { tag: "Interrupted", description: "interrupted", message: "interrupted", exit }
  }
  return { tag: "Defect", type: "Defect", description: "a bug", message: Cause.pretty(exit.cause) }
}

/** The end of a span: a failure, also for a tool that answered `isError`. */
export const exit = (
  { description, exit, message, tag }: Outcome,
  capturesContent: boolean
): Exit.Exit<unknown, unknown> => exit ?? Exit.fail({ name: tag, message: capturesContent ? message : description })

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

const toolError: Outcome = {
  tag: "tool_error",
  type: "tool_error",
  description: "the tool answered isError",
  message: "the tool answered isError"
}

const ofError = (error: unknown): Outcome => {
  if (error instanceof CallError) return ofReason(error)
  const tag = isRecord(error) && typeof error["_tag"] === "string" ? error["_tag"] : "_OTHER"
  const message = error instanceof Error ? error.message : tag
  if (!(error instanceof ConnectionError)) return { tag, type: tag, description: tag, message }
  const status = error.status === undefined ? "" : ` (HTTP ${error.status})`
  return { tag, type: tag, description: `no connection: ${error.phase}${ended(error)}${status}`, message }
}

const ofReason = ({ message, reason }: CallError): Outcome => {
  const { _tag: tag } = reason
  switch (reason._tag) {
    case "Rejected":
      return reason.status === undefined
        ? { tag, type: String(reason.code), code: reason.code, description: `JSON-RPC error ${reason.code}`, message }
        : { tag, type: String(reason.status), description: `HTTP ${reason.status}`, message }
    case "Timeout":
    case "TooLarge":
    case "Unauthorized":
      return { tag, type: tag, description: reason.message, message }
    default:
      return { tag, type: tag, description: tag, message }
  }
}
