/** Which request a message over the limit was meant to answer, judged from its two ends: the middle was not kept. */
import type { RequestId } from "@modelcontextprotocol/client"
import type { Oversized } from "./lines.ts"

const id = String.raw`"id"\s*:\s*("[^"\\]*"|-?\d+)`
const version = String.raw`"jsonrpc"\s*:\s*"2\.0"`

const hasMethod = new RegExp(String.raw`^\s*\{\s*(?:(?:${version}|${id})\s*,\s*){0,2}"method"\s*:`)
const idFirst = new RegExp(String.raw`^\s*\{\s*(?:${version}\s*,\s*)?${id}\s*,`)
const idLast = new RegExp(String.raw`,\s*${id}\s*(?:,\s*${version}\s*)?\}\s*$`)

/** `undefined`: not an answer at all, but a request or a notification. `null`: an answer, but to what cannot be told. */
export const answeredBy = (line: Oversized): RequestId | null | undefined => {
  if (hasMethod.test(line.head)) return undefined
  const found = (idFirst.exec(line.head) ?? idLast.exec(line.tail))?.[1]
  if (found === undefined) return null
  return found.startsWith("\"") ? found.slice(1, -1) : Number(found)
}
