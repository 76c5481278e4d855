/** What a body is, judged by its first bytes: some servers declare another type than they send. */
import type { TransportError } from "@universal-mcp/core/McpTransport"
import * as http from "./http.ts"

export type Kind = "events" | "json" | "page" | "other"

/** Nothing while the bytes do not tell yet: they are blank, or the beginning of a field name. */
export const kindOf = (bytes: Uint8Array): Kind | undefined => {
  const start = bytes.findIndex((byte) => !blank.has(byte))
  if (start === -1) return undefined
  const first = bytes[start]
  if (first === brace || first === bracket) return "json"
  if (first === lessThan) return "page"
  if (first === colon) return "events"
  const word = String.fromCharCode(...bytes.subarray(start, start + longestField))
  if (/^(?:data|event|id|retry)[:\r\n]/.test(word)) return "events"
  return fields.some((field) => field.startsWith(word)) ? undefined : "other"
}

export const isBlank = (bytes: Uint8Array): boolean => bytes.every((byte) => blank.has(byte))

/** The hint where something else than an MCP server seems to have answered. */
export const wrongUrl = "check that the URL is that of an MCP endpoint, and not of a web page or a login"

/** Warns of the first body that is not what it declares. */
export const mislabelled = (warn: (description: string) => void): (response: http.Response, kind: Kind) => void => {
  let hasWarned = false
  return (response, kind) => {
    if (hasWarned) return
    hasWarned = true
    const sent = kind === "json" ? "JSON" : "an event stream"
    warn(`the server sends ${sent} and declares it as ${http.contentType(response) || "nothing"}`)
  }
}

/** A body that is read by `choose` once its first bytes say what it is; `other` where it ends before. */
export class ByContent implements http.Body {
  readonly #choose: (kind: Kind) => http.Body
  #body: http.Body | undefined
  /** What came and did not tell. */
  #pending: Uint8Array = none

  constructor(choose: (kind: Kind) => http.Body) {
    this.#choose = choose
  }

  onData(chunk: Uint8Array): Promise<void> | undefined {
    if (this.#body !== undefined) return this.#body.onData(chunk)
    const bytes = this.#pending.length === 0 ? chunk : joined(this.#pending, chunk)
    const kind = kindOf(bytes)
    if (kind !== undefined) return this.#as(kind).onData(bytes)
    // Blank bytes mean nothing at the beginning of any of them, and may go on for ever.
    this.#pending = isBlank(bytes) ? none : bytes
    return undefined
  }

  onEnd(): void {
    const body = this.#body ?? this.#as("other")
    if (this.#pending.length > 0) void body.onData(this.#pending)
    body.onEnd()
  }

  onFailure(error: TransportError): void {
    const body = this.#body ?? this.#as("other")
    body.onFailure(error)
  }

  #as(kind: Kind): http.Body {
    this.#body = this.#choose(kind)
    return this.#body
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

const brace = 123
const bracket = 91
const lessThan = 60
const colon = 58

/** White space, and the three bytes of a byte order mark. */
const blank: ReadonlySet<number> = new Set([9, 10, 13, 32, 0xEF, 0xBB, 0xBF])

const fields = ["data:", "event:", "id:", "retry:"]

const longestField = 6

const none = new Uint8Array()

const joined = (first: Uint8Array, second: Uint8Array): Uint8Array => {
  const bytes = new Uint8Array(first.length + second.length)
  bytes.set(first)
  bytes.set(second, first.length)
  return bytes
}
