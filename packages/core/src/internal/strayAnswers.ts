/**
 * Answers under no id of ours. Servers that are written by hand also answer notifications, cancellations and our own
 * answers, with `null`, `0` or nothing for the id: such an answer says nothing of the request that waits.
 */
import type { RequestId } from "@modelcontextprotocol/client"
import { TransportError } from "../McpTransport.ts"
import { isRecord } from "./json.ts"

export class StrayAnswers {
  /** Whether we sent what asks for no answer, and may get one all the same. */
  sentOther = false
  /** Ids of the server's own requests that we answered, the oldest first. */
  #answered: Set<RequestId> | undefined

  responded(id: RequestId): void {
    this.sentOther = true
    const answered = this.#answered ??= new Set()
    answered.add(id)
    if (answered.size > mostAnswered) { for (const oldest of answered) return void answered.delete(oldest) }
  }

  /** Whether this may be the answer to a request with this method, if it is the only one that waits. */
  mayAnswer(method: string, message: Readonly<Record<string, unknown>>): boolean {
    const { id } = message
    if (isId(id) && this.#answered?.delete(id) === true) return false
    return !this.sentOther || isTelling(method, message)
  }
}

/** Whether this is what servers say of a message that is no request to them, and no result of this method. */
export const isRefusal = (method: string, { error, result }: Readonly<Record<string, unknown>>): boolean =>
  isRecord(error) ? noSuch.has(error["code"]) : !fits(method, result)

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

/** A server may ask for signs of life as long as the session lasts. */
const mostAnswered = 64

/** Whether it would make no sense as the answer to anything but a request. */
const isTelling = (method: string, { error, id, result }: Readonly<Record<string, unknown>>): boolean => {
  if (!isRecord(error)) return members[method] !== undefined && fits(method, result)
  const { code, data } = error
  return data instanceof TransportError || code === parseError || isId(id) && !empties.has(id) && !noSuch.has(code)
}

/** Here JSON-RPC itself leaves out the id. */
const parseError = -32700

/** What is said of a message that is no request, or none that is known. */
const noSuch: ReadonlySet<unknown> = new Set([-32600, -32601])

/** What an id that is not there becomes in many languages. */
const empties: ReadonlySet<RequestId> = new Set([
  0,
  -1,
  "",
  "0",
  "-1",
  "null",
  "undefined",
  "None",
  "nil",
  "<nil>",
  "NaN"
])

const fits = (method: string, result: unknown): boolean => {
  const known = members[method]
  return known === undefined || isRecord(result) && ("resultType" in result || known.some((member) => member in result))
}

/** One of these is in each result. */
const members: Readonly<Record<string, ReadonlyArray<string>>> = {
  "completion/complete": ["completion"],
  "initialize": ["protocolVersion"],
  "prompts/get": ["messages"],
  "prompts/list": ["prompts"],
  "resources/list": ["resources"],
  "resources/read": ["contents"],
  "resources/templates/list": ["resourceTemplates"],
  "server/discover": ["supportedVersions"],
  "tools/call": ["content", "structuredContent", "toolResult", "task"],
  "tools/list": ["tools"]
}

const isId = (id: unknown): id is RequestId => typeof id === "string" || typeof id === "number"
