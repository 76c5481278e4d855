/**
 * A server that costs next to nothing: answers are prebuilt, and of a plain call only the place of its id is looked for.
 * It speaks 2025-11-25, which every peer does.
 */
import { Buffer } from "node:buffer"

/** A message: `head` and, where that is long, prebuilt bytes after it. */
export interface Reply {
  readonly head: string
  readonly bulk?: Buffer
  /** Notifications before the answer, in order. */
  readonly before?: ReadonlyArray<string>
}

/** What a request is answered with; undefined for a notification. */
export const reply = (message: string, tools: number): Reply | undefined => {
  const id = idOf(message)
  if (id === undefined) return undefined
  requests++
  if (message.includes("\"method\":\"tools/call\"")) return call(message, id)
  if (message.includes("\"method\":\"tools/list\"")) return { head: result(id, page(message, tools)) }
  if (message.includes("\"method\":\"initialize\"")) return { head: result(id, welcome(message)) }
  if (message.includes("\"method\":\"ping\"")) return { head: result(id, "{}") }
  return { head: `{"jsonrpc":"2.0","id":${id},"error":{"code":-32601,"message":"Method not found"}}` }
}

export const isInitialize = (message: string): boolean => message.includes("\"method\":\"initialize\"")

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

let requests = 0

/** As it is written, a string with its quotes. No argument of the benchmarks is called `id`. */
const idOf = (message: string): string | undefined => {
  const at = message.indexOf("\"id\":")
  if (at < 0) return undefined
  let end = at + 5
  for (let code = message.charCodeAt(end); code !== 44 && code !== 125; code = message.charCodeAt(end)) end++
  return message.slice(at + 5, end).trim()
}

const result = (id: string, json: string): string => `{"jsonrpc":"2.0","id":${id},"result":${json}}`

const text = (value: string): string => `{"content":[{"type":"text","text":"${value}"}]}`

const echoed = text("hello")

/** Lines of 80 characters in one JSON string, so that parsing it meets escapes, as it does with a real text. */
const bulk = (size: number): Buffer => {
  const line = `${"the quick brown fox jumps over the lazy dog ".repeat(2).slice(0, 78)}\\n`
  return Buffer.from(`"result":${text(line.repeat(Math.floor((size - 100) / line.length)))}}`, "latin1")
}

const sizes: Readonly<Record<string, number>> = { kb1: 1_000, mb1: 1_000_000, mb10: 10_000_000 }

const bulks = new Map<string, Buffer>()

const bulkOf = (name: string, size: number): Buffer => {
  const known = bulks.get(name)
  if (known !== undefined) return known
  const made = bulk(size)
  bulks.set(name, made)
  return made
}

const call = (message: string, id: string): Reply => {
  const at = message.indexOf("\"name\":\"") + 8
  const name = message.slice(at, message.indexOf("\"", at))
  if (name === "echo") return { head: result(id, echoed) }
  const size = sizes[name]
  if (size !== undefined) return { head: `{"jsonrpc":"2.0","id":${id},`, bulk: bulkOf(name, size) }
  if (name === "flood") return { head: result(id, echoed), before: flood(message) }
  const { system, user } = process.cpuUsage()
  return { head: result(id, text(`cpu=${user + system};requests=${requests}`)) }
}

const flood = (message: string): ReadonlyArray<string> => {
  const token = /"progressToken":("[^"]*"|\d+)/.exec(message)?.[1]
  const count = Number(/"count":(\d+)/.exec(message)?.[1] ?? 0)
  if (token === undefined) return []
  const start = `{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":${token},"progress":`
  return Array.from({ length: count }, (_, index) => `${start}${index + 1},"total":${count}}}`)
}

const welcome = (message: string): string => {
  const version = /"protocolVersion":"([^"]*)"/.exec(message)?.[1] ?? ""
  const known = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"]
  return JSON.stringify({
    protocolVersion: known.includes(version) ? version : known[0],
    capabilities: { tools: {} },
    serverInfo: { name: "bench", version: "1.0.0" }
  })
}

const own = ["echo", "kb1", "mb1", "mb10", "flood", "stats"]

const toolOf = (name: string) => ({
  name,
  description: `The tool ${name}, which does what tools do: it takes some words, and gives some back. `.repeat(2),
  inputSchema: {
    type: "object",
    properties: {
      message: { type: "string", description: "What is to be said, in plain words", minLength: 1, maxLength: 4000 },
      count: { type: "integer", minimum: 0, maximum: 1_000_000, default: 1 },
      mode: { type: "string", enum: ["fast", "careful", "thorough"], description: "How it is to be done" },
      tags: { type: "array", items: { type: "string" } }
    }
  },
  annotations: { readOnlyHint: true }
})

const pages = new Map<string, string>()

const page = (message: string, tools: number): string => {
  const from = Number(/"cursor":"(\d+)"/.exec(message)?.[1] ?? 0)
  const key = `${from} ${tools}`
  const known = pages.get(key)
  if (known !== undefined) return known
  const until = Math.min(from + 100, tools)
  const made = JSON.stringify({
    tools: Array.from({ length: until - from }, (_, index) => toolOf(own[from + index] ?? `tool_${from + index}`)),
    ...until < tools ? { nextCursor: String(until) } : {}
  })
  pages.set(key, made)
  return made
}
