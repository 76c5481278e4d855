/**
 * Answers under no id of ours. Servers that are written by hand also answer notifications, cancellations and our own
 * answers, with `null`, `0` or nothing for the id: such an answer says nothing of the request that waits.
 */
import type { RequestId } from "@modelcontextprotocol/client"
import { TransportError } from "../McpTransport.ts"
import { isRecord } from "./json.ts"

export class StrayAnswers {
  /** Messages that a server may have answered though they ask for nothing, less the stray answers so far. */
  #unanswered = 0
  /** Ids of the server's own requests that we answered, the oldest first. */
  #echoes: Set<RequestId> | undefined

  notified(): void {
    this.#unanswered++
  }

  responded(id: RequestId): void {
    this.#unanswered++
    const echoes = this.#echoes ??= new Set()
    echoes.add(id)
    if (echoes.size > mostEchoes) { for (const oldest of echoes) return void echoes.delete(oldest) }
  }

  /** Whether this rather answers our own answer, under the id that the server chose: it may be that of our request too. */
  isEcho(method: string, message: Readonly<Record<string, unknown>>): boolean {
    const { id } = message
    if (this.#echoes === undefined || !isId(id) || !this.#echoes.has(id)) return false
    const isEcho = isRecord(message["error"]) || !fits(method, message["result"])
    if (isEcho) this.#echoes.delete(id)
    return isEcho
  }

  /** Whether this may be the answer to a request with this method, if it is the only one that waits. */
  mayAnswer(method: string | undefined, message: Readonly<Record<string, unknown>>): boolean {
    const mayBeOther = this.#unanswered > 0
    if (mayBeOther) this.#unanswered--
    const { id } = message
    if (method === undefined || isId(id) && this.#echoes?.delete(id) === true) return false
    return !mayBeOther || isTelling(method, message)
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

/** A server may ask for signs of life as long as the session lasts. */
const mostEchoes = 64

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
